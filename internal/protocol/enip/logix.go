package enip

import "encoding/binary"

// How Logix controllers are loaded is not public. What stands here is what captures
// of an engineering tool show, and no more (a download, an upload, changes of mode
// and locks, of one family of controllers):
//
//	0x4b on instance 0       the numbers of all instances
//	0x4b, 0x4c on 0x74       lock and unlock what the path leads to before it
//	0x07, 0x06 on 0x8e       program mode and run mode
//	0x04 on 0x8e             attribute 7 is 1 while memory is loaded, and then 0
//	0x05 on 0x72             memory is cleared
//	0x08 on 0x72             room for code: attribute 5 has its size in words; the
//	                         answer has an instance and an address
//	0x4b on 0x72             code: address, words (2), the code
//	0x04 on 0x6d             attribute 2 is the address of a routine's code
//	0x4c on 0x6d             the code of a routine: four zeros, the code
//	0x50, 0x4f on 0x6a       data of a tag: offset (4), length (2), the data
const (
	svcList      = 0x4b
	svcLock      = 0x4b // class 0x74
	svcUnlock    = 0x4c
	svcWriteCode = 0x4b // class 0x72
	svcReadCode  = 0x4c // class 0x6d
	svcReadData  = 0x4f // class 0x6a
	svcWriteData = 0x50

	attrLoading = 7 // of class 0x8e
	attrWords   = 5 // of class 0x72
	attrCode    = 2 // of class 0x6d
)

const (
	classCode       = 0x72
	classLock       = 0x74
	classModule     = 0x69
	classConnection = 0x7e
)

// endRung is how the code of a routine ends that is loaded; one that is read has
// the same code without it.
const endRung = "\x00\x00\x00\x78\x00\x30\x0d\x38"

// logixAction tells what a service means on an object that only Logix controllers
// have.
func logixAction(service uint8, leaf [2]uint32) (string, bool) {
	class, instance := leaf[0], leaf[1]
	switch {
	case service == svcList && instance == 0 && listed(class):
		return "list instances", true
	case class == classLock && service == svcLock:
		return "lock", true
	case class == classLock && service == svcUnlock:
		return "unlock", true
	case class == classCode && service == svcWriteCode && instance != 0:
		return "write code", true
	case class == classRoutine && service == svcReadCode:
		return "read code", true
	case class == classData && service == svcReadData:
		return "read data", true
	case class == classData && service == svcWriteData:
		return "write data", true
	}
	return "", false
}

// listed tells whether instances of a class were seen to be listed.
func listed(class uint32) bool {
	switch class {
	case classProgram, classModule, classData, classSymbol, classTemplate, classRoutine, 0x6e, classTask, classConnection,
		0x8c, 0x8d, 0xb0, 0xb1, 0x32b, 0x32d, 0x331, 0x332, 0x338:
		return true
	}
	return false
}

// loaded follows what an accepted service moves of a Logix program.
func (p *parser) loaded(it *item) {
	data := it.data
	switch {
	case it.leaf[0] == classMode && it.service == svcSetList:
		if id, value := setFirst(data); id == attrLoading && len(value) >= 2 {
			p.loading(it, binary.LittleEndian.Uint16(value) != 0)
		}
	case it.leaf[0] == classCode && it.service == svcReset && p.memoryOpen:
		p.begin(byLoad, false, it.slot, [2]uint32{}, "project", []byte("memory"), false)
	case it.leaf[0] == classCode && it.service == svcCreate && len(it.reply) >= 8:
		t := p.place(byCode, false, it.slot, [2]uint32{binary.LittleEndian.Uint32(it.reply[4:])}, "block", nil)
		t.Begin()
		if id, value := setFirst(data); id == attrWords && len(value) >= 4 {
			t.size = 4 * int64(binary.LittleEndian.Uint32(value))
		}
	case it.leaf[0] == classCode && it.service == svcWriteCode && len(data) >= 6:
		p.code(it, binary.LittleEndian.Uint32(data), int(binary.LittleEndian.Uint16(data[4:])), data[6:])
	case it.leaf[0] == classRoutine && it.service == svcSetList:
		if id, value := setFirst(data); id == attrCode && len(value) >= 4 {
			p.given(it, binary.LittleEndian.Uint32(value))
		}
	case it.leaf[0] == classRoutine && it.service == svcReadCode && len(data) >= 6 && len(it.reply) >= 4:
		p.routine(it, int64(binary.LittleEndian.Uint32(data[2:])), it.reply)
	case it.leaf[0] == classData && it.service == svcWriteData && len(data) >= 6:
		if t := p.find(byLoad, false, it.slot, [2]uint32{}); t != nil {
			t.Add(data[6:])
		}
	}
}

