package mms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxTransfers is how many files and domains of one association can be on their
// way at a time; one more makes the oldest forgotten.
const maxTransfers = 4

// maxName bounds the name of what is transferred.
const maxName = 64

// transfer is a file or a domain on its way.
type transfer struct {
	used   bool
	last   bool // the piece that ends it came
	upload bool
	kind   string
	space  *firedoor.Space // of the number, or of the name that its services say
	id     uint32
	name   [maxName]byte
	nname  int
	wire.Content
}

// begun remembers a transfer and tells of it.
func (p *parser) begun(space *firedoor.Space, id uint32, kind string, upload bool, name []byte) *transfer {
	t := &p.transfers[p.nextTransfer]
	p.nextTransfer = (p.nextTransfer + 1) % maxTransfers
	*t = transfer{used: true, upload: upload, kind: kind, space: space, id: id, Content: t.Content}
	t.nname = copy(t.name[:], name)
	t.Begin()
	p.tell(t, false)
	return t
}

func (p *parser) tell(t *transfer, done bool) {
	f := firedoor.FileTransfer{Name: t.name[:t.nname], Kind: t.kind, Upload: t.upload, Done: done}
	t.Tell(&f)
	p.voice.File(p.emit, f)
}

// moving finds a transfer by what its services say: a number, or a domain's name.
func (p *parser) moving(o *firedoor.Object) *transfer {
	for i := range p.transfers {
		t := &p.transfers[i]
		if t.used && t.space == o.Space && t.id == o.At[0] &&
			(t.space != &domains || string(t.name[:t.nname]) == string(o.Text[:min(len(o.Text), maxName)])) {
			return t
		}
	}
	return nil
}

// follow notes that a server ends a download: all of it came.
func (p *parser) follow(code uint32) {
	if code == svcEndDownload && p.dir == firedoor.FromServer {
		if t := p.moving(&p.op.Object); t != nil {
			t.used = false
			p.tell(t, t.last)
		}
	}
}

// moved reads the answer of a service that moves files and domains; the operation
// at hand is the one answered.
func (p *parser) moved(q *request, code uint32, r wire.BER) {
	if q == nil {
		return
	}
	o := &p.op.Object
	switch code {
	case svcOpenFile:
		if id, ok := number(r.Take(0x80)); ok {
			t := p.begun(&openFiles, id, "file", true, o.Text)
			attributes := r.Into(0xa1) // of the file: its size stands first (ISO 9506-2, D.3)
			if size, ok := number(attributes.Take(0x80)); ok && !attributes.Failed() {
				t.Expect(int64(size))
			}
		}
	case svcBeginUpload:
		if id, ok := number(r.Take(0x80)); ok {
			p.begun(&uploads, id, "program", true, o.Text)
		}
	case svcBeginDownload:
		p.begun(&domains, 0, "program", false, o.Text)
	case svcReadFile, svcUpload, svcDownload:
		p.piece(o, r)
	case svcCloseFile, svcEndUpload:
		if t := p.moving(o); t != nil {
			t.used = false
			p.tell(t, t.last)
		}
	}
}

// piece takes the content of an answer. What is more to follow is said behind it,
// and is so where nothing is said (ISO 9506-2, 11.4 and D.5).
func (p *parser) piece(o *firedoor.Object, r wire.BER) {
	t := p.moving(o)
	if t == nil {
		t = p.begun(o.Space, o.At[0], kindOf(o.Space), o.Space != &domains, nil)
		if o.Space == &domains {
			t.nname = copy(t.name[:], o.Text)
		}
		t.Join()
	}
	tag, content := r.Any()
	if r.Failed() || tag != 0x80 { // coded in a way of its own
		t.Lose()
		return
	}
	t.Add(content)
	if more := r.Rest(); len(more) == 3 && more[0] == 0x81 {
		t.last = more[2] == 0
	}
}

func kindOf(space *firedoor.Space) string {
	if space == &openFiles {
		return "file"
	}
	return "program"
}
