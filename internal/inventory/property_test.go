package inventory

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor"
)

// Hosts behind a router, in any order, mixed with hosts on the link: two hosts
// behind the router are never one asset at any time, and the ids do not depend
// on the order.
func TestRouterNeverFusesHosts(t *testing.T) {
	var reference []firedoor.AssetID
	rapid.Check(t, func(rt *rapid.T) {
		const behind, local = 12, 5
		order := rapid.SliceOfN(rapid.IntRange(0, behind+local), 40, 120).Draw(rt, "order")
		for i := range behind + local + 1 {
			order = append(order, i) // everyone at least once
		}
		v := New(Config{})
		s := &scene{t: t, v: v, now: 1}
		for _, i := range order {
			switch {
			case i < behind:
				s.sight(ip(9, uint32(i)), mac(1))
			case i < behind+local:
				s.sight(ip(uint32(i)), mac(uint32(i)))
			default:
				s.arp(ip(1), mac(1))
			}
			seen := map[firedoor.AssetID]int{}
			for j := range uint32(behind) {
				if id, ok := v.At(0, ip(9, j), mac(1)); ok {
					if k, twice := seen[id]; twice {
						rt.Fatalf("hosts %d and %d are one asset", k, j)
					}
					seen[id] = int(j)
				}
			}
			if err := v.check(); err != nil {
				rt.Fatal(err)
			}
		}
		var ids []firedoor.AssetID
		for a := range v.Assets {
			ids = append(ids, a.ID)
		}
		if reference == nil {
			reference = ids
		}
		if len(ids) != behind+local+1 || !slices.Equal(ids, reference) {
			rt.Fatalf("%d assets %v, want %v", len(ids), ids, reference)
		}
	})
}

// Any calls at all: the tables agree, every id once told resolves (newcomers
// that made room aside), known assets stay known, and the same calls give the
// same bytes.
func TestAnyCalls(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		n := rapid.IntRange(10, 600).Draw(rt, "calls")
		one := anyCalls(t, rt, seed, n)
		two := anyCalls(t, rt, seed, n)
		if one.json() != two.json() || one.kinds() != two.kinds() {
			rt.Fatal("the same calls gave something else")
		}
	})
}

func anyCalls(t *testing.T, rt *rapid.T, seed uint64, n int) *scene {
	r := rand.New(rand.NewPCG(seed, 1))
	s := newScene(t, Config{MaxAssets: 40, MaxAddresses: 90, MaxNewcomers: 8, NewcomerBurst: 12, MaxFacts: 10, MaxAllFacts: 60})
	macs := []firedoor.MAC{0, mac(1), mac(2), mac(3), mac(4), mac(5), 0x00005e000101, 0x00005e000102}
	var known []firedoor.AssetID
	for i := range n {
		e := firedoor.Endpoint{Segment: firedoor.Segment(r.UintN(2)), IP: ip(uint32(r.UintN(12))), MAC: macs[r.UintN(uint(len(macs)))]}
		if r.UintN(6) == 0 {
			e.IP = firedoor.IP{Hi: 0xfe80 << 48, Lo: uint64(r.UintN(5))}
		}
		if r.UintN(8) == 0 {
			e.IP = firedoor.IP{}
		}
		if r.UintN(20) == 0 {
			s.wait(time.Duration(r.UintN(4000)) * time.Second)
		}
		switch r.UintN(9) {
		case 0, 1, 2:
			s.v.Sight(s.moment(), e, r.UintN(5) == 0)
		case 3:
			s.bindingOf(e.IP, e.MAC, "arp", 0)
		case 4:
			s.bindingOf(e.IP, e.MAC, "dhcp", 60*uint32(r.UintN(60)))
		case 5:
			s.fact(e, firedoor.FactKind(1+r.UintN(14)), string(rune('a'+r.UintN(4))))
		case 6:
			s.speak(e, firedoor.Endpoint{Segment: e.Segment, IP: ip(uint32(r.UintN(12)))}, "modbus", firedoor.Verb(1+r.UintN(8)))
		case 7:
			s.v.Traffic(e, s.now, s.now, 1, 60)
		case 8:
			if len(s.changes) > 1 {
				a, b := s.changes[r.IntN(len(s.changes))], s.changes[r.IntN(len(s.changes))]
				if r.UintN(2) == 0 {
					s.v.Merge(s.moment(), a.Asset, b.Asset, "test")
				} else {
					s.v.Undo(s.moment(), b.Other, "test")
				}
			}
		}
		if i == n/2 {
			s.v.Freeze()
			for a := range s.v.Assets {
				known = append(known, a.ID)
			}
		}
		if err := s.v.check(); err != nil {
			rt.Fatalf("after call %d: %v", i, err)
		}
	}
	s.v.Finish()
	for _, id := range known {
		if _, ok := s.v.Resolve(id); !ok || !s.v.Known(id) {
			rt.Fatalf("known asset %s: resolves %v, known %v", id, ok, s.v.Known(id))
		}
	}
	if err := s.v.check(); err != nil {
		rt.Fatal(err)
	}
	return s
}

// Resolving allocates nothing: it stands beside the hot path.
func TestResolvingAllocatesNothing(t *testing.T) {
	s := newScene(t, Config{})
	s.sight(ip(1), mac(1))
	s.arp(ip(1), mac(1))
	m := s.moment()
	id := &firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90, MAC: mac(1), IP: ip(1), Source: "arp"}
	name := &firedoor.Identity{Kind: firedoor.FactName, Confidence: 90, Source: "x", Value: []byte("plc-1")}
	s.v.Learn(m, at(ip(1), mac(1)), name)
	s.v.Speak(m, at(ip(1), 0), at(ip(1), 0), "modbus", firedoor.VerbRead)
	if n := testing.AllocsPerRun(100, func() {
		s.v.At(0, ip(1), mac(1))
		s.v.Sight(m, at(ip(1), mac(1)), false)
		s.v.Learn(m, firedoor.Endpoint{}, id)
		s.v.Learn(m, at(ip(1), mac(1)), name)
		s.v.Speak(m, at(ip(1), 0), at(ip(1), 0), "modbus", firedoor.VerbRead)
		s.v.Traffic(at(ip(1), mac(1)), m.Time, m.Time, 1, 60)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
