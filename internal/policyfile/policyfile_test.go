package policyfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/written"
)

func known() policy.Known {
	return policy.Known{Ports: func(p string) []policy.Port {
		return map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}}[p]
	}, Protocols: []string{"modbus", "s7comm"}}
}

const good = `policy: 1
name: press line
time-zone: UTC
otherwise: {mode: enforce, default: pass}
hosts:
  hmi: {address: 10.0.1.1, mac: "00:1b:1b:00:00:01"}
  plc: {address: [10.0.2.1, "fd00::1"], segment: "vlan:10", note: the press}
zones:
  office: {addresses: 10.0.1.0/24, level: L2, target: 2, at: outside}
  cell: {addresses: 10.0.2.0/24, hosts: plc}
safety:
  - {client: hmi, server: plc, port: udp/34964}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    default: drop
    instead: reset
    unjudged: closed
    never-rewrite: true
    budget: 2ms
    never-block:
      reviewed: {by: A. Person, on: 2026-11-26}
      rules:
        - {name: stop, protocol: modbus, object: coil:7}
    rules:
      - {name: setpoint, client: hmi, server: plc, protocol: modbus, port: [502, tcp/5020], verb: write, function: write single register, code: [6, 0x10], unit: 1, object: ["holding:40-41", DB1.*, Tag1], value: 0..100.5, step: 2.5, rate: 30/min, when: {days: [mon, fri], from: "06:00", until: "22:00"}, note: operators, verdict: pass}
      - {verb: [control, program], verdict: refuse}
`

func TestGoodPolicyIsRead(t *testing.T) {
	plan, err := policyfile.Read("p.yaml", []byte(good), known())
	if err != nil {
		t.Fatal(err)
	}
	c := plan.Policy.Conduits[0]
	if c.Budget != 2*time.Millisecond {
		t.Errorf("budget %v", c.Budget)
	}
	m := c.Rules[0].Match
	if c.Mode != policy.Enforce || c.Instead != firedoor.Reset || c.Unjudged != policy.Closed || !c.NeverRewrite || c.Reviewed.By != "A. Person" || len(c.NeverBlock) != 1 {
		t.Errorf("the conduit is %+v", c)
	}
	if fmt.Sprint(m.Ports, m.Codes, m.Objects, *m.Values, m.Step, *m.When) != "[{0 502} {6 5020}] [6 16] [holding:40-41 DB1.* Tag1] {0 100.5} 2.5 every day" &&
		(m.Objects[0].From != 40 || m.Objects[0].To != 41 || !m.Objects[1].Open || m.Objects[2].Row || m.When.From != 360 || m.When.Days != 1<<1|1<<5) {
		t.Errorf("the rule is %+v", m)
	}
	if m.Rate != (policy.Rate{Most: 30, Within: time.Minute}) {
		t.Errorf("the rate is %+v", m.Rate)
	}
	usual, err := policyfile.Read("p.yaml", []byte(strings.Replace(good, "    unjudged: closed\n", "", 1)), known())
	if err != nil || usual.Policy.Conduits[0].Unjudged != policy.Reads {
		t.Errorf("unjudged left out: %v (%v)", usual, err)
	}
}

