package policyfile_test

import (
	"strings"
	"testing"

	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// TestApartIsTold holds that a rule is an error whose ends no frame has both, for it is the router's segment that a frame
// is in behind it: safety traffic, what is never blocked and stops would hold for nobody. Of a list those ends are told that
// meet nobody.
func TestApartIsTold(t *testing.T) {
	const text = `policy: 1
hosts:
  scada: {address: 10.1.0.1, segment: untagged}
  plc: {address: 10.2.0.1, segment: "vlan:20"}
  near: {address: 10.2.0.2, segment: "vlan:20"}
  loose: {address: 10.1.0.2}
zones:
  office: {addresses: 10.1.0.0/16, hosts: near}
  cell: {hosts: plc}
  plain: {hosts: scada}
SAFETY
conduits:
  down: {from: office, to: cell, rules: [RULE]}
`
	for _, c := range []struct{ safety, rule, fault, finding string }{
		{"", "{client: loose, server: plc, verdict: drop}", "", ""},
		{"", "{client: near, server: plc, verdict: drop}", "", ""},
		{"", "{server: plc, verdict: drop}", "", ""},
		{"", "{client: [loose, near], verdict: drop}", "", ""},
		{"safety: [{client: scada, server: plc, port: udp/2222}]", "{verdict: drop}", "safety[0]: matches nothing: scada (untagged) and plc (vlan:20) are apart", ""},
		{"safety: [{client: plain, server: cell}]", "{verdict: drop}", "safety[0]: matches nothing: plain (untagged) and cell (vlan:20) are apart", ""},
		{"safety: [{client: [scada, near], server: plc}]", "{verdict: drop}", "", "safety[0].client: scada (untagged) is in no segment of a server of the rule"},
		{"safety: [{client: near, server: [plc, scada]}]", "{verdict: drop}", "", "safety[0].server: scada (untagged) is in no segment of a client of the rule"},
		{"safety: [{client: scada}]", "{verdict: drop}", "", ""},
	} {
		text := strings.NewReplacer("SAFETY", c.safety, "RULE", c.rule).Replace(text)
		plan, err := policyfile.Read("p.yaml", []byte(text), policy.Known{Ports: func(string) []policy.Port { return nil }})
		if (err != nil) != (c.fault != "") || err != nil && !strings.Contains(err.Error(), ": "+c.fault) {
			t.Errorf("%s %s: %v", c.safety, c.rule, err)
		}
		if plan == nil {
			continue
		}
		told := ""
		for _, f := range plan.Study() {
			if f.Kind == "apart" {
				told += f.Text
			}
		}
		if (told != "") != (c.finding != "") || !strings.HasPrefix(told, c.finding) {
			t.Errorf("%s %s: told %q", c.safety, c.rule, told)
		}
	}
}
