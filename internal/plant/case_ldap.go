package plant

import "firedoor/internal/plant/chance"

// ldapMessage is a message of fewer than 128 requests.
func ldapMessage(id, op byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return ber(0x30, append([]byte{2, 1, id}, ber(op, body)...))
}

func ldapBind(id byte, name, password string) []byte {
	return ldapMessage(id, 0x60, []byte{2, 1, 3}, ber(4, []byte(name)), ber(0x80, []byte(password)))
}

func ldapResult(id, op, code byte) []byte {
	return ldapMessage(id, op, []byte{10, 1, code, 4, 0, 4, 0})
}

// ldapSeen binds with a wrong and a right password, without one, and searches
// with an answer longer than is read.
func ldapSeen(n *Net) {
	c := n.Dial(itDesk, itServer, 50389, 389)
	c.Client(ldapBind(1, "cn=operator,dc=plant", "hunter2"))
	c.Server(ldapResult(1, 0x61, 49))
	c.Client(ldapBind(2, "cn=operator,dc=plant", "S3cr3t"))
	c.Server(ldapResult(2, 0x61, 0))
	c.Client(ldapMessage(3, 0x63, ber(4, []byte("dc=plant")), []byte{10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0}, ber(0x87, []byte("objectClass")), ber(0x30, nil)))
	c.Server(append(ldapMessage(3, 0x64, ber(4, []byte("cn=x")), ber(0x30, make([]byte, 20000))), ldapResult(3, 0x65, 0)...))
	c.Client(ldapBind(4, "", ""))
	c.Server(ldapResult(4, 0x61, 0))
	c.Client(ldapBind(5, "cn=busy", "hunter2"))
	c.Server(ldapResult(5, 0x61, 51))
	c.Client([]byte{0x30, 5, 2, 1, 6, 0x42, 0})
	c.Close()
}

// ldapSecure starts TLS, and, on another connection, a SASL layer.
func ldapSecure(n *Net) {
	r := chance.New(9)
	c := n.Dial(itDesk, itServer, 50390, 389)
	c.Client(ldapMessage(1, 0x77, ber(0x80, []byte("1.3.6.1.4.1.1466.20037"))))
	c.Server(ldapResult(1, 0x78, 0))
	h := TLSHello{Server: "dc.plant.example"}
	c.Client(h.Client(nil, &r))
	c.Server(h.ServerAnswer(nil, &r))
	c.Close()

	c = n.Dial(itDesk, itServer, 50391, 389)
	c.Client(ldapMessage(1, 0x60, []byte{2, 1, 3}, ber(4, nil), ber(0xa3, append(ber(4, []byte("GSS-SPNEGO")), ber(4, []byte("hunter2"))...))))
	c.Server(ldapMessage(1, 0x61, []byte{10, 1, 14, 4, 0, 4, 0}, ber(0x87, []byte("challenge"))))
	c.Client(ldapMessage(2, 0x60, []byte{2, 1, 3}, ber(4, nil), ber(0xa3, append(ber(4, []byte("GSS-SPNEGO")), ber(4, []byte("S3cr3t"))...))))
	c.Server(ldapResult(2, 0x61, 0))
	c.Client(appendNoise([]byte{0, 0, 0, 40}, &r, 40))
	c.Server(appendNoise([]byte{0, 0, 0, 40}, &r, 40))
	c.Close()
}

// ldapMalformed loses the framing and breaks a message inside it.
func ldapMalformed(n *Net) {
	c := n.Dial(itDesk, itServer, 50392, 389)
	c.Client(ldapBind(1, "cn=operator", "hunter2"))
	c.Server(ldapResult(1, 0x61, 0))
	c.Client(ber(0x30, []byte{2, 1, 2, 0x63, 9, 0, 0}))
	c.Client([]byte("GET / HTTP/1.1\r\n\r\n"))
	c.Close()
}
