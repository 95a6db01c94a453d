package plant

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"
)

func writeBasics(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := NewNet(&b, caseStart)
	if err != nil {
		t.Fatal(err)
	}
	a := &Host{MAC: 0x080006000001, IP: netip.MustParseAddr("10.0.0.1")}
	d := &Host{MAC: 0x0080f4000002, IP: netip.MustParseAddr("10.0.0.2"), VLAN: 7, TTL: 128}
	a6 := &Host{MAC: 0x080006000001, IP: netip.MustParseAddr("fd00::1")}
	d6 := &Host{MAC: 0x0080f4000002, IP: netip.MustParseAddr("fd00::2")}
	for _, p := range [][2]*Host{{a, d}, {a6, d6}} {
		n.UDP(p[0], p[1], 40000, 9999, []byte("odd"))
		c := n.Dial(p[0], p[1], 40000, 9999)
		c.Client(bytes.Repeat([]byte("question"), 5000))
		c.Server([]byte("answer"))
		c.Close()
		c = n.Dial(p[0], p[1], 40001, 9999)
		c.Client([]byte("x"))
		c.AckServer()
		c.Reset()
	}
	n.Wait(time.Second)
	n.Ethernet(a.MAC, 0xffffffffffff, 0, 0x88b5, []byte{1, 2, 3})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNetDeterministic(t *testing.T) {
	if !bytes.Equal(writeBasics(t), writeBasics(t)) {
		t.Fatal("two runs differ")
	}
}

func TestNetFamilies(t *testing.T) {
	n, _ := NewNet(&bytes.Buffer{}, caseStart)
	n.UDP(&Host{IP: netip.MustParseAddr("10.0.0.1")}, &Host{IP: netip.MustParseAddr("fd00::2")}, 1, 2, nil)
	if err := n.Close(); !errors.Is(err, errFamily) {
		t.Fatal("a packet between address families must be an error")
	}
}
