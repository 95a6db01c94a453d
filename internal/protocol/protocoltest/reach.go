package protocoltest

import (
	"cmp"
	"strings"
	"sync"

	"firedoor"
	"firedoor/internal/protocol"
)

// reach is what a protocol says that its requests can name: a policy that names anything else is
// an error, so a request that does must not be.
type reach struct {
	extent protocol.Extent
	words  map[string]map[string]bool // by protocol
	widest map[string]uint32
}

// reaches are asked for by every player, and take a while to be found.
var reaches sync.Map // *protocol.Protocol -> *reach

func reachOf(pr *protocol.Protocol) *reach {
	if r, ok := reaches.Load(pr); ok {
		return r.(*reach)
	}
	r := newReach(pr)
	reaches.Store(pr, r)
	return r
}

func newReach(pr *protocol.Protocol) *reach {
	r := &reach{extent: pr.Extent(), words: map[string]map[string]bool{}, widest: map[string]uint32{}}
	if !r.extent.Whole {
		return r
	}
	pr.Functions(func(f protocol.Function) {
		of := cmp.Or(f.Protocol, pr.Name)
		if r.words[of] == nil {
			r.words[of] = map[string]bool{}
		}
		r.words[of][f.Words] = true
		r.widest[of] = max(r.widest[of], f.Code)
	})
	return r
}

// holds fails where an operation names what its protocol says that none does.
func (r *reach) holds(w *watched, o *firedoor.Operation) {
	x, of := &r.extent, cmp.Or(o.Protocol, w.of.Name)
	if x.Whole && !x.Told(o.Function, r.words[of]) {
		w.fail("is Whole, and neither Functions nor Further tell of %q", o.Function)
	}
	if x.Whole && o.Code > protocol.Widest(r.widest[of]) {
		w.fail("is Whole, and the code %d of %q is wider than all that Functions tells", o.Code, o.Function)
	}
	if x.Units > 0 && o.HasUnit && o.Unit > x.Units {
		w.fail("says that no unit is above %d, and %q asks %d", x.Units, o.Function, o.Unit)
	}
	if x.Spaces == nil || o.Object.Space == nil {
		return
	}
	text := string(o.Object.AppendTo(nil))
	head, _, _ := strings.Cut(text, ":")
	if _, known := x.Spaces[head]; !known {
		w.fail("its Spaces write no object like %q", text)
	}
	if s := o.Object.Space; s.Last > 0 && s.Axis > 0 && o.Object.At[s.Axis-1] > s.Last {
		w.fail("its Spaces say that %q has no number above %d", text, s.Last)
	}
}
