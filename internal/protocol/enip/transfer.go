package enip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits of transfers.
const (
	maxTransfers = 8  // on their way in one flow; one more makes the oldest forgotten
	maxFileName  = 64 // bytes of a name that are kept
)

// means is what a transfer is made with.
type means uint8

const (
	byFile    means = iota + 1 // file object
	byNVS                      // non-volatile storage object
	byOpen                     // file of an SLC 500, opened
	byMemory                   // memory of a PLC-5, all of it
	byLoad                     // memory of a Logix controller, all of it
	byCode                     // code of a Logix routine, written
	byRoutine                  // and read
)

// protocol is the name that the operations have by which a transfer is made.
func (m means) protocol() string {
	if m == byOpen || m == byMemory {
		return "pccc"
	}
	return "cip"
}

// transfer is a file, program or firmware on its way.
type transfer struct {
	means  means // 0: unused
	upload bool
	slot   slot
	at     [2]uint32 // class and instance, or the tag of an open file
	size   int64     // told in advance, 0 if not
	next   uint32    // number of the next piece
	name   [maxFileName]byte
	nname  uint8
	kind   string
	wire.Content
}

type transfers struct {
	list  [maxTransfers]transfer
	next  int // place to be used
	file  firedoor.FileTransfer
	event firedoor.Event
}

// lose says that some piece of something may be missing.
func (t *transfers) lose() {
	for i := range t.list {
		t.list[i].Miss()
	}
}

// find returns the transfer made with an object, nil if there is none.
func (p *parser) find(by means, upload bool, to slot, at [2]uint32) *transfer {
	if p.transfers == nil {
		return nil
	}
	for i := range p.transfers.list {
		t := &p.transfers.list[i]
		if t.means == by && (t.upload == upload || by == byOpen) && t.slot.number == to.number && t.at == at {
			return t
		}
	}
	return nil
}

// begin remembers a transfer and tells of it. Joined ones were under way before.
func (p *parser) begin(by means, upload bool, to slot, at [2]uint32, kind string, name []byte, joined bool) *transfer {
	t := p.place(by, upload, to, at, kind, name)
	if joined {
		t.Join()
	} else {
		t.Begin()
	}
	p.tell(t, false)
	return t
}

// place remembers a transfer, in place of an unfinished one with the same object.
func (p *parser) place(by means, upload bool, to slot, at [2]uint32, kind string, name []byte) *transfer {
	if p.transfers == nil {
		p.transfers = &transfers{}
		p.transfers.event = firedoor.Event{Kind: firedoor.EventFileTransfer, FileTransfer: &p.transfers.file}
	}
	t := p.find(by, upload, to, at)
	if t == nil {
		t = &p.transfers.list[p.transfers.next]
		p.transfers.next = (p.transfers.next + 1) % maxTransfers
	}
	*t = transfer{means: by, upload: upload, slot: to, at: at, kind: kind, Content: t.Content}
	t.nname = uint8(copy(t.name[:], name))
	return t
}

func (p *parser) tell(t *transfer, done bool) {
	f := &p.transfers.file
	*f = firedoor.FileTransfer{Protocol: t.means.protocol(), Name: t.name[:t.nname], Kind: t.kind, Upload: t.upload, Done: done,
		HasUnit: t.slot.known, Unit: t.slot.number}
	t.Tell(f)
	p.emit(&p.transfers.event)
}

// done tells that a transfer came to its end, and forgets it.
func (p *parser) done(t *transfer) {
	t.Expect(t.size)
	if t.size != 0 && t.size != t.Bytes() {
		t.Lose()
	}
	p.tell(t, true)
	t.means = 0
}

// moved follows what an accepted service of the file object or of the
// non-volatile storage object moves.
func (p *parser) moved(it *item) {
	if it.class == classFile && it.object.Space == &attributeSpace {
		p.fileAttribute(it)
	}
	if it.object.Space != &instanceSpace {
		return
	}
	at := [2]uint32{it.object.At[0], it.object.At[1]}
	if it.class == classNVS {
		p.firmware(it, at)
		return
	}
	r := protocol.Read(it.reply)
	switch it.service {
	case svcInitiateUpload: // answer: size, transfer size
		size := int64(r.U32LE())
		p.begin(byFile, true, it.slot, at, "file", p.nameOfFile(it), false).size = size
	case svcInitiateDownload: // size, format, revision, name
		r = protocol.Read(it.data)
		size := int64(r.U32LE())
		r.Skip(4)
		p.fileNamed(it.slot, at[1], international(&r))
		p.begin(byFile, false, it.slot, at, "file", p.nameOfFile(it), false).size = size
	case svcUploadTransfer:
		p.piece(it, at, true, it.reply)
	case svcDownloadTransfer:
		p.piece(it, at, false, it.data)
	}
}

// objectName names a transfer after the object it is made with.
func (p *parser) objectName(it *item) []byte {
	p.text = it.object.AppendTo(p.text[:0])
	return p.text
}

// piece adds a piece of a file: transfer number, packet type, content and, behind
// the last, a checksum of two bytes (CIP volume 1, 5A-42).
func (p *parser) piece(it *item, at [2]uint32, upload bool, b []byte) {
	const first, last, abort, only, checksum = 0, 2, 3, 4, 2
	if len(b) < 2 {
		return
	}
	number, kind, content := b[0], b[1], b[2:]
	t := p.find(byFile, upload, it.slot, at)
	if kind == abort {
		if t != nil {
			t.means = 0
		}
		return
	}
	if t == nil {
		t = p.begin(byFile, upload, it.slot, at, "file", p.nameOfFile(it), true)
		t.next = uint32(number)
	}
	if number+1 == uint8(t.next) && t.next != 0 && kind != first && kind != only {
		return // said again
	}
	if number != uint8(t.next) {
		t.Lose()
	}
	t.next = uint32(number) + 1
	end := kind == last || kind == only
	if end {
		if len(content) < checksum {
			t.Lose()
			content = nil
		} else {
			content = content[:len(content)-checksum]
		}
	}
	t.Add(content)
	if end {
		p.done(t)
	}
}

// firmware follows an update of non-volatile storage. Update gives the size in
// four bytes; Transfer a number and content, and is answered with the number and
// a status. The number is said to count pieces; what is met counts bytes.
func (p *parser) firmware(it *item, at [2]uint32) {
	const failedTransfer, faulted = 3, 5
	switch {
	case it.service == svcUpdate && len(it.data) >= 4:
		p.begin(byNVS, false, it.slot, at, "firmware", p.objectName(it), false).size = int64(binary.LittleEndian.Uint32(it.data))
	case it.service == svcTransfer && len(it.data) >= 4:
		number, content := binary.LittleEndian.Uint32(it.data), it.data[4:]
		t := p.find(byNVS, false, it.slot, at)
		if t == nil {
			t = p.begin(byNVS, false, it.slot, at, "firmware", p.objectName(it), true)
		}
		if len(it.reply) >= 6 {
			if s := binary.LittleEndian.Uint16(it.reply[4:]); s >= failedTransfer && s <= faulted {
				t.Lose()
				return
			}
		}
		switch {
		case int64(number) == t.Bytes() || number == t.next && t.next > 0:
		case int64(number)+int64(len(content)) == t.Bytes() || number+1 == t.next:
			return // said again
		default:
			t.Lose()
		}
		t.next++
		t.Add(content)
		if t.size != 0 && t.Bytes() >= t.size {
			p.done(t)
		}
	}
}
