package capture

import (
	"bufio"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func xzOf(t *testing.T, c xz.WriterConfig, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := c.NewWriter(&out)
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

func unxz(b []byte) ([]byte, error) {
	return io.ReadAll(&xzReader{src: bufio.NewReader(bytes.NewReader(b))})
}

// TestXZContainer has every kind of check, several blocks, several streams and
// padding between and behind them.
func TestXZContainer(t *testing.T) {
	var text bytes.Buffer
	for i := range 20_000 {
		text.WriteString(strings.Repeat("x", i%7))
		text.WriteByte(byte(i * i >> 3))
	}
	plain := text.Bytes()
	all := [][]byte{}
	for _, check := range []byte{xz.None, xz.CRC32, xz.CRC64, xz.SHA256} {
		for _, block := range []int64{0, 10_000} {
			c := xz.WriterConfig{CheckSum: check, NoCheckSum: check == xz.None, BlockSize: block}
			packed := xzOf(t, c, plain)
			got, err := unxz(packed)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("check %d, blocks of %d: %d bytes, %v", check, block, len(got), err)
			}
			all = append(all, packed)
		}
	}
	streams := append(bytes.Join(all, make([]byte, 8)), 0, 0, 0, 0)
	if got, err := unxz(streams); err != nil || !bytes.Equal(got, bytes.Repeat(plain, len(all))) {
		t.Errorf("%d streams: %d bytes, %v", len(all), len(got), err)
	}
	if got, err := unxz(xzOf(t, xz.WriterConfig{}, nil)); err != nil || len(got) != 0 {
		t.Errorf("empty stream: %d bytes, %v", len(got), err)
	}
}

// TestXZDamage changes every byte of a small file: what comes out is never
// anything else. (The length of a packed chunk may lie without consequence.)
func TestXZDamage(t *testing.T) {
	plain := []byte("the same, the same, and the same again")
	for _, check := range []byte{xz.CRC32, xz.CRC64, xz.SHA256} {
		packed := xzOf(t, xz.WriterConfig{CheckSum: check}, plain)
		for i := range packed {
			bad := bytes.Clone(packed)
			bad[i] ^= 0x10
			if got, err := unxz(bad); err == nil && !bytes.Equal(got, plain) {
				t.Errorf("check %d, byte %d of %d: no error, %q", check, i, len(packed), got)
			}
			if _, err := unxz(packed[:i]); i > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("check %d, cut at %d of %d: %v", check, i, len(packed), err)
			}
		}
		for _, tail := range []string{"garbage", "\x00", "\x00\x00\x00\x00\x01"} {
			if _, err := unxz(append(bytes.Clone(packed), tail...)); err == nil {
				t.Errorf("check %d, tail %q: no error", check, tail)
			}
		}
	}
}

// TestMemoryLimits has files that ask for more history than they may.
func TestMemoryLimits(t *testing.T) {
	capture, _ := pcapFile(little, magicMicro, 1, someFrames(5))
	packed := xzOf(t, xz.WriterConfig{}, capture)
	// Block header behind 12 bytes of stream header: size, flags, filter id,
	// size of properties, dictionary size.
	size := (int(packed[12]) + 1) * 4
	for _, c := range []struct {
		at   int
		v    byte
		want string
	}{{16, 28, ""}, {16, 29, errXZDict.Error()}, {16, 40, errXZDict.Error()}, {16, 41, errXZHeader.Error()}, {14, 4, errXZFilter.Error()}, {13, 1, errXZFilter.Error()}} {
		b := bytes.Clone(packed)
		b[c.at] = c.v
		le.PutUint32(b[12+size-4:], crc32.ChecksumIEEE(b[12:12+size-4]))
		_, err := Count(write(t, b))
		if c.want == "" && err != nil || c.want != "" && !strings.Contains(text(err), c.want) {
			t.Errorf("byte %d as %d: %v, want %q", c.at, c.v, err, c.want)
		}
	}
	for _, window := range []int{32 << 20, 128 << 20} {
		var out bytes.Buffer
		w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		// Several writes and a flush: otherwise the window is as small as the content.
		for i := range 2 {
			if _, err := w.Write(capture[i*len(capture)/2 : (i+1)*len(capture)/2]); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = Count(write(t, out.Bytes()))
		if window > MaxDictionary != strings.Contains(text(err), errZstdWindow.Error()) || window <= MaxDictionary && err != nil {
			t.Errorf("zstd window of %d: %v", window, err)
		}
	}
}
