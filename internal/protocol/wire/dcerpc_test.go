package wire

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// rpcBytes makes a message with a byte order, fragment number and flags.
func rpcBytes(little bool, kind, flags byte, fragment uint16, body []byte) []byte {
	b := make([]byte, RPCHeader)
	order := binary.ByteOrder(binary.BigEndian)
	if little {
		order, b[4] = binary.LittleEndian, 0x10
	}
	b[0], b[1], b[2] = rpcVersion, kind, flags
	order.PutUint32(b[24:], 0xdea00001)
	order.PutUint16(b[28:], 0x6c97)
	order.PutUint16(b[30:], 0x11d1)
	copy(b[32:], "\x82\x71\x00\xa0\x24\x42\xdf\x7d")
	order.PutUint32(b[60:], 1)
	order.PutUint32(b[64:], 77)
	order.PutUint16(b[68:], 5)
	order.PutUint16(b[rpcLengthAt:], uint16(len(body)))
	order.PutUint16(b[76:], fragment)
	return append(b, body...)
}

func TestRPCReadsBothByteOrders(t *testing.T) {
	want := UUID{0xde, 0xa0, 0, 1, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d}
	for _, little := range []bool{false, true} {
		var m RPC
		b := rpcBytes(little, RPCRequest, 0x20, 0, []byte("body"))
		if !m.Read(append(b, "trailer"...)) {
			t.Fatalf("little %v: not read", little)
		}
		if m.Interface != want || m.Sequence != 77 || m.Opnum != 5 || m.Version != 1 || string(m.Body) != "body" || m.Short || m.Part {
			t.Errorf("little %v: read as %+v", little, m)
		}
		if m.Read(b[:RPCHeader-1]) {
			t.Error("a header cut short is read")
		}
		if !m.Read(b[:len(b)-1]) || !m.Short || string(m.Body) != "bod" {
			t.Errorf("a body cut short gives %q, short %v", m.Body, m.Short)
		}
	}
}

func TestRPCBeginsRefusesOthers(t *testing.T) {
	good := rpcBytes(true, RPCPing, 0, 0, nil)
	for n := range good {
		if !RPCBegins(good[:n]) {
			t.Fatalf("the first %d bytes are refused", n)
		}
	}
	for at, c := range map[int]byte{0: 5, 1: 11, 2: 0x80, 4: 0x20, 5: 4, 6: 1} {
		bad := bytes.Clone(good)
		bad[at] = c
		var m RPC
		if RPCBegins(bad) || m.Read(bad) {
			t.Errorf("byte %d is %#x and is taken", at, c)
		}
	}
}

func TestRPCPartsJoinsInOrderOnly(t *testing.T) {
	var p RPCParts
	part := func(fragment uint16, last bool, body string) []byte {
		flags := byte(rpcPart)
		if last {
			flags |= rpcLastPart
		}
		var m RPC
		m.Read(rpcBytes(true, RPCRequest, flags, fragment, []byte(body)))
		return p.Join(&m)
	}
	for _, c := range []struct {
		fragment uint16
		last     bool
		body     string
		want     string
	}{
		{1, true, "end of what was not seen", ""},
		{0, false, "a", ""},
		{1, false, "b", ""},
		{1, false, "b", ""}, // sent again
		{2, true, "c", "abc"},
		{2, true, "c", ""},
		{0, false, "x", ""},
		{2, true, "z", ""}, // one is missing
	} {
		if got := part(c.fragment, c.last, c.body); string(got) != c.want {
			t.Errorf("fragment %d %q gives %q, want %q", c.fragment, c.body, got, c.want)
		}
	}
	part(0, false, "p")
	p.Lose()
	if got := part(1, true, "q"); got != nil {
		t.Errorf("after a loss %q is joined", got)
	}
	big := string(make([]byte, 60000))
	part(0, false, big)
	if got := part(1, true, big); got != nil {
		t.Error("more than the limit is joined")
	}
}
