package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// widePolicy has 500 rules of one host and anybody, between two zones: 125,502 pairs of hosts.
func widePolicy() *policy.Policy {
	const hosts = 250
	p := &policy.Policy{Name: "wide", Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop}}
	zones := [2]policy.Zone{{Name: "office"}, {Name: "cell"}}
	for side := range zones {
		for i := range hosts {
			name := fmt.Sprintf("%s-%d", zones[side].Name, i)
			p.Hosts = append(p.Hosts, policy.Host{Name: name, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(side), byte(i)})}})
			zones[side].Hosts = append(zones[side].Hosts, name)
		}
	}
	p.Zones = zones[:]
	for side := range zones {
		d := policy.Conduit{Name: "from-" + zones[side].Name, From: zones[side].Name, To: zones[1-side].Name, Mode: policy.Enforce, Default: firedoor.Refuse,
			Instead: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"}}
		for i, name := range zones[side].Hosts {
			d.Rules = append(d.Rules, policy.Rule{Verdict: firedoor.Pass, Match: wideMatch(i, name)})
		}
		p.Conduits = append(p.Conduits, d)
	}
	return p
}

// wideMatch is what one host may ask of anybody.
func wideMatch(i int, client string) policy.Match {
	m := policy.Match{Clients: []string{client}, Protocols: []string{"modbus"}}
	switch i % 4 {
	case 0:
		m.Verbs = []firedoor.Verb{firedoor.VerbRead}
	case 1:
		m.Functions = []string{"read holding registers", "write single register"}
	case 2:
		m.Objects = []policy.Object{{Text: "holding:", Row: true, To: uint64(i)}}
	default:
		m.Protocols, m.Ports = nil, []policy.Port{{Transport: 6, Number: uint16(8000 + i)}, {Transport: 17, Number: uint16(8000 + i)}}
	}
	return m
}

// listedPolicy names all hosts of both zones in lists: 62,501 pairs by few rules.
func listedPolicy() *policy.Policy {
	p := widePolicy()
	p.Conduits = p.Conduits[:1]
	p.Conduits[0].Rules = nil
	for i := range 4 {
		r := policy.Rule{Verdict: firedoor.Pass, Match: wideMatch(i, "")}
		r.Match.Clients, r.Match.Servers = p.Zones[0].Hosts, p.Zones[1].Hosts
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, r)
	}
	return p
}

// BenchmarkWide takes apart how long a policy of many pairs needs until it is in force: to read
// it and make it ready, to isolate a host under it, to make the kernel's tables, to hand them to
// the guardian, and to put them into the kernel. It is for a person to read, and needs root for
// the last.
func BenchmarkWide(b *testing.B) {
	whole := b // the datapath is of all of it
	var path *datapath.Datapath
	for _, of := range []struct {
		name   string
		policy *policy.Policy
	}{{"wide", widePolicy()}, {"listed", listedPolicy()}} {
		var text bytes.Buffer
		if err := policyfile.Write(&text, of.policy, ""); err != nil {
			b.Fatal(err)
		}
		plan, err := policyfile.Read("policy", text.Bytes(), testKnown())
		if err != nil {
			b.Fatal(err)
		}
		list := []policy.Isolation{{ID: 1, Verb: policy.Quarantine, Host: "cell-7"}}
		isolated, _ := plan.With(list)
		tables := Tables(isolated, wideFunctions)
		sent, err := json.Marshal(tables)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(of.name+"/read", func(b *testing.B) {
			for b.Loop() {
				if _, err := policyfile.Read("policy", text.Bytes(), testKnown()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(of.name+"/compile", func(b *testing.B) {
			for b.Loop() {
				policy.Compile(plan.Policy, testKnown())
			}
		})
		b.Run(of.name+"/isolate", func(b *testing.B) {
			for b.Loop() {
				plan.With(list)
			}
		})
		b.Run(of.name+"/tables", func(b *testing.B) {
			for b.Loop() {
				Tables(isolated, wideFunctions)
			}
			b.ReportMetric(float64(len(tables.Joined)), "pairs")
			b.ReportMetric(float64(len(tables.Gates)), "gates")
		})
		b.Run(of.name+"/send", func(b *testing.B) {
			for b.Loop() {
				if _, err := json.Marshal(tables); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(sent)), "bytes")
		})
		b.Run(of.name+"/receive", func(b *testing.B) {
			for b.Loop() {
				var got datapath.Tables
				if err := json.Unmarshal(sent, &got); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(of.name+"/install", func(b *testing.B) {
			if path == nil {
				path = newPath(whole)
			}
			for b.Loop() {
				if err := path.Install(tables); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
