package recovery

import (
	"cmp"
	"encoding/hex"
	"slices"

	"firedoor"
)

// Limits of Programs. A name that finds no room is counted, for anybody can
// invent names; of one name's contents the first is kept for good, as what came
// before all changes, and of the others the one that was seen last longest ago
// makes room.
const (
	MaxPrograms = 4096
	MaxContents = 8
	// MaxName is how many bytes of a name are kept.
	MaxName = 256
)

// Transfer is one transfer as it ends or, with Done false, as it begins.
type Transfer struct {
	Time     int64 // traffic time
	Frame    firedoor.FrameRef
	Client   firedoor.Endpoint
	Server   firedoor.Endpoint
	Protocol string
	Learning bool
	firedoor.FileTransfer
}

// Programs are all programs that were seen. The zero Programs is ready.
type Programs struct {
	rows   []program
	index  map[key]int32 `snapshot:"-"`
	NoRoom uint64        // transfers of names for which there was no room
}

type key struct {
	segment firedoor.Segment
	ip      firedoor.IP
	mac     firedoor.MAC // of a server without an address
	proto   string
	kind    string
	name    string
	unit    uint32 // where there are several behind the address
	hasUnit bool
}

type program struct {
	key
	server    firedoor.Endpoint // as last seen
	begun     uint64
	ended     uint64
	forgotten uint64
	open      beginning // of the transfer under way
	left      beginning // of one before it that nobody ended
	contents  []content
}

// beginning is a transfer that began; its time is 0 where there is none.
type beginning struct {
	client firedoor.Endpoint
	frame  firedoor.FrameRef
	time   int64
	upload bool
}

type content struct {
	sum         [32]byte
	whole       bool
	learned     bool
	bytes       int64
	downloads   uint64
	uploads     uint64
	first, last int64
	client      firedoor.Endpoint
	frame       firedoor.FrameRef
}

// See takes a transfer that begins or ends.
func (p *Programs) See(t *Transfer) {
	row := p.row(t)
	if row == nil {
		p.NoRoom++
		return
	}
	row.server = t.Server
	if !t.Done {
		if t.Bytes == 0 {
			row.begun++
			if row.open.time != 0 {
				row.left = row.open
			}
			row.open = beginning{t.Client, t.Frame, t.Time, t.Upload}
		}
		return
	}
	row.ended++
	row.end(t)
	c := row.content(t)
	if t.Upload {
		c.uploads++
	} else {
		c.downloads++
	}
	c.last, c.client, c.frame = max(c.last, t.Time), t.Client, t.Frame
}

// end forgets the beginning of a transfer that ended: of several that are under way that
// of the same client, in the same direction.
func (r *program) end(t *Transfer) {
	if r.open.is(t) || !r.left.is(t) {
		r.open = beginning{}
	} else {
		r.left = beginning{}
	}
}

func (b *beginning) is(t *Transfer) bool {
	return b.time != 0 && b.client == t.Client && b.upload == t.Upload
}

func keyOf(t *Transfer) key {
	k := key{segment: t.Server.Segment, ip: t.Server.IP, proto: t.Protocol, kind: cmp.Or(t.Kind, "file"),
		name: string(t.Name[:min(len(t.Name), MaxName)]), hasUnit: t.HasUnit}
	if t.HasUnit {
		k.unit = t.Unit
	}
	if k.ip.IsZero() {
		k.mac = t.Server.MAC
	}
	return k
}

func (p *Programs) row(t *Transfer) *program {
	if p.index == nil {
		p.Restored()
	}
	k := keyOf(t)
	i, known := p.index[k]
	if !known {
		if len(p.rows) >= MaxPrograms {
			return nil
		}
		i = int32(len(p.rows))
		p.rows = append(p.rows, program{key: k})
		p.index[k] = i
	}
	return &p.rows[i]
}

