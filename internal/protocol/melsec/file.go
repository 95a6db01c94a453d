package melsec

import (
	"hash/crc32"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxFiles is how many files of one client and server can be open at a time; one more makes
// the oldest forgotten.
const maxFiles = 8

// openFiles are those that a client has open at a server. A tool on UDP takes another port for
// each request, so flows of the two share them.
type openFiles struct {
	files [maxFiles]file
	next  uint8 // the file to be forgotten next
}

// maxName is how much of a file's name is kept.
const maxName = 64

// file is one that is open.
type file struct {
	open    bool
	told    bool
	writes  bool
	pointer uint32
	size    uint32 // 0: nobody said
	drive   uint32
	last    piece
	name    [maxName]byte
	nname   uint8
	wire.Content
}

// piece is what was written last: a tool says it again where it got no answer.
type piece struct {
	offset uint32
	bytes  int
	sum    uint32
}

// file finds an open file by its pointer.
func (p *parser) file(pointer uint32) *file {
	if p.open == nil {
		return nil
	}
	for i := range p.open.files {
		if f := &p.open.files[i]; f.open && f.pointer == pointer {
			return f
		}
	}
	return nil
}

// Receive takes the files that another flow of the two ends opened.
func (p *parser) Receive(state any) {
	if open, ok := state.(*openFiles); ok && p.open == nil {
		p.open = open
	}
}

// opened notes a file that was opened.
func (p *parser) opened(q *request, pointer uint32) {
	f := p.file(pointer)
	if f == nil {
		if p.open == nil {
			p.open = &openFiles{}
			p.expected = firedoor.Expect{Protocol: "melsec", UDP: true, Here: true, State: p.open}
			p.emit(&p.expectEvent)
		}
		f = &p.open.files[p.open.next]
		p.open.next = (p.open.next + 1) % maxFiles
	}
	*f = file{open: true, writes: q.writes, pointer: pointer, size: q.size, drive: q.drive, Content: f.Content}
	f.nname = uint8(copy(f.name[:], q.text))
	f.Begin()
	f.Expect(int64(f.size))
}

// kindOf is what a file holds by its name.
func kindOf(name []byte) string {
	if n := len(name); n > 4 && (wire.EqualFold(name[n-4:], ".qpg") || wire.EqualFold(name[n-4:], ".prg")) {
		return "program"
	}
	return "file"
}

// tell says that a transfer has begun, or that it is done: the file was closed.
// How long a file is that is read nobody says: the sum is that of what was read.
func (p *parser) tell(f *file, done bool) {
	f.told = true
	name := f.name[:f.nname]
	full := appendFile(p.text[:0], &firedoor.Object{At: [4]uint32{f.drive}, Text: name}) // drives may have the same names
	elsewhere := p.op.HasUnit && p.op.Unit != 0                                          // frames of MELSOFT do not say a station: that is the one that is connected
	e := firedoor.FileTransfer{Name: full, Kind: kindOf(name), Upload: !f.writes, Done: done, HasUnit: elsewhere, Unit: p.op.Unit}
	if f.size != 0 && done && f.Bytes() != int64(f.size) {
		f.Lose()
	}
	f.Tell(&e)
	p.voice.File(p.emit, e)
}

// piece adds what came of an open file. What was written over has no sum: of the bytes
// before nothing is kept.
func (p *parser) piece(pointer, offset uint32, b []byte) {
	f := p.file(pointer)
	if f == nil {
		return
	}
	if !f.told {
		p.tell(f, false)
	}
	this := piece{offset, len(b), crc32.ChecksumIEEE(b)}
	if f.writes && int64(offset) < f.Bytes() && this != f.last {
		f.Lose()
	}
	f.last = this
	if !f.writes && offset == 0 && f.Holed() { // tools look here and there before they read all of it
		f.Begin()
	}
	f.At(int64(offset), b)
}

// refused notes that a piece was not taken.
func (p *parser) refused(q *request) {
	if q != nil && q.command.form == formFileWrite {
		if f := p.file(q.pointer); f != nil {
			f.Lose()
		}
	}
}

// askFile reads commands about files. Their password is passed over. Texts stand
// as letters of an octet, in MELSOFT of two.
func (p *parser) askFile(c *command, q *request, r *fields) {
	long := p.f.variant == variantMelsoft
	if p.f.sub != 0 && !(p.f.code >= 0x1828 && p.f.code <= 0x182a) {
		return // other forms, of which less is certain
	}
	switch c.form {
	case formFileRead, formFileWrite, formClose:
		p.askOpenFile(c, q, r)
		return
	case formDirectory:
		r.take(4)
		drive := r.u16()
		if !r.failed {
			p.ask(q, item{space: drives, at: [4]uint32{drive}, verb: c.verb})
		}
		return
	}
	r.take(4)
	verb := c.verb
	if c.form == formOpen || c.form == formOpenLong {
		if q.writes = r.u16()&0x100 != 0; !q.writes { // who opens a file to read it changes nothing
			verb = firedoor.VerbRead
		}
	}
	q.drive = r.u16()
	if c.form == formNewFile || c.form == formOpenLong {
		q.size = r.u32()
	}
	if c.form == formList && c.code == 0x1859 { // where to begin, how many
		r.u32()
		r.u16()
	}
	n := int(r.u16())
	name := r.take(n)
	if r.failed {
		return
	}
	if long {
		name = appendWide(p.text[:0], name)
	}
	p.op.Object.Text = wire.Text(name[:min(len(name), maxName)])
	p.ask(q, item{space: files, at: [4]uint32{q.drive}, verb: verb})
}

// askOpenFile reads commands about a file that is open: its pointer, and of reads
// and writes where and how much.
func (p *parser) askOpenFile(c *command, q *request, r *fields) {
	it := item{space: handles, verb: c.verb}
	q.pointer = r.u16()
	n := 0
	if c.form != formClose {
		q.offset = r.u32()
		n = int(r.u16())
		it.count, p.op.HasQty = uint32(n), true
	}
	if r.failed {
		p.op.HasQty = false
		return
	}
	it.at[0] = q.pointer
	p.ask(q, it)
	if c.form == formFileWrite {
		p.piece(q.pointer, q.offset, r.octets(n, &p.numbers))
	}
}

// answerFile follows a file through the answers.
func (p *parser) answerFile(c *command, q *request, r *fields) {
	switch c.form {
	case formOpen, formOpenLong:
		if pointer := r.u16(); !r.failed {
			p.opened(q, pointer)
		}
	case formFileRead:
		n := int(r.u16())
		if b := r.octets(n, &p.numbers); !r.failed {
			p.piece(q.pointer, q.offset, b)
		}
	case formClose:
		if f := p.file(q.pointer); f != nil {
			if f.told {
				p.tell(f, true)
			}
			f.open = false
		}
	}
}
