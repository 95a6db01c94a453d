package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// MaxDictionary is how much history a compressed capture may refer back to, and
// so how much memory it takes to read it: enough for xz -9 and zstd -19. One
// that asks for more is refused.
const MaxDictionary = 64 << 20

var errZstdWindow = errors.New("zstd window larger than 64 MiB")

// compressionOf tells the compression by the file's first bytes, "" if none.
func compressionOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.HasPrefix(head, []byte(xzMagic)):
		return "xz"
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}),
		len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18: // skippable frame first
		return "zstd"
	}
	return ""
}

// decompress puts a decompressor between the file and the window; head is what
// was read already.
func (r *Reader) decompress(head []byte) error {
	src := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(head)), &r.file), 1<<16)
	r.win.w = 0
	r.win.err = nil
	var err error
	switch r.compression {
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(src); err == nil {
			r.closers = append(r.closers, z)
			r.win.src = z
		}
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(MaxDictionary), zstd.WithDecoderMaxWindow(MaxDictionary))
		if err == nil {
			c := z.IOReadCloser()
			r.closers = append(r.closers, c)
			r.win.src = c
		}
	case "xz":
		r.win.src = &xzReader{src: src}
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return r.damage("%s", r.sourceProblem(err))
}

// foreign are files that people take for captures this package reads.
var foreign = []struct{ magic, what string }{
	{"snoop\x00\x00\x00", "a snoop capture"},
	{"RTSS", "a Microsoft Network Monitor capture"},
	{"GMBU", "a Microsoft Network Monitor capture"},
	{"TRSNIFF data", "a Sniffer capture"},
	{"XCP\x00", "a NetXRay capture"},
	{"PK\x03\x04", "a ZIP archive"},
	{"BZh", "bzip2-compressed"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	{"\x04\x22\x4d\x18", "LZ4-compressed"},
	{"\x7fELF", "a program"},
	{"\x1f\x8b", "gzip-compressed once more"},
	{xzMagic, "xz-compressed once more"},
	{"\x28\xb5\x2f\xfd", "zstd-compressed once more"},
}

// whatElse says what a file that is no capture begins with.
func whatElse(head []byte) string {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.what
		}
	}
	head = head[:min(len(head), 16)]
	text := true
	for _, c := range head {
		text = text && (c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r')
	}
	if text {
		return "text"
	}
	return fmt.Sprintf("something that begins with % x", head[:4])
}
