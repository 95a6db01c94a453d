package capture

import (
	"bytes"
	"testing"

	"firedoor/internal/packet"
)

// TestPcapngBlocks has every block kind that holds a frame, interfaces of
// several link types and clocks, blocks to skip, and two sections of different
// byte order.
func TestPcapngBlocks(t *testing.T) {
	obsolete := func(o order, face uint16, stamp uint64, data []byte) []byte {
		b := o.AppendUint16(nil, face)
		b = o.AppendUint16(b, 0xffff)
		b = o.AppendUint32(b, uint32(stamp>>32))
		b = o.AppendUint32(b, uint32(stamp))
		b = o.AppendUint32(b, uint32(len(data)))
		b = o.AppendUint32(b, uint32(len(data))+1)
		return ngBlock(o, ngPacket, b, data)
	}
	simple := func(o order, wire uint32, data []byte) []byte {
		return ngBlock(o, ngSimplePacket, o.AppendUint32(nil, wire), data)
	}
	section := func(o order, snap uint32) []byte {
		return bytes.Join([][]byte{
			ngSection(o),
			ngBlock(o, 4, []byte("names")),
			ngDescription(o, 1, snap, ngOption(o, 2, []byte("eth0")), ngOption(o, optionResolution, []byte{9})),
			ngDescription(o, 101, 0, ngOption(o, optionFCS, []byte{4}), ngOption(o, 1, []byte("a comment"))),
			ngDescription(o, 1, 0, ngOption(o, optionFCS, []byte{4})),
			ngEnhanced(o, 0, 5, 3, []byte("one"), ngOption(o, 1, []byte("comment")), ngOption(o, optionEnd, nil)),
			ngBlock(o, 0x80000bad, bytes.Repeat([]byte("custom"), 100_000)),
			ngEnhanced(o, 1, 6, 3, []byte("two")),
			obsolete(o, 1, 7, []byte("three")),
			simple(o, 4, []byte("four")),
			ngBlock(o, 5, make([]byte, 12)),
			simple(o, 99, []byte("fivefive")),
			ngEnhanced(o, 2, 8, 7, []byte("six+FCS")),
			ngBlock(o, 10, []byte("secrets")),
		}, nil)
	}
	file := append(section(little, 8), section(big, 8)...)
	got, err := readAll(open(t, write(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	var want []packet.Frame
	for range 2 {
		want = append(want,
			packet.Frame{Time: 5, Link: 1, WireLen: 3, Data: []byte("one")},
			packet.Frame{Time: 6000, Link: 101, WireLen: 3, Data: []byte("two")},
			packet.Frame{Time: 7000, Link: 101, WireLen: 6, Data: []byte("three")},
			packet.Frame{Link: 1, WireLen: 4, Data: []byte("four")},
			packet.Frame{Link: 1, WireLen: 99, Data: []byte("fivefive")},
			packet.Frame{Time: 8000, Link: 1, WireLen: 3, Data: []byte("six")})
	}
	for i := range want {
		want[i].Capture, want[i].Number = 7, uint32(i+1)
	}
	sameFrames(t, got, want)
}

// TestPcapngDamage has blocks that contradict themselves.
func TestPcapngDamage(t *testing.T) {
	o := little
	start := append(ngSection(o), ngDescription(o, 1, 0)...)
	good := ngEnhanced(o, 0, 1, 4, []byte("good"))
	poke := func(b []byte, at int, v uint32) []byte {
		b = bytes.Clone(b)
		o.PutUint32(b[at:], v)
		return b
	}
	for _, c := range []struct {
		name, reason string
		bad          []byte
	}{
		{"length 8", "says it is 8 bytes long", poke(good, 4, 8)},
		{"length odd", "says it is 37 bytes long", poke(good, 4, 37)},
		{"length huge", "larger than the limit of 1048576", poke(good, 4, 0xfffffff0)},
		{"length of a skipped block huge", "ends inside a block (36 of 4294967280 bytes)", poke(poke(good, 4, 0xfffffff0), 0, 99)},
		{"lengths differ", "two lengths differ: 36 and 40", poke(good, 32, 40)},
		{"lengths of a skipped block differ", "two lengths differ: 36 and 40", poke(poke(good, 0, 99), 32, 40)},
		{"frame larger than its block", "cannot hold a frame of 5", poke(good, 20, 5)},
		{"frame of 4 GiB", "cannot hold a frame of 4294967295", poke(good, 20, 0xffffffff)},
		{"no such interface", "a frame of interface 1, but the section describes 1", poke(good, 8, 1)},
		{"packet block too short", "only 16 bytes long", ngBlock(o, ngEnhancedPacket, make([]byte, 4))},
		{"simple packet block too short", "only 12 bytes long", ngBlock(o, ngSimplePacket)},
		{"simple packet too large", "cannot hold a frame of 9", ngBlock(o, ngSimplePacket, o.AppendUint32(nil, 9), make([]byte, 8))},
		{"simple packet without interface", "describes 0", append(ngSection(o), ngBlock(o, ngSimplePacket, make([]byte, 8))...)},
		{"interface too short", "an interface description is only 16 bytes long", ngBlock(o, ngInterface, make([]byte, 4))},
		{"section too short", "a section header is only 24 bytes long", poke(poke(append(ngSection(o)[:20], 24, 0, 0, 0), 4, 24), 20, 24)},
		{"section of a version to come", "pcapng version 2.0", poke(ngSection(o), 12, 2)},
	} {
		for _, pack := range []string{"", "gzip"} {
			offset := len(start) + len(good)
			if c.name == "simple packet without interface" {
				offset += len(ngSection(o))
			}
			path := write(t, compress(t, pack, bytes.Join([][]byte{start, good, c.bad}, nil)))
			got, err := readAll(open(t, path))
			if len(got) != 1 || string(got[0].Data) != "good" {
				t.Errorf("%s: %d frames before the damage", c.name, len(got))
			}
			t.Run(c.name, func(t *testing.T) { wantDamage(t, err, path, int64(offset), c.reason) })
		}
	}
}

// TestManyInterfaces is about the limit of what a section may describe.
func TestManyInterfaces(t *testing.T) {
	one := ngDescription(little, 1, 0)
	file := append(ngSection(little), bytes.Repeat(one, maxInterfaces)...)
	frame := ngEnhanced(little, maxInterfaces-1, 1, 1, []byte{1})
	if n, err := Count(write(t, append(bytes.Clone(file), frame...))); n != 1 || err != nil {
		t.Errorf("%d frames, %v", n, err)
	}
	path := write(t, append(append(bytes.Clone(file), one...), frame...))
	n, err := Count(path)
	if n != 0 {
		t.Errorf("%d frames", n)
	}
	wantDamage(t, err, path, int64(len(file)), "more than 65536 interfaces")
}

// TestOptionsCut has interface options that run out of their block: the
// interface counts, with what could be read.
func TestOptionsCut(t *testing.T) {
	b := little.AppendUint16(nil, 1)
	b = append(b, 0, 0, 0, 0, 0, 0)
	for _, options := range [][]byte{{9, 0, 200, 0}, {9, 0, 1, 0, 3}, {9, 0, 0, 0}, {14, 0, 4, 0, 1, 2, 3, 4}, {13, 0, 0, 0}} {
		file := bytes.Join([][]byte{ngSection(little), ngBlock(little, ngInterface, b, options), ngEnhanced(little, 0, 1, 1, []byte{1})}, nil)
		if n, err := Count(write(t, file)); n != 1 || err != nil {
			t.Errorf("options % x: %d frames, %v", options, n, err)
		}
	}
}
