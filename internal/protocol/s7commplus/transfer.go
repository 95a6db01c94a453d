package s7commplus

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxTransfers is how many blocks of one connection can be on their way at a
// time; one more makes the oldest forgotten.
const maxTransfers = 4

// transfer is a block on its way. Its content is what the blobs of its code or
// initial values hold, in their order and as they stand: comments and times of
// change are no part of it.
type transfer struct {
	used   bool
	upload bool
	class  uint32
	number uint32
	wire.Content
}

// start remembers a transfer and tells of it.
func (p *parser) start(class, number uint32, upload bool) uint8 {
	i := p.nextPart
	p.nextPart = (i + 1) % maxTransfers
	t := &p.transfers[i]
	*t = transfer{used: true, upload: upload, class: class, number: number, Content: t.Content}
	t.Begin()
	p.tell(t, false)
	return uint8(i + 1)
}

func (p *parser) tell(t *transfer, done bool) {
	o := firedoor.Object{At: [4]uint32{t.class, t.number}}
	f := firedoor.FileTransfer{Name: appendBlockName(p.text[:0], &o), Kind: "block", Upload: t.upload, Done: done}
	if done && t.Bytes() == 0 { // its content came in a way that is not known
		t.Lose()
	}
	t.Tell(&f)
	p.voice.File(p.emit, f)
}

// filler adds the blobs of an object to a transfer.
type filler struct{ part uint8 }

func (f *filler) begins(*parser, *thing) {}
func (f *filler) ends(*parser, *thing)   {}

func (f *filler) has(p *parser, _ *thing, attribute uint32, v *value, raw walk) {
	if holdsContent(attribute) {
		p.addBlobs(&p.transfers[f.part-1], v, raw)
	}
}

// addBlobs adds what the blobs of a value hold: one, those of an array, or those of
// an array with keys.
func (p *parser) addBlobs(t *transfer, v *value, w walk) {
	if v.kind != typeBlob {
		return
	}
	flags := w.U8()
	w.Skip(1)
	count := uint32(1)
	if flags&(flagArray|flagAddressArray) != 0 {
		count = w.u32()
	}
	if flags&flagSparseArray != 0 {
		count = v.count
	}
	for range count {
		if flags&flagSparseArray != 0 {
			w.u32()
		}
		t.Add(w.blob())
	}
}

// loaded tells of a block that is loaded into the controller with its object.
func (p *parser) loaded(w *walk, m *maker) uint8 {
	number := noNumber
	if isBlock(m.object) {
		number = m.object & 0xffff
	}
	part := p.start(m.class, number, false)
	p.filling = filler{part: part}
	p.objects(w, &p.filling)
	if p.cut || w.broken() {
		p.transfers[part-1].Lose()
	}
	return part
}

// done tells that a transfer is complete: the controller took it.
func (p *parser) done(r *request) {
	if r == nil || r.part == 0 {
		return
	}
	if t := &p.transfers[r.part-1]; t.used {
		t.used = false
		p.tell(t, true)
	}
}

// refused forgets what a refused request began.
func (p *parser) refused(r *request) {
	if r == nil {
		return
	}
	if r.part != 0 {
		p.transfers[r.part-1].used = false
	}
	if r.tag != 0 {
		p.refs.drop(r.tag)
	}
}

// askStreamed reads a request for a large attribute of an object: the object, an
// array with the numbers that name the attribute, and the object qualifier; when it
// is written two bytes and a first piece. The other pieces come in fragments of
// their own, each with its length.
func (p *parser) askStreamed(w *walk) {
	object := w.U32()
	it := &p.object
	*it = item{}
	w.value(&p.val, p.room[:], nil)
	attribute := uint32(noAttribute)
	if p.val.values.Len() > 0 {
		attribute = uint32(p.val.values.Int(0))
	}
	it.attribute(p.own, object, attribute)
	p.val = value{}
	r := p.askOne(it)
	if p.fn != fnSetStreamed || w.broken() || it.space != spaceBlock || !holdsContent(attribute) {
		return
	}
	part := p.start(it.at[0], it.at[1], false)
	if r != nil {
		r.part = part
	}
	p.streaming = part
	w.qualifier()
	w.Skip(2)
	raw := *w
	w.value(&p.val, p.room[:], nil)
	if w.broken() {
		p.transfers[part-1].Lose()
		return
	}
	p.addBlobs(&p.transfers[part-1], &p.val, raw)
}

// qualifier passes over an object qualifier: its number and members.
func (w *walk) qualifier() {
	w.Skip(4)
	w.members(nil, nil)
}

// streamed takes a piece of a transfer that comes in a fragment of its own.
func (p *parser) streamed(s *side, f *fragment) {
	t := &p.transfers[s.stream-1]
	w := walk{Reader: readerOf(f.data)}
	if piece := w.Bytes(int(w.u32())); w.broken() {
		t.Lose()
	} else if t.used {
		t.Add(piece)
	}
	if f.last {
		s.stream = 0
	}
}

// uploaded tells of an attribute of a block that was read, if it is a program.
func (p *parser) uploaded(r *request) {
	if p.val.kind != typeBlob || !holdsContent(r.obj.at[2]) {
		return
	}
	part := p.start(r.obj.at[0], r.obj.at[1], true)
	t := &p.transfers[part-1]
	t.Add(p.val.content)
	if p.cut {
		t.Lose()
	}
	t.used = false
	p.tell(t, true)
}

// explored reads what an Explore found: the object asked for, with integrity a
// packed number, and objects. Blocks that come with their code are on their way to
// the client.
func (p *parser) explored(w *walk) {
	w.U32()
	if next(w) == 0 {
		return
	}
	p.number(w)
	p.looking = looker{}
	p.objects(w, &p.looking)
}

// looker finds blocks with their code.
type looker struct {
	part   uint8
	object uint32
}

func (l *looker) begins(*parser, *thing) {}

func (l *looker) has(p *parser, t *thing, attribute uint32, v *value, raw walk) {
	if v.kind != typeBlob || !holdsContent(attribute) || !isBlock(t.object) || v.count == 0 {
		return
	}
	if l.part == 0 || l.object != t.object {
		l.part, l.object = p.start(t.object>>16&0x7fff, t.object&0xffff, true), t.object
	}
	p.addBlobs(&p.transfers[l.part-1], v, raw)
}

func (l *looker) ends(p *parser, t *thing) {
	if l.part == 0 || l.object != t.object {
		return
	}
	b := &p.transfers[l.part-1]
	l.part, b.used = 0, false
	p.tell(b, true)
}
