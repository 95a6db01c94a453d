package plant

import (
	"encoding/binary"
	"time"
)

// portDTLS is CIP Security (CIP volume 8).
const portDTLS = 2221

// dtlsRecord is a record of DTLS 1.2.
func dtlsRecord(kind byte, epoch, sequence uint16, body []byte) []byte {
	b := []byte{kind, 0xfe, 0xfd, byte(epoch >> 8), byte(epoch), 0, 0, 0, 0, byte(sequence >> 8), byte(sequence)}
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// dtlsHello is a handshake message in its record.
func dtlsHello(kind byte, sequence uint16, body []byte) []byte {
	b := []byte{kind, 0, 0, byte(len(body)), 0, byte(sequence), 0, 0, 0, 0, 0, byte(len(body))}
	return dtlsRecord(22, 0, sequence, append(b, body...))
}

// dtlsSeen agrees on keys and then talks.
func dtlsSeen(n *Net) {
	random := append([]byte{0xfe, 0xfd}, make([]byte, 32)...)
	say := func(client bool, b []byte) {
		if client {
			n.UDP(enipPanel, enipRack, 49400, portDTLS, b)
		} else {
			n.UDP(enipRack, enipPanel, portDTLS, 49400, b)
		}
		n.Wait(5 * time.Millisecond)
	}
	say(true, dtlsHello(1, 0, append(random, 0, 0, 0, 2, 0xc0, 0x2b, 1, 0)))
	say(false, dtlsHello(3, 0, []byte{0xfe, 0xff, 4, 1, 2, 3, 4}))
	say(true, dtlsHello(1, 1, append(random, 0, 4, 1, 2, 3, 4, 0, 2, 0xc0, 0x2b, 1, 0)))
	say(false, append(dtlsHello(2, 1, append(random, 0, 0xc0, 0x2b, 0)), dtlsHello(14, 2, []byte{0})...))
	say(true, append(dtlsRecord(20, 0, 2, []byte{1}), dtlsRecord(22, 1, 0, make([]byte, 40))...))
	say(false, append(dtlsRecord(20, 0, 3, []byte{1}), dtlsRecord(22, 1, 0, make([]byte, 40))...))
	for i := range uint16(10) {
		say(true, dtlsRecord(23, 1, i+1, make([]byte, 60)))
		say(false, dtlsRecord(23, 1, i+1, make([]byte, 48)))
	}
}

// dtlsPieces is a handshake message in pieces of a record each.
func dtlsPieces(kind byte, sequence uint16, body []byte, size int) (pieces [][]byte) {
	for at := 0; at < len(body); at += size {
		part := body[at:min(at+size, len(body))]
		b := []byte{kind, 0, byte(len(body) >> 8), byte(len(body)), 0, byte(sequence), 0, byte(at >> 8), byte(at), 0, byte(len(part) >> 8), byte(len(part))}
		pieces = append(pieces, dtlsRecord(22, 0, sequence, append(b, part...)))
	}
	return pieces
}

// dtlsCertificates shows who both sides are: in pieces, one of them sent again and
// one too early; and a session of version 1.3, which shows nothing.
func dtlsCertificates(n *Net) {
	random := append([]byte{0xfe, 0xfd}, make([]byte, 32)...)
	up := func(port uint16, b []byte) {
		n.UDP(enipPanel, enipRack, port, portDTLS, b)
		n.Wait(5 * time.Millisecond)
	}
	down := func(port uint16, b []byte) {
		n.UDP(enipRack, enipPanel, portDTLS, port, b)
		n.Wait(5 * time.Millisecond)
	}
	hello := dtlsHello(1, 0, append(random, 0, 0, 0, 2, 0xc0, 0x2b, 1, 0))
	up(49403, hello)
	down(49403, dtlsHello(2, 1, append(random, 0, 0xc0, 0x2b, 0)))
	server := dtlsPieces(11, 2, tlsCertificate("drive-7.plant.example", nil)[4:], 60)
	for _, i := range []int{0, 1, 1, 3, 2, 3, 4, 5} {
		if i < len(server) {
			down(49403, server[i])
		}
	}
	down(49403, dtlsHello(14, 3, []byte{0}))
	up(49403, append(dtlsPieces(11, 1, tlsCertificate("panel-3.plant.example", nil)[4:], 1000)[0], dtlsRecord(20, 0, 2, []byte{1})...))
	up(49403, dtlsRecord(23, 1, 1, make([]byte, 60)))
	down(49403, dtlsRecord(23, 1, 1, make([]byte, 60)))

	up(49404, hello)
	down(49404, dtlsHello(2, 1, append(random, 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 0xfe, 0xfc)))
	for range 3 {
		up(49404, append([]byte{0x2e, 0x11, 0x22, 0, 40}, make([]byte, 40)...))
		down(49404, append([]byte{0x2e, 0x33, 0x44, 0, 40}, make([]byte, 40)...))
	}

	up(49405, hello)
	down(49405, append(dtlsHello(2, 1, append(random, 0, 0xc0, 0x2b, 0)), dtlsHello(11, 2, []byte{0, 0, 9, 0, 0, 9, 1})...))
}

// dtlsMidstream begins with what is encrypted already.
func dtlsMidstream(n *Net) {
	for i := range uint16(4) {
		n.UDP(enipPanel, enipRack, 49401, portDTLS, dtlsRecord(23, 1, 100+i, make([]byte, 60)))
		n.Wait(5 * time.Millisecond)
	}
}

// dtlsMalformed has a datagram that ends within its record.
func dtlsMalformed(n *Net) {
	good := dtlsRecord(23, 1, 7, make([]byte, 30))
	n.UDP(enipPanel, enipRack, 49402, portDTLS, good)
	n.Wait(5 * time.Millisecond)
	n.UDP(enipPanel, enipRack, 49402, portDTLS, good[:20])
	n.Wait(5 * time.Millisecond)
	n.UDP(enipPanel, enipRack, 49402, portDTLS, good)
}
