package packet

import "encoding/binary"

// Limits of decoding. What lies beyond them is not looked at: the packet stops
// at the last layer reached and says so in Broken.
const (
	// MaxNesting is how many tunnels may lie in each other.
	MaxNesting = 8
	// MaxTags is how many VLAN and HSR tags a frame may carry.
	MaxTags = 8
	// MaxLabels is how many MPLS labels a frame may carry.
	MaxLabels = 16
	// MaxExtensions is how many IPv6 extension headers a packet may carry.
	MaxExtensions = 8
)

var be = binary.BigEndian

// Decode fills p from f: every field is set anew, Time, Capture and Frame are
// f's, Index is zero. It follows tags and tunnels to the innermost packet. It
// never fails: p.Layer says how far it came and p.Broken why not further.
// p.Payload is a view of f.Data.
func Decode(p *Packet, f *Frame) { decode(p, f, 0) }

// DecodeOuter is Decode for who must know between whom a frame goes: it follows no tunnel, and what is in one is payload.
func DecodeOuter(p *Packet, f *Frame) { decode(p, f, MaxNesting) }

// decode is Decode of a frame that lies so deep in tunnels.
func decode(p *Packet, f *Frame, depth int) {
	*p = Packet{}
	p.Time = f.Time
	p.Capture = f.Capture
	p.Frame = f.Number
	b := f.Data
	wire := max(int(f.WireLen), len(b))
	p.WireLen = uint32(wire)
	if f.Link == LinkEthernet {
		b, wire = redundancyTrailer(p, b, wire)
		ethernet(p, b, wire, depth)
		return
	}
	otherLink(p, f.Link, b, wire)
}

// DecodeTransport fills the transport part of a packet whose network layer is
// known: p is a fragment's packet, payload the reassembled datagram behind its
// IP header and proto what that header (the fragment header in IPv6) says
// follows. Tunnels are followed as in Decode.
func DecodeTransport(p *Packet, proto uint8, payload []byte) {
	p.Fragment, p.More, p.FragOffset = false, false, 0
	p.SrcPort, p.DstPort, p.Seq, p.Ack, p.Window, p.Flags, p.Checksum = 0, 0, 0, 0, 0, 0, 0
	p.Broken = ""
	p.Layer = LayerNetwork
	extensions(p, proto, payload, 0, 0)
}

// stop ends decoding at the layer reached, with what is left as payload.
func stop(p *Packet, layer Layer, b []byte, missing int, broken string) {
	p.Layer = layer
	p.Payload = b
	p.Missing = uint32(max(missing, 0))
	p.Broken = broken
}
