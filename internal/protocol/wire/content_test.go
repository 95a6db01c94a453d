package wire

import (
	"crypto/sha256"
	"testing"

	"firedoor"
)

func TestContent(t *testing.T) {
	whole := []byte("a program of forty bytes, more or less..")
	want := sha256.Sum256(whole)
	cases := []struct {
		name  string
		feed  func(c *Content)
		whole bool
		bytes int64
	}{
		{"in order", func(c *Content) { c.Begin(); c.Add(whole[:10]); c.Add(whole[10:]) }, true, 40},
		{"by offset, a piece twice", func(c *Content) {
			c.Begin()
			c.At(0, whole[:10])
			c.At(0, whole[:10])
			c.At(5, whole[5:])
		}, true, 40},
		{"a hole", func(c *Content) { c.Begin(); c.At(0, whole[:10]); c.At(20, whole[20:]) }, false, 30},
		{"lost", func(c *Content) { c.Begin(); c.Add(whole[:10]); c.Lose(); c.Add(whole[20:]) }, false, 30},
		{"a gap", func(c *Content) { c.Begin(); c.Add(whole[:10]); c.Miss(); c.Add(whole[10:]) }, false, 40},
		{"a gap beside it", func(c *Content) { c.Begin(); c.Expect(40); c.Add(whole[:10]); c.Miss(); c.Add(whole[10:]) }, true, 40},
		{"a gap in it", func(c *Content) { c.Begin(); c.Expect(40); c.Add(whole[:10]); c.Miss(); c.Add(whole[20:]) }, false, 30},
		{"a gap and out of order", func(c *Content) {
			c.Begin()
			c.Expect(40)
			c.At(0, whole[:10])
			c.Miss()
			c.At(20, whole[20:])
			c.At(20, whole[20:30])
		}, false, 30},
		{"announced for another", func(c *Content) { c.Begin(); c.Expect(30); c.Begin(); c.Miss(); c.Add(whole[:30]) }, false, 30},
		{"a piece that was refused, and is sent again", func(c *Content) {
			c.Begin()
			c.Add(whole[:10])
			c.Mark()
			c.Add([]byte("nothing that counts"))
			c.Undo()
			c.Mark()
			c.Add(whole[10:])
		}, true, 40},
		{"refused in a transfer with a hole", func(c *Content) {
			c.Join()
			c.Add(whole[:10])
			c.Mark()
			c.Add(whole[10:20])
			c.Undo()
			c.Add(whole[10:])
		}, false, 40},
		{"joined and announced", func(c *Content) { c.Join(); c.Expect(40); c.Miss(); c.Add(whole) }, false, 40},
		{"joined", func(c *Content) { c.Join(); c.Add(whole) }, false, 40},
		{"never begun", func(c *Content) {}, false, 0},
		{"used again", func(c *Content) { c.Begin(); c.Add(whole); c.Lose(); c.Begin(); c.Add(whole) }, true, 40},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			var c Content
			k.feed(&c)
			f := firedoor.FileTransfer{Done: true}
			c.Tell(&f)
			if f.Whole != k.whole || f.Bytes != k.bytes || k.whole && f.Sum != want {
				t.Errorf("whole %v, %d bytes, sum %x; want %v, %d", f.Whole, f.Bytes, f.Sum[:4], k.whole, k.bytes)
			}
		})
	}
}
