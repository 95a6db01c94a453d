package capture

import (
	"math/bits"

	"firedoor/internal/packet"
)

// Magic numbers of pcap files as little-endian reading shows them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's: interface and protocol behind each record header
)

const (
	pcapHeaderSize   = 24
	recordHeaderSize = 16
)

// pcapFormat is what the file header says of the records.
type pcapFormat struct {
	swapped bool // big-endian
	scale   int64
	head    int // size of a record header
	link    packet.LinkType
	fcs     uint32
	flipped bool // old versions have captured and original length the other way round
}

func (p *pcapFormat) recognise(magic uint32) bool {
	for _, swapped := range [2]bool{false, true} {
		if swapped {
			magic = bits.ReverseBytes32(magic)
		}
		switch magic {
		case magicMicro:
			*p = pcapFormat{swapped: swapped, scale: 1000, head: recordHeaderSize}
		case magicNano:
			*p = pcapFormat{swapped: swapped, scale: 1, head: recordHeaderSize}
		case magicModified:
			*p = pcapFormat{swapped: swapped, scale: 1000, head: recordHeaderSize + 8}
		default:
			continue
		}
		return true
	}
	return false
}

func (p *pcapFormat) u32(b []byte) uint32 {
	v := le.Uint32(b)
	if p.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// pcapHeader reads the file header: magic, version, two unused words, snapshot
// length, link type with the FCS length in its upper bits (pcap specification,
// section 4).
func (r *Reader) pcapHeader() error {
	if !r.win.need(pcapHeaderSize) {
		return r.cut("file header", pcapHeaderSize)
	}
	b := r.win.buf[r.win.r:]
	p := &r.pcap
	version := p.u32(b[4:])
	major, minor := version&0xffff, version>>16
	if p.swapped {
		major, minor = minor, major
	}
	if major != 2 {
		return r.damage("pcap version %d.%d is not supported", major, minor)
	}
	p.flipped = minor < 3
	link := p.u32(b[20:])
	p.link = packet.LinkType(link)
	if link&(1<<26) != 0 && p.link == packet.LinkEthernet {
		p.fcs = link >> 28 * 2
	}
	r.win.r += pcapHeaderSize
	return nil
}

// record reads the header of a record: time, captured and original length.
func (p *pcapFormat) record(b []byte) (time int64, kept, wire uint32) {
	_ = b[recordHeaderSize-1]
	sec, frac := le.Uint32(b), le.Uint32(b[4:])
	kept, wire = le.Uint32(b[8:]), le.Uint32(b[12:])
	if p.swapped {
		sec, frac = bits.ReverseBytes32(sec), bits.ReverseBytes32(frac)
		kept, wire = bits.ReverseBytes32(kept), bits.ReverseBytes32(wire)
	}
	if p.flipped {
		kept, wire = wire, kept
	}
	return int64(sec)*1e9 + int64(frac)*p.scale, kept, wire
}

func (r *Reader) nextRecord(f *packet.Frame) error {
	w, p := &r.win, &r.pcap
	if !w.need(p.head) {
		if w.r == w.w {
			return r.end()
		}
		return r.cut("record header", int64(p.head))
	}
	time, kept, wire := p.record(w.buf[w.r:])
	if kept > MaxFrame {
		return r.damage("a frame of %d bytes is larger than the limit of %d", kept, MaxFrame)
	}
	size := p.head + int(kept)
	if !w.need(size) {
		return r.cut("record", int64(size))
	}
	f.Time = time
	r.deliver(f, p.link, w.buf[w.r+p.head:w.r+size], wire, p.fcs)
	w.r += size
	return nil
}

// skipRecords passes over the whole records that are in the window and counts them.
func (r *Reader) skipRecords() uint64 {
	w := &r.win
	if r.pcap.flipped {
		return 0 // Next knows what to do
	}
	n, used := countRecords(w.buf[w.r:w.w], &r.pcap)
	w.r += int(used)
	r.number += uint32(n)
	return n
}

// countRecords counts the whole records at the start of b, and their bytes.
func countRecords(b []byte, p *pcapFormat) (n uint64, used int64) {
	at := 0
	for len(b)-at >= p.head {
		kept := le.Uint32(b[at+8:])
		if p.swapped {
			kept = bits.ReverseBytes32(kept)
		}
		if kept > MaxFrame || int(kept) > len(b)-at-p.head {
			break
		}
		at += p.head + int(kept)
		n++
	}
	return n, int64(at)
}

// fillRecords is Fill for pcap: it walks the records that are in the window,
// copies them in one go, headers included, and slides the window.
func (r *Reader) fillRecords(dst []packet.Frame, buf []byte) (n, used int, err error) {
	w := &r.win
	for n < len(dst) {
		frames, bytes, want := r.walkRecords(dst[n:], buf[used:], len(buf)-used)
		copy(buf[used:], w.buf[w.r:w.r+bytes])
		w.r += bytes
		r.number += uint32(frames)
		n += frames
		used += bytes
		switch {
		case n == len(dst):
		case want > 0: // the next record is not in the window
			if w.need(want) {
				continue
			}
			if n == 0 { // nextRecord knows the words for it
				err = r.nextRecord(&dst[0])
			}
		case n == 0: // it is damaged, or larger than the whole of buf
			if err = r.nextRecord(&dst[0]); err == nil {
				dst[0].Data = append([]byte(nil), dst[0].Data...)
				n = 1
			}
		}
		return n, used, err
	}
	return n, used, nil
}

// viewRecords is View for pcap. Where the window ends inside the batch, more is
// brought into it and the walk begins again, as all views are void then.
func (r *Reader) viewRecords(dst []packet.Frame, limit int) (n int, err error) {
	w := &r.win
	for more := true; ; {
		n, used, want := r.walkRecords(dst, w.buf[w.r:w.w], limit)
		if want > 0 && more {
			more = w.need(used + want)
			continue
		}
		if n == 0 { // nextRecord knows the words for it
			if err := r.nextRecord(&dst[0]); err != nil {
				return 0, err
			}
			return 1, nil
		}
		w.r += used
		r.number += uint32(n)
		return n, nil
	}
}

// walkRecords makes frames of the records that are in the window, with their
// bytes where they lie in to, until dst is full, limit bytes are used or the next
// one is damaged (want is 0), or the window has no whole one left (want is the
// next one's size, as far as known). It consumes nothing.
func (r *Reader) walkRecords(dst []packet.Frame, to []byte, limit int) (n, used, want int) {
	w, p := &r.win, &r.pcap
	win, head := w.buf[w.r:w.w], p.head
	for n < len(dst) {
		if len(win)-used < head {
			return n, used, head
		}
		time, kept, wire := p.record(win[used:])
		if kept > MaxFrame { // damage: nextRecord says so when it is the first in line
			return n, used, 0
		}
		end := used + head + int(kept)
		if end > limit {
			return n, used, 0
		}
		if end > len(win) {
			return n, used, end - used
		}
		f := &dst[n]
		f.Time = time
		f.Capture = r.index
		f.Number = r.number + uint32(n) + 1
		f.Link = p.link
		f.WireLen = max(wire, kept)
		f.Data = to[used+head : end : end]
		if p.fcs != 0 {
			f.WireLen, f.Data = withoutFCS(wire, f.Data, p.fcs)
		}
		used = end
		n++
	}
	return n, used, 0
}
