package plant

import "encoding/binary"

// Functions of UMAS, which travels in function 90 of Modbus.
const (
	UmasInit           = 0x01
	UmasReadID         = 0x02
	UmasProject        = 0x03
	UmasInfo           = 0x04
	UmasReserve        = 0x10
	UmasRelease        = 0x11
	UmasKeepAlive      = 0x12
	UmasReadMemory     = 0x20
	UmasReadVariables  = 0x22
	UmasWriteVariables = 0x23
	UmasReadLocated    = 0x24
	UmasBeginSend      = 0x30
	UmasSendBlock      = 0x31
	UmasEndSend        = 0x32
	UmasBeginFetch     = 0x33
	UmasFetchBlock     = 0x34
	UmasEndFetch       = 0x35
	UmasSigned         = 0x38
	UmasStart          = 0x40
	UmasStop           = 0x41
	UmasMonitor        = 0x50
	UmasOK             = 0xfe
	UmasError          = 0xfd
)

// Umas is a message of function 90: pairing key, function or outcome, body.
func (m Modbus) Umas(b []byte, key, code uint8, body ...byte) []byte {
	return m.Raw(b, 90, append([]byte{key, code}, body...)...)
}

// UmasSealed is a message inside a signed one; the signature is noise.
func (m Modbus) UmasSealed(b []byte, outer, key, code uint8, body ...byte) []byte {
	sealed := []byte{key, outer, 1}
	for i := range byte(32) {
		sealed = append(sealed, 7*i+3)
	}
	return m.Raw(b, 90, append(append(sealed, 90, key, code), body...)...)
}

// UmasIdentity answers read id: firmware as 0x0270 for 2.70, and the processor's name.
func UmasIdentity(firmware uint16, name string) []byte {
	b := []byte{0x10, 0xff, 0x5a, 1, 1, 0, 0, 0}
	b = binary.LittleEndian.AppendUint16(b, firmware)
	b = append(b, 0, 0, 0x27, 0, 9, 0, 8, 0, 0, 0, 0, 0, byte(len(name)))
	return append(append(b, name...), 1, 1, 1, 0, 0, 0, 0, 0x11, 0)
}

// UmasProjectInfo answers read project info: a project of version 0.1.VERSION.
func UmasProjectInfo(version uint8, name string) []byte {
	b := []byte{2, 5, 0, 0, 0x98, 0x88, 1, 0, 0, 2, 5, 0, 0, 0x98, 0x88, 1, 0, 0}
	for range 2 {
		b = append(b, 2, 12, 59, 12, 14, 1, 0xde, 7)
	}
	b = append(b, version, 1, 0, 0, byte(len(name)+1))
	return append(append(b, name...), 0)
}

// umasPart is a part of the memory: range 0, block, offset, length.
func umasPart(block uint16, offset uint32, length uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0}, block)
	b = binary.LittleEndian.AppendUint32(b, offset)
	return binary.LittleEndian.AppendUint16(b, length)
}

// umasBlock is two bytes and a block's number, with its length and content where
// there is some.
func umasBlock(number uint16, content []byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0, 1}, number)
	if content == nil {
		return b
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(content)))
	return append(b, content...)
}

// umasContent answers the fetching of a block; last is 1 for the last.
func umasContent(last uint8, content []byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{last, 0}, uint16(len(content)))
	return append(b, content...)
}

// umasList begins a list of variables: checksum of the project, count.
func umasList(count uint8) []byte { return []byte{0x0d, 0xf0, 0xad, 0x0b, count} }

// Serial makes the frame of a serial line (Modbus over Serial Line V1.02) out of a
// message with a header.
func Serial(b, message []byte) []byte {
	frame := message[6:]
	sum := uint16(0xffff)
	for _, c := range frame {
		sum ^= uint16(c)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0xa001
			} else {
				sum >>= 1
			}
		}
	}
	return binary.LittleEndian.AppendUint16(append(b, frame...), sum)
}
