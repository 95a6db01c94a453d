package wire

import (
	"crypto/sha256"
	"encoding"
	"hash"

	"firedoor"
)

// Content hashes what a transfer moves, piece by piece, and keeps none of it: a
// program is its owner's secret, its sum is enough to tell one from another.
// The zero Content is ready for Begin; its hash is made once and used again.
type Content struct {
	sum      hash.Hash
	bytes    int64
	expected int64 // announced, 0: nobody said
	holes    bool
	missed   bool
	mark     mark
}

// mark is a content as it was before a piece that may be refused.
type mark struct {
	sum   []byte // of the hash, made once and used again
	bytes int64
	holes bool
}

// Begin starts a transfer whose first byte comes next.
func (c *Content) Begin() {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	c.sum.Reset()
	c.bytes, c.expected, c.holes, c.missed = 0, 0, false, false
}

// Join is Begin for a transfer that was under way before it was seen.
func (c *Content) Join() {
	c.Begin()
	c.holes = true
}

// Add takes the piece that follows on what came before.
func (c *Content) Add(piece []byte) {
	c.bytes += int64(len(piece))
	if !c.holes && c.sum != nil {
		c.sum.Write(piece)
	}
}

// At takes a piece that says where it belongs, counted from the content's first
// byte. What came already is passed over, and a piece beyond the end of what came
// makes a hole.
func (c *Content) At(offset int64, piece []byte) {
	switch have := c.bytes - offset; {
	case have < 0:
		c.holes = true
	case have >= int64(len(piece)):
		return
	default:
		piece = piece[have:]
	}
	c.Add(piece)
}

// Mark remembers what there is: the piece that follows may be refused.
func (c *Content) Mark() {
	c.mark.bytes, c.mark.holes = c.bytes, c.holes
	if h, ok := c.sum.(encoding.BinaryAppender); ok && !c.holes {
		c.mark.sum, _ = h.AppendBinary(c.mark.sum[:0]) // a hash in memory has no way to fail
	}
}

// Undo takes back what came since Mark.
func (c *Content) Undo() {
	h, ok := c.sum.(encoding.BinaryUnmarshaler)
	if !ok || !c.mark.holes && h.UnmarshalBinary(c.mark.sum) != nil {
		c.Lose()
		return
	}
	c.bytes, c.holes = c.mark.bytes, c.mark.holes
}

// Lose says that a piece was missed: the sum will stand for nothing.
func (c *Content) Lose() { c.holes = true }

// Holed tells whether a piece was missed.
func (c *Content) Holed() bool { return c.holes }

// Expect says how long the content is, as its sender announced it.
func (c *Content) Expect(bytes int64) { c.expected = bytes }

// Miss says that bytes of the flow were not seen, and that nobody knows whether the
// content was among them. If as much came as was announced, it was not: for
// transfers whose pieces follow each other, or say where they belong.
func (c *Content) Miss() { c.missed = true }

// Fits tells whether as much came as was announced, if anything was.
func (c *Content) Fits() bool { return c.expected == 0 || c.bytes == c.expected }

// Bytes is how much content came.
func (c *Content) Bytes() int64 { return c.bytes }

// Tell fills in what a transfer says of its content.
func (c *Content) Tell(f *firedoor.FileTransfer) {
	f.Bytes = c.bytes
	all := !c.missed || c.expected > 0 && c.bytes == c.expected
	if f.Whole = f.Done && !c.holes && all && c.sum != nil; f.Whole {
		c.sum.Sum(f.Sum[:0])
	}
}
