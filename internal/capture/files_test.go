package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"firedoor/internal/packet"
)

// A writer of small captures for the tests: every variant the reader knows.

type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var (
	little order = binary.LittleEndian
	big    order = binary.BigEndian
)

func pcapHead(o order, magic, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, 262144)
	return o.AppendUint32(b, link)
}

func pcapRecord(o order, magic uint32, f packet.Frame) []byte {
	scale := int64(1000)
	if magic == magicNano {
		scale = 1
	}
	b := o.AppendUint32(nil, uint32(f.Time/1e9))
	b = o.AppendUint32(b, uint32(f.Time%1e9/scale))
	b = o.AppendUint32(b, uint32(len(f.Data)))
	b = o.AppendUint32(b, f.WireLen)
	if magic == magicModified {
		b = append(b, 1, 2, 3, 4, 5, 6, 7, 8)
	}
	return append(b, f.Data...)
}

// pcapFile returns a capture and where each of its records ends.
func pcapFile(o order, magic, link uint32, frames []packet.Frame) (file []byte, ends []int) {
	file = pcapHead(o, magic, link)
	for _, f := range frames {
		file = append(file, pcapRecord(o, magic, f)...)
		ends = append(ends, len(file))
	}
	return file, ends
}

func ngBlock(o order, kind uint32, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	body = append(body, make([]byte, -len(body)&3)...)
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return o.AppendUint32(b, uint32(len(body)+12))
}

func ngSection(o order) []byte {
	b := o.AppendUint32(nil, ngByteOrder)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	return ngBlock(o, ngSectionHeader, b, bytes.Repeat([]byte{0xff}, 8))
}

func ngOption(o order, code uint16, value []byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

func ngDescription(o order, link uint16, snap uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, link)
	b = o.AppendUint16(b, 0)
	return ngBlock(o, ngInterface, o.AppendUint32(b, snap), bytes.Join(options, nil), ngOption(o, optionEnd, nil))
}

func ngEnhanced(o order, face uint32, stamp uint64, wire uint32, data []byte, options ...[]byte) []byte {
	b := o.AppendUint32(nil, face)
	b = o.AppendUint32(b, uint32(stamp>>32))
	b = o.AppendUint32(b, uint32(stamp))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, wire)
	b = append(b, data...)
	b = append(b, make([]byte, -len(data)&3)...)
	return ngBlock(o, ngEnhancedPacket, b, bytes.Join(options, nil))
}

// ngFile returns a capture in nanoseconds and where each frame's block ends.
func ngFile(o order, frames []packet.Frame) (file []byte, ends []int) {
	file = append(ngSection(o), ngDescription(o, uint16(packet.LinkEthernet), 0, ngOption(o, optionResolution, []byte{9}))...)
	for _, f := range frames {
		file = append(file, ngEnhanced(o, 0, uint64(f.Time), f.WireLen, f.Data)...)
		ends = append(ends, len(file))
	}
	return file, ends
}

func compress(t testing.TB, kind string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "":
		return b
	case "gzip":
		w = gzip.NewWriter(&out)
	case "xz":
		w, err = xz.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var compressions = []string{"", "gzip", "xz", "zstd"}

// write puts b in a file of no telling name.
func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture.bin")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rewrite is write for loops: the same file again and again.
func rewrite(t testing.TB, path *string, b []byte) string {
	t.Helper()
	if *path == "" {
		*path = write(t, b)
	} else if err := os.WriteFile(*path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return *path
}

// someFrames makes n frames of differing sizes, a microsecond and more apart.
func someFrames(n int) []packet.Frame {
	frames := make([]packet.Frame, n)
	for i := range frames {
		data := make([]byte, 14+i*37%1500)
		for j := range data {
			data[j] = byte(i + j)
		}
		frames[i] = packet.Frame{Time: 1_700_000_000_000_000_000 + int64(i)*1_001_000, Capture: 7, Number: uint32(i + 1),
			Link: packet.LinkEthernet, WireLen: uint32(len(data) + i%3*4), Data: data}
	}
	return frames
}

// readAll reads with Next, copying what it is lent.
func readAll(r interface{ Next(*packet.Frame) error }) ([]packet.Frame, error) {
	var list []packet.Frame
	for {
		var f packet.Frame
		if err := r.Next(&f); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return list, err
		}
		f.Data = bytes.Clone(f.Data)
		list = append(list, f)
	}
}

type filler interface {
	Fill([]packet.Frame, []byte) (int, int, error)
}

// fillAll reads with Fill into fresh buffers, so that a frame whose bytes do not
// stay put is noticed.
func fillAll(r filler, batch, room int) ([]packet.Frame, error) {
	var list []packet.Frame
	for {
		dst := make([]packet.Frame, batch)
		n, _, err := r.Fill(dst, make([]byte, room))
		list = append(list, dst[:n]...)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return list, err
		}
	}
}
