package plant

import (
	"bytes"

	"firedoor/internal/plant/chance"
)

// tlsSeen is a session of TLS 1.3, one of 1.2 with a certificate, and one that
// began before the capture.
func tlsSeen(n *Net) {
	r := chance.New(5)
	c := n.Dial(itDesk, itServer, 50443, 443)
	h := TLSHello{Server: "historian.plant.example", ALPN: []string{"h2", "http/1.1"}, Modern: true}
	c.Client(h.Client(nil, &r))
	c.Server(TLSData(h.ServerAnswer(nil, &r), &r, 900))
	c.Client(TLSData([]byte{20, 3, 3, 0, 1, 1}, &r, 53))
	c.Server(TLSData(nil, &r, 200))
	c.Close()

	c = n.Dial(itDesk, itSwitch, 50444, 443)
	h = TLSHello{Server: "", ALPN: []string{"\xabx"}}
	c.Client(h.Client(nil, &r))
	c.Server(tlsOldAnswer(&r, nil))
	c.Client(tlsSealed(&r))
	c.Server(tlsSealed(&r))
	c.Client(TLSData(nil, &r, 100))
	c.Close()

	c = n.Midstream(itDesk, itServer, 50445, 443)
	c.Client(TLSData(TLSData(nil, &r, 40), &r, 60))
	c.Server(TLSData(TLSData(nil, &r, 40), &r, 60))
}

// tlsModbus is a session of Modbus/TCP Security: its port, and a certificate that
// gives a role.
func tlsModbus(n *Net) {
	r := chance.New(8)
	role := ber(0x30, append(ber(6, []byte("\x2b\x06\x01\x04\x01\x83\x89\x0c\x86\x22\x01")), ber(4, ber(0x0c, []byte("Operator")))...))
	c := n.Dial(itDesk, itSwitch, 50447, 802)
	h := TLSHello{Server: ""}
	c.Client(h.Client(nil, &r))
	c.Server(tlsOldAnswer(&r, ber(0xa3, ber(0x30, role))))
	c.Client(tlsSealed(&r))
	c.Server(tlsSealed(&r))
	c.Client(TLSData(nil, &r, 61))
	c.Server(TLSData(nil, &r, 58))
	c.Close()
}

// tlsClient is Modbus/TCP Security at a port of its own choice, where it is the client
// that has the role, as the specification has it; and a client that was asked for a
// certificate and has none.
func tlsClient(n *Net) {
	r := chance.New(9)
	role := ber(0x30, append(ber(6, []byte("\x2b\x06\x01\x04\x01\x83\x89\x0c\x86\x22\x01")), ber(4, ber(0x0c, []byte("Operator")))...))
	for i, shown := range [][]byte{tlsCertificate("hmi-2.plant.example", ber(0xa3, ber(0x30, role))), {11, 0, 0, 3, 0, 0, 0}} {
		c := n.Dial(itDesk, itSwitch, 50448+uint16(i), 10802)
		c.Client(TLSHello{}.Client(nil, &r))
		c.Server(tlsOldAnswer(&r, nil))
		c.Client(append(appendLong([]byte{22, 3, 3}, shown), tlsSealed(&r)...))
		c.Server(tlsSealed(&r))
		c.Client(TLSData(nil, &r, 61))
		c.Server(TLSData(nil, &r, 58))
		c.Close()
	}
}

// tlsSealed is a change of cipher and the first sealed message.
func tlsSealed(r *chance.Random) []byte {
	b := []byte{20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 40}
	return appendNoise(b, r, 40)
}

// tlsOldAnswer is what a server of TLS 1.2 says in the clear: hello with the
// protocol chosen, certificate (cut over two records) with extensions, end.
func tlsOldAnswer(r *chance.Random, extensions []byte) []byte {
	m := append(appendNoise([]byte{3, 3}, r, 32), 0, 0xc0, 0x2f, 0)
	b := appendHandshake(nil, 3, 2, appendLong(m, appendExtension(nil, 16, alpn([]string{"http/1.1"}))))
	message := tlsCertificate("switch-3.plant.example", extensions)
	half := len(message) / 2
	b = appendLong(append(b, 22, 3, 3), message[:half])
	b = appendLong(append(b, 22, 3, 3), message[half:])
	return append(b, 22, 3, 3, 0, 4, 14, 0, 0, 0)
}

