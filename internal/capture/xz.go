package capture

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the .xz container (xz file format 1.2.1). The LZMA2 data in it
// is left to a library; the container is read here because the library's own
// reader takes as large a dictionary as the file asks for, up to 4 GiB.
type xzReader struct {
	src    *bufio.Reader
	inside bool // a stream's header was read, its index not yet
	check  byte
	blocks uint64
	block  *lzma.Reader2 // nil between blocks
	packed countReader   // the block's LZMA2 data
	sum    hash.Hash
	sizes  [2]uint64 // of the block, packed and unpacked, as its header says; 0 unknown
	got    uint64    // unpacked so far
	ended  bool
}

const xzMagic = "\xfd7zXZ\x00"

// Kinds of integrity check (2.1.1.2); others are passed over unchecked.
const (
	xzNoCheck = 0
	xzCRC32   = 1
	xzCRC64   = 4
	xzSHA256  = 10
)

var (
	errXZHeader = errors.New("bad xz header")
	errXZFilter = errors.New("xz filter other than LZMA2")
	errXZDict   = errors.New("xz dictionary larger than 64 MiB")
	errXZCheck  = errors.New("xz checksum does not match")
	errXZSize   = errors.New("xz block size does not match")
	errXZIndex  = errors.New("bad xz index")
)

var crc64ECMA = crc64.MakeTable(crc64.ECMA)

// countReader counts the bytes of a block, to know the padding behind it.
type countReader struct {
	src *bufio.Reader
	n   uint64
}

// Read is the source's, counted.
func (c *countReader) Read(b []byte) (int, error) {
	n, err := c.src.Read(b)
	c.n += uint64(n)
	return n, err
}

// Read returns unpacked bytes; io.EOF only behind a whole last stream.
func (x *xzReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if x.block != nil {
			n, err := x.block.Read(b)
			x.got += uint64(n)
			if x.sum != nil {
				x.sum.Write(b[:n])
			}
			if errors.Is(err, io.EOF) {
				x.block = nil
				err = x.endBlock()
			}
			if n > 0 || err != nil {
				return n, noEOF(err)
			}
			continue
		}
		if x.ended {
			return 0, io.EOF
		}
		if err := x.advance(); err != nil {
			return 0, noEOF(err)
		}
	}
}

// noEOF turns an end of the file, which is always too early in here, into the error for that.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// advance reads the next header of any kind.
func (x *xzReader) advance() error {
	if !x.inside {
		return x.startStream()
	}
	size, err := x.src.ReadByte()
	if err != nil {
		return err
	}
	if size == 0 {
		x.inside = false
		return x.index()
	}
	return x.startBlock(size)
}

