package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Place is where a value lies in an area of bytes; Bit counts for Bools alone.
type Place struct {
	Byte uint32
	Bit  uint8
}

// maxRegion is the largest area: what 16 bits of byte address reach.
const maxRegion = 1 << 16

// region is an area of a controller's memory, addressed by bytes and bits, with
// values in it, high byte first. What lies between values is memory of its own:
// it keeps what is written there.
type region struct {
	image   []byte
	entries []entry
	first   []uint16 // for each byte 1 + the first entry that touches it; 0: none
}

// entry is a value at its place.
type entry struct {
	at, size int
	bit      uint8
	value    *Value
}

// newRegion lays values out; size is the least number of bytes. Values that
// overlap are an error.
func newRegion(values map[Place]*Value, size int) (*region, error) {
	r := &region{}
	for p, v := range values {
		if p.Bit > 7 || p.Byte >= maxRegion || size > maxRegion {
			return nil, errors.New("a value outside of what can be addressed")
		}
		e := entry{at: int(p.Byte), size: v.Kind.Size(), value: v}
		if v.Kind == Bool {
			e.bit = p.Bit
		}
		r.entries = append(r.entries, e)
		size = max(size, e.at+e.size)
	}
	if len(r.entries) >= 1<<16 {
		return nil, errors.New("more values than an area can index")
	}
	slices.SortFunc(r.entries, func(a, b entry) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return int(a.bit) - int(b.bit)
	})
	r.image = make([]byte, size)
	r.first = make([]uint16, size)
	for i, e := range r.entries {
		if i > 0 {
			if p := r.entries[i-1]; p.at+p.size > e.at && (p.value.Kind != Bool || e.value.Kind != Bool || p.bit == e.bit) {
				return nil, fmt.Errorf("%q and %q overlap at byte %d", p.value.Name, e.value.Name, e.at)
			}
		}
		for b := e.at; b < e.at+e.size; b++ {
			if r.first[b] == 0 {
				r.first[b] = uint16(i + 1)
			}
		}
	}
	return r, nil
}

// touching are the entries that lie at least partly in a range.
func (r *region) touching(at, n int) []entry {
	for b := at; b < at+n; b++ {
		if f := int(r.first[b]); f > 0 {
			end := f
			for end < len(r.entries) && r.entries[end].at < at+n {
				end++
			}
			return r.entries[f-1 : end]
		}
	}
	return nil
}

// has tells whether a range lies within the area.
func (r *region) has(at, n int) bool { return at >= 0 && n >= 0 && at+n <= len(r.image) }

// load brings a range that is there up to date and returns it, borrowed.
func (r *region) load(at, n int) []byte {
	r.refresh(r.touching(at, n))
	return r.image[at : at+n]
}

func (r *region) refresh(entries []entry) {
	for i := range entries {
		e := &entries[i]
		raw := e.value.raw()
		switch e.size {
		case 1:
			r.image[e.at] = r.image[e.at]&^(1<<e.bit) | byte(raw)<<e.bit
		case 2:
			binary.BigEndian.PutUint16(r.image[e.at:], uint16(raw))
		default:
			binary.BigEndian.PutUint32(r.image[e.at:], raw)
		}
	}
}

// bit is one bit of a byte that is there.
func (r *region) loadBit(at int, bit uint8) byte { return r.load(at, 1)[0] >> bit & 1 }

// writable tells whether something of a range that is there can be written:
// where all that is touched is read-only, nothing can.
func (r *region) writable(at, n int) bool {
	entries := r.touching(at, n)
	for i := range entries {
		if entries[i].value.Store != nil {
			return true
		}
	}
	return len(entries) == 0
}

// save writes bytes to a range that is there. Values that are touched in part
// keep their other part, bits that do not change are not stored again, and
// values that are read-only keep theirs.
func (r *region) save(at int, data []byte) {
	entries := r.touching(at, len(data))
	r.refresh(entries)
	copy(r.image[at:], data)
	for i := range entries {
		e := &entries[i]
		if e.value.Store == nil {
			continue
		}
		switch e.size {
		case 1:
			if raw := uint32(r.image[e.at] >> e.bit & 1); raw != e.value.raw() {
				e.value.store(raw)
			}
		case 2:
			e.value.store(uint32(binary.BigEndian.Uint16(r.image[e.at:])))
		default:
			e.value.store(binary.BigEndian.Uint32(r.image[e.at:]))
		}
	}
}

// saveBit writes one bit; false: it is read-only.
func (r *region) saveBit(at int, bit, x uint8) bool {
	entries := r.touching(at, 1)
	for i := range entries {
		e := &entries[i]
		if e.size != 1 { // a bit of a number
			b := r.load(at, 1)[0]&^(1<<bit) | x<<bit
			writable := e.value.Store != nil
			if writable {
				r.save(at, []byte{b})
			}
			return writable
		}
		if e.bit == bit {
			if e.value.Store == nil {
				return false
			}
			e.value.store(uint32(x))
			return true
		}
	}
	r.image[at] = r.image[at]&^(1<<bit) | x<<bit
	return true
}
