package inline

import (
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/packet"
)

// TestYieldsWhoHasMost draws what clients take and holds who gives back against a search through all
// of it.
func TestYieldsWhoHasMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const sure = 3
		r := newRoom(40, sure)
		var flows []*flow
		for range 60 {
			f := &flow{key: key{proto: packet.TCP}}
			f.key.scope.Vlans[0] = uint16(rapid.IntRange(0, 1).Draw(t, "segment"))
			f.clientEnd.IP = firedoor.IP{Lo: uint64(rapid.IntRange(1, 4).Draw(t, "client"))}
			if rapid.Bool().Draw(t, "datagrams") {
				f.key.proto = packet.UDP
				f.answerer = firedoor.MAC(rapid.IntRange(0, 2).Draw(t, "answerer"))
			}
			flows = append(flows, f)
		}
		idle := []*flow{} // as it should be: who was used longest ago first
		for range 300 {
			f := rapid.SampledFrom(flows).Draw(t, "flow")
			was, known := f.kind(), f.place.of != nil
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				r.set(&f.place, f, rapid.IntRange(0, 3).Draw(t, "size"))
			case 1:
				f.confirmed = !f.confirmed
				r.move(&f.place, f.kind())
			case 2:
				f.place.used()
			case 3:
				r.leave(&f.place)
			}
			if has := f.place.of != nil; !has {
				idle = without(idle, f)
			} else if !known || f.kind() != was || f.place.of.last == &f.place {
				idle = append(without(idle, f), f)
			}
			check(t, &r, idle, sure)
		}
	})
}

func without(all []*flow, f *flow) (out []*flow) {
	for _, o := range all {
		if o != f {
			out = append(out, o)
		}
	}
	return out
}

// check compares what yields says with what a search says.
func check(t *rapid.T, r *room, idle []*flow, sure int) {
	t.Helper()
	type who struct {
		holder
		kind
	}
	has, kindHas, most, sum := map[who]int{}, [kinds]int{}, [kinds]int{}, 0
	of := func(f *flow) who { return who{f.holder(), f.kind()} }
	for _, f := range idle {
		w, n := of(f), f.place.size
		has[w] += n
		kindHas[w.kind] += n
		sum += n
		most[w.kind] = max(most[w.kind], has[w])
	}
	if r.size() != sum {
		t.Fatalf("%d are taken, want %d", r.size(), sum)
	}
	want := kinds
	for k := connections; k >= madeUp; k-- {
		if k < connections && kindHas[k] > 0 && want == kinds {
			want = k
		}
	}
	if want == datagrams && kindHas[madeUp] > 0 {
		want = madeUp
	}
	for k := connections; k >= madeUp; k-- {
		if kindHas[k] > r.pools[k].keeps && (k < connections || most[k] > sure) {
			want = k
		}
	}
	c := r.yields()
	if c == nil != (want == kinds) {
		t.Fatalf("yields %v, want kind %d", c, want)
	}
	if c == nil {
		return
	}
	w := of(c.flow)
	if w.kind != want || has[w] != most[want] {
		t.Fatalf("one of %v with %d yields, want kind %d with %d", w, has[w], want, most[want])
	}
	for _, f := range idle {
		if of(f) == w {
			if f != c.flow {
				t.Fatal("what yields was not idle longest")
			}
			return
		}
	}
}