// content finds what moved among what moved before. Contents that were not whole
// are one as long as they have the same length: nothing else is known of them.
func (r *program) content(t *Transfer) *content {
	for i := range r.contents {
		if c := &r.contents[i]; c.whole == t.Whole && c.bytes == t.Bytes && c.sum == t.Sum {
			return c
		}
	}
	fresh := content{sum: t.Sum, whole: t.Whole, bytes: t.Bytes, learned: t.Learning, first: t.Time, last: t.Time}
	if len(r.contents) < MaxContents {
		r.contents = append(r.contents, fresh)
		return &r.contents[len(r.contents)-1]
	}
	r.forgotten++
	oldest := 1
	for i := range r.contents {
		if i > 0 && r.contents[i].last < r.contents[oldest].last {
			oldest = i
		}
	}
	r.contents = append(slices.Delete(r.contents, oldest, oldest+1), fresh)
	return &r.contents[len(r.contents)-1]
}

// Restored makes the index anew after the rows were read back.
func (p *Programs) Restored() {
	p.index = make(map[key]int32, len(p.rows))
	for i := range p.rows {
		p.index[p.rows[i].key] = int32(i)
	}
}

// Len is how many programs there are.
func (p *Programs) Len() int { return len(p.rows) }

// Words turn numbers into what files show.
type Words struct {
	Segment func(firedoor.Segment) string
	Capture func(uint32) string
	Time    func(int64) string
}

// Each gives all programs by segment, server, protocol, unit, kind and name to f.
func (p *Programs) Each(w Words, f func(*firedoor.Program) error) error {
	order := make([]int, len(p.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return p.rows[a].compare(&p.rows[b].key) })
	for _, i := range order {
		line := p.rows[i].line(w)
		if err := f(&line); err != nil {
			return err
		}
	}
	return nil
}

// Name tells programs apart, in what never changes of one.
type Name struct {
	Segment  firedoor.Segment
	Server   firedoor.IP
	MAC      firedoor.MAC // of a server without an address
	Protocol string
	Kind     string
	Name     string
	Unit     uint32
	HasUnit  bool
}

// Name of the i-th program, in the order of first sight; Sum is another when
// something of it is.
func (p *Programs) Name(i int) (n Name, sum uint64) {
	r := &p.rows[i]
	sum = r.begun*31 + r.ended
	for _, x := range []uint64{r.forgotten, r.server.IP.Hi, r.server.IP.Lo, uint64(r.server.MAC), uint64(r.server.Port)} {
		sum = (sum ^ x) * 1099511628211
	}
	return Name{r.segment, r.ip, r.mac, r.proto, r.kind, r.name, r.unit, r.hasUnit}, sum
}

// Program is the i-th program, in the order of first sight.
func (p *Programs) Program(i int, w Words) firedoor.Program { return p.rows[i].line(w) }

func (k *key) compare(o *key) int {
	return cmp.Or(cmp.Compare(k.segment, o.segment), cmp.Compare(k.ip.Hi, o.ip.Hi), cmp.Compare(k.ip.Lo, o.ip.Lo), cmp.Compare(k.mac, o.mac),
		cmp.Compare(k.proto, o.proto), cmp.Compare(k.unit, o.unit), compareFlags(k.hasUnit, o.hasUnit), cmp.Compare(k.kind, o.kind), cmp.Compare(k.name, o.name))
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (r *program) line(w Words) firedoor.Program {
	out := firedoor.Program{Segment: w.Segment(r.segment), Server: *r.server.Address(), Protocol: r.proto, Kind: r.kind, Name: r.name,
		Unfinished: r.begun - min(r.begun, r.ended), Forgotten: r.forgotten, Contents: []firedoor.ProgramContent{}}
	if r.hasUnit {
		unit := r.unit
		out.Unit = &unit
	}
	last := r.open
	if last.time == 0 {
		last = r.left
	}
	if out.Unfinished > 0 && last.time != 0 {
		out.Began = &firedoor.ProgramBegan{Client: last.client.Address(), Upload: last.upload, Time: w.Time(last.time),
			Capture: w.Capture(last.frame.Capture), Frame: last.frame.Frame}
	}
	for i := range r.contents {
		c := &r.contents[i]
		line := firedoor.ProgramContent{Whole: c.whole, Bytes: c.bytes, Downloads: c.downloads, Uploads: c.uploads, Learned: c.learned,
			First: w.Time(c.first), Last: w.Time(c.last), Client: c.client.Address(), Capture: w.Capture(c.frame.Capture), Frame: c.frame.Frame}
		if c.whole {
			line.Sum = hex.EncodeToString(c.sum[:])
		}
		out.Contents = append(out.Contents, line)
	}
	return out
}
