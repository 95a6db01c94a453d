package packet

import "firedoor"

// Frame is one captured frame as a capture hands it over. Data is borrowed.
type Frame struct {
	Time    int64  // ns since 1970 as the capture says, not yet clamped
	Capture uint32 // index of the capture in this run
	Number  uint32 // 1-based in that capture
	Link    LinkType
	WireLen uint32 // bytes on the wire; len(Data) is what was kept of them
	Data    []byte
}

// Layer tells how far decoding came.
type Layer uint8

// Layers. A packet of LayerLink has a Payload that starts behind EtherType.
const (
	LayerNone      Layer = iota // not even a link header
	LayerLink                   // EtherType (or LLC) and payload
	LayerNetwork                // IP header; Payload is what follows it
	LayerTransport              // TCP, UDP: ports and payload
)

// TCP flags.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

// IP protocol numbers that decoding knows.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	GRE    = 47
	ICMPv6 = 58
	IGMP   = 2
)

// Packet is the innermost packet of a frame, flat. Fields of a layer are valid
// iff Layer reached it; ports, Seq, Ack, Window and Flags iff LayerTransport
// (Seq ... Flags iff Proto is TCP).
type Packet struct {
	Time    int64 // clamped traffic time, set by whoever reads the sources
	Index   uint64
	Capture uint32
	Frame   uint32

	SrcMAC, DstMAC firedoor.MAC // of the innermost Ethernet header; zero where there is none
	SrcIP, DstIP   firedoor.IP
	SrcPort        uint16
	DstPort        uint16
	Seq, Ack       uint32
	Window         uint16
	Flags          uint8
	Proto          uint8 // IP protocol of the payload, behind IPv6 extension headers
	TTL            uint8
	Layer          Layer
	EtherType      uint16 // innermost; below 0x600 it is an 802.3 length and Payload starts with LLC
	Checksum       uint16 // the TCP or UDP checksum field as sent: tells doubled frames from repeated ones

	// Scope names the broadcast domain the innermost addresses live in; equal
	// scopes are one Segment.
	Scope Scope

	// IP fragments: FragOffset in bytes, More fragments follow. A fragment
	// (Fragment true) stops at LayerNetwork, its Payload is the fragment's.
	Fragment   bool
	More       bool
	FragOffset uint32
	IPID       uint32

	// PRP and HSR: the redundancy sequence number, when HasRedundancy.
	HasRedundancy bool
	RedundancySeq uint16
	RedundancyLAN uint8

	// Payload is the innermost payload that was captured, padding cut off;
	// Missing is how many bytes of it the capture did not keep.
	Payload []byte
	Missing uint32
	// WireLen is the frame's length on the wire.
	WireLen uint32

	// Broken names the header that could not be decoded, "" if all was well.
	Broken string
}

// Scope is a broadcast domain as the frame tells it: VLAN tags from the
// outside in (12 bits each, 0 = none) and the overlay identifier of the last
// tunnel that carried a frame or packet.
type Scope struct {
	Vlans   [2]uint16 // outer, inner; priority tags (VLAN 0) count as none
	Tunnel  Tunnel
	Overlay uint32 // VXLAN and Geneve VNI, ERSPAN session, GRE key, MPLS label; 0 where Tunnel is none
}

// Tunnel is a kind of encapsulation that makes a scope of its own.
type Tunnel uint8

// Tunnels.
const (
	NoTunnel Tunnel = iota
	TunnelGRE
	TunnelERSPAN
	TunnelVXLAN
	TunnelMPLS
	TunnelIP    // IP in IP, 6in4
	TunnelPPPoE // a session of it: its number is another each time, and no overlay
	TunnelGeneve
	TunnelTZSP // a mirror: no overlay
)

// LinkType is a pcap link type (tcpdump.org/linktypes.html), host-independent.
type LinkType uint16
