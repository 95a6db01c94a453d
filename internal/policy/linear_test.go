package policy

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
)

// drawnObject draws a text that means memory, and some that do not.
func drawnObject(t *rapid.T, protocol string, ruled bool) string {
	n := rapid.IntRange(0, 40).Draw(t, "n")
	var forms []string
	switch protocol {
	case "s7comm":
		forms = []string{"DB1.DBX%d.3", "DB1.DBB%d", "DB1.DBW%d", "DB1.DBD%d", "DI1.DIW%d", "M%d.1", "MB%d", "MW%d", "QW%d", "PW%d", "IB%d", "VB%d", "T%d", "DB1.DBW%d.4", "sym:%d"}
	case "melsec":
		forms = []string{"D:%d", "B:%X", "X:%X", "DX:%X", "R:%d", "ZR:%X", "R-direct:%d", "R-block:1/%d", "client/D:%d", "U3E0/G:%d", "J1/W:%X"}
		if !ruled || rapid.Bool().Draw(t, "loose") {
			forms = append(forms, "indexed/D:%dZ4", "@D:%d", "indexed/U3E0Z1/G:%d", "device:0x9/%d")
		}
	case "fins":
		forms = []string{"CIO:%d", "CIO:%d.03", "EM:%d", "EM3:%d", "EM1f:%d.00", "client/EM:%d", "TIM-CNT:%d"}
	case "cip":
		forms = []string{"A[%d]", "A", "a", "A[%d].b", "A.b", "A.b[%d]", "G[1,%d]", "G[2,%d].x", "G", "A[%d].b.c[2]", "class:0x6b/instance:%d", "A/offset:%d"}
	case "ge_srtp":
		forms = []string{"%%I:%d", "%%I.byte:%d", "%%R:%d"}
	}
	form := rapid.SampledFrom(forms).Draw(t, "form")
	text := fmt.Sprintf(form, n)
	for i := range text { // forms without a number
		if text[i] == '%' && i+1 < len(text) && text[i+1] == '!' {
			text = text[:i]
			break
		}
	}
	return text
}

// TestIndexFindsTheFirst holds that what is looked up is the first rule that matches, as it is found by looking at
// one after the other.
func TestIndexFindsTheFirst(t *testing.T) {
	protocols := []string{"s7comm", "melsec", "fins", "cip", "ge_srtp"}
	known := Known{Ports: func(string) []Port { return []Port{{Transport: 6, Number: 102}} }, Protocols: protocols}
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		protocol := rapid.SampledFrom(protocols).Draw(t, "protocol")
		var rules []Rule
		for range rapid.IntRange(1, 8).Draw(t, "rules") {
			text := drawnObject(t, protocol, true)
			o, row := RowOf(text)
			if !row {
				o = Object{Text: text}
			}
			switch rapid.IntRange(0, 4).Draw(t, "shape") {
			case 0:
				o = Object{Text: text[:rapid.IntRange(1, len(text)).Draw(t, "cut")], Open: true}
			case 1:
				if c := o.counting(); c.Row {
					o = c
					o.To += uint64(rapid.IntRange(0, 9).Draw(t, "more"))
				}
			}
			m := Match{Objects: []Object{o}}
			if rapid.Bool().Draw(t, "named") {
				m.Protocols = []string{protocol}
			}
			if rapid.IntRange(0, 5).Draw(t, "valued") == 0 {
				m.Values = &Span{Min: 1, Max: 3}
			}
			rules = append(rules, Rule{Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Drop}).Draw(t, "verdict"), Match: m})
		}
		p, faults := Compile(&Policy{
			Zones:     []Zone{{Name: "a", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}}, {Name: "b", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.0/24")}}},
			Conduits:  []Conduit{{Name: "down", From: "a", To: "b", Default: firedoor.Pass, Rules: rules}},
			Otherwise: Otherwise{Default: firedoor.Drop},
		}, known)
		if len(faults) > 0 {
			t.Skip(faults)
		}
		route := p.Route(p.Place("", firedoor.IPFrom(netip.MustParseAddr("10.0.1.1")), 0), p.Place("", firedoor.IPFrom(netip.MustParseAddr("10.0.2.1")), 0), 6, 102)
		for range 20 {
			r := Request{Route: &route, Level: OfOperation, Protocol: protocol, Verb: firedoor.VerbWrite, Object: []byte(drawnObject(t, protocol, false)), HasQty: true, Quantity: uint32(rapid.IntRange(0, 40).Draw(t, "quantity"))}
			v := Decide(p, &r)
			want := int32(-1)
			x := p.conduits[0].rules
			for i := range x.entries {
				if x.entries[i].matches(p, &r) {
					want = x.entries[i].rule
					break
				}
			}
			if want >= 0 {
				hits++
			}
			if v.Rule != want {
				t.Fatalf("%s × %d: rule %d, want %d of %+v", r.Object, r.Quantity, v.Rule, want, rules)
			}
		}
	})
	if hits == 0 {
		t.Error("no rule matched")
	}
}