// TestProblems holds that what is wrong is told with line and key.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"no version", "policy: 1\n", "", "p.yaml:1: policy: is missing"},
		{"another version", "policy: 1", "policy: 2", "p.yaml:1: policy:"},
		{"unknown key", "level: L2", "levl: L2", "p.yaml:9: zones.office.levl: unknown key"},
		{"a level that is none", "level: L2", "level: L7", "p.yaml:9: zones.office.level: \"L7\" must be one of L0, L1, L2, L3, L3.5, L4, L5"},
		{"a level that is a word", "level: L2", "level: office", "p.yaml:9: zones.office.level: \"office\" must be one of"},
		{"a side that is none", "at: outside", "at: above", "p.yaml:9: zones.office.at: \"above\" must be inside or outside"},
		{"unknown key of a rule", "verb: write,", "werb: write,", "p.yaml:28: conduits.down.rules[0].werb: unknown key"},
		{"bad address", "10.0.1.1,", "10.0.1.256,", "p.yaml:6: hosts.hmi.address"},
		{"bad prefix", "addresses: 10.0.1.0/24", "addresses: 10.0.1.1/24", "p.yaml:9: zones.office.addresses: \"10.0.1.1/24\" has bits behind its length"},
		{"no such zone", "from: office", "from: ofice", "p.yaml:14: conduits.down.from: no zone is named \"ofice\""},
		{"no such host", "client: hmi, server: plc, protocol", "client: hmj, server: plc, protocol", "p.yaml:28: conduits.down.rules[0].client: no host or zone is named \"hmj\""},
		{"host of another zone", "client: hmi, server: plc, protocol", "client: plc, server: plc, protocol", "plc is not in zone office"},
		{"no such protocol", "protocol: modbus, port", "protocol: modbuss, port", "no protocol is named \"modbuss\""},
		{"a list that does not end", "name: press line", "name: [press line", "p.yaml:2: is not YAML"},
		{"a mapping that does not end", "{address: 10.0.1.1, mac: \"00:1b:1b:00:00:01\"}", "{address: 10.0.1.1", "p.yaml:6: is not YAML"},
		{"a segment that is none", `segment: "vlan:10"`, "segment: vlan10", "p.yaml:7: hosts.plc.segment: \"vlan10\" is no segment"},
		{"a segment beyond all VLANs", `segment: "vlan:10"`, `segment: "vlan:10.5000"`, "there is no VLAN 5000"},
		{"a segment without its number", `segment: "vlan:10"`, `segment: "vlan:"`, "is no segment"},
		{"a number that begins with 0", "unit: 1,", "unit: 017,", "p.yaml:28: conduits.down.rules[0].unit: \"017\" begins with a needless 0"},
		{"no budget", "budget: 2ms", "budget: 2", `budget: "2" must be a time from 100us to 200ms, as 2ms`},
		{"too large a budget", "budget: 2ms", "budget: 2s", `must be a time from 100us`},
		{"no such verb", "verb: write,", "verb: wrote,", "must be one of session"},
		{"bad mode", "mode: enforce\n", "mode: enforced\n", "p.yaml:17: conduits.down.mode"},
		{"bad verdict", "verdict: refuse}", "verdict: block}", "p.yaml:29: conduits.down.rules[1].verdict"},
		{"no verdict", ", verdict: refuse}", "}", "p.yaml:29: conduits.down.rules[1].verdict: is missing"},
		{"a verdict on what is never blocked", "object: coil:7}", "object: coil:7, verdict: drop}", "never-block.rules[0].verdict: unknown key"},
		{"not reviewed", "      reviewed: {by: A. Person, on: 2026-11-26}\n", "", "cannot be enforced"},
		{"half a review", ", on: 2026-11-26", "", "reviewed.on: is missing"},
		{"values backwards", "value: 0..100.5", "value: 100..0", "ends before it begins"},
		{"values of any object", "object: [\"holding:40-41\", DB1.*, Tag1], ", "", "looks at values of any object"},
		{"objects backwards", "holding:40-41", "holding:41-40", "ends before it begins"},
		{"no word for what is unjudged", "unjudged: closed", "unjudged: shut", "p.yaml:20: conduits.down.unjudged: \"shut\" must be one of reads, open, closed"},
		{"a rate without a time", "rate: 30/min", "rate: 30", "must be the largest change within a second, a minute or an hour"},
		{"a rate within a day", "rate: 30/min", "rate: 30/d", "write it like 5/s"},
		{"a rate of nothing", "rate: 30/min", "rate: 0/s", "must be the largest change"},
		{"a rate of several registers in one", "value: 0..100.5, step: 2.5,", "value: 0..100.5, as: f32,", "and not with step or rate"},
		{"a rate of registers with a sign", "value: 0..100.5, step: 2.5,", "value: 0..100.5, as: i16, rate: 5/s,", "i16 goes with step too"},
		{"a sign of nothing", "value: 0..100.5, step: 2.5,", "as: i16,", "says how to read a value"},
		{"bad time", `from: "06:00"`, "from: 25:00", "is no time of the day"},
		{"half a time", `, until: "22:00"`, "", "has only one of from and until"},
		{"bad port", "tcp/5020", "tcp/70000", "is no port"},
		{"twice", "  hmi: {", "  hmi: {address: 10.9.9.9}\n  hmi: {", "p.yaml:7: hosts.hmi: stands twice"},
		{"one address of two hosts", "  plc: {", "  twin: {address: 10.0.1.1}\n  plc: {", "10.0.1.1 is the address of another host too: hmi, in line 6"},
		{"a MAC that is none", "  plc: {", "  one: {mac: \"00:00:00:00:00:00\"}\n  plc: {", "hosts.one.mac: "},
		{"a group that refuses", "  plc: {", "  trips: {mac: \"01:0c:cd:01:00:01\", refuses: modbus}\n  plc: {", "p.yaml:7: hosts.trips: 01:0c:cd:01:00:01 is the MAC of a group, which refuses nothing"},
		{"one MAC of two hosts", "  plc: {", "  one: {mac: \"02:00:00:00:00:07\"}\n  twin: {mac: \"02:00:00:00:00:07\"}\n  plc: {", "02:00:00:00:00:07 is the MAC of another host too: one, in line "},
		{"anchor", "name: press line", "name: &a press line", "anchors (&) are not allowed"},
		{"a type that is none", "port: udp/34964", "port: ethernet/goose", "write it like ethernet/0x88b8, or ethernet/llc"},
		{"a type in another way", "port: udp/34964", "port: ethernet0x88b8", "is no type of frames"},
		{"an object that is nothing", "object: [\"holding:40-41\", DB1.*, Tag1]", "object: ~", "has no value"},
		{"one among others", "DB1.*, Tag1", "DB1.*, ~", "has no value"},
		{"a small type", "port: udp/34964", "port: ethernet/3", "is no type of frames"},
		{"values of frames without IP", "protocol: modbus, port: [502, tcp/5020]", "port: [502, ethernet]", "p.yaml:28: conduits.down.rules[0].when: nobody looks at that in frames without IP (ethernet)"},
		{"tab", "  down:\n", "\tdown:\n", "is indented with a tab"},
		{"safety of everybody", "{client: hmi, server: plc, port: udp/34964}", "{}", "names nothing"},
		{"bad time zone", "time-zone: UTC", "time-zone: Moon/Sea", `p.yaml:3: time-zone: "Moon/Sea" is no time zone`},
	} {
		text := strings.Replace(good, c.was, c.is, 1)
		if text == good {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		_, err := policyfile.Read("p.yaml", []byte(text), known())
		var problems written.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
}

// TestTwoConduitsOfOnePair and other faults between parts of a policy.
func TestConflictsBetweenParts(t *testing.T) {
	for name, add := range map[string]string{
		"joins the same zones": "  again: {from: office, to: cell}\n",
	} {
		if _, err := policyfile.Read("p.yaml", []byte(good+add), known()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := strings.Replace(good, "  cell: {addresses: 10.0.2.0/24,", "  yard: {addresses: 10.0.1.0/24}\n  cell: {addresses: 10.0.2.0/24,", 1)
	if _, err := policyfile.Read("p.yaml", []byte(twice), known()); err == nil || !strings.Contains(err.Error(), "belongs to zone office already") {
		t.Errorf("a network in two zones: %v", err)
	}
}

// TestWrittenIsRead holds that what Write writes, Read reads back as the same.
func TestWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		var one, two bytes.Buffer
		if err := policyfile.Write(&one, p, "a note\nof two lines"); err != nil {
			t.Fatal(err)
		}
		plan, err := policyfile.Read("p.yaml", one.Bytes(), known())
		if err != nil {
			t.Fatalf("%v in\n%s", err, one.String())
		}
		if err := policyfile.Write(&two, plan.Policy, "a note\nof two lines"); err != nil {
			t.Fatal(err)
		}
		if one.String() != two.String() {
			t.Fatalf("written:\n%s\nread and written again:\n%s", one.String(), two.String())
		}
	})
}

