package inline

import "firedoor/internal/packet"

// Ends makes what ends the connection of a TCP segment at both its ends, as if each had
// said so to the other: forward goes the segment's own way, back to its sender. Nobody waits
// for a forward one where the segment was the first. Of head, the segment's beginning, all
// headers must be there; nil is something else, or the end of a connection itself.
func Ends(head []byte) (forward, back []byte) {
	b := whole(head)
	h, ok := find(b)
	if !ok || h.proto != protoTCP {
		return nil, nil
	}
	tcp := b[h.transport:]
	flags := tcp[13]
	if flags&packet.RST != 0 {
		return nil, nil
	}
	seq, ack := be.Uint32(tcp[4:]), be.Uint32(tcp[8:])
	behind := seq + uint32(h.end-h.payload)
	for _, one := range []byte{packet.SYN, packet.FIN} {
		if flags&one != 0 {
			behind++
		}
	}
	if flags&packet.ACK == 0 {
		return nil, rst(b, &h, true, 0, behind)
	}
	return rst(b, &h, false, seq, ack), rst(b, &h, true, ack, behind)
}

// whole fills a frame up with zeros to the length that its IP header says.
func whole(head []byte) []byte {
	b := append([]byte(nil), head...)
	at := 12
	for ; at+4 <= len(b) && isTag(be.Uint16(b[at:])); at += 4 {
	}
	length := 0
	switch {
	case at+2+20 > len(b):
	case be.Uint16(b[at:]) == typeIPv4:
		length = at + 2 + int(be.Uint16(b[at+4:]))
	case be.Uint16(b[at:]) == typeIPv6:
		length = at + 2 + 40 + int(be.Uint16(b[at+6:]))
	}
	if length > len(b) {
		b = append(b, make([]byte, length-len(b))...)
	}
	return b
}
