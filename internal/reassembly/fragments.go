package reassembly

import (
	"firedoor"
	"firedoor/internal/packet"
)

// Limits of Fragments.
const (
	// MaxDatagrams is how many datagrams of one lane wait for fragments.
	MaxDatagrams = 256
	// MaxDatagram is how long a datagram's payload can be.
	MaxDatagram = 65535
	// MaxPages is how many pages of pageSize all of them together take: 512 KB.
	MaxPages = 256
	// FragmentTimeout is how long fragments wait for the others, in ns of traffic
	// time from the first one (RFC 791 leaves it open, most hosts take 30 s).
	FragmentTimeout = 30_000_000_000
)

// A datagram's bytes lie in pages. Fragments begin at multiples of unit, so a
// bit for each unit tells what has arrived.
const (
	unit     = 8
	pageSize = 2048
	maxPages = (MaxDatagram + pageSize - 1) / pageSize
)

// FragmentCounts is what Fragments met: datagrams, or fragments where it says so.
type FragmentCounts struct {
	Completed  uint64
	TimedOut   uint64
	Evicted    uint64 // pushed out at a limit
	Overlaps   uint64 // fragments that overlapped others in part, or with other bytes
	Dropped    uint64 // IPv6 datagrams given up because of an overlap
	Duplicates uint64 // fragments that brought nothing new
	TooBig     uint64 // fragments that reached beyond MaxDatagram
	Bad        uint64 // fragments of an impossible length, or that disagree about the end
	CutOff     uint64 // fragments that the capture did not keep whole
}

// Fragments puts the IP fragments of one lane together. The zero Fragments is
// ready. Not safe for concurrent use. Frames that a mirror doubled are to be
// left out before: a copy that comes after its datagram is whole waits for
// others in vain.
type Fragments struct {
	Counts FragmentCounts

	waiting   []queued // oldest first
	datagrams []datagram
	free      []int32 // of datagrams
	pages     []*page
	freePage  []int32
	whole     []byte
}

type queued struct {
	tag  uint32 // of the key: spares reading the datagram
	slot int32
}

type page struct {
	have [pageSize / unit / 64]uint64
	data [pageSize]byte
}

type fragmentKey struct {
	src, dst firedoor.IP
	segment  firedoor.Segment
	id       uint32
	proto    uint8
}

type datagram struct {
	key   fragmentKey
	since int64
	total int32 // payload length, -1 until the last fragment has come
	got   int32 // bytes
	reach int32 // end of the furthest fragment
	dead  bool  // dropped: its fragments are left out until it times out
	pages [maxPages]int32
}

const noPage = -1

// Pending is how many datagrams wait for fragments.
func (f *Fragments) Pending() int { return len(f.waiting) }

// Add gives a fragment (p.Fragment) and returns the whole payload when it was
// the last one needed; it is valid until the next Add. What the payload is, is
// said by p.Proto. Fragments of one IPv6 datagram that name different protocols
// (RFC 8200, 4.5, permits it) do not meet.
func (f *Fragments) Add(p *packet.Packet, seg firedoor.Segment) (payload []byte, done bool) {
	f.Expire(p.Time)
	if !f.sound(p) {
		return nil, false
	}
	if p.FragOffset == 0 && !p.More { // a datagram in one fragment (RFC 6946)
		f.Counts.Completed++
		return p.Payload, true
	}
	key := fragmentKey{src: p.SrcIP, dst: p.DstIP, segment: seg, id: p.IPID, proto: p.Proto}
	slot := f.find(&key, p.Time)
	d := &f.datagrams[slot]
	if d.dead {
		return nil, false
	}
	start := int32(p.FragOffset)
	end := start + int32(len(p.Payload))
	if !d.agrees(end, p.More) {
		f.Counts.Bad++
		return nil, false
	}
	if !p.More {
		d.total = end
	}
	d.reach = max(d.reach, end)
	f.room(slot, start, end)
	if !f.place(d, start, p.Payload) {
		return nil, false
	}
	if d.got != d.total {
		return nil, false
	}
	f.Counts.Completed++
	f.gather(d)
	f.remove(slot)
	return f.whole, true
}

// Expire gives up the datagrams that waited too long. Add does so too; it is
// for when no more fragments come.
func (f *Fragments) Expire(now int64) {
	for len(f.waiting) > 0 {
		slot := f.waiting[0].slot
		if now-f.datagrams[slot].since <= FragmentTimeout {
			return
		}
		if !f.datagrams[slot].dead {
			f.Counts.TimedOut++
		}
		f.remove(slot)
	}
}

// sound tells whether a fragment can be used, and counts why not.
func (f *Fragments) sound(p *packet.Packet) bool {
	n := len(p.Payload)
	switch {
	case p.Missing > 0:
		f.Counts.CutOff++
	case n == 0 || p.FragOffset%unit != 0 || p.More && n%unit != 0:
		f.Counts.Bad++
	case p.FragOffset > MaxDatagram || n > MaxDatagram-int(p.FragOffset):
		f.Counts.TooBig++
	default:
		return true
	}
	return false
}

// agrees tells whether a fragment's end fits what is known of the datagram's.
func (d *datagram) agrees(end int32, more bool) bool {
	if d.total >= 0 && (end > d.total || !more && end != d.total) {
		return false
	}
	return more || end >= d.reach
}

