package tristation

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxTransfers is how many programs and functions of one flow can be on their way at a
// time; one more makes the oldest forgotten.
const maxTransfers = 4

// transfer is a program or function on its way.
type transfer struct {
	used, upload, told bool
	number             uint16
	words              uint16 // that it has
	asked              uint32 // which request brought its latest piece, of a download
	space              *firedoor.Space
	wire.Content
}

// pieceHead stands before the words: number, the next one's, all words, first word, how
// many.
const pieceHead = 10

// piece adds what a message brings of a program or function. It returns 1 + the place
// of the transfer and whether that was its last piece, and tells the end of an upload; that
// of a download is told when the controller took it.
func (p *parser) piece(space *firedoor.Space, upload bool) (in uint8, last bool) {
	if len(p.data) < pieceHead {
		p.complain(reasonShort)
		return 0, false
	}
	number, whole := binary.LittleEndian.Uint16(p.data), binary.LittleEndian.Uint16(p.data[4:])
	first, count := binary.LittleEndian.Uint16(p.data[6:]), binary.LittleEndian.Uint16(p.data[8:])
	words := p.data[pieceHead:]
	if len(words) != 4*int(count) || int(first)+int(count) > int(whole) {
		p.complain(reasonShort)
		return 0, false
	}
	if count == 0 { // room is made, nothing moves
		return 0, false
	}
	i := p.moving(space, number, whole, first, upload)
	t := &p.transfers[i-1]
	if !t.told {
		t.told = true
		p.tell(t, false)
	}
	if !upload && 4*int64(first) == t.Bytes() { // it may be refused; sent again it adds nothing
		t.Mark()
	}
	t.At(4*int64(first), words)
	if last = int(first)+int(count) == int(whole); last && upload {
		p.tell(t, true)
		t.used = false
	}
	return i, last
}

// untaken takes back the piece that a refused request brought: it comes again, or the
// program has a hole.
func (p *parser) untaken(q *request) {
	if q == nil || q.piece == 0 {
		return
	}
	switch t := &p.transfers[q.piece-1]; {
	case !t.used:
	case t.asked == q.id:
		t.Undo()
	default:
		t.Lose()
	}
}

// moving finds a transfer, or starts one: 1 + its place.
func (p *parser) moving(space *firedoor.Space, number, whole, first uint16, upload bool) uint8 {
	if p.transfers == nil {
		p.transfers = &[maxTransfers]transfer{}
	}
	for i := range p.transfers {
		t := &p.transfers[i]
		if t.used && t.space == space && t.number == number && t.words == whole && t.upload == upload && first > 0 {
			return uint8(i + 1)
		}
	}
	i := p.next
	for k := range p.transfers { // from its beginning again
		if t := &p.transfers[k]; t.used && t.space == space && t.number == number && t.upload == upload {
			i = uint8(k)
		}
	}
	if i == p.next {
		p.next = (p.next + 1) % maxTransfers
	}
	t := &p.transfers[i]
	*t = transfer{used: true, upload: upload, number: number, words: whole, space: space, Content: t.Content}
	if first == 0 {
		t.Begin()
	} else {
		t.Join()
	}
	return i + 1
}

// finish tells that the last piece of a download was taken.
func (p *parser) finish(i uint8) {
	if t := &p.transfers[i-1]; t.used {
		p.tell(t, true)
		t.used = false
	}
}

func (p *parser) tell(t *transfer, done bool) {
	kind := "program"
	if t.space == &functions {
		kind = "block"
	}
	name := append(append(p.text[:0], t.space.Name...), ' ')
	f := firedoor.FileTransfer{Name: strconv.AppendUint(name, uint64(t.number), 10), Kind: kind, Upload: t.upload, Done: done}
	t.Tell(&f)
	p.voice.File(p.emit, f)
}
