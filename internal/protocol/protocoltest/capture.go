package protocoltest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor"
)

// transport is how a flow's bytes travel.
type transport uint8

const (
	overTCP transport = iota
	overUDP
	overEthernet
)

var transportNames = [...]string{"tcp", "udp", "ethernet"}

// flow is one conversation of a test capture. Side 0 sent first.
type flow struct {
	index     int // 1-based, in order of first sight
	kind      transport
	etherType uint16
	ends      [2]firedoor.Endpoint
	client    int  // side of the client where sure
	sure      bool // a handshake was seen
	next      [2]uint32
	begun     [2]bool
}

// chunk is what one frame brought of a flow: a TCP segment's new bytes, with
// the number of bytes missing before them, or a datagram.
type chunk struct {
	flow      *flow
	side      int
	missing   int
	truncated bool
	data      []byte
}

// whole is a frame as it is in the file.
type whole struct {
	flow  *flow // nil: of none
	side  int   // of its sender
	chunk int   // what it brought, -1 for nothing
	cut   bool
	bytes []byte
}

// sight is a test capture: its flows, and their chunks in capture order.
type sight struct {
	name   string // file name without ending
	flows  []*flow
	chunks []chunk
	frames []whole
}

// flowKey tells flows apart; ends are in the order in which they first spoke.
type flowKey struct {
	kind      transport
	etherType uint16
	a, b      firedoor.Endpoint
}

type reader struct {
	sight
	byKey map[flowKey]*flow
	now   whole
}

// Classic pcap, as the captures are written: little-endian, Ethernet.
const (
	pcapMagic      = 0xa1b2c3d4
	pcapHeader     = 24
	pcapRecord     = 16
	pcapIsEthernet = 1
)

// readSight reads a capture: a classic little-endian pcap of Ethernet frames.
func readSight(path string) (*sight, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if len(b) < pcapHeader || le.Uint32(b) != pcapMagic || le.Uint32(b[20:]) != pcapIsEthernet {
		return nil, fmt.Errorf("%s: not a classic little-endian pcap of Ethernet frames", path)
	}
	rd := reader{byKey: map[flowKey]*flow{}}
	rd.name = strings.TrimSuffix(filepath.Base(path), ".pcap")
	for b = b[pcapHeader:]; len(b) > 0; {
		if len(b) < pcapRecord || len(b)-pcapRecord < int(le.Uint32(b[8:])) {
			return nil, fmt.Errorf("%s: ends within a frame", path)
		}
		kept, length := int(le.Uint32(b[8:])), int(le.Uint32(b[12:]))
		data := b[pcapRecord : pcapRecord+kept]
		rd.now = whole{chunk: -1, cut: kept < length, bytes: data}
		rd.frame(gopacket.NewPacket(data, layers.LinkTypeEthernet, gopacket.NoCopy), kept < length)
		rd.frames = append(rd.frames, rd.now)
		b = b[pcapRecord+kept:]
	}
	return &rd.sight, nil
}

func (rd *reader) frame(p gopacket.Packet, truncated bool) {
	link, ok := p.LinkLayer().(*layers.Ethernet)
	if !ok {
		return
	}
	src := firedoor.Endpoint{MAC: firedoor.MACFrom(link.SrcMAC)}
	dst := firedoor.Endpoint{MAC: firedoor.MACFrom(link.DstMAC)}
	if n := p.NetworkLayer(); n != nil {
		if size := len(n.NetworkFlow().Src().Raw()); size != 4 && size != 16 {
			return // no IP
		}
		src.IP, dst.IP = ipOf(n.NetworkFlow().Src().Raw()), ipOf(n.NetworkFlow().Dst().Raw())
		switch l := p.TransportLayer().(type) {
		case *layers.TCP:
			src.Port, dst.Port = uint16(l.SrcPort), uint16(l.DstPort)
			rd.segment(src, dst, l)
		case *layers.UDP:
			src.Port, dst.Port = uint16(l.SrcPort), uint16(l.DstPort)
			f, side := rd.flow(flowKey{kind: overUDP, a: src, b: dst})
			rd.add(chunk{flow: f, side: side, data: l.Payload, truncated: truncated})
		}
		return
	}
	etherType, payload := innermost(link)
	if etherType < 0x600 {
		return // IEEE 802.3 with LLC: nothing here speaks it
	}
	k := flowKey{kind: overEthernet, etherType: etherType, a: src, b: dst}
	out := k
	out.a.MAC = src.MAC.Universal()
	if rd.byKey[out] != nil && out != k { // it comes back to its sender
		rd.add(chunk{flow: rd.byKey[out], side: 1, data: payload, truncated: truncated})
		return
	}
	f, side := rd.flow(k)
	rd.add(chunk{flow: f, side: side, data: payload, truncated: truncated})
}

// innermost steps over VLAN tags (IEEE 802.1Q, 802.1ad).
func innermost(link *layers.Ethernet) (uint16, []byte) {
	etherType, payload := uint16(link.EthernetType), link.Payload
	for (etherType == 0x8100 || etherType == 0x88a8) && len(payload) >= 4 {
		etherType = binary.BigEndian.Uint16(payload[2:])
		payload = payload[4:]
	}
	return etherType, payload
}

func ipOf(b []byte) firedoor.IP {
	if len(b) == 4 {
		return firedoor.IPv4(binary.BigEndian.Uint32(b))
	}
	return firedoor.IPv6(b)
}

// flow finds or makes the flow of a packet and tells the sender's side.
func (rd *reader) flow(k flowKey) (*flow, int) {
	if f := rd.byKey[k]; f != nil {
		return f, 0
	}
	if f := rd.byKey[flowKey{kind: k.kind, etherType: k.etherType, a: k.b, b: k.a}]; f != nil {
		return f, 1
	}
	f := &flow{index: len(rd.flows) + 1, kind: k.kind, etherType: k.etherType, ends: [2]firedoor.Endpoint{k.a, k.b}}
	rd.byKey[k] = f
	rd.flows = append(rd.flows, f)
	return f, 0
}

func (rd *reader) add(c chunk) {
	rd.now.flow, rd.now.side = c.flow, c.side
	if len(c.data) > 0 || c.missing > 0 {
		rd.now.chunk = len(rd.chunks)
		rd.chunks = append(rd.chunks, c)
	}
}

// segment puts a TCP segment in its place. Test captures have segments in
// order; what was seen before is cut off, what is ahead leaves a gap.
func (rd *reader) segment(src, dst firedoor.Endpoint, l *layers.TCP) {
	f, side := rd.flow(flowKey{kind: overTCP, a: src, b: dst})
	defer func() { rd.now.flow, rd.now.side = f, side }()
	if l.SYN {
		if f.sure && f.begun[side] && f.next[side] != l.Seq+1 && !l.ACK {
			delete(rd.byKey, flowKey{kind: overTCP, a: f.ends[0], b: f.ends[1]})
			f, side = rd.flow(flowKey{kind: overTCP, a: src, b: dst}) // the ports are used again
		}
		f.next[side], f.begun[side] = l.Seq+1, true
		f.sure = true
		f.client = side
		if l.ACK {
			f.client = 1 - side
		}
		return
	}
	data := l.Payload
	if !f.begun[side] {
		f.next[side], f.begun[side] = l.Seq, true
	}
	ahead := int(int32(l.Seq - f.next[side]))
	if ahead < 0 {
		data = data[min(-ahead, len(data)):]
		ahead = 0
	}
	if len(data) == 0 {
		return
	}
	f.next[side] += uint32(ahead + len(data))
	rd.add(chunk{flow: f, side: side, missing: ahead, data: data})
}
