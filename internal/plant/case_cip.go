package plant

import (
	"net/netip"
	"time"
)

// cipIO is the connection of the I/O captures.
var cipIO = CIPConnection{ToTarget: 0x20410003, ToOriginator: 0x30520003, Serial: 3, Vendor: 1, Originator: 0x00a4d21c,
	Class: 1, SizeToTarget: 8, SizeToOriginator: 6, Interval: 10000}

// cipOpen opens an I/O connection from the rack to the adapter. socket, if any,
// is a socket address item beside the answer.
func cipOpen(n *Net, port uint16, c CIPConnection, socket []byte) *Conn {
	t := &enipTalk{n: n, c: n.Dial(enipRack, enipAdapter, port, PortENIP), e: ENIP{Session: 0x51000003, Context: uint64(port)}}
	t.register()
	answer := t.e.Unconnected(nil, c.OpenAnswer(nil))
	if socket != nil {
		answer[enipHeader+6]++ // one item more
		answer = t.e.end(append(answer, socket...), 0)
	}
	t.say(t.e.Unconnected(nil, c.Open(nil)), answer)
	return t.c
}

// cipExpected opens three I/O connections and runs them: assemblies behind a
// rack slot, a consumed tag to an ephemeral port, and a group of listeners.
func cipExpected(n *Net) {
	c := cipIO
	c.Path = []byte{1, 4, 0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}
	cipOpen(n, 49300, c, nil)
	for i := range uint32(4) {
		n.UDP(enipRack, enipAdapter, PortIO, PortIO, ClassIO(nil, c.ToTarget, i, []byte{1, 0, 0, 0, byte(i), 0}))
		n.Wait(2 * time.Millisecond)
		n.UDP(enipAdapter, enipRack, PortIO, PortIO, ClassIO(nil, c.ToOriginator, i, []byte{byte(i), 1, 2, 3}))
		n.Wait(8 * time.Millisecond)
	}
	tag := cipIO
	tag.ToTarget, tag.ToOriginator, tag.Serial, tag.Path = 0x20410004, 0x30520004, 4, CIPSymbol("Line2_Status")
	cipOpen(n, 49301, tag, nil)
	n.UDP(enipAdapter, enipRack, 50123, PortIO, ClassIO(nil, tag.ToOriginator, 1, enipDint(77)))
	group := &Host{Name: "group", MAC: 0x01_00_5e_40_04_01, IP: netip.MustParseAddr("239.192.4.1")}
	many := cipIO
	many.ToTarget, many.ToOriginator, many.Serial, many.Path = 0x20410005, 0x30520005, 5, []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x65}
	cipOpen(n, 49302, many, []byte{0x01, 0x80, 16, 0, 0, 2, PortIO >> 8, PortIO & 0xff, 239, 192, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	n.UDP(enipAdapter, group, PortIO, PortIO, ClassIO(nil, many.ToOriginator, 1, []byte{9, 9}))
}

// cipPoll is I/O opened before the capture began.
func cipPoll(n *Net) {
	for i := range uint32(20) {
		n.UDP(enipRack, enipAdapter, PortIO, PortIO, ClassIO(nil, cipIO.ToTarget, 100+i, []byte{1, 0, 0, 0, byte(i), 0}))
		n.Wait(2 * time.Millisecond)
		n.UDP(enipAdapter, enipRack, PortIO, PortIO, ClassIO(nil, cipIO.ToOriginator, 100+i, []byte{byte(i), 1, 2, 3}))
		n.Wait(8 * time.Millisecond)
	}
}

// cipMalformed has datagrams that are not what the flow carries.
func cipMalformed(n *Net) {
	good := ClassIO(nil, cipIO.ToTarget, 1, []byte{1, 0, 0, 0, 5, 0})
	n.UDP(enipRack, enipAdapter, PortIO, PortIO, good)
	n.Wait(10 * time.Millisecond)
	n.UDP(enipRack, enipAdapter, PortIO, PortIO, []byte{2, 0, 2, 0x80, 8, 0, 1})
	n.Wait(10 * time.Millisecond)
	n.UDP(enipRack, enipAdapter, PortIO, PortIO, good[:len(good)-3])
	n.Wait(10 * time.Millisecond)
	n.UDP(enipRack, enipAdapter, PortIO, PortIO, ClassIO(nil, cipIO.ToTarget, 2, []byte{1, 0, 0, 0, 6, 0}))
}

// cipSafety opens a safety connection and runs it: class 0, data one way and time
// coordination the other.
func cipSafety(n *Net) {
	c := cipIO
	segment := append([]byte{0x50, 13, 2, 0}, make([]byte, 24)...)
	c.Class, c.ToTarget, c.ToOriginator, c.Serial = 0, 0x20410006, 0x30520006, 6
	c.Path = append([]byte{0x34, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}, segment...)
	cipOpen(n, 49303, c, nil)
	for i := range uint32(3) {
		n.UDP(enipAdapter, enipRack, PortIO, PortIO, ClassIO(nil, c.ToOriginator, i, []byte{byte(i), 0x40, 9, 8, 7}))
		n.Wait(8 * time.Millisecond)
	}
	n.UDP(enipRack, enipAdapter, PortIO, PortIO, ClassIO(nil, c.ToTarget, 0, []byte{1, 2, 3, 4}))
}
