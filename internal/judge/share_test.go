package judge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
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

// otherTraffic are ports in captures of factories that are no factory protocols, and
// nobody's blind spot here.
var otherTraffic = map[string]string{
	"udp 547": "DHCPv6", "udp 546": "DHCPv6", "udp 1900": "SSDP", "udp 3702": "WS-Discovery", "udp 5355": "LLMNR", "udp 138": "NetBIOS datagrams",
	"udp 123": "NTP", "tcp 445": "SMB", "tcp 139": "NetBIOS sessions", "udp 17500": "a file synchroniser", "tcp 3389": "remote desktop",
	"ethernet 0": "spanning tree and other LLC frames", "ethernet 36864": "loopback test of Ethernet",
	"tcp 443": "the middle of a web connection",
}

// otherFolders are captures of no factory: road vehicles, hospitals, radio.
var otherFolders = []string{"DoIP", "J1939", "DICOM", "Zigbee"}

// leastRecognised is how many of a hundred packets of factory protocols must belong
// to one that is recognised.
const leastRecognised = 95

// TestRecognised counts the packets of factory captures whose protocol is known, and
// lists the others.
func TestRecognised(t *testing.T) {
	root := judgeCorpus(t)
	var paths []string
	corpus.Each(t, filepath.Join(root, "protocols"), func(path string, _ []byte) {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, office := range mistakenFolders {
			if strings.HasPrefix(rel, office+string(filepath.Separator)) {
				return
			}
		}
		for _, other := range otherFolders {
			if strings.Contains(rel, string(filepath.Separator)+other+string(filepath.Separator)) {
				return
			}
		}
		paths = append(paths, path)
	})
	known, unknown := uint64(0), map[string]uint64{}
	for i, s := range inPairs(paths, shortOf) {
		if s == nil {
			t.Errorf("%s: cannot be read", paths[i])
			continue
		}
		for _, p := range s.Protocols {
			if industrial(p.Protocol) {
				known += p.Packets
			}
		}
		for _, u := range s.Unknown {
			port := fmt.Sprint(u.Transport, " ", u.Port)
			private := u.Transport == "tcp" && u.Port >= 49152 && strings.Contains(paths[i], "icsnpp-opcua-binary") // a debugger at work on the machine that recorded
			if otherTraffic[port] == "" && !private {
				unknown[port+" in "+filepath.Base(filepath.Dir(paths[i]))] += u.Packets
			}
		}
	}
	missed := uint64(0)
	for _, n := range unknown {
		missed += n
	}
	share := 100 * float64(known) / float64(known+missed)
	t.Logf("%d captures: %d packets of factory protocols, %d of protocols nobody knows: %.2f %% recognised", len(paths), known, missed, share)
	names := slices.SortedFunc(maps.Keys(unknown), func(a, b string) int { return cmp.Or(-cmp.Compare(unknown[a], unknown[b]), cmp.Compare(a, b)) })
	for _, name := range names[:min(len(names), 25)] {
		t.Logf("%8d %s", unknown[name], name)
	}
	if share < leastRecognised {
		t.Errorf("%.2f %% of the packets of factory protocols are recognised, must be %d %%", share, leastRecognised)
	}
}

func industrial(name string) bool {
	return slices.ContainsFunc(all.List, func(p *protocol.Protocol) bool { return p.Name == name && p.Industrial })
}

func shortOf(path string) *sensor.Summary {
	r := sensor.Replay{Protocols: all.List, Options: sensor.Options{Captures: []string{path}, Shards: 1}}
	res, err := r.Run(context.Background())
	if err != nil {
		return nil
	}
	return &res.Summary
}
