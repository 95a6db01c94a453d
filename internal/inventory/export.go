package inventory

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"firedoor"
)

// Confidence that a MAC's registry entry names the maker of the device.
const vendorConfidence = 50

// Assets gives every asset in a stable order: segment, first address, MAC, id.
// The assets are made for the call and belong to the receiver.
func (v *Inventory) Assets(yield func(*firedoor.Asset) bool) {
	order := make([]uint32, 0, v.stats.Assets)
	keys := make([]sortKey, len(v.assets))
	for a := range v.assets {
		if v.assets[a].live {
			order = append(order, uint32(a))
			keys[a] = v.sortKey(uint32(a))
		}
	}
	slices.SortFunc(order, func(x, y uint32) int { return keys[x].compare(&keys[y]) })
	for _, a := range order {
		if !yield(v.export(a)) {
			return
		}
	}
}

// Places is one more than the largest number that AssetAt knows.
func (v *Inventory) Places() int { return len(v.assets) }

// AssetAt gives the asset at a place, nil if there is none; places are used again.
func (v *Inventory) AssetAt(i int) *firedoor.Asset {
	if i >= len(v.assets) || !v.assets[i].live {
		return nil
	}
	return v.export(uint32(i))
}

// WriteJSON writes assets.json: one array, an asset an element.
func (v *Inventory) WriteJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteByte('[')
	var failed error
	first := true
	for a := range v.Assets {
		b, err := json.MarshalIndent(a, "  ", "  ")
		if err != nil {
			failed = err
			break
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.WriteString("\n  ")
		out.Write(b)
	}
	if !first {
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return cmp.Or(failed, out.Flush())
}

// Describe returns what to call the asset at an endpoint, its role word and
// whether it was known when learning ended: name, else vendor and model, else
// the address.
func (v *Inventory) Describe(e firedoor.Endpoint) (name, role string, known bool) {
	n := v.nodeAt(normal(e))
	if n == none {
		return address0(e), "", false
	}
	d := v.describe(v.nodes[n].asset, e)
	return d.Name, string(d.Role), d.Known
}

func (v *Inventory) describe(a uint32, e firedoor.Endpoint) firedoor.Description {
	as := &v.assets[a]
	r, _, _ := v.role(a)
	return firedoor.Description{Name: cmp.Or(as.text(firedoor.FactName), as.text(firedoor.FactModel), address0(e)), Role: r, Known: as.known}
}

func address0(e firedoor.Endpoint) string {
	if e.IP.IsZero() {
		return e.MAC.String()
	}
	return e.IP.String()
}

type sortKey struct {
	segment firedoor.Segment
	ip      firedoor.IP
	mac     firedoor.MAC
	id      firedoor.AssetID
}

func (v *Inventory) sortKey(a uint32) sortKey {
	as := &v.assets[a]
	k := sortKey{segment: as.segment, id: as.id}
	for _, n := range as.nodes {
		nd := &v.nodes[n]
		if nd.ip.IsZero() {
			if k.mac == 0 || nd.mac < k.mac {
				k.mac = nd.mac
			}
		} else if nd.to == 0 && (k.ip.IsZero() || nd.ip.Less(k.ip)) {
			k.ip = nd.ip
		}
	}
	return k
}

func (k *sortKey) compare(o *sortKey) int {
	return cmp.Or(cmp.Compare(k.segment, o.segment), cmp.Compare(k.ip.Hi, o.ip.Hi), cmp.Compare(k.ip.Lo, o.ip.Lo),
		cmp.Compare(k.mac, o.mac), cmp.Compare(k.id, o.id))
}

func stamp(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z")
}

func (v *Inventory) evidence(f firedoor.FrameRef) firedoor.Evidence {
	return firedoor.Evidence{Capture: v.cfg.CaptureName(f.Capture), Frame: f.Frame}
}

func (v *Inventory) export(a uint32) *firedoor.Asset {
	as := &v.assets[a]
	out := &firedoor.Asset{
		ID: as.id, Known: as.known, Segment: v.cfg.SegmentName(as.segment),
		Name: as.text(firedoor.FactName), Vendor: as.text(firedoor.FactVendor),
		Model: cmp.Or(as.text(firedoor.FactModel), as.text(firedoor.FactOrder)), Firmware: as.text(firedoor.FactFirmware),
		Serial: as.text(firedoor.FactSerial), Facts: []firedoor.Fact{}, Identifiers: []firedoor.Identifier{},
	}
	for _, x := range as.aliases {
		out.Aliases = append(out.Aliases, x.id)
	}
	slices.Sort(out.Aliases)
	out.Role, out.Level, out.RoleReason = v.role(a)
	first, last := v.exportNodes(as, out)
	v.exportFacts(as, out, &first, &last)
	if len(as.nodes) > 0 {
		out.FirstSeen, out.LastSeen = stamp(first), stamp(last)
	}
	for _, r := range as.relations {
		if id, ok := v.Resolve(r.other); !ok || id != as.id {
			out.Relations = append(out.Relations, firedoor.Relation{Kind: r.kind, Asset: r.other, Value: r.ip.String(),
				Since: stamp(r.at.Time), Reason: r.reason, Evidence: v.evidence(r.at.Frame)})
		}
	}
	slices.SortStableFunc(as.history, func(x, y record) int { return cmp.Compare(x.at.Time, y.at.Time) })
	for _, h := range as.history {
		ids := []firedoor.AssetID{h.a}
		if h.b != 0 {
			ids = append(ids, h.b)
		}
		out.History = append(out.History, firedoor.AssetEvent{Time: stamp(h.at.Time), Kind: h.kind, Assets: ids,
			Value: h.value, Reason: h.reason, Evidence: v.evidence(h.at.Frame)})
	}
	return out
}

// exportNodes writes MACs, then addresses by interval and number, and returns
// the span the asset was seen in.
func (v *Inventory) exportNodes(as *asset, out *firedoor.Asset) (first, last int64) {
	order := slices.Clone(as.nodes)
	slices.SortFunc(order, func(x, y uint32) int {
		a, b := &v.nodes[x], &v.nodes[y]
		return cmp.Or(cmp.Compare(a.ip.Hi, b.ip.Hi), cmp.Compare(a.ip.Lo, b.ip.Lo), cmp.Compare(a.from, b.from), cmp.Compare(a.mac, b.mac))
	})
	for i, n := range order {
		nd := &v.nodes[n]
		if i == 0 || nd.first < first {
			first = nd.first
		}
		last = max(last, nd.last)
		out.Packets += nd.packets
		out.Bytes += nd.bytes
		id := firedoor.Identifier{Kind: "mac", Value: nd.mac.String(), From: stamp(nd.from), LastSeen: stamp(nd.last),
			Source: nd.source, Confidence: nd.confidence, Evidence: v.evidence(nd.frame)}
		if nd.ip.IsZero() {
			out.HostsBehind += int(nd.behind)
		} else {
			id.Kind, id.Value, id.Bond = "ip", nd.ip.String(), nd.bond()
		}
		if nd.to != 0 {
			id.To = stamp(nd.to)
		}
		out.Identifiers = append(out.Identifiers, id)
		if st := v.station(nd.segment, nd.mac); !nd.ip.IsZero() && !nd.own && st != none && v.nodes[st].asset != nd.asset {
			out.Relations = append(out.Relations, firedoor.Relation{Kind: "behind", Asset: v.assets[v.nodes[st].asset].id,
				Value: nd.ip.String(), Since: stamp(nd.from), Reason: "its packets carry that device's MAC", Evidence: v.evidence(nd.frame)})
		}
	}
	return first, last
}

func (nd *node) bond() string {
	switch {
	case nd.virtual:
		return "virtual"
	case !nd.own && nd.mac != 0:
		return "behind"
	case nd.claimed:
		return "claimed"
	}
	return "seen"
}

// exportFacts writes facts by kind, slot, source and first sight; serial
// numbers and names are identifiers too.
func (v *Inventory) exportFacts(as *asset, out *firedoor.Asset, first, last *int64) {
	order := make([]*fact, len(as.facts))
	for i := range as.facts {
		order[i] = &as.facts[i]
	}
	slices.SortStableFunc(order, func(a, b *fact) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.slot, b.slot), cmp.Compare(a.source, b.source),
			cmp.Compare(a.first, b.first), cmp.Compare(a.value, b.value))
	})
	for _, f := range order {
		*first, *last = min(*first, f.first), max(*last, f.last)
		x := firedoor.Fact{Kind: f.kind.String(), Value: f.value, Source: f.source, Confidence: f.confidence,
			Best: as.best(f.kind) == f, FirstSeen: stamp(f.first), LastSeen: stamp(f.last), Evidence: v.evidence(f.frame)}
		if f.kind == firedoor.FactModule {
			slot := f.slot
			x.Slot = &slot
			x.Best = false // one for each slot
		}
		out.Facts = append(out.Facts, x)
		if f.kind == firedoor.FactSerial || f.kind == firedoor.FactName {
			out.Identifiers = append(out.Identifiers, firedoor.Identifier{Kind: f.kind.String(), Value: f.value,
				From: x.FirstSeen, LastSeen: x.LastSeen, Source: f.source, Confidence: f.confidence, Evidence: x.Evidence})
		}
	}
	if name, n := v.vendorOf(as); name != "" {
		nd := &v.nodes[n]
		best := out.Vendor == ""
		if best {
			out.Vendor = name
		}
		out.Facts = append(out.Facts, firedoor.Fact{Kind: firedoor.FactVendor.String(), Value: name, Source: "oui",
			Confidence: vendorConfidence, Best: best, FirstSeen: stamp(nd.first), LastSeen: stamp(nd.last), Evidence: v.evidence(nd.frame)})
	}
}
