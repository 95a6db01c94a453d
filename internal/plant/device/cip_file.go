package device

import (
	"bytes"
	"encoding/binary"

	"firedoor/internal/plant"
)

// Services of the file object (CIP volume 1, 5-42), by which programs are loaded
// and fetched.
const (
	cipCreate           = 0x08
	cipInitiateUpload   = 0x4b
	cipInitiateDownload = 0x4c
	cipUploadTransfer   = 0x4f
	cipDownloadTransfer = 0x50

	cipDirectory = 0x20   // attribute of the class: numbers and names of its files
	cipNewFile   = 0x7fff // the number of a file that was created and not loaded yet
	cipFilePart  = 200    // bytes of one transfer
)

// Kinds of packet in a transfer.
const (
	cipFirst = iota
	cipMiddle
	cipLast
	cipAbort
	cipOnly
)

// cipFile is the transfer a session has under way.
type cipFile struct {
	name    string
	created string // a file that will be called so
	upload  bool
	under   bool
	b       []byte
	size    int   // upload: of a part; download: of the whole
	sent    int   // upload
	number  uint8 // of the next part; 0 follows 255
}

// files serves class 0x37.
func (s *cipSession) files(b []byte, service uint8, p *cipPath, data []byte) []byte {
	m := s.device.machine
	if m == nil {
		return plant.CIPAnswer(b, service, cipPathUnknown)
	}
	if p.instance <= 0 {
		return s.fileClass(b, service, p, data)
	}
	name := s.file.created
	if p.instance != cipNewFile {
		name = ""
		if names := m.Blocks(); p.instance <= len(names) {
			name = names[p.instance-1]
		}
	}
	if name == "" {
		return plant.CIPAnswer(b, service, cipNoObject)
	}
	if m.Locked() {
		return plant.CIPAnswer(b, service, cipPrivilege)
	}
	switch service {
	case cipInitiateUpload:
		return s.startFileUpload(b, name, data)
	case cipUploadTransfer:
		return s.fileUpload(b, name, data)
	case cipInitiateDownload:
		return s.startFileDownload(b, name, data)
	case cipDownloadTransfer:
		return s.fileDownload(b, name, data)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

// fileClass serves what is asked of the class: the directory, and a new file.
func (s *cipSession) fileClass(b []byte, service uint8, p *cipPath, data []byte) []byte {
	m := s.device.machine
	switch {
	case service == plant.CIPGetSingle && p.attribute == cipDirectory:
		at := len(b)
		b = plant.CIPAnswer(b, service, cipOK)
		for i, name := range m.Blocks() {
			if len(b)-at+2+2*(10+len(name)) > cipRoom {
				b[at+2] = cipPartial
				break
			}
			b = binary.LittleEndian.AppendUint16(b, uint16(i+1))
			b = appendStringI(appendStringI(b, name), name)
		}
		return b
	case service == cipCreate:
		name, _, ok := stringI(data)
		switch {
		case !ok || len(name) == 0:
			return plant.CIPAnswer(b, service, cipBadParameter)
		case m.Locked():
			return plant.CIPAnswer(b, service, cipPrivilege)
		}
		s.file.created = string(name)
		return plant.CIPAnswer(b, service, cipOK, cipNewFile&0xff, cipNewFile>>8, 1)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

// appendStringI appends an international string with one language; stringI
// reads its first.
func appendStringI(b []byte, text string) []byte {
	b = append(b, 1, 'e', 'n', 'g', 0xda, 4, 0, byte(len(text)))
	return append(b, text...)
}

func stringI(b []byte) (text, rest []byte, ok bool) {
	const head = 8
	if len(b) < head || b[0] != 1 || b[4] != 0xda || len(b) < head+int(b[7]) {
		return nil, nil, false
	}
	return b[head : head+int(b[7])], b[head+int(b[7]):], true
}

func (s *cipSession) startFileUpload(b []byte, name string, data []byte) []byte {
	block := s.device.machine.Block(name)
	switch {
	case len(data) < 1:
		return plant.CIPAnswer(b, cipInitiateUpload, cipNotEnough)
	case block == nil:
		return plant.CIPAnswer(b, cipInitiateUpload, cipNoObject)
	}
	part := max(min(data[0], cipFilePart), 1)
	s.file = cipFile{name: name, created: s.file.created, upload: true, under: true, b: bytes.Clone(block), size: int(part)}
	b = plant.CIPAnswer(b, cipInitiateUpload, cipOK)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(block)))
	return append(b, part)
}

// fileUpload sends the next part.
func (s *cipSession) fileUpload(b []byte, name string, data []byte) []byte {
	f := &s.file
	switch {
	case len(data) < 1:
		return plant.CIPAnswer(b, cipUploadTransfer, cipNotEnough)
	case !f.under || !f.upload || f.name != name || data[0] != f.number:
		return plant.CIPAnswer(b, cipUploadTransfer, cipConflict)
	}
	rest := f.b[f.sent:]
	n := min(len(rest), f.size)
	kind := packetKind(f.sent == 0, n == len(rest))
	f.sent += n
	b = plant.CIPAnswer(b, cipUploadTransfer, cipOK, f.number, kind)
	b = append(b, rest[:n]...)
	if n == len(rest) {
		b = binary.LittleEndian.AppendUint16(b, fileSum(f.b))
		f.under = false
	}
	f.number++
	return b
}

func packetKind(first, last bool) uint8 {
	switch {
	case first && last:
		return cipOnly
	case first:
		return cipFirst
	case last:
		return cipLast
	}
	return cipMiddle
}

// fileSum is the checksum at the end of a transfer: the two's complement of the
// sum of all bytes.
func fileSum(b []byte) uint16 {
	sum := uint16(0)
	for _, x := range b {
		sum += uint16(x)
	}
	return -sum
}

func (s *cipSession) startFileDownload(b []byte, name string, data []byte) []byte {
	if len(data) < 8 {
		return plant.CIPAnswer(b, cipInitiateDownload, cipNotEnough)
	}
	size := binary.LittleEndian.Uint32(data)
	if size == 0 || size > MaxBlockSize {
		return plant.CIPAnswer(b, cipInitiateDownload, cipTooMuch)
	}
	s.file = cipFile{name: name, created: s.file.created, under: true, size: int(size)}
	b = plant.CIPAnswer(b, cipInitiateDownload, cipOK)
	b = binary.LittleEndian.AppendUint32(b, 0) // nothing is burnt in between
	return append(b, 0, 0, cipFilePart)
}

// fileDownload takes the next part; the last has the checksum behind it.
func (s *cipSession) fileDownload(b []byte, name string, data []byte) []byte {
	f := &s.file
	switch {
	case len(data) < 2:
		return plant.CIPAnswer(b, cipDownloadTransfer, cipNotEnough)
	case !f.under || f.upload || f.name != name || data[0] != f.number || data[1] > cipOnly:
		return plant.CIPAnswer(b, cipDownloadTransfer, cipConflict)
	case data[1] == cipAbort:
		f.under = false
		return plant.CIPAnswer(b, cipDownloadTransfer, cipOK, data[0])
	}
	part := data[2:]
	last := data[1] == cipLast || data[1] == cipOnly
	if last {
		if len(part) < 2 {
			return plant.CIPAnswer(b, cipDownloadTransfer, cipNotEnough)
		}
		part = part[:len(part)-2]
	}
	if len(f.b)+len(part) > f.size {
		f.under = false
		return plant.CIPAnswer(b, cipDownloadTransfer, cipTooMuch)
	}
	f.b = append(f.b, part...)
	f.number++
	if last {
		f.under = false
		if len(f.b) != f.size || fileSum(f.b) != binary.LittleEndian.Uint16(data[len(data)-2:]) {
			return plant.CIPAnswer(b, cipDownloadTransfer, cipBadValue)
		}
		if s.device.machine.Put(f.name, f.b) != nil {
			return plant.CIPAnswer(b, cipDownloadTransfer, cipPrivilege)
		}
	}
	return plant.CIPAnswer(b, cipDownloadTransfer, cipOK, data[0])
}
