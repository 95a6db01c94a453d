package protocol

import "encoding/binary"

// Reader walks a message; the first read past the end makes every later read
// zero and Failed true, so that a decoder checks once at the end.
type Reader struct {
	b      []byte
	pos    int
	failed bool
}

// Read returns a Reader over b.
func Read(b []byte) Reader { return Reader{b: b} }

// Failed tells whether any read went past the end.
func (r *Reader) Failed() bool { return r.failed }

// Len is the number of bytes left.
func (r *Reader) Len() int { return len(r.b) - r.pos }

// Pos is how many bytes were read.
func (r *Reader) Pos() int { return r.pos }

// Bytes returns a view of the next n bytes, nil past the end.
func (r *Reader) Bytes(n int) []byte {
	if r.failed || n < 0 || n > len(r.b)-r.pos {
		r.failed = true
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// Skip passes over n bytes.
func (r *Reader) Skip(n int) { r.Bytes(n) }

// Rest returns a view of all that is left.
func (r *Reader) Rest() []byte { return r.Bytes(r.Len()) }

// U8 reads a byte.
func (r *Reader) U8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads 16 bits, big-endian.
func (r *Reader) U16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U24 reads 24 bits, big-endian.
func (r *Reader) U24() uint32 {
	if b := r.Bytes(3); b != nil {
		return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	return 0
}

// U32 reads 32 bits, big-endian.
func (r *Reader) U32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// U64 reads 64 bits, big-endian.
func (r *Reader) U64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// U16LE reads 16 bits, little-endian.
func (r *Reader) U16LE() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32LE reads 32 bits, little-endian.
func (r *Reader) U32LE() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64LE reads 64 bits, little-endian.
func (r *Reader) U64LE() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
