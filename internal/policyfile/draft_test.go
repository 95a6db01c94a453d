package policyfile_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// TestDraftIsRead holds that a draft is read back as it was made, whatever devices, and what is asked
// of them, are called: what stands in traffic, nobody chose for a policy's sake.
func TestDraftIsRead(t *testing.T) {
	asset := func(ip, name, level, model string) firedoor.Asset {
		return firedoor.Asset{Segment: "untagged", Name: name, Level: level, Model: model, Identifiers: []firedoor.Identifier{{Kind: "ip", Value: ip}}}
	}
	asks := func(objects ...string) firedoor.Conversation {
		c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "modbus", Flows: 1, Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: 502}}
		for _, o := range objects {
			c.Statements = append(c.Statements, firedoor.Statement{Verb: "write", Function: "write", Code: 6, Object: o, Learned: true, Count: 1})
		}
		return c
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("tag%dx", i)
	}
	for name, c := range map[string]struct {
		assets  []firedoor.Asset
		objects []string
		others  []string // which it lets nobody ask for
	}{
		"devices called by numbers":         {[]firedoor.Asset{asset("10.0.1.1", "4711", "L2", "1756"), asset("10.0.2.1", "12e3", "L1", "0.5")}, []string{"holding:1"}, nil},
		"devices called as levels are":      {[]firedoor.Asset{asset("10.0.1.1", "Control", "L2", ""), asset("10.0.2.1", "groups", "L1", "")}, []string{"holding:1"}, nil},
		"a model that nobody can show":      {[]firedoor.Asset{asset("10.0.1.1", "hmi", "L2", "a\u0007b\u202ec"), asset("10.0.2.1", "plc", "L1", strings.Repeat("long ", 200))}, []string{"holding:1"}, nil},
		"objects that look like rows":       {nil, []string{"M1-5", "D100", "Motor1", "A-3", "Line1:2-4"}, []string{"M3", "D101", "Motor2"}},
		"objects that end as many do":       {nil, []string{"*", "all*", "tag"}, []string{"allx", "tags", "other"}},
		"objects that are cut":              {nil, []string{strings.Repeat("o", 256), strings.Repeat("ü", 130)}, []string{"ooo"}},
		"objects that are numbers":          {nil, []string{"5", "1e3", "inf", "true", "~", " x ", "-"}, []string{"6"}},
		"more objects than a list may have": {nil, many, []string{"tag5000x"}},
	} {
		d := policy.Draft(c.assets, []firedoor.Conversation{asks(c.objects...)}, policy.DraftOptions{Usual: known().Ports})
		for i := range d.Policy.Conduits {
			d.Policy.Conduits[i].Mode, d.Policy.Conduits[i].Reviewed = policy.Enforce, policy.Review{By: "7", On: "2026-11-26"}
		}
		var b bytes.Buffer
		if err := policyfile.Write(&b, &d.Policy, ""); err != nil {
			t.Fatal(err)
		}
		plan, err := policyfile.Read("p.yaml", b.Bytes(), known())
		if err != nil {
			t.Errorf("%s: %.300s", name, err)
			continue
		}
		says := func(object string) firedoor.Action {
			at := func(ip uint32) policy.Place { return plan.Place("untagged", firedoor.IPv4(ip), 0) }
			route := plan.Route(at(0x0a000101), at(0x0a000201), 6, 502)
			return policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Function: "write", Code: 6, Object: []byte(object)}).Action
		}
		for _, o := range c.objects {
			if says(o) != firedoor.Pass {
				t.Errorf("%s: %.40q was learned and does not pass", name, o)
			}
		}
		for _, o := range c.others {
			if says(o) == firedoor.Pass {
				t.Errorf("%s: %q was not learned and passes", name, o)
			}
		}
	}
}

// TestWordsThatAreNumbers holds that a name or a note that reads like a number is written so that it is read.
func TestWordsThatAreNumbers(t *testing.T) {
	p := &policy.Policy{Name: "3", Hosts: []policy.Host{{Name: "47", Note: "11"}}, Zones: []policy.Zone{{Name: "1", Level: "L2", Hosts: []string{"47"}}, {Name: "2"}}}
	p.Hosts[0].MAC = 0x020000000001
	p.Conduits = []policy.Conduit{{Name: "5", From: "1", To: "2", Reviewed: policy.Review{By: "6", On: "2026-11-26"}, Default: firedoor.Drop, Instead: firedoor.Drop,
		Rules: []policy.Rule{{Name: "8", Note: "9", Match: policy.Match{Clients: []string{"47"}, Ports: []policy.Port{{Number: 502}}, Codes: []uint32{6}}}}}}
	var b bytes.Buffer
	if err := policyfile.Write(&b, p, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := policyfile.Read("p.yaml", b.Bytes(), known()); err != nil {
		t.Errorf("%v in\n%s", err, b.String())
	}
	if !strings.Contains(b.String(), "code: 6, ") && !strings.Contains(b.String(), "code: 6}") && !strings.Contains(b.String(), "port: 502") {
		t.Errorf("numbers are written as words:\n%s", b.String())
	}
}
