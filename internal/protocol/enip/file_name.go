package enip

import (
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxFiles is how many instances of file objects have a name that is kept; one more makes the oldest forgotten.
const maxFiles = 8

// Attributes of the file object (CIP volume 1, 5A-42): the directory of the class has of each instance its
// number, its name and that of its file.
const (
	attributeFileName  = 4
	attributeDirectory = 32
)

// fileNames are the names of the files that instances hold, as the device told them or a download gave them: who
// asks for an upload names the instance alone.
type fileNames struct {
	list [maxFiles]struct {
		slot     slot
		instance uint32
		name     [maxFileName]byte
		nname    uint8
	}
	next int // place to be used
}

// fileAttribute takes names from what is read of file objects.
func (p *parser) fileAttribute(it *item) {
	if it.service != svcGetSingle {
		return
	}
	r := protocol.Read(it.reply)
	switch instance := it.object.At[1]; {
	case instance != 0 && it.object.At[2] == attributeFileName:
		p.fileNamed(it.slot, instance, international(&r))
	case instance == 0 && it.object.At[2] == attributeDirectory:
		for r.Len() > 0 && !r.Failed() {
			instance = uint32(r.U16LE())
			international(&r)
			if name := international(&r); !r.Failed() {
				p.fileNamed(it.slot, instance, name)
			}
		}
	}
}

// fileNamed keeps the name of an instance's file.
func (p *parser) fileNamed(to slot, instance uint32, name []byte) {
	if len(name) == 0 {
		return
	}
	if p.files == nil {
		p.files = &fileNames{}
	}
	at := p.files.find(to, instance)
	if at < 0 {
		at = p.files.next
		p.files.next = (at + 1) % maxFiles
	}
	f := &p.files.list[at]
	f.slot, f.instance = to, instance
	f.nname = uint8(copy(f.name[:], name))
}

func (f *fileNames) find(to slot, instance uint32) int {
	for i := range f.list {
		if n := &f.list[i]; n.nname > 0 && n.slot.number == to.number && n.instance == instance {
			return i
		}
	}
	return -1
}

// nameOfFile is the name of the file that an object holds, or that of the object where nobody told it.
func (p *parser) nameOfFile(it *item) []byte {
	if p.files != nil {
		if at := p.files.find(it.slot, it.object.At[1]); at >= 0 {
			f := &p.files.list[at]
			return f.name[:f.nname]
		}
	}
	return p.objectName(it)
}

// international reads an international string: how many texts, and of each language, type, character set, text
// (CIP volume 1, C-5.2). What it says first is its text, unless that is not in octets.
func international(r *protocol.Reader) (text []byte) {
	const short, long, wide, sized = 0xda, 0xd0, 0xd5, 0xd9
	for i := range r.U8() {
		r.Skip(3)
		kind := r.U8()
		r.Skip(2)
		var this []byte
		switch kind {
		case short:
			this = r.Bytes(int(r.U8()))
		case long:
			this = r.Bytes(int(r.U16LE()))
		case wide:
			r.Skip(2 * int(r.U16LE()))
		case sized:
			size := int(r.U16LE())
			r.Skip(size * int(r.U16LE()))
		default: // nobody knows where it ends
			r.Skip(r.Len() + 1)
		}
		if i == 0 && !r.Failed() {
			text = wire.Text(this)
		}
		if r.Failed() {
			break
		}
	}
	return text
}