// find returns the slot of the key's datagram, a new one if there is none.
func (f *Fragments) find(key *fragmentKey, now int64) int32 {
	tag := key.tag()
	for _, w := range f.waiting {
		if w.tag == tag && f.datagrams[w.slot].key == *key {
			return w.slot
		}
	}
	if f.datagrams == nil {
		f.datagrams = make([]datagram, MaxDatagrams)
		f.waiting = make([]queued, 0, MaxDatagrams)
		for slot := int32(MaxDatagrams - 1); slot >= 0; slot-- {
			f.free = append(f.free, slot)
		}
	}
	if len(f.waiting) == MaxDatagrams {
		f.pushOut(f.waiting[0].slot)
	}
	slot := f.free[len(f.free)-1]
	f.free = f.free[:len(f.free)-1]
	d := &f.datagrams[slot]
	*d = datagram{key: *key, since: now, total: -1}
	for i := range d.pages {
		d.pages[i] = noPage
	}
	f.waiting = append(f.waiting, queued{tag, slot})
	return slot
}

// tag is a number that mostly differs; whoever makes them equal only makes us
// compare the keys.
func (k *fragmentKey) tag() uint32 {
	return k.id*0x9e3779b1 ^ uint32(k.src.Lo)*0x85ebca6b ^ uint32(k.dst.Lo)
}

func (f *Fragments) pushOut(slot int32) {
	if !f.datagrams[slot].dead {
		f.Counts.Evicted++
	}
	f.remove(slot)
}

// remove forgets a datagram.
func (f *Fragments) remove(slot int32) {
	f.empty(&f.datagrams[slot])
	for i := range f.waiting {
		if f.waiting[i].slot == slot {
			f.waiting = append(f.waiting[:i], f.waiting[i+1:]...)
			break
		}
	}
	f.free = append(f.free, slot)
}

// empty gives back a datagram's pages.
func (f *Fragments) empty(d *datagram) {
	for i, pg := range d.pages {
		if pg != noPage {
			f.freePage = append(f.freePage, pg)
			d.pages[i] = noPage
		}
	}
}

// room gives a datagram the pages for start ... end, from the oldest others if
// there are no more.
func (f *Fragments) room(slot, start, end int32) {
	d := &f.datagrams[slot]
	for i := start / pageSize; i <= (end-1)/pageSize; i++ {
		if d.pages[i] != noPage {
			continue
		}
		for next := 0; len(f.freePage) == 0 && len(f.pages) == MaxPages; {
			oldest := f.waiting[next].slot
			if oldest == slot {
				next++ // one datagram alone never takes all pages
				continue
			}
			f.pushOut(oldest)
		}
		n := len(f.freePage)
		if n == 0 {
			f.pages = append(f.pages, new(page))
			d.pages[i] = int32(len(f.pages) - 1)
			continue
		}
		d.pages[i] = f.freePage[n-1]
		f.freePage = f.freePage[:n-1]
		f.pages[d.pages[i]].have = [len(page{}.have)]uint64{}
	}
}

// place copies the units of b that are not there yet; false if it brought
// nothing, or the datagram was dropped.
func (f *Fragments) place(d *datagram, start int32, b []byte) bool {
	if f.untouched(d, start, b) {
		f.fill(d, start, b)
		d.got += int32(len(b))
		return true
	}
	fresh, differ := f.compare(d, start, b)
	switch {
	case fresh == 0 && !differ:
		f.Counts.Duplicates++
		return false
	case fresh < len(b):
		f.Counts.Overlaps++
		if !d.key.src.Is4() {
			f.Counts.Dropped++
			f.empty(d)
			d.dead = true
			return false
		}
	}
	for i := 0; i < len(b); i += unit {
		part := b[i:min(i+unit, len(b))]
		if pg, u := f.at(d, start+int32(i)); !pg.has(u) {
			f.fill(d, start+int32(i), part)
		}
	}
	d.got += int32(fresh)
	return fresh > 0
}

// at finds the page and the unit in it where a position lies.
func (f *Fragments) at(d *datagram, pos int32) (pg *page, u int32) {
	return f.pages[d.pages[pos/pageSize]], pos % pageSize / unit
}

func (pg *page) has(u int32) bool { return pg.have[u/64]>>(u%64)&1 != 0 }

// untouched tells whether nothing of a fragment is there yet.
func (f *Fragments) untouched(d *datagram, start int32, b []byte) bool {
	for i := int32(0); i < int32(len(b)); i += unit {
		pg, u := f.at(d, start+i)
		if u%64 == 0 && pg.have[u/64] == 0 {
			i += 63 * unit // all of a word at once
			continue
		}
		if pg.has(u) {
			return false
		}
	}
	return true
}

// compare counts the bytes of a fragment that are not there yet and tells
// whether one that is there differs.
func (f *Fragments) compare(d *datagram, start int32, b []byte) (fresh int, differ bool) {
	for i := 0; i < len(b); i += unit {
		part := b[i:min(i+unit, len(b))]
		pg, u := f.at(d, start+int32(i))
		if !pg.has(u) {
			fresh += len(part)
		} else if string(pg.data[u*unit:][:len(part)]) != string(part) {
			differ = true
		}
	}
	return fresh, differ
}

// fill copies b to its pages and marks its units as there.
func (f *Fragments) fill(d *datagram, start int32, b []byte) {
	for len(b) > 0 {
		pg, u := f.at(d, start)
		n := copy(pg.data[u*unit:], b)
		for end := u + int32(n+unit-1)/unit; u < end; {
			k := min(64-u%64, end-u) // bits of one word
			pg.have[u/64] |= (1<<k - 1) << (u % 64)
			u += k
		}
		start, b = start+int32(n), b[n:]
	}
}

// gather copies a datagram's pages into one slice.
func (f *Fragments) gather(d *datagram) {
	f.whole = f.whole[:0]
	for left, i := d.total, 0; left > 0; i++ {
		n := min(left, pageSize)
		f.whole = append(f.whole, f.pages[d.pages[i]].data[:n]...)
		left -= n
	}
}
