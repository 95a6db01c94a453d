package judge

import (
	"context"
	"maps"
	"slices"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
)

// families are protocols that share their first bytes by design: which one it is
// shows further in, and the one found first hands over.
var families = [][]string{
	{"cotp", "s7comm", "s7comm-plus", "mms"},
}

func oneFamily(a, b string) bool {
	return slices.ContainsFunc(families, func(f []string) bool { return slices.Contains(f, a) && slices.Contains(f, b) })
}

// rivals is a list whose probes tell when several of them take the same bytes.
func rivals(list []*protocol.Protocol, tell func(a, b *protocol.Protocol)) []*protocol.Protocol {
	out := make([]*protocol.Protocol, len(list))
	for i, p := range list {
		own := *p
		if p.Probe != nil {
			own.Probe = func(b []byte) protocol.Match {
				m := p.Probe(b)
				if m != protocol.Yes {
					return m
				}
				for _, o := range list {
					rival := o != p && o.Probe != nil && (o.Industrial || p.Industrial) && (len(o.TCP) > 0 == (len(p.TCP) > 0) || len(o.UDP) > 0 == (len(p.UDP) > 0))
					if rival && !oneFamily(o.Name, p.Name) && o.Probe(b) == protocol.Yes {
						tell(p, o)
					}
				}
				return m
			}
		}
		out[i] = &own
	}
	return out
}

// TestOneProtocol looks whether the same bytes of a flow could be taken for two
// protocols, over all captures: which one it is must not hang on the order of a list.
func TestOneProtocol(t *testing.T) {
	root := judgeCorpus(t)
	var paths []string
	corpus.Each(t, root, func(path string, _ []byte) { paths = append(paths, path) })
	twice := 0
	for i, both := range inPairs(paths, bothTake) {
		for _, pair := range both {
			if twice++; twice <= maxExamples {
				t.Errorf("%s: %s", paths[i], pair)
			}
		}
	}
	t.Logf("%d captures", len(paths))
}

func bothTake(path string) []string {
	both := map[string]bool{}
	r := sensor.Replay{Options: sensor.Options{Captures: []string{path}, Shards: 1}}
	r.Protocols = rivals(all.List, func(a, b *protocol.Protocol) { both[a.Name+" and "+b.Name+" take the same bytes"] = true })
	_, _ = r.Run(context.Background()) // a damaged capture is read as far as it goes
	return slices.Sorted(maps.Keys(both))
}
