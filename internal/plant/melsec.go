package plant

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// Ports of MELSEC controllers: MC protocol as it is often set, MELSOFT over UDP.
const (
	PortMELSEC  = 5007
	PortMELSOFT = 5560
)

// little16 and little32 are numbers as MELSEC writes them in binary.
func little16(values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func little32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// melDevice is a device in binary: number 3, code.
func melDevice(number uint32, code byte) []byte { return append(little32(number)[:3], code) }

// melWide is the same of the iQ-R series: number 4, code 2.
func melWide(number uint32, code uint16) []byte { return append(little32(number), little16(code)...) }

// melOwn is the address of the station that is connected.
var melOwn = []byte{0, 0xff, 0xff, 0x03, 0}

// melAsk is a request of 3E.
func melAsk(command, sub uint16, data ...[]byte) []byte {
	body := bytes.Join([][]byte{little16(16, command, sub), bytes.Join(data, nil)}, nil)
	return bytes.Join([][]byte{{0x50, 0}, melOwn, little16(uint16(len(body))), body}, nil)
}

// melAnswer is an answer of 3E.
func melAnswer(end uint16, data ...[]byte) []byte {
	body := append(little16(end), bytes.Join(data, nil)...)
	return bytes.Join([][]byte{{0xd0, 0}, melOwn, little16(uint16(len(body))), body}, nil)
}

// melFailed is what stands behind the end code of a failed request.
func melFailed(command, sub uint16) []byte {
	return append(bytes.Clone(melOwn), little16(command, sub)...)
}

// melNumbered makes 4E of 3E.
func melNumbered(serial uint16, b []byte) []byte {
	return bytes.Join([][]byte{{b[0] | 4, 0}, little16(serial, 0), b[2:]}, nil)
}

// melASCII is a request of 3E in ASCII.
func melASCII(command, sub uint16, data string) []byte {
	body := fmt.Sprintf("0010%04X%04X%s", command, sub, data)
	return []byte(fmt.Sprintf("500000FF03FF00%04X%s", len(body), body))
}

// melSays is an answer of 3E in ASCII.
func melSays(end uint16, data string) []byte {
	return []byte(fmt.Sprintf("D00000FF03FF00%04X%04X%s", 4+len(data), end, data))
}

// melOld is a request of 1E about devices: number, two letters, how many.
func melOld(command byte, number uint32, device string, n byte, data ...byte) []byte {
	b := append([]byte{command, 0xff, 10, 0}, little32(number)...)
	return append(append(b, device[1], device[0], n, 0), data...)
}

// melOldPlace is a device of 1E in ASCII: two letters, each as two digits, and the number.
func melOldPlace(device string, number uint32) string {
	return fmt.Sprintf("%02X%02X%08X", device[0], device[1], number)
}

// melOldASCII is a request of 1E in ASCII to the station that is connected.
func melOldASCII(command byte, data string) []byte {
	return fmt.Appendf(nil, "%02XFF000A%s", command, data)
}

// melSoft is a frame of MELSOFT: an answer if it has a status.
func melSoft(command, number uint16, status int, data ...[]byte) []byte {
	head, kind, addresses := byte(0x57), []byte{0x1c, 0x0a, 0x16, 0x14}, []byte{0, 0x11, 0x11, 7, 0, 0, 0xff, 0xff, 3, 0, 0, 0xfe, 3, 0, 0}
	header := make([]byte, 24)
	if status >= 0 {
		head, kind, addresses = 0xd7, []byte{0x9c, 0x0a, 0x18, 0x14}, []byte{0, 0x11, 0x11, 0x7f, 0, 0, 0, 0xa8, 3, 0, 0xff, 0xff, 3, 0, 0}
		header = append(header, 0, 0)
		copy(header[4:], little16(uint16(status)))
	}
	copy(header, kind)
	body := bytes.Join([][]byte{header, big16(command), little16(number, 0), bytes.Join(data, nil)}, nil)
	return bytes.Join([][]byte{{head, 1, 0, 0}, addresses, little16(uint16(len(body))), body}, nil)
}

// melName is a text of MELSOFT with its length.
func melName(s string) []byte {
	letters := utf16.Encode([]rune(s + "\x00"))
	return append(little16(uint16(2*len(letters))), little16(letters...)...)
}
