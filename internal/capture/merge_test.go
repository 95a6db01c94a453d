package capture

import (
	"errors"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"firedoor/internal/packet"
)

// TestMerge compares with the naive way: of all next frames, take the earliest,
// of equal ones that of the first reader.
func TestMerge(t *testing.T) {
	dir := t
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 12), 0, 5).Draw(t, "times")
		cut := rapid.IntRange(-1, len(files)-1).Draw(t, "damaged")
		var paths []string
		var want []packet.Frame
		queues := make([][]packet.Frame, len(files))
		for i, times := range files {
			for j, at := range times {
				queues[i] = append(queues[i], packet.Frame{Time: at * 1000, Capture: uint32(i), Number: uint32(j + 1), Link: 1,
					WireLen: 3, Data: []byte{byte(i), byte(j), 0}})
			}
			file, _ := pcapFile(little, magicMicro, 1, queues[i])
			if i == cut && len(times) > 0 {
				file = file[:len(file)-1]
				queues[i] = queues[i][:len(times)-1]
			} else if i == cut {
				cut = -1
			}
			paths = append(paths, write(dir, file))
		}
		for {
			first := -1
			for i, q := range queues {
				if len(q) > 0 && (first < 0 || q[0].Time < queues[first][0].Time) {
					first = i
				}
			}
			if first < 0 {
				break
			}
			want = append(want, queues[first][0])
			queues[first] = queues[first][1:]
		}
		for _, read := range []func(*Merge) ([]packet.Frame, error){
			func(m *Merge) ([]packet.Frame, error) { return readAll(m) },
			func(m *Merge) ([]packet.Frame, error) { return fillAll(m, 4, 10) },
		} {
			var readers []*Reader
			for i, path := range paths {
				r, err := Open(path, uint32(i))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				readers = append(readers, r)
			}
			m := NewMerge(readers)
			got, err := read(m)
			if err != nil {
				t.Fatal(err)
			}
			sameFrames(dir, got, want)
			errs := m.Errors()
			var d *DamageError
			if cut < 0 && len(errs) > 0 || cut >= 0 && (len(errs) != 1 || !errors.As(errs[0], &d) || d.File != paths[cut]) {
				t.Fatalf("damaged %d: %v", cut, errs)
			}
		}
	})
}

// TestMergeKeepsOrder has a reader whose clock jumps back.
func TestMergeKeepsOrder(t *testing.T) {
	frames := func(times ...int64) (list []packet.Frame) {
		for i, at := range times {
			list = append(list, packet.Frame{Time: at * 1000, Number: uint32(i + 1), Data: []byte{1}, WireLen: 1})
		}
		return list
	}
	a, _ := pcapFile(little, magicMicro, 1, frames(10, 100, 50, 110))
	b, _ := ngFile(big, frames(20, 60, 110))
	ra, err := Open(write(t, a), 0)
	if err != nil {
		t.Fatal(err)
	}
	rb, err := Open(write(t, b), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer ra.Close()
	defer rb.Close()
	got, err := readAll(NewMerge([]*Reader{ra, rb}))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		capture uint32
		time    int64
	}{{0, 10}, {1, 20}, {1, 60}, {0, 100}, {0, 50}, {0, 110}, {1, 110}}
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Capture != w.capture || got[i].Time != w.time*1000 {
			t.Errorf("frame %d: capture %d at %d, want %d at %d", i, got[i].Capture, got[i].Time/1000, w.capture, w.time)
		}
	}
	if !sort.SliceIsSorted(got[:4], func(i, j int) bool { return got[i].Time < got[j].Time }) {
		t.Error("not in order before the jump")
	}
}
