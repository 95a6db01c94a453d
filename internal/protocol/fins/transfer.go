package fins

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// lastPiece marks, in the number of octets, the last piece of a program.
const lastPiece = 0x8000

// maxTransfers is how many files and programs of one flow can be on their way at a
// time; one more makes the oldest forgotten.
const maxTransfers = 4

// transfer is a file or program on its way.
type transfer struct {
	used   bool
	upload bool
	told   bool
	name   [16]byte
	nname  uint8
	kind   string
	wire.Content
}

// moving finds a transfer by its name, or starts one. A piece that is not the first
// joins one that nobody saw begin.
func (p *parser) moving(name []byte, kind string, upload bool, offset uint32) uint8 {
	name = name[:min(len(name), len(transfer{}.name))]
	for i := range p.transfers {
		t := &p.transfers[i]
		if t.used && t.upload == upload && t.kind == kind && string(t.name[:t.nname]) == string(name) {
			if offset == 0 {
				t.told = false
				t.Begin()
			}
			return uint8(i + 1)
		}
	}
	if p.transfers == nil {
		p.transfers = make([]transfer, maxTransfers)
	}
	i := p.next
	p.next = (i + 1) % maxTransfers
	t := &p.transfers[i]
	*t = transfer{used: true, upload: upload, kind: kind, Content: t.Content}
	t.nname = uint8(copy(t.name[:], name))
	if offset == 0 {
		t.Begin()
	} else {
		t.Join()
	}
	return i + 1
}

// tell says that a transfer has begun, or that it is done.
func (p *parser) tell(t *transfer, done bool) {
	t.told = true
	f := firedoor.FileTransfer{Name: t.name[:t.nname], Kind: t.kind, Upload: t.upload, Done: done, HasUnit: p.op.HasUnit, Unit: p.op.Unit}
	t.Tell(&f)
	p.voice.File(p.emit, f)
	if done {
		t.used = false
	}
}

// take adds a piece that came to the transfer of a request.
func (p *parser) take(q *request, piece []byte, last bool) {
	if q.transfer == 0 {
		return
	}
	t := &p.transfers[q.transfer-1]
	if !t.used {
		return
	}
	if !t.told {
		p.tell(t, false)
	}
	t.At(int64(q.offset), piece)
	if last {
		p.tell(t, true)
	}
}

// beginProgram notes which piece of a program a request is about: program, first
// octet, how many and whether they are the last.
func (p *parser) beginProgram(c *command, q *request, number uint32) {
	if q == nil || p.theirs {
		return
	}
	var name [5]byte
	q.offset = binary.BigEndian.Uint32(p.body[2:])
	q.transfer = p.moving(decimal(&name, number), "program", c.form == formProgramRead, q.offset)
	if c.form == formProgramWrite {
		size := binary.BigEndian.Uint16(p.body[6:])
		q.last = size&lastPiece != 0
		data := p.body[8:]
		p.take(q, data[:min(len(data), int(size&^lastPiece))], false)
	}
}

// decimal writes a number of sixteen bits.
func decimal(b *[5]byte, v uint32) []byte {
	i := len(b)
	for {
		i--
		b[i] = '0' + byte(v%10)
		if v /= 10; v == 0 || i == 0 {
			return b[i:]
		}
	}
}

// beginFile notes which piece of a file a request is about.
func (p *parser) beginFile(c *command, q *request, name []byte, offset uint32, upload bool) {
	text := wire.Text(name)
	p.op.Object.Text = text
	if q == nil || p.theirs {
		return
	}
	q.offset = offset
	q.transfer = p.moving(text, "file", upload, offset)
}

// addWritten adds the piece that a write brings: that it was the last nobody says.
func (p *parser) addWritten(q *request, data []byte, size int) {
	if size > len(data) {
		p.complain(reasonElements)
	}
	if q != nil {
		p.take(q, data[:min(len(data), size)], false)
	}
}

// answerTransfer adds the piece that an answer brings, or notes that the last one
// was taken.
func (p *parser) answerTransfer(c *command, q *request) {
	b := p.body
	if q == nil || q.transfer == 0 || p.op.Outcome.Kind != firedoor.OutcomeOK {
		return
	}
	switch c.form {
	case formProgramRead: // program, first octet, how many, octets
		if len(b) >= 8 {
			size := binary.BigEndian.Uint16(b[6:])
			p.take(q, b[8:][:min(len(b)-8, int(size&^lastPiece))], size&lastPiece != 0)
		}
	case formProgramWrite:
		if t := &p.transfers[q.transfer-1]; q.last && t.used {
			p.tell(t, true)
		}
	case formFileRead: // size of the file, first octet, how many, octets
		if len(b) >= 10 {
			size := min(len(b)-10, int(binary.BigEndian.Uint16(b[8:])))
			whole := uint64(binary.BigEndian.Uint32(b))
			p.take(q, b[10:][:size], uint64(q.offset)+uint64(size) >= whole)
		}
	}
}