// setFirst reads the first attribute of a Set Attribute List: count, number, value.
// How long the value is, only its attribute tells, and so what is behind.
func setFirst(b []byte) (id uint16, value []byte) {
	if len(b) < 4 || binary.LittleEndian.Uint16(b) == 0 {
		return 0, nil
	}
	return binary.LittleEndian.Uint16(b[2:]), b[4:]
}

// loading opens and closes the controller's memory. What is loaded counts from when
// the memory is cleared.
func (p *parser) loading(it *item, open bool) {
	p.memoryOpen = open
	if t := p.find(byLoad, false, it.slot, [2]uint32{}); t != nil && !open {
		p.done(t)
	}
}

// code adds code on its way to an address, or behind what went there.
func (p *parser) code(it *item, address uint32, words int, b []byte) {
	if load := p.find(byLoad, false, it.slot, [2]uint32{}); load != nil {
		load.Add(b)
	}
	t := p.area(it.slot, address)
	if t == nil {
		return
	}
	if len(b) != 4*words || address != t.at[0]+uint32(t.Bytes())+uint32(t.nname) {
		t.Lose()
	}
	p.held8(t, b)
}

// area finds the room that an address is in.
func (p *parser) area(to slot, address uint32) *transfer {
	if p.transfers == nil {
		return nil
	}
	for i := range p.transfers.list {
		t := &p.transfers.list[i]
		if t.means == byCode && t.slot.number == to.number && (address == t.at[0] || address > t.at[0] && int64(address-t.at[0]) < t.size) {
			return t
		}
	}
	return nil
}

// held8 adds a piece and holds its last bytes back, which may be the end. Until the
// routine is known they stand where its name will.
func (p *parser) held8(t *transfer, b []byte) {
	keep := int(t.nname) + len(b) - len(endRung)
	if keep > 0 {
		n := min(keep, int(t.nname))
		t.Add(t.name[:n])
		t.nname = uint8(copy(t.name[:], t.name[n:t.nname]))
		if rest := keep - n; rest > 0 {
			t.Add(b[:rest])
			b = b[rest:]
		}
	}
	t.nname += uint8(copy(t.name[t.nname:], b))
}

// given tells of the code that a routine is given.
func (p *parser) given(it *item, address uint32) {
	t := p.find(byCode, false, it.slot, [2]uint32{address})
	if t == nil || t.Bytes()+int64(t.nname) == 0 {
		return
	}
	size := t.Bytes() + int64(t.nname)
	if t.size != 0 && t.size != size {
		t.Lose()
	}
	if string(t.name[:t.nname]) != endRung {
		t.Add(t.name[:t.nname])
	}
	t.size, t.nname = 0, uint8(copy(t.name[:], p.objectName(it)))
	p.tell(t, false)
	p.done(t)
}

// routine follows the code of a routine that is read. One piece has all that was
// ever seen; a later one is taken if it says that it goes on where the last ended.
func (p *parser) routine(it *item, at int64, b []byte) {
	key := [2]uint32{it.program, it.leaf[1]}
	t := p.find(byRoutine, true, it.slot, key)
	switch {
	case at == 0:
		t = p.begin(byRoutine, true, it.slot, key, "block", p.objectName(it), false)
	case t == nil:
		t = p.begin(byRoutine, true, it.slot, key, "block", p.objectName(it), true)
	case at != t.Bytes() && 4*at != t.Bytes():
		t.Lose()
	}
	if binary.LittleEndian.Uint32(b) != 0 {
		t.Lose()
	}
	t.Add(b[4:])
	if !it.more {
		p.done(t)
	}
}

// ofProgram tells whether a program is made of what the class has.
func ofProgram(class uint32) bool {
	switch class {
	case classProgram, classData, classSymbol, classTemplate, classRoutine, classTask, classCode:
		return true
	}
	return false
}
