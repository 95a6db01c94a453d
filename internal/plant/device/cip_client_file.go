package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// takeFile goes through a transfer: the directory, perhaps a new file, the start,
// and the parts.
func (c *CIPClient) takeFile(body, out []byte) ([]byte, []Reply) {
	r := &c.reply.Request
	switch c.service {
	case plant.CIPGetSingle:
		if c.file = findFile(body, r.Block); c.file == 0 {
			if r.Verb == Upload {
				return out, c.fail(cipNoObject, cipError(cipNoObject))
			}
			c.request(cipCreate, cipFileOf, 0, 0)
			c.message = appendStringI(c.message, r.Block)
			return c.send(out), nil
		}
		return c.startFile(out), nil
	case cipCreate:
		if len(body) < 2 {
			return out, c.fail(0, "answer of the wrong length")
		}
		c.file = int(binary.LittleEndian.Uint16(body))
		return c.startFile(out), nil
	case cipInitiateUpload:
		c.request(cipUploadTransfer, cipFileOf, c.file, 0, 0)
		return c.send(out), nil
	case cipInitiateDownload:
		return c.fileDown(out), nil
	case cipUploadTransfer:
		return c.fileUp(body, out)
	}
	if c.sent < len(r.Program) {
		return c.fileDown(out), nil
	}
	return out, c.done()
}

// findFile is a file's number in a directory; 0: it is not there.
func findFile(directory []byte, name string) int {
	for len(directory) >= 2 {
		number := int(binary.LittleEndian.Uint16(directory))
		instance, rest, ok := stringI(directory[2:])
		if !ok {
			return 0
		}
		file, rest, ok := stringI(rest)
		if !ok {
			return 0
		}
		if string(instance) == name || string(file) == name {
			return number
		}
		directory = rest
	}
	return 0
}

func (c *CIPClient) startFile(out []byte) []byte {
	c.number, c.sent = 0, 0
	r := &c.reply.Request
	if r.Verb == Upload {
		c.request(cipInitiateUpload, cipFileOf, c.file, 0, cipFilePart)
		return c.send(out)
	}
	c.request(cipInitiateDownload, cipFileOf, c.file, 0)
	c.message = binary.LittleEndian.AppendUint32(c.message, uint32(len(r.Program)))
	c.message = append(c.message, 1, 0, 1, 0) // format version 1, file revision 1.0
	c.message = appendStringI(c.message, r.Block)
	return c.send(out)
}

// fileDown sends the next part of a program.
func (c *CIPClient) fileDown(out []byte) []byte {
	program := c.reply.Request.Program
	n := min(len(program)-c.sent, cipFilePart)
	last := c.sent+n == len(program)
	c.request(cipDownloadTransfer, cipFileOf, c.file, 0, c.number, packetKind(c.sent == 0, last))
	c.message = append(c.message, program[c.sent:c.sent+n]...)
	if last {
		c.message = binary.LittleEndian.AppendUint16(c.message, fileSum(program))
	}
	c.number++
	c.sent += n
	return c.send(out)
}

// fileUp takes a part of a file and asks for the next.
func (c *CIPClient) fileUp(body, out []byte) ([]byte, []Reply) {
	if len(body) < 2 || body[0] != c.number || len(c.data)+len(body) > MaxBlockSize+4 {
		return out, c.fail(0, "answer of the wrong length")
	}
	kind, part := body[1], body[2:]
	last := kind == cipLast || kind == cipOnly
	if last {
		if len(part) < 2 {
			return out, c.fail(0, "answer of the wrong length")
		}
		part = part[:len(part)-2]
	}
	c.data = append(c.data, part...)
	if last {
		if binary.LittleEndian.Uint16(body[len(body)-2:]) != fileSum(c.data) {
			return out, c.fail(0, "wrong checksum")
		}
		return out, c.done()
	}
	c.number++
	c.request(cipUploadTransfer, cipFileOf, c.file, 0, c.number)
	return c.send(out), nil
}
