package packet

const (
	tcpHeader = 20
	udpHeader = 8
)

// transport decodes what an IP header announces as proto. missing is how many
// bytes behind b the capture did not keep.
func transport(p *Packet, proto uint8, b []byte, missing, depth int) {
	switch proto {
	case TCP:
		tcp(p, b, missing)
	case UDP:
		udp(p, b, missing, depth)
	case GRE:
		gre(p, b, missing, depth)
	case protoIPv4, protoIPv6:
		ipInIP(p, proto, b, missing, depth)
	default:
		p.Proto = proto
		stop(p, LayerNetwork, b, missing, "")
	}
}

// tcp decodes a TCP header (RFC 9293, 3.1). Where the capture kept the header
// but cut its options, the packet is whole but for its payload.
func tcp(p *Packet, b []byte, missing int) {
	p.Proto = TCP
	if len(b) < tcpHeader {
		stop(p, LayerNetwork, b, missing, "tcp header")
		return
	}
	head := int(b[12]>>4) * 4
	if head < tcpHeader || head > len(b)+missing {
		stop(p, LayerNetwork, b, missing, "tcp data offset")
		return
	}
	p.SrcPort = be.Uint16(b)
	p.DstPort = be.Uint16(b[2:])
	p.Seq = be.Uint32(b[4:])
	p.Ack = be.Uint32(b[8:])
	p.Flags = b[13] & 0x3f
	p.Window = be.Uint16(b[14:])
	p.Checksum = be.Uint16(b[16:])
	p.Layer = LayerTransport
	if head > len(b) {
		missing -= head - len(b)
		head = len(b)
	}
	p.Payload = b[head:]
	p.Missing = uint32(missing)
}

// udp decodes a UDP header (RFC 768). A length of zero means all that follows
// (RFC 2675, 4); one longer than the packet is called broken, and what there
// is of it is the payload.
func udp(p *Packet, b []byte, missing, depth int) {
	p.Proto = UDP
	if len(b) < udpHeader {
		stop(p, LayerNetwork, b, missing, "udp header")
		return
	}
	size := int(be.Uint16(b[4:]))
	broken := ""
	switch {
	case size == 0 || size == len(b)+missing:
	case size < udpHeader:
		stop(p, LayerNetwork, b, missing, "udp length")
		return
	case size > len(b)+missing:
		broken = "udp length"
	case size <= len(b):
		b, missing = b[:size], 0
	default:
		missing = size - len(b)
	}
	port := be.Uint16(b[2:])
	if overUDP(p, port, b[udpHeader:], missing, depth) {
		return
	}
	p.SrcPort = be.Uint16(b)
	p.DstPort = be.Uint16(b[2:])
	p.Checksum = be.Uint16(b[6:])
	stop(p, LayerTransport, b[udpHeader:], missing, broken)
}
