package plant

import (
	"bytes"
	"encoding/binary"
)

// logixPath is a path of classes with instances of two bytes.
func logixPath(classes ...uint16) []byte {
	var b []byte
	for i := 0; i+1 < len(classes); i += 2 {
		b = append(b, 0x20, byte(classes[i]), 0x25, 0, byte(classes[i+1]), byte(classes[i+1]>>8))
	}
	return b
}

// logixTalk is an engineering tool before a Logix controller.
type logixTalk struct {
	*enipTalk
	controller, memory []byte
}

func (t *logixTalk) do(service uint8, path, request []byte, answer ...byte) {
	t.tell(CIPRequest(nil, service, path, request...), CIPAnswer(nil, service, 0, answer...))
}

// set sets one attribute.
func (t *logixTalk) set(path []byte, attribute byte, value ...byte) {
	t.do(0x04, path, append([]byte{1, 0, attribute, 0}, value...), 1, 0, attribute, 0, 0, 0)
}

// enipLogix loads the program of a Logix controller and reads it again.
func enipLogix(n *Net) {
	t := &logixTalk{enipTalk: newENIPTalk(n, 49215), controller: CIPClass(0x8e, 1, 0), memory: CIPClass(0x72, 1, 0)}
	t.register()
	c := t.open(0x20, 2, 0x24, 1)
	t.load()
	t.read()
	t.ask(c.Close(nil), c.CloseAnswer(nil))
	t.c.Close()
}

const logixRoutine, logixRoutine2 = 0x8421, 0x8422

func (t *logixTalk) load() {
	lock := append(CIPClass(0x8e, 1, 0), CIPClass(0x74, 1, 0)...)
	program, routine := logixPath(0x68, 0x2420), logixPath(0x68, 0x2420, 0x6d, logixRoutine)
	t.do(0x4b, lock, []byte{0})
	t.do(0x07, t.controller, nil)
	t.set(t.controller, 7, 1, 0)
	t.do(0x05, t.memory, nil)
	t.tell(CIPTogether(nil, false, CIPRequest(nil, 0x08, logixPath(0x6a, 7162), 1, 0, 3, 0, 4, 0, 0, 0), CIPRequest(nil, 0x08, logixPath(0x6a, 7163), 1, 0, 3, 0, 8, 0, 0, 0)),
		CIPTogether(nil, true, CIPAnswer(nil, 0x08, 0, 0xfa, 0x1b, 0, 0, 8, 0, 4, 0), CIPAnswer(nil, 0x08, 0, 0xfb, 0x1b, 0, 0, 12, 0, 4, 0)))
	t.do(0x50, logixPath(0x6a, 7162), append([]byte{0, 0, 0, 0, 4, 0}, enipDint(1500)...))
	t.do(0x08, logixPath(0x6b, 7162), nil, 0xfa, 0x1b, 0, 0, 0x6c, 0xeb, 0x23, 0)
	t.set(logixPath(0x6b, 7162), 1, append([]byte{5, 0}, "Level"...)...)
	t.do(0x08, program, []byte{1, 0, 10, 0, 0, 0}, 0x20, 0x24, 0, 0, 0x58, 0xe8, 0x23, 0)
	t.do(0x08, routine, []byte{1, 0, 5, 0, 0, 0}, 0x21, 0x84, 0, 0, 0x7c, 0xe5, 0x23, 0)
	code := logixCode()
	t.room(0x23d984, len(code)+8)
	t.write(0x23d984, code[:40])
	t.write(0x23d984+40, append(code[40:len(code):len(code)], "\x00\x00\x00\x78\x00\x30\x0d\x38"...))
	inner := append(logixPath(0x68, 0x2420), CIPClass(0x74, 1, 0)...)
	t.do(0x4b, inner, []byte{0})
	t.set(routine, 2, enipDint(0x23d984)...)
	t.do(0x4c, inner, nil)
	t.room(0x23e000, 16) // half of it comes
	t.write(0x23e000, code[:8])
	t.set(logixPath(0x68, 0x2420, 0x6d, logixRoutine2), 2, enipDint(0x23e000)...)
	t.room(0x23f000, 8) // and no routine is given it
	t.do(0x08, logixPath(0x70, 1), []byte{1, 0, 10, 0, 0, 0}, 1, 0, 0, 0, 0x28, 0xe5, 0x23, 0)
	t.set(t.controller, 7, 0, 0)
	t.do(0x06, t.controller, nil)
	t.do(0x4c, lock, nil)
}

// logixCode is no program of anybody.
func logixCode() []byte { return bytes.Repeat([]byte{0x67, 0xf6, 8, 0x78, 1, 2, 3, 4}, 12) }

// room asks for memory for code of some bytes, which is at an address.
func (t *logixTalk) room(address uint32, size int) {
	t.do(0x08, t.memory, append([]byte{1, 0, 5, 0}, enipDint(size/4)...), append([]byte{1, 0, 0, 0}, enipDint(int(address))...)...)
}

func (t *logixTalk) write(address uint32, code []byte) {
	b := binary.LittleEndian.AppendUint32(nil, address)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(code)/4))
	t.do(0x4b, t.memory, append(b, code...))
}

// read reads what was loaded: lists, data, and the code of routines.
func (t *logixTalk) read() {
	none := []byte{0x24, 0}
	t.do(0x4b, append([]byte{0x20, 0x68}, none...), nil, 0x20, 0x24, 0, 0)
	t.do(0x4b, append([]byte{0x20, 0x6a}, none...), nil, 0xfa, 0x1b, 0, 0, 0xfb, 0x1b, 0, 0)
	t.do(0x4f, logixPath(0x6a, 7162), []byte{0, 0, 0, 0, 4, 0}, enipDint(1500)...)
	t.do(0x4b, append(logixPath(0x68, 0x2420), 0x20, 0x6d, 0x24, 0), nil, 0x21, 0x84, 0, 0)
	code := logixCode()
	routine := logixPath(0x68, 0x2420, 0x6d, logixRoutine)
	start := make([]byte, 6)
	t.tell(CIPRequest(nil, 0x4c, routine, 0, 0, 50, 0, 0, 0), CIPRefuse(nil, 0x4c, 0xff, 0x2105))
	t.do(0x4c, routine, start, append([]byte{0, 0, 0, 0}, code...)...)
	second := logixPath(0x68, 0x2420, 0x6d, logixRoutine2)
	t.tell(CIPRequest(nil, 0x4c, second, start...), CIPAnswer(nil, 0x4c, 6, append([]byte{0, 0, 0, 0}, code[:48]...)...))
	t.do(0x4c, second, []byte{0, 0, 48, 0, 0, 0}, append([]byte{0, 0, 0, 0}, code[48:]...)...)
	t.do(0x4c, logixPath(0x6d, 9), []byte{0, 0, 48, 0, 0, 0}, append([]byte{0, 0, 0, 0}, code[48:]...)...) // its beginning was not seen
	t.do(0x4c, CIPClass(0x72, 0, 0), []byte{1, 0}, 0, 0)
}
