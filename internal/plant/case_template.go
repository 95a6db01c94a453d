package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the template protocol's captures, and its port.
var (
	templateClient = &Host{Name: "client", MAC: 0x02_00_00_00_01_10, IP: netip.MustParseAddr("10.10.1.10")}
	templateDevice = &Host{Name: "device", MAC: 0x02_00_00_00_01_20, IP: netip.MustParseAddr("10.10.1.20")}
)

const portTemplate = 4001

// templateMessage builds a message; answers have bit 7 of kind set.
func templateMessage(kind byte, number uint16, body ...byte) []byte {
	b := []byte{0x7e, 0x54, kind}
	b = binary.BigEndian.AppendUint16(b, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// templateTexts builds texts: a length and as many bytes.
func templateTexts(texts ...string) []byte {
	var b []byte
	for _, t := range texts {
		b = append(append(b, byte(len(t))), t...)
	}
	return b
}

// templateTalk sends a request and its answer.
func templateTalk(n *Net, c *Conn, kind byte, number uint16, body, answer []byte) {
	c.Client(templateMessage(kind, number, body...))
	n.Wait(time.Millisecond)
	c.Server(templateMessage(kind|0x80, number, answer...))
	n.Wait(20 * time.Millisecond)
}

// templatePoll reads two registers again and again.
func templatePoll(n *Net) {
	c := n.Dial(templateClient, templateDevice, 49200, portTemplate)
	for i := range uint16(12) {
		templateTalk(n, c, 2, i, []byte{0, 7, 0, 9}, []byte{0, 0x12, byte(i), 0, 1})
	}
	c.Close()
}

// templateFeatures uses each message once, ends in compact framing, and shows
// the sample flow that was subscribed to.
func templateFeatures(n *Net) {
	c := n.Dial(templateClient, templateDevice, 49201, portTemplate)
	templateTalk(n, c, 1, 1, nil, templateTexts("Firedoor Works", "T-100", "1.4"))
	templateTalk(n, c, 5, 2, templateTexts("operator", "hunter2"), []byte{2})
	templateTalk(n, c, 5, 3, templateTexts("operator", "S3cr3t"), []byte{0})
	templateTalk(n, c, 3, 4, []byte{0, 7, 0x01, 0xf4, 0, 8, 0x00, 0x02}, []byte{0})
	templateTalk(n, c, 3, 5, []byte{0xff, 0, 0, 1}, []byte{1})
	templateTalk(n, c, 2, 6, []byte{0, 7}, []byte{9})
	c.Client(templateMessage(4, 7, 0, 3, 0, 1)) // no answer comes
	templateTalk(n, c, 7, 8, templateTexts("mixer.example"), []byte{0, 10, 10, 1, 30})
	templateTalk(n, c, 6, 9, []byte{0xc1, 0}, []byte{0})
	for i := range byte(3) {
		n.UDP(templateDevice, templateClient, portTemplate, 0xc100, templateMessage(9, uint16(i), 0, i, 0x12, i, 0, 1))
		n.Wait(50 * time.Millisecond)
	}
	n.UDP(templateDevice, templateClient, portTemplate, 0xc200, templateMessage(9, 0, 0, 0, 0, 77)) // announced to somebody else
	templateTalk(n, c, 8, 10, nil, []byte{0})
	c.Client([]byte{2, 2, 0, 7, 2, 2, 0, 8})
	c.Server([]byte{0x82, 3, 0, 0x12, 0x34, 0x82, 3, 0, 0, 2})
	c.Close()
}

// templateMalformed breaks bodies, then framing, and starts in the middle.
func templateMalformed(n *Net) {
	c := n.Dial(templateClient, templateDevice, 49202, portTemplate)
	templateTalk(n, c, 2, 1, []byte{0, 7}, []byte{0, 0, 1})
	templateTalk(n, c, 2, 2, []byte{0, 7, 0}, []byte{0, 0, 1})
	templateTalk(n, c, 2, 3, nil, []byte{1})
	templateTalk(n, c, 2, 4, []byte{0, 7}, []byte{0, 0})
	templateTalk(n, c, 5, 5, []byte{9, 'x'}, nil)
	templateTalk(n, c, 6, 6, []byte{1}, []byte{2})
	templateTalk(n, c, 0x7f, 7, nil, nil)
	templateTalk(n, c, 1, 8, nil, []byte{3, 'A', 'B'})
	c.Client([]byte("this is no message at all"))
	templateTalk(n, c, 2, 9, []byte{0, 7}, []byte{0, 0, 1})
	c.Close()
	d := n.Midstream(templateClient, templateDevice, 49203, portTemplate)
	d.Server(templateMessage(0x82, 70, 0, 0, 1, 0, 2))
	templateTalk(n, d, 2, 71, []byte{0, 7}, []byte{0, 0, 1})
	d.LoseServer(12)
	templateTalk(n, d, 2, 72, []byte{0, 7}, []byte{0, 0, 2})
	n.UDP(templateDevice, templateClient, portTemplate, 0xc300, templateMessage(9, 0, 0, 0, 5))
}