func anyPolicy(t *rapid.T) *policy.Policy {
	p := &policy.Policy{Name: rapid.SampledFrom([]string{"", "a plant", "yes", "3"}).Draw(t, "name")}
	if p.Name == "3" {
		p.Name = "third: one" // a number is no text
	}
	for i, zone := range []string{"office", "cell"} {
		h := policy.Host{Name: fmt.Sprintf("h%d", i), Note: rapid.SampledFrom([]string{"", "no", `say "x": {y}`}).Draw(t, "note")}
		h.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{10, byte(i), 0, 1})}
		p.Hosts = append(p.Hosts, h)
		p.Zones = append(p.Zones, policy.Zone{Name: zone, At: policy.Side(rapid.IntRange(0, 2).Draw(t, "at")), Hosts: []string{h.Name}, Prefixes: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)}})
	}
	c := policy.Conduit{Name: "down", From: "office", To: "cell", Mode: policy.Mode(rapid.IntRange(0, 2).Draw(t, "mode")), Default: firedoor.Action(rapid.IntRange(0, 3).Draw(t, "default")),
		Instead: firedoor.Drop, Unjudged: policy.Unjudged(rapid.IntRange(0, 2).Draw(t, "unjudged")), Reviewed: policy.Review{By: "Jo", On: "2026-01-02"}}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		r := policy.Rule{Verdict: firedoor.Action(rapid.IntRange(0, 3).Draw(t, "verdict")), Match: policy.Match{
			Clients: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"h0", "office"}), 0, 2, rapid.ID).Draw(t, "clients"),
			Verbs:   rapid.SliceOfNDistinct(rapid.SampledFrom([]firedoor.Verb{1, 4, 5, 8}), 0, 3, rapid.ID).Draw(t, "verbs"),
			Codes:   rapid.SliceOfNDistinct(rapid.Uint32(), 0, 3, rapid.ID).Draw(t, "codes"),
			Ports:   []policy.Port{{Transport: rapid.SampledFrom([]uint8{0, 6, 17, policy.Link}).Draw(t, "transport"), Number: rapid.Uint16Min(0x600).Draw(t, "port")}, {Transport: policy.Link, Number: policy.LLC}}}}
		r.Match.Objects = []policy.Object{{Text: "holding:", Row: true, From: 3, To: rapid.Uint64Range(3, 90).Draw(t, "to")}, {Text: "DB1.", Open: true}, {Text: "Tag: #1"}, {}}
		if rapid.Bool().Draw(t, "values") {
			low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
			r.Match.Values = &policy.Span{Min: low, Max: low + 1}
		}
		if rapid.Bool().Draw(t, "rate") {
			r.Match.Rate = policy.Rate{Most: rapid.Float64Range(1e-6, 1e9).Draw(t, "most"), Within: rapid.SampledFrom(policy.Windows[:]).Draw(t, "within")}
		}
		if rapid.Bool().Draw(t, "when") {
			r.Match.When = &policy.Window{Days: uint8(rapid.IntRange(1, 127).Draw(t, "days")), From: 60, Until: uint16(rapid.IntRange(61, 1439).Draw(t, "until"))}
		}
		if m := &r.Match; m.Values != nil || m.Rate.Most > 0 || m.When != nil { // nobody looks at them in frames without IP
			m.Ports = []policy.Port{{Transport: m.Ports[0].Transport % policy.Link, Number: m.Ports[0].Number}}
		}
		c.Rules = append(c.Rules, r)
	}
	p.Conduits = []policy.Conduit{c}
	return p
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		plan, err := policyfile.Read("p.yaml", b, known())
		if err == nil {
			plan.Study()
		}
	})
}

// TestSegments holds that a policy may name every segment that traffic can come from, and no other.
func TestSegments(t *testing.T) {
	names := []string{"vlan10", "VLAN:10", "vlan:010", "vlan:10.", "vlan:10/", "/ip", "untagged/ip", "tagged", "vlan", "vxlan", "vlan:10vxlan:5", "ip:4"}
	for _, want := range []bool{false, true} {
		for _, name := range names {
			_, err := policyfile.Read("p.yaml", []byte(strings.Replace(good, `segment: "vlan:10"`, fmt.Sprintf("segment: %q", name), 1)), known())
			if (err == nil) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
		names = nil
		for _, v := range [][2]uint16{{}, {10}, {10, 20}, {4095}} {
			for tunnel := packet.NoTunnel; tunnel <= packet.TunnelTZSP; tunnel++ {
				names = append(names, packet.ScopeName(packet.Scope{Vlans: v, Tunnel: tunnel}))
				if tunnel != packet.NoTunnel {
					names = append(names, packet.ScopeName(packet.Scope{Vlans: v, Tunnel: tunnel, Overlay: 4294967295}))
				}
			}
		}
	}
}