// tlsCertificate is the message that shows one certificate.
func tlsCertificate(of string, extensions []byte) []byte {
	name := func(oid byte, text string) []byte {
		return ber(0x31, ber(0x30, append(ber(6, []byte{0x55, 4, oid}), ber(0x0c, []byte(text))...)))
	}
	algorithm := ber(0x30, ber(6, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}))
	validity := ber(0x30, append(ber(0x17, []byte("260101000000Z")), ber(0x17, []byte("360101000000Z"))...))
	subject := ber(0x30, append(append(name(10, "Maker AG"), name(5, "SN0042")...), name(3, of)...))
	body := bytes.Join([][]byte{ber(0xa0, []byte{2, 1, 2}), {2, 1, 7}, algorithm, ber(0x30, name(3, "Plant CA")), validity, subject, ber(0x30, algorithm), extensions}, nil)
	certificate := ber(0x30, bytes.Join([][]byte{ber(0x30, body), algorithm, ber(3, []byte{0, 1, 2, 3})}, nil))
	list := append([]byte{0, byte(len(certificate) >> 8), byte(len(certificate))}, certificate...)
	return append([]byte{11, 0, byte((len(list) + 3) >> 8), byte(len(list) + 3), 0, byte(len(list) >> 8), byte(len(list))}, list...)
}

// tlsFingerprint says hello with the lists that the description of JA4 takes
// for its example, so that the fingerprint is
// t13d1516h2_8daaf6152771_e5627efa2ab1.
func tlsFingerprint(n *Net) {
	r := chance.New(6)
	m := append(appendNoise([]byte{3, 3}, &r, 32), 0)
	m = appendWords(m, []uint16{0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035})
	m = append(m, 1, 0)
	bodies := map[uint16][]byte{
		0x0000: append([]byte{0, 14, 0, 0, 11}, "example.org"...),
		0x0010: alpn([]string{"h2", "http/1.1"}),
		0x000d: appendWords(nil, tlsSignatures),
		0x002b: {6, 0x6a, 0x6a, 3, 4, 3, 3},
		0x0015: make([]byte, 12),
	}
	var e []byte
	for _, kind := range []uint16{0x8a8a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x1a1a} {
		e = appendExtension(e, kind, bodies[kind])
	}
	c := n.Dial(itDesk, itServer, 50446, 443)
	c.Client(appendHandshake(nil, 1, 1, appendLong(m, e)))
	// asked to say it again, the client does; no second fingerprint is told
	retry := []byte("\x03\x03\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c\x00\x13\x01\x00")
	c.Server(appendHandshake(nil, 3, 2, appendLong(retry, appendExtension(nil, 43, []byte{3, 4}))))
	c.Client(appendHandshake(nil, 3, 1, appendLong(m, e)))
	c.Server(TLSHello{Modern: true}.ServerAnswer(nil, &r))
	c.Close()
}

// tlsMalformed breaks one hello at a time.
func tlsMalformed(n *Net) {
	r := chance.New(7)
	port := uint16(50450)
	say := func(hello, answer []byte) {
		c := n.Dial(itDesk, itServer, port, 443)
		c.Client(hello)
		if answer != nil {
			c.Server(answer)
		}
		c.Close()
		port++
	}
	old := TLSHello{Server: "a.example"}
	m := append(appendNoise([]byte{3, 3}, &r, 32), 0)
	say(appendHandshake(nil, 1, 1, append(m[:len(m):len(m)], 0, 40, 0x13, 1)), nil)
	say(appendHandshake(nil, 1, 1, append(m[:len(m):len(m)], 0, 2, 0x13, 1, 1, 0, 0, 4, 0, 0, 0, 9)), nil)
	say(old.Client(nil, &r), appendHandshake(nil, 3, 2, appendNoise([]byte{3, 3}, &r, 36)))
	say(old.Client(nil, &r), appendHandshake(nil, 3, 2, append(appendNoise([]byte{3, 3}, &r, 32), 0, 0xc0, 0x2f, 0, 0, 4, 0, 16, 0, 9)))
	say(append(old.Client(nil, &r), "not a record, whatever it is"...), nil)
}
