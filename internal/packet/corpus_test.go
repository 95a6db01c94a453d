package packet_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/packet"
)

// TestCorpusDecode decodes every frame of every capture. On Ethernet it compares
// addresses and ports with gopacket's; the two may differ where gopacket is
// stricter or stops earlier, so differences are counted and listed by kind.
func TestCorpusDecode(t *testing.T) {
	root := os.Getenv("FIREDOOR_CORPUS")
	if root == "" {
		t.Skip("FIREDOOR_CORPUS is not set: no captures to decode")
	}
	c := comparison{kinds: map[string]int{}, example: map[string]string{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		r, err := capture.Open(path, 0)
		if err != nil {
			return nil // not a capture
		}
		defer r.Close()
		c.file(r, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d frames, %d compared, %d alike", c.frames, c.compared, c.alike)
	var kinds []string
	for k := range c.kinds {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool { return c.kinds[kinds[i]] > c.kinds[kinds[j]] })
	for _, k := range kinds[:min(len(kinds), 40)] {
		t.Logf("%8d  %s  (%s)", c.kinds[k], k, c.example[k])
	}
	if c.alike*1000 < c.compared*999 {
		t.Errorf("only %d of %d frames agree with gopacket", c.alike, c.compared)
	}
}

type comparison struct {
	frames, compared, alike int
	kinds                   map[string]int
	example                 map[string]string
}

func (c *comparison) file(r *capture.Reader, path string) {
	var f packet.Frame
	var p packet.Packet
	for {
		if err := r.Next(&f); err != nil {
			if !errors.Is(err, io.EOF) {
				c.note("damaged capture", path)
			}
			return
		}
		c.frames++
		packet.Decode(&p, &f)
		if f.Link != packet.LinkEthernet {
			continue
		}
		c.compared++
		mine, theirs := mine(&p), theirs(f.Data)
		if mine == theirs || p.Fragment && mine.proto == theirs.proto {
			c.alike++
			continue
		}
		c.note(kind(&p, mine, theirs), fmt.Sprintf("%s frame %d", path, f.Number))
	}
}

func (c *comparison) note(kind, where string) {
	if c.kinds[kind]++; c.kinds[kind] == 1 {
		c.example[kind] = where
	}
}

type fiveTuple struct {
	src, dst     firedoor.IP
	proto        uint8
	sport, dport uint16
	size         int
}

func kind(p *packet.Packet, mine, theirs fiveTuple) string {
	what := "other addresses or ports"
	switch {
	case mine.proto == 0:
		what = "only gopacket"
	case theirs.proto == 0:
		what = "only Decode"
	case mine.size != theirs.size:
		a, b := mine, theirs
		if a.size, b.size = 0, 0; a == b {
			what = "other payload size"
		}
	}
	return fmt.Sprintf("%s: type %#x, layer %d, protocol %d and %d, tunnel %s, broken %q", what, p.EtherType, p.Layer,
		mine.proto, theirs.proto, p.Scope.Tunnel, p.Broken)
}

func mine(p *packet.Packet) fiveTuple {
	if p.Layer < packet.LayerTransport {
		return fiveTuple{}
	}
	return fiveTuple{p.SrcIP, p.DstIP, p.Proto, p.SrcPort, p.DstPort, len(p.Payload)}
}

// theirs is the innermost TCP or UDP packet that gopacket finds.
func theirs(data []byte) (tuple fiveTuple) {
	g := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true})
	var src, dst firedoor.IP
	for _, l := range g.Layers() {
		switch l := l.(type) {
		case *layers.Ethernet:
			tuple = fiveTuple{}
		case *layers.IPv4:
			src, dst, tuple = address(l.SrcIP), address(l.DstIP), fiveTuple{}
		case *layers.IPv6:
			src, dst, tuple = address(l.SrcIP), address(l.DstIP), fiveTuple{}
		case *layers.TCP:
			tuple = fiveTuple{src, dst, packet.TCP, uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)}
		case *layers.UDP:
			tuple = fiveTuple{src, dst, packet.UDP, uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)}
		}
	}
	return tuple
}

// address is zero for a layer that gopacket could not decode.
func address(b net.IP) firedoor.IP {
	a, _ := netip.AddrFromSlice(b)
	return firedoor.IPFrom(a)
}
