package capture

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"firedoor/internal/packet"
)

// variant is one way to write the same frames.
type variant struct {
	name string
	file func([]packet.Frame) ([]byte, []int)
}

func variants() []variant {
	list := []variant{
		{"pcapng little", func(f []packet.Frame) ([]byte, []int) { return ngFile(little, f) }},
		{"pcapng big", func(f []packet.Frame) ([]byte, []int) { return ngFile(big, f) }},
	}
	for _, v := range []struct {
		name  string
		magic uint32
	}{{"micro", magicMicro}, {"nano", magicNano}, {"modified", magicModified}} {
		for _, o := range []order{little, big} {
			list = append(list, variant{"pcap " + v.name + " " + o.String(),
				func(f []packet.Frame) ([]byte, []int) { return pcapFile(o, v.magic, 1, f) }})
		}
	}
	return list
}

func sameFrames(t *testing.T, got, want []packet.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		same := bytes.Equal(g.Data, w.Data)
		g.Data, w.Data = nil, nil
		if !same || g.Time != w.Time || g.Capture != w.Capture || g.Number != w.Number || g.Link != w.Link || g.WireLen != w.WireLen {
			t.Fatalf("frame %d: %+v, want %+v, same bytes %v", i+1, g, w, same)
		}
	}
}

func open(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// TestRoundTrip writes frames in every format and compression and reads them
// back in every way.
func TestRoundTrip(t *testing.T) {
	want := someFrames(400)
	for _, v := range variants() {
		for _, c := range compressions {
			t.Run(v.name+" "+c, func(t *testing.T) {
				plain, _ := v.file(want)
				path := write(t, compress(t, c, plain))
				got, err := readAll(open(t, path))
				if err != nil {
					t.Fatal(err)
				}
				sameFrames(t, got, want)
				for _, room := range []int{1, 1600, 5000, 1 << 20} {
					got, err := fillAll(open(t, path), 100, room)
					if err != nil {
						t.Fatal(err)
					}
					sameFrames(t, got, want)
				}
				if n, err := Count(path); n != uint64(len(want)) || err != nil {
					t.Errorf("Count: %d, %v", n, err)
				}
			})
		}
	}
}

// TestMixedReading takes turns with Next and Fill.
func TestMixedReading(t *testing.T) {
	want := someFrames(300)
	for _, v := range variants() {
		plain, _ := v.file(want)
		r := open(t, write(t, plain))
		var got []packet.Frame
		for i := 0; ; i++ {
			dst := make([]packet.Frame, 1+i%7)
			n := 1
			var err error
			if i%2 == 0 {
				n, _, err = r.Fill(dst, make([]byte, 2000))
			} else if err = r.Next(&dst[0]); err == nil {
				dst[0].Data = bytes.Clone(dst[0].Data)
			}
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			got = append(got, dst[:n]...)
		}
		sameFrames(t, got, want)
	}
}

// TestLargeFrames has frames larger than what is read at once, and than the caller's buffer.
func TestLargeFrames(t *testing.T) {
	var want []packet.Frame
	for i, size := range []int{60, MaxFrame, 0, MaxFrame - 1, 200_000, 200_000, 1} {
		want = append(want, packet.Frame{Capture: 7, Number: uint32(i + 1), Link: 1, WireLen: uint32(size), Data: bytes.Repeat([]byte{byte(i)}, size)})
	}
	for _, v := range variants() {
		plain, _ := v.file(want)
		path := write(t, plain)
		got, err := readAll(open(t, path))
		if err != nil {
			t.Fatal(err)
		}
		sameFrames(t, got, want)
		if got, err = fillAll(open(t, path), 10, 100_000); err != nil {
			t.Fatal(err)
		}
		sameFrames(t, got, want)
	}
}

// TestTooLarge is about frames that no tool writes: everything before comes out.
func TestTooLarge(t *testing.T) {
	frames := someFrames(3)
	frames[2].Data = make([]byte, MaxFrame+1)
	frames[2].WireLen = MaxFrame + 1
	for _, v := range variants() {
		plain, ends := v.file(frames)
		path := write(t, plain)
		for _, read := range []func() ([]packet.Frame, error){
			func() ([]packet.Frame, error) { return readAll(open(t, path)) },
			func() ([]packet.Frame, error) { return fillAll(open(t, path), 10, 1<<20) },
		} {
			got, err := read()
			wantDamage(t, err, path, int64(ends[1]), "larger than the limit of 262144")
			sameFrames(t, got, frames[:2])
		}
	}
}

func wantDamage(t *testing.T, err error, path string, offset int64, reason string) {
	t.Helper()
	var d *DamageError
	if !errors.As(err, &d) {
		t.Fatalf("error %v, want a DamageError", err)
	}
	if d.File != path || d.Offset != offset || !strings.Contains(d.Reason, reason) {
		t.Fatalf("%q at %d: %s; want offset %d, %q", d.File, d.Offset, d.Reason, offset, reason)
	}
}

func TestTimes(t *testing.T) {
	ng := func(o order, stamp uint64, options ...[]byte) []byte {
		return append(append(ngSection(o), ngDescription(o, 1, 0, options...)...), ngEnhanced(o, 0, stamp, 1, []byte{1})...)
	}
	res := func(o order, v byte) []byte { return ngOption(o, optionResolution, []byte{v}) }
	shift := func(o order, sec int64) []byte { return ngOption(o, optionOffset, o.AppendUint64(nil, uint64(sec))) }
	record := func(magic, sec, frac uint32) []byte {
		b, _ := pcapFile(little, magic, 1, []packet.Frame{{Data: []byte{1}}})
		little.PutUint32(b[24:], sec)
		little.PutUint32(b[28:], frac)
		return b
	}
	for _, c := range []struct {
		name string
		file []byte
		want int64
	}{
		{"micro", record(magicMicro, 5, 6), 5_000_006_000},
		{"nano", record(magicNano, 5, 6), 5_000_000_006},
		{"absurd", record(magicMicro, math.MaxUint32, math.MaxUint32), math.MaxUint32*1_000_000_000 + math.MaxUint32*1000},
		{"ng default", ng(little, 7_000_001), 7_000_001_000},
		{"ng milli", ng(big, 7001, res(big, 3)), 7_001_000_000},
		{"ng seconds", ng(little, 7, res(little, 0)), 7_000_000_000},
		{"ng pico", ng(little, 7_123_456_789_999, res(little, 12)), 7_123_456_789},
		{"ng 10^-127", ng(little, math.MaxUint64, res(little, 127)), 1},
		{"ng 2^-10", ng(little, 3<<10|512, res(little, 0x8a)), 3_500_000_000},
		{"ng 2^-32", ng(big, 3<<32|1<<31, res(big, 0xa0)), 3_500_000_000},
		{"ng 2^-64", ng(little, 1<<63, res(little, 0xc0)), 500_000_000},
		{"ng 2^-127", ng(little, 1<<63, res(little, 0xff)), 500_000_000},
		{"ng 2^-0", ng(little, 7, res(little, 0x80)), 7_000_000_000},
		{"ng too late", ng(little, math.MaxUint64), math.MaxInt64},
		{"ng offset", ng(little, 1, res(little, 9), shift(little, 100)), 100_000_000_001},
		{"ng offset big", ng(big, 1, res(big, 9), shift(big, -100)), -99_999_999_999},
		{"ng offset absurd", ng(little, 1, shift(little, math.MaxInt64)), math.MaxInt64},
		{"ng offset absurd, past", ng(little, 1, shift(little, math.MinInt64)), math.MinInt64},
		{"ng offset beyond", ng(little, math.MaxUint64, shift(little, 9_000_000_000)), math.MaxInt64},
	} {
		var f packet.Frame
		if err := open(t, write(t, c.file)).Next(&f); err != nil || f.Time != c.want {
			t.Errorf("%s: %d, %v; want %d", c.name, f.Time, err, c.want)
		}
	}
}

// TestClockZeroShift: 2^0 has shift 0, which ngClock takes for a power of ten.
func TestClockZeroShift(t *testing.T) {
	face := ngIface{clock: clockOf(0x80)}
	if got := face.time(3); got != 3_000_000_000 {
		t.Errorf("3 s are %d ns", got)
	}
}

// TestLinkTypeBits has frame check sequences announced in the link type.
func TestLinkTypeBits(t *testing.T) {
	data := []byte("destinsourcetype payloadFCS!")
	frames := []packet.Frame{{WireLen: 28, Data: data}, {WireLen: 28, Data: data[:26]}, {WireLen: 28, Data: data[:10]}, {WireLen: 2, Data: data[:2]}}
	for _, c := range []struct {
		link uint32
		want packet.LinkType
		fcs  uint32
	}{
		{1, 1, 0}, {1 | 2<<28 | 1<<26, 1, 4}, {1 | 2<<28, 1, 0}, {1 | 1<<28 | 1<<26, 1, 2}, {101 | 2<<28 | 1<<26, 101, 0}, {0x03ff0001, 1, 0},
	} {
		file, _ := pcapFile(big, magicMicro, c.link, frames)
		path := write(t, file)
		byNext, err := readAll(open(t, path))
		if err != nil {
			t.Fatal(err)
		}
		byFill, err := fillAll(open(t, path), 10, 1000)
		if err != nil {
			t.Fatal(err)
		}
		sameFrames(t, byFill, byNext)
		for i, want := range [][2]uint32{{28 - c.fcs, 28 - c.fcs}, {28 - c.fcs, min(26, 28-c.fcs)}, {28 - c.fcs, 10}} {
			if f := byNext[i]; f.Link != c.want || f.WireLen != want[0] || uint32(len(f.Data)) != want[1] {
				t.Errorf("link %#x frame %d: link %d, %d bytes on the wire, %d kept; want %d", c.link, i, f.Link, f.WireLen, len(f.Data), want)
			}
		}
	}
}

// TestOldVersion: before version 2.3 the two lengths of a record were the other way round.
func TestOldVersion(t *testing.T) {
	file, _ := pcapFile(little, magicMicro, 1, []packet.Frame{{WireLen: 99, Data: []byte("kept")}})
	little.PutUint16(file[6:], 2)
	wire := little.Uint32(file[24+12:])
	little.PutUint32(file[24+12:], little.Uint32(file[24+8:]))
	little.PutUint32(file[24+8:], wire)
	var f packet.Frame
	if err := open(t, write(t, file)).Next(&f); err != nil || f.WireLen != 99 || string(f.Data) != "kept" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestPosition(t *testing.T) {
	for _, c := range compressions {
		plain, _ := pcapFile(little, magicMicro, 1, someFrames(3000))
		file := compress(t, c, plain)
		r := open(t, write(t, file))
		var f packet.Frame
		last := int64(0)
		for {
			err := r.Next(&f)
			done, total := r.Position()
			if done < last || done > total || total != int64(len(file)) {
				t.Fatalf("%s: %d of %d after %d", c, done, total, last)
			}
			last = done
			if errors.Is(err, io.EOF) {
				break
			}
		}
		if last != int64(len(file)) {
			t.Errorf("%s: ended at %d of %d", c, last, len(file))
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "is empty"},
		{"3 bytes", []byte("abc"), "too short to be a capture file (3 bytes)"},
		{"text", []byte("hello, this is text"), "is not a pcap or pcapng capture, but text"},
		{"binary", []byte{1, 2, 3, 4, 5, 6, 7, 8}, "begins with 01 02 03 04"},
		{"snoop", []byte("snoop\x00\x00\x00\x00\x00\x00\x02"), "snoop"},
		{"zip", []byte("PK\x03\x04\x00\x00"), "ZIP"},
		{"old magic, cut", pcapHead(little, magicMicro, 1)[:23], "damaged at byte 0: the capture ends inside a file header (23 of 24 bytes)"},
		{"version", func() []byte { b := pcapHead(big, magicNano, 1); b[5] = 9; return b }(), "pcap version 9.4 is not supported"},
		{"section, cut", ngSection(little)[:20], "damaged at byte 0: the capture ends inside a block (20 of 28 bytes)"},
		{"section, no order", append([]byte("\x0a\x0d\x0d\x0a"), make([]byte, 24)...), "byte order mark"},
		{"gzip, cut", compress(t, "gzip", pcapHead(little, magicMicro, 1))[:5], "gzip data is cut short"},
		{"gzip of text", compress(t, "gzip", []byte("hello, this is text")), "is not a pcap or pcapng capture inside gzip, but text"},
		{"gzip of nothing", compress(t, "gzip", nil), "too short to be a capture file (0 bytes inside gzip)"},
		{"gzip of xz", compress(t, "gzip", compress(t, "xz", []byte("x"))), "xz-compressed once more"},
		{"zstd, broken", append(compress(t, "zstd", []byte("x"))[:4], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "zstd data cannot be decompressed"},
		{"xz, broken", append([]byte(xzMagic), make([]byte, 20)...), "xz data cannot be decompressed: bad xz header"},
	} {
		path := write(t, c.data)
		_, err := Open(path, 0)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v; want the file once and %q", c.name, err, c.want)
		}
		if _, countErr := Count(path); countErr == nil || countErr.Error() != err.Error() {
			t.Errorf("%s: Count says %v", c.name, countErr)
		}
	}
	for path, want := range map[string]string{dir: "is a directory", dir + "/missing": "no such file"} {
		if _, err := Open(path, 0); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if os.Getuid() != 0 {
		path := write(t, []byte("x"))
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, 0); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("unreadable: %v", err)
		}
	}
}

// TestSizes has every file of 0 to 23 bytes that begins like a capture.
func TestSizes(t *testing.T) {
	for _, head := range [][]byte{pcapHead(little, magicMicro, 1), ngSection(big), []byte("\x1f\x8b\x08\x00"), []byte(xzMagic), {0x28, 0xb5, 0x2f, 0xfd}} {
		for n := range min(24, len(head)+1) {
			if _, err := Open(write(t, head[:n]), 0); err == nil {
				t.Errorf("% x: no error", head[:n])
			}
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	frames := someFrames(5000)
	for _, v := range variants() {
		plain, _ := v.file(frames)
		path := write(t, plain)
		r := open(t, path)
		var f packet.Frame
		if n := testing.AllocsPerRun(2000, func() {
			if err := r.Next(&f); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: Next allocates %v times", v.name, n)
		}
		r = open(t, path)
		dst, buf := make([]packet.Frame, 32), make([]byte, 64<<10)
		if n := testing.AllocsPerRun(100, func() {
			if _, _, err := r.Fill(dst, buf); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: Fill allocates %v times", v.name, n)
		}
	}
}

func TestClosed(t *testing.T) {
	plain, _ := pcapFile(little, magicMicro, 1, someFrames(3))
	r := open(t, write(t, plain))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var f packet.Frame
	if err := r.Next(&f); !errors.Is(err, io.EOF) {
		t.Errorf("Next after Close: %v", err)
	}
}
