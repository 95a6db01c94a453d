package inventory

import (
	"time"
	"unicode"
	"unicode/utf8"

	"firedoor"
)

// Limits of facts.
const (
	// MaxValue is how many bytes of a value are kept.
	MaxValue = 128
	// MaxValues is how many values of one kind from one source are kept where
	// a device has one (a serial number), MaxMany where it can have several (a
	// service). Beyond, the latest is overwritten.
	MaxValues = 4
	MaxMany   = 16
	// MaxTexts is how many different values are stored once; later ones are
	// stored with each fact.
	MaxTexts = 65_536
	// RevertAfter is how long a value must have been gone for its return to be
	// a change: a gateway's units answer in turn, and each says its own name.
	RevertAfter = int64(10 * time.Minute)
	// MaxTellings is how many identity changes of an asset are told in an hour.
	MaxTellings = 8
)

type fact struct {
	kind       firedoor.FactKind
	confidence uint8
	slot       uint16
	node       uint32
	value      string
	source     string
	first      int64
	last       int64
	turn       uint64 // when it was last said, in the order of calls
	frame      firedoor.FrameRef
}

// Learn takes a fact about the asset at an endpoint. With AboutAddress the fact
// names the endpoint itself, and only at's segment counts. All bindings of
// addresses (ARP, DHCP) must come, not only new ones: a contradiction is two
// old ones in turn.
func (v *Inventory) Learn(m firedoor.Moment, at firedoor.Endpoint, id *firedoor.Identity) {
	v.Advance(m.Time)
	if id.About == firedoor.AboutAddress {
		at.IP, at.MAC = id.IP, id.MAC
	}
	at = normal(at)
	if id.Kind == firedoor.FactAddress {
		v.claim(m, at, id)
		return
	}
	n := v.subject(m, at, id)
	if n == none {
		v.stats.FactsRefused++
		return
	}
	v.learn(m, n, at, id)
}

// subject finds whom a fact is about. What the device says itself may bring it
// in; hearsay about nobody known is dropped.
func (v *Inventory) subject(m firedoor.Moment, at firedoor.Endpoint, id *firedoor.Identity) uint32 {
	if id.About == firedoor.AboutAddress && at.MAC != 0 { // the MAC is the surer of the two
		if st := v.station(at.Segment, at.MAC); st != none && !v.nodes[st].router && !v.nodes[st].shared {
			return st
		}
	}
	n := v.nodeAt(at)
	if n == none && id.Confidence >= confident && (id.About != firedoor.AboutAddress || at.MAC != 0) {
		if id.About == firedoor.AboutAddress {
			at.IP = firedoor.IP{} // only a claim ties the two
		}
		n = v.sight(m, at, false, false)
	}
	return n
}

func (v *Inventory) learn(m firedoor.Moment, n uint32, at firedoor.Endpoint, id *firedoor.Identity) {
	var buf [MaxValue]byte
	text := clean(buf[:0], id.Value)
	if len(text) == 0 {
		v.stats.FactsRefused++
		return
	}
	v.touch(n, m)
	v.turn++
	a := v.nodes[n].asset
	facts := v.assets[a].facts
	same, current, values := -1, -1, 0
	for i := range facts {
		f := &facts[i]
		if f.kind != id.Kind || f.slot != id.Slot || f.source != id.Source {
			continue
		}
		values++
		if f.value == string(text) {
			same = i
		}
		if current < 0 || f.turn > facts[current].turn {
			current = i
		}
	}
	if same >= 0 {
		f := &facts[same]
		if same != current && tells(f.kind) && m.Time-f.last > RevertAfter {
			v.tellIdentity(m, a, at, id, facts[current].value, f.value, facts[current].frame)
		}
		f.turn, f.last, f.confidence = v.turn, max(f.last, m.Time), max(f.confidence, id.Confidence)
		return
	}
	value := v.intern(text)
	if current >= 0 && tells(id.Kind) {
		v.tellIdentity(m, a, at, id, facts[current].value, value, facts[current].frame)
	}
	f := fact{kind: id.Kind, confidence: id.Confidence, slot: id.Slot, node: n, value: value, source: id.Source,
		first: m.Time, last: m.Time, turn: v.turn, frame: m.Frame}
	most := MaxMany
	if tells(id.Kind) {
		most = MaxValues
	}
	limit := v.cfg.MaxFacts
	if v.assets[a].newcomer {
		limit = max(1, limit/4)
	}
	switch {
	case values >= most:
		v.stats.FactsRefused++
		facts[current] = f
	case len(facts) >= limit || v.stats.Facts >= v.cfg.MaxAllFacts:
		v.stats.FactsRefused++
	default:
		v.stats.Facts++
		v.assets[a].facts = append(facts, f)
	}
}

// tells tells the kinds of which a device has one value from one source, so
// that another value is another device or another state of it.
func tells(k firedoor.FactKind) bool {
	switch k {
	case firedoor.FactVendor, firedoor.FactModel, firedoor.FactOrder, firedoor.FactFirmware,
		firedoor.FactHardware, firedoor.FactSerial, firedoor.FactModule:
		return true
	}
	return false
}

// tellIdentity tells that a device says something else of itself, MaxTellings
// times an hour for each asset.
func (v *Inventory) tellIdentity(m firedoor.Moment, a uint32, at firedoor.Endpoint, id *firedoor.Identity, old, value string, before firedoor.FrameRef) {
	as := &v.assets[a]
	if as.tellings == 0 || m.Time-as.told > Repeat || m.Time < as.told {
		as.told, as.tellings = m.Time, 0
	}
	if as.tellings >= MaxTellings {
		return
	}
	as.tellings++
	v.note(a, firedoor.ChangeIdentity.String(), 0, value, id.Kind.String()+" was "+old, m)
	v.emit(firedoor.ChangeIdentity, m, a, at, func(c *firedoor.AssetChange) {
		c.Fact, c.Slot, c.Old, c.New, c.Source, c.Before = id.Kind, id.Slot, old, value, id.Source, before
		c.Reason = "the device says something else of itself than before"
	})
}

// clean appends b as printable text of at most MaxValue bytes: what cannot be
// printed becomes a space, spaces in a row one, none at the ends.
func clean(dst, b []byte) []byte {
	space := false
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		if r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) {
			space = len(dst) > 0
			continue
		}
		need := utf8.RuneLen(r)
		if space {
			need++
		}
		if len(dst)+need > MaxValue {
			break
		}
		if space {
			dst, space = append(dst, ' '), false
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func (v *Inventory) intern(b []byte) string {
	if s, ok := v.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(v.texts) < MaxTexts {
		v.texts[s] = s
	}
	return s
}

// best returns the fact of a kind to believe, nil if there is none: the highest
// confidence, then the latest, then the first in the alphabet.
func (as *asset) best(kind firedoor.FactKind) *fact {
	var b *fact
	for i := range as.facts {
		f := &as.facts[i]
		if f.kind == kind && (b == nil || better(f, b)) {
			b = f
		}
	}
	return b
}

func better(f, b *fact) bool {
	if f.confidence != b.confidence {
		return f.confidence > b.confidence
	}
	if f.last != b.last {
		return f.last > b.last
	}
	return f.value < b.value
}

func (as *asset) text(kind firedoor.FactKind) string {
	if f := as.best(kind); f != nil {
		return f.value
	}
	return ""
}
