package plant

import (
	"encoding/binary"
	"time"

	"firedoor"
)

// What mirrors and taps make of a capture. Every function takes a capture as
// NewNet writes it (little-endian, microseconds) and returns another one; none
// changes its input.

const (
	fileHeader   = 24
	recordHeader = 16
)

// frame is one record of a capture.
type frame struct {
	time   int64 // ns since 1970
	offset int   // of the record in the file
	wire   uint32
	data   []byte
}

func readFrames(capture []byte) []frame {
	var frames []frame
	for at := fileHeader; at+recordHeader <= len(capture); {
		h := capture[at:]
		n := int(binary.LittleEndian.Uint32(h[8:]))
		frames = append(frames, frame{
			time:   int64(binary.LittleEndian.Uint32(h))*int64(time.Second) + int64(binary.LittleEndian.Uint32(h[4:]))*int64(time.Microsecond),
			offset: at, wire: binary.LittleEndian.Uint32(h[12:]), data: h[recordHeader : recordHeader+n],
		})
		at += recordHeader + n
	}
	return frames
}

func appendRecord(b []byte, ns int64, wire uint32, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(ns/int64(time.Second)))
	b = binary.LittleEndian.AppendUint32(b, uint32(ns%int64(time.Second)/int64(time.Microsecond)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint32(b, wire)
	return append(b, data...)
}

// rewrite builds a new capture out of what each frame becomes.
func rewrite(capture []byte, each func(b []byte, f frame) []byte) []byte {
	out := append(make([]byte, 0, len(capture)), capture[:fileHeader]...)
	for _, f := range readFrames(capture) {
		out = each(out, f)
	}
	return out
}

// doubledGap is how much later the second copy of a frame arrives.
const doubledGap = 5 * int64(time.Microsecond)

// Doubled has every frame twice, as a mirror of both the receiving and the
// sending port delivers them.
func Doubled(capture []byte) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		b = appendRecord(b, f.time, f.wire, f.data)
		return appendRecord(b, f.time+doubledGap, f.wire, f.data)
	})
}

// OneWay keeps only what has the given source address: a mirror of one direction.
func OneWay(capture []byte, src firedoor.MAC) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		if firedoor.MACFrom(f.data[6:]) != src {
			return b
		}
		return appendRecord(b, f.time, f.wire, f.data)
	})
}

// Untagged strips the VLAN tag of what the given address sends, as mirrors do
// that copy one direction after and the other before tagging.
func Untagged(capture []byte, src firedoor.MAC) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		if firedoor.MACFrom(f.data[6:]) == src && isTagged(f.data) {
			return appendRecord(b, f.time, f.wire-4, append(append([]byte{}, f.data[:12]...), f.data[16:]...))
		}
		return appendRecord(b, f.time, f.wire, f.data)
	})
}

// Tagged puts every untagged frame into a VLAN and moves tagged ones there.
func Tagged(capture []byte, vlan uint16) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		return appendTagged(b, f, f.time, vlan)
	})
}

// OnTwoVLANs is the capture twice at once, as two cells of the same make look:
// the same addresses on two VLANs.
func OnTwoVLANs(capture []byte, first, second uint16) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		b = appendTagged(b, f, f.time, first)
		return appendTagged(b, f, f.time+doubledGap, second)
	})
}

func isTagged(data []byte) bool { return binary.BigEndian.Uint16(data[12:]) == etherVLAN }

func appendTagged(b []byte, f frame, ns int64, vlan uint16) []byte {
	data := append([]byte{}, f.data[:12]...)
	data = binary.BigEndian.AppendUint16(data, etherVLAN)
	data = binary.BigEndian.AppendUint16(data, vlan&0xfff)
	if isTagged(f.data) {
		return appendRecord(b, ns, f.wire, append(data, f.data[16:]...))
	}
	return appendRecord(b, ns, f.wire+4, append(data, f.data[12:]...))
}

// PRP has every frame twice with the redundancy trailers of the two LANs
// (IEC 62439-3, 4.1.10), the second 30 us later.
func PRP(capture []byte) []byte {
	sequence := uint16(0)
	return rewrite(capture, func(b []byte, f frame) []byte {
		sequence++
		b = appendPRP(b, f, f.time, sequence, 0xa)
		return appendPRP(b, f, f.time+6*doubledGap, sequence, 0xb)
	})
}

func appendPRP(b []byte, f frame, ns int64, sequence, lan uint16) []byte {
	const trailer = 6
	at := 14 // what the size counts starts behind the Ethernet type, tag not included
	if isTagged(f.data) {
		at = 18
	}
	data := append([]byte{}, f.data...)
	data = binary.BigEndian.AppendUint16(data, sequence)
	data = binary.BigEndian.AppendUint16(data, lan<<12|uint16(len(f.data)-at+trailer)&0xfff)
	data = append(data, 0x88, 0xfb)
	return appendRecord(b, ns, f.wire+trailer, data)
}

// Absurd gives the frame in the middle a time ten years ahead.
func Absurd(capture []byte) []byte {
	middle, i := len(readFrames(capture))/2, -1
	return rewrite(capture, func(b []byte, f frame) []byte {
		i++
		if i == middle {
			f.time += 10 * 365 * 24 * int64(time.Hour)
		}
		return appendRecord(b, f.time, f.wire, f.data)
	})
}

// Snapped keeps at most size bytes of every frame.
func Snapped(capture []byte, size int) []byte {
	return rewrite(capture, func(b []byte, f frame) []byte {
		return appendRecord(b, f.time, f.wire, f.data[:min(size, len(f.data))])
	})
}

// Disordered swaps every nth frame with the one behind it, times staying in
// order: what parallel links make of a stream.
func Disordered(capture []byte, nth int) []byte {
	frames := readFrames(capture)
	for i := nth; nth > 0 && i+1 < len(frames); i += nth {
		a, b := &frames[i], &frames[i+1]
		a.data, b.data = b.data, a.data
		a.wire, b.wire = b.wire, a.wire
	}
	out := append(make([]byte, 0, len(capture)), capture[:fileHeader]...)
	for _, f := range frames {
		out = appendRecord(out, f.time, f.wire, f.data)
	}
	return out
}

// Lossy drops every nth frame.
func Lossy(capture []byte, nth int) []byte {
	i := 0
	return rewrite(capture, func(b []byte, f frame) []byte {
		i++
		if nth > 0 && i%nth == 0 {
			return b
		}
		return appendRecord(b, f.time, f.wire, f.data)
	})
}

// Cut ends the capture in the middle of a record, as a full disk does.
func Cut(capture []byte) []byte {
	frames := readFrames(capture)
	if len(frames) == 0 {
		return append([]byte{}, capture...)
	}
	last := frames[len(frames)-1]
	return append([]byte{}, capture[:last.offset+recordHeader+len(last.data)/2]...)
}