// startStream reads a stream header (2.1.1), padding before it (2.2), or the end.
func (x *xzReader) startStream() error {
	var b [12]byte
	for {
		n, err := io.ReadFull(x.src, b[:4])
		if errors.Is(err, io.EOF) && n == 0 {
			x.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(b[:]) != 0 {
			break
		}
	}
	if _, err := io.ReadFull(x.src, b[4:]); err != nil {
		return err
	}
	if string(b[:6]) != xzMagic || b[6] != 0 || b[7] > 15 || crc32.ChecksumIEEE(b[6:8]) != le.Uint32(b[8:]) {
		return errXZHeader
	}
	x.inside, x.check, x.blocks = true, b[7], 0
	return nil
}

// startBlock reads a block header (3.1): size, flags, optional sizes, filters.
func (x *xzReader) startBlock(size byte) error {
	var space [1024]byte
	b := space[:(int(size)+1)*4]
	b[0] = size
	if _, err := io.ReadFull(x.src, b[1:]); err != nil {
		return err
	}
	head := b[:len(b)-4]
	if crc32.ChecksumIEEE(head) != le.Uint32(b[len(head):]) || head[1]&0x3c != 0 {
		return errXZHeader
	}
	rest := bytes.NewReader(head[2:])
	x.sizes = [2]uint64{}
	for i := range x.sizes {
		if head[1]&(0x40<<i) == 0 {
			continue
		}
		v, err := binary.ReadUvarint(rest)
		if err != nil || v == 0 && i == 0 {
			return errXZHeader
		}
		x.sizes[i] = v
	}
	var filter [3]byte // id, size of properties, property: dictionary size
	if head[1]&3 != 0 {
		return errXZFilter
	}
	if _, err := io.ReadFull(rest, filter[:]); err != nil || filter[0] != 0x21 || filter[1] != 1 {
		return errXZFilter
	}
	dict, err := lzma.DecodeDictCap(filter[2])
	switch {
	case err != nil:
		return errXZHeader
	case dict > MaxDictionary:
		return errXZDict
	}
	x.packed = countReader{src: x.src}
	x.got = 0
	x.blocks++
	x.sum = xzSum(x.check)
	x.block, err = lzma.Reader2Config{DictCap: int(max(dict, lzma.MinDictCap))}.NewReader2(&x.packed)
	return err
}

func xzSum(check byte) hash.Hash {
	switch check {
	case xzCRC32:
		return crc32.NewIEEE()
	case xzCRC64:
		return crc64.New(crc64ECMA)
	case xzSHA256:
		return sha256.New()
	}
	return nil
}

// xzCheckSizes are the sizes of the integrity checks by kind (2.1.1.2).
var xzCheckSizes = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

// endBlock reads the padding and the check behind a block's data (3.3, 3.4).
func (x *xzReader) endBlock() error {
	if x.sizes[0] != 0 && x.sizes[0] != x.packed.n || x.sizes[1] != 0 && x.sizes[1] != x.got {
		return errXZSize
	}
	if err := x.padding(x.packed.n); err != nil {
		return err
	}
	var b [64]byte
	size := xzCheckSizes[x.check]
	if _, err := io.ReadFull(x.src, b[:size]); err != nil {
		return err
	}
	if x.sum == nil {
		return nil
	}
	want := x.sum.Sum(nil)
	if x.check != xzSHA256 { // the CRCs are stored little-endian
		for i, j := 0, len(want)-1; i < j; i, j = i+1, j-1 {
			want[i], want[j] = want[j], want[i]
		}
	}
	if !bytes.Equal(want, b[:size]) {
		return errXZCheck
	}
	return nil
}

// padding reads the zero bytes that bring n to a multiple of four.
func (x *xzReader) padding(n uint64) error {
	for ; n%4 != 0; n++ {
		c, err := x.src.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return errXZHeader
		}
	}
	return nil
}

// index reads a stream's index and footer (4 and 2.1.2). What it says of the
// blocks is held against their number; nothing is kept.
func (x *xzReader) index() error {
	in := &indexReader{src: x.src, sum: crc32.NewIEEE()}
	in.sum.Write([]byte{0})
	in.n = 1
	records, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	if records != x.blocks {
		return errXZIndex
	}
	for range 2 * records {
		if _, err := binary.ReadUvarint(in); err != nil {
			return err
		}
	}
	for in.n%4 != 0 {
		if c, err := in.ReadByte(); err != nil {
			return err
		} else if c != 0 {
			return errXZIndex
		}
	}
	var b [16]byte // CRC of the index, footer
	if _, err := io.ReadFull(x.src, b[:]); err != nil {
		return err
	}
	switch {
	case in.sum.Sum32() != le.Uint32(b[:]), crc32.ChecksumIEEE(b[8:14]) != le.Uint32(b[4:]),
		uint64(le.Uint32(b[8:])+1)*4 != in.n+4, b[12] != 0, b[13] != x.check, string(b[14:]) != "YZ":
		return errXZIndex
	}
	return nil
}

// indexReader sums and counts the bytes of an index.
type indexReader struct {
	src *bufio.Reader
	sum hash.Hash32
	n   uint64
}

// ReadByte is the source's, summed and counted.
func (r *indexReader) ReadByte() (byte, error) {
	c, err := r.src.ReadByte()
	if err == nil {
		r.n++
		r.sum.Write([]byte{c})
	}
	return c, err
}
