package sensor

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMergeIsInOrder shares out what lanes said over any number of shards: it
// comes back by index, then lane, and what one lane said of one packet in the
// order in which it said it.
func TestMergeIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type said struct {
			place
			n int
		}
		var all []said
		for index := range uint64(rapid.IntRange(0, 12).Draw(t, "packets")) {
			lane := uint8(rapid.IntRange(0, lanes-1).Draw(t, "lane"))
			for n := range rapid.IntRange(0, 3).Draw(t, "said") {
				all = append(all, said{place{index, lane}, n})
			}
		}
		for lane := range uint8(lanes) { // the end of an epoch: all lanes behind the last packet
			for n := range rapid.IntRange(0, 2).Draw(t, "at the end") {
				all = append(all, said{place{100, lane}, n})
			}
		}
		shards := rapid.IntRange(1, MaxShards).Draw(t, "shards")
		b := &batch{outs: make([]output, shards)}
		byShard := make([][]said, shards)
		var want bytes.Buffer
		for _, s := range all {
			shard := int(s.lane) % shards
			byShard[shard] = append(byShard[shard], s)
			text := fmt.Sprintf("%d %d %d\n", s.index, s.lane, s.n)
			want.WriteString(text)
			o := &b.outs[shard]
			o.lines = append(o.lines, text...)
			o.ends = append(o.ends, lineEnd{s.place, len(o.lines)})
		}
		m := merger{}
		for range 2 { // a merger is used again and again
			var got []said
			m.inOrder(shards, func(s, i int) (place, bool) {
				if i < len(byShard[s]) {
					return byShard[s][i].place, true
				}
				return place{}, false
			}, func(s, i int) { got = append(got, byShard[s][i]) })
			if !slices.Equal(got, all) {
				t.Fatalf("%v\nwant %v", got, all)
			}
			var lines bytes.Buffer
			m.lines = &lines
			m.writeLines(b)
			if lines.String() != want.String() {
				t.Fatalf("lines\n%s\nwant\n%s", lines.String(), want.String())
			}
		}
	})
}

type brokenWriter struct{ calls int }

func (w *brokenWriter) Write([]byte) (int, error) {
	w.calls++
	return 0, fmt.Errorf("no space")
}

func TestFirstWriteErrorEndsWriting(t *testing.T) {
	w := &brokenWriter{}
	m := merger{lines: w}
	b := &batch{outs: []output{
		{lines: []byte("a\nb\n"), ends: []lineEnd{{place{1, 0}, 2}, {place{3, 0}, 4}}},
		{lines: []byte("c\n"), ends: []lineEnd{{place{2, 1}, 2}}},
	}}
	m.writeLines(b)
	m.writeLines(b)
	if m.err == nil || w.calls != 1 {
		t.Errorf("%v after %d calls", m.err, w.calls)
	}
}
