package plant

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"firedoor"
)

// A publisher, one who asks it, and the group it sends to.
var (
	uadpPublisher = &Host{Name: "press-plc", MAC: 0x02_00_00_00_29_10, IP: netip.MustParseAddr("10.10.29.10")}
	uadpAsker     = &Host{Name: "historian", MAC: 0x02_00_00_00_29_20, IP: netip.MustParseAddr("10.10.29.20")}
	uadpGroup     = &Host{Name: "group", MAC: 0x01_00_5e_00_00_01, IP: netip.MustParseAddr("239.0.0.1"), TTL: 1}
)

const (
	etherUADP    = 0xb62c
	uadpGroupMAC = firedoor.MAC(0x01_00_5e_7f_00_01)
	uadpVersion  = 852_076_800 // seconds since 2000
)

// uadpSend is a message to the group from a port, one flow for each port.
func uadpSend(n *Net, port uint16, u *UADP) {
	n.UDP(uadpPublisher, uadpGroup, port, PortOPCUA, u.Encode())
	n.Wait(10 * time.Millisecond)
}

// uadpPoll is two data sets in each message, every few of them one that has no news.
func uadpPoll(n *Net) {
	for i := range uint16(16) {
		first := UADPSet(0, 0, 100+i).U16(4).U8(11).F64(12.5+float64(i)).U8(5).U16(i).U8(1, byte(i&1)).U8(0x86).U32(3, 1, 2, uint32(i))
		second := UADPSet(2, 0, 200+i).U16(2).U8(5, 10).U32(0x41480000).U64(opcTime).U8(1, 7).U32(uint32(i))
		if i%4 == 3 {
			second = UADPSet(0, 3, 200+i)
		}
		uadpSend(n, 50001, &UADP{Publisher: uint16(2234), Group: 100, Version: uadpVersion, Sequence: 1 + i, Writers: []uint16{62541, 62542},
			Time: opcTime + uint64(i)*100_000, Sets: []*OPC{first, second}})
	}
}

// uadpValues is each type of value, each kind of data set and each kind of publisher.
func uadpValues(n *Net) {
	one := func(publisher any, set *OPC) *UADP {
		return &UADP{Publisher: publisher, Group: 3, Writers: []uint16{1}, Sets: []*OPC{set}}
	}
	all := UADPSet(0, 0, 1).U16(18).U8(1, 1).U8(2, 0xfe).U8(3, 7).U8(4).U16(0xfffe).U8(5).U16(7).U8(6).U32(0xfffffffe).U8(7).U32(8)
	all.U8(8).U64(1 << 63).U8(9).U64(9).U8(10).U32(0x3fc00000).U8(11).F64(-2.5).U8(12).Text("S3cr3t").U8(13).U64(opcTime)
	all.U8(14).U8(make([]byte, 16)...).U8(19).U32(0x80340000).U8(21).Local("a text").U8(22).Body(340, (&OPC{}).U32(1)).U8(0)
	uadpSend(n, 50002, one(uint8(9), all))
	lists := UADPSet(0, 0, 2).U16(3).U8(0x85).U32(3).U16(1).U16(2).U16(3).U8(0xca).U32(4, 1, 2, 3, 4, 2, 2, 2).U8(0x8c).U32(2).Text("a", "b")
	uadpSend(n, 50002, one(uint16(9), lists))
	uadpSend(n, 50002, one(uint32(70_000), UADPSet(0, 1, 3).U16(2).U16(4).U8(6).U32(11).U16(9).U8(10).U32(0x40000000)))
	uadpSend(n, 50002, one(uint64(1<<40), UADPSet(0, 2, 4).U16(2).U8(5).U16(700).U8(12).Text("high")))
	uadpSend(n, 50002, one("press/1", UADPSet(2, 0, 5).U16(3).U8(3, 6).U32(1, 0x80340000).U8(2).U32(0x808a0000).U8(0x3d, 6).U32(2).U64(opcTime).U16(1).U64(opcTime).U16(2)))
	uadpSend(n, 50002, one("press/1", UADPSet(2, 1, 6).U16(1).U16(2).U8(1, 6).U32(5)))
	// Status, time, both versions; filled up to its configured size.
	full := (&OPC{}).U8(0xf9, 0x30).U16(7).U64(opcTime).U16(5).U16(0x8034).U32(uadpVersion, uadpVersion).U16(1).U8(6).U32(5).U8(0, 0, 0, 0)
	uadpSend(n, 50002, one(uint16(9), full))
	uadpSend(n, 50002, one(uint16(9), (&OPC{}).U8(8).U16(8).U8(0, 0, 0)))       // not valid
	uadpSend(n, 50002, one(uint16(9), (&OPC{}).U8(0x89, 4).U16(9).U8(1, 2, 3))) // an action
	uadpSend(n, 50002, one(uint16(9), (&OPC{}).U8(1).U16(1).U8(6).U32(3)))      // no sequence
	uadpSend(n, 50003, &UADP{Publisher: uint16(9), Class: make([]byte, 16), Group: 4, Number: 1, Sets: []*OPC{UADPSet(0, 0, 1).U16(1).U8(3, 1), UADPSet(0, 3, 2)}})
	uadpSend(n, 50003, &UADP{Group: 4, Number: 2, Sets: []*OPC{UADPSet(0, 0, 1).U16(1).U8(3, 2)}})
	uadpSend(n, 50003, &UADP{Publisher: uint16(9), Time: opcTime, Picos: 9, Writers: []uint16{5},
		Promoted: (&OPC{}).U8(6).U32(5).U8(1, 1), Sets: []*OPC{UADPSet(0, 0, 1).U16(1).U8(6).U32(5)}})
}

// uadpRaw is fields without types: before they are described, after, and after their
// description has changed.
func uadpRaw(n *Net) {
	fixed := func(number uint16, sets ...*OPC) *UADP {
		return &UADP{Publisher: uint16(77), Group: 5, Version: uadpVersion, Number: number, Sequence: 9, Sets: sets}
	}
	set := func(version uint32) *OPC {
		return (&OPC{}).U8(1 | 1<<1 | 1<<3 | 1<<5).U16(1).U32(version)
	}
	data := func(o *OPC) *OPC { return o.F64(12.5).U8(1).U16(300) }
	writers := func(o *OPC, id uint16) *UADP {
		return &UADP{Publisher: uint16(77), Group: 5, Sequence: 9, Number: 1, Writers: []uint16{id}, Sets: []*OPC{o}}
	}
	uadpSend(n, 50004, fixed(1, data(set(1))))
	uadpSend(n, 50004, writers(data(set(1)), 1))
	uadpSend(n, 50004, uadpMetadata(uint16(77), 1, 1, uadpScalars))
	uadpSend(n, 50004, writers(data(set(1)), 1))
	uadpSend(n, 50004, writers(data(set(1)).U8(0, 0, 0), 1)) // padding
	uadpSend(n, 50004, writers(set(1).F64(1).U8(0), 1))      // too short for its description
	uadpSend(n, 50004, writers(data(set(2)), 1))             // another version
	uadpSend(n, 50004, uadpMetadata(uint16(77), 2, 1, func(o *OPC) *OPC {
		return o.U32(3).Field("Id", 14, -1).Field("Text", 12, -1).Field("Later", 5, -1)
	}))
	uadpSend(n, 50004, writers(set(1).U8(make([]byte, 16)...).Text("shift B").U16(5), 2))
	uadpSend(n, 50004, writers((&OPC{}).U8(1|1<<1|0x80, 1).U8(1, 2, 3), 1)) // raw changes: there is no such thing
	// Filled up to their longest: a text, bytes, a row of which two are there, a table, a row of no known length.
	uadpSend(n, 50004, uadpMetadata(uint16(77), 3, 1, func(o *OPC) *OPC {
		return o.U32(7).Padded("Name", 12, -1, 6).Field("After", 5, -1).Padded("Bytes", 15, -1, 2).Padded("Row", 4, 1, 0, 3).
			Padded("Table", 3, 2, 0, 2, 2).Field("Last", 5, -1).Field("Open", 5, 1)
	}))
	uadpSend(n, 50004, writers(set(1).Text("abc").U8(0, 0, 0).U16(41).U32(1).U8(9, 0).U32(2).U16(7).U16(8).U16(0).
		U32(2, 2).U8(1, 2, 3, 4).U16(42).U32(1).U16(43), 3))
	two := &UADP{Publisher: uint16(77), Group: 5, Writers: []uint16{1, 9}, Sets: []*OPC{data(set(1)), set(1).U8(1, 2)}}
	uadpSend(n, 50004, two)
}

// uadpScalars are three fields.
func uadpScalars(o *OPC) *OPC {
	return o.U32(3).Field("Speed", 11, -1).Field("Running", 1, -1).Field("Count", 5, -1)
}

// uadpMetadata describes a data set.
func uadpMetadata(publisher any, writer uint16, version uint32, fields func(*OPC) *OPC) *UADP {
	o := (&OPC{}).U8(2).U16(1).U16(writer)
	o.U32(1).Text("urn:press")
	o.U32(1).Node(1, 3001).Qualified(1, "Pair").Node(1, 5001).Node(0, 22).U32(0, 1).Text("X").Local("").Node(0, 11).U32(0xffffffff).Null(1).U32(0).U8(0)
	o.U32(1).Node(1, 3002).Qualified(1, "Mode").U32(1).U64(1).Local("Run").Local("").Text("Run").U8(6)
	o.U32(1).Node(1, 3003).Qualified(1, "Length").Node(0, 11).U8(11)
	o.Text(fmt.Sprintf("Press %d", writer)).Local("what the press does")
	fields(o).U8(make([]byte, 16)...).U32(version, version).U32(0)
	return &UADP{Publisher: publisher, Type: 2, Sets: []*OPC{o}}
}

// uadpDiscovery asks a publisher for all there is to ask, and it answers.
func uadpDiscovery(n *Net) {
	ask := func(o *OPC) {
		n.UDP(uadpAsker, uadpGroup, 50005, PortOPCUA, (&UADP{Publisher: uint16(77), Type: 1, Open: true, Sets: []*OPC{o}}).Encode())
		n.Wait(time.Second)
	}
	say := func(o *OPC) { uadpSend(n, 50006, &UADP{Publisher: uint16(77), Type: 2, Open: true, Sets: []*OPC{o}}) }
	ask((&OPC{}).U8(1, 1).Null(1))
	say(opcuaEndpoints((&OPC{}).U8(1).U16(1)).U32(0))
	ask((&OPC{}).U8(1, 2).U32(2).U16(1).U16(2))
	uadpSend(n, 50006, uadpMetadata(uint16(77), 1, 4, uadpScalars))
	refused := (&OPC{}).U8(2).U16(3).U16(2).Null(4).Null(1).U8(0).Null(1).U8(make([]byte, 16)...).U32(0, 0).U32(0x803e0000)
	say(refused)
	uadpSend(n, 50006, &UADP{Publisher: uint16(77), Group: 5, Writers: []uint16{1, 2}, Sets: []*OPC{
		UADPSet(0, 0, 1).U16(4).U8(11).F64(1.5).U8(1, 1).U8(5).U16(3).U8(3, 9), UADPSet(0, 1, 1).U16(1).U16(1).U8(1, 1)}})
	uadpSend(n, 50006, &UADP{Publisher: uint16(77), Group: 5, Writers: []uint16{1}, Sets: []*OPC{UADPSet(2, 1, 2).U16(1).U16(1).U8(3, 1, 0).U32(0x40000000)}})
	ask((&OPC{}).U8(1, 3).U32(1).U16(1))
	group := (&OPC{}).U8(3).U16(4).U32(1).U16(1).Text("Presses").U8(1).U32(2).Text("keys").Null(1).U32(1400).U32(1).Property("zone", 2)
	group.U16(5).F64(10).F64(1000).U8(0).U32(1).Text("en").Text("http://opcfoundation.org/UA/PubSub-Layouts/UADP-Periodic-Fixed")
	group.Body(15532, (&OPC{}).U32(0)).NoBody().U32(1).Text("Writer 1").U8(1).U16(1).U32(0x20, 10).Text("Press 1").Null(1).NoBody().NoBody()
	say(group.U32(2, 0, 0x80340000))
	ask((&OPC{}).U8(1, 4).U16(5).U8(1))
	ask((&OPC{}).U8(1, 5).Null(1).U8(1, 1))
	ask((&OPC{}).U8(1, 5).U32(1).Text("http://opcfoundation.org/UA-Profile/Transport/pubsub-udp-uadp").U8(1, 0))
	ask((&OPC{}).U8(2))
	ask((&OPC{}).U8(1, 9).Null(1))
	say((&OPC{}).U8(4).U16(5).U32(0))
	say((&OPC{}).U8(5).U16(6).U16(2).U8(1))
	say((&OPC{}).U8(6).U16(8).U32(0))
	say((&OPC{}).U8(7).U16(9).U16(1))
	say((&OPC{}).U8(9).U16(10))
	say(opcuaApplication((&OPC{}).U8(5).U16(7).U16(1), "urn:works:press", "urn:works:pressplc", "Press controller").U32(1).Text("PUB"))
	for i := range uint16(20) { // more data sets and more names than are kept
		uadpSend(n, 50006, uadpMetadata(uint16(77), 100+i, 1, func(o *OPC) *OPC {
			o.U32(70)
			for k := range 70 {
				o.Field(fmt.Sprintf("A field with a long name %d", k), 3, -1)
			}
			return o
		}))
		set := UADPSet(0, 0, i).U16(70)
		for k := range byte(70) {
			set.U8(3, k)
		}
		if i > 14 {
			uadpSend(n, 50006, &UADP{Publisher: uint16(77), Group: 5, Writers: []uint16{100 + i}, Sets: []*OPC{set}})
		}
	}
}

// uadpSecured is messages that are signed, encrypted, or cut into chunks.
func uadpSecured(n *Net) {
	set := func(i uint16) *OPC { return UADPSet(0, 0, i).U16(1).U8(6).U32(uint32(i)) }
	for i := range uint16(3) {
		uadpSend(n, 50007, &UADP{Publisher: uint16(2234), Group: 100, Sequence: 1 + i, Writers: []uint16{1}, Security: 1, Sets: []*OPC{set(i)}})
		uadpSend(n, 50007, &UADP{Publisher: uint16(2234), Group: 100, Sequence: 1 + i, Security: 5, Footer: []byte{9, 9}, Sets: []*OPC{set(i)}})
		uadpSend(n, 50008, &UADP{Publisher: uint16(2234), Group: 100, Sequence: 1 + i, Writers: []uint16{1}, Security: 3, Sets: []*OPC{opcuaNoise(60)}})
	}
	uadpSend(n, 50008, &UADP{Publisher: uint16(2234), Group: 100, Writers: []uint16{1, 2}, Security: 3, Sets: []*OPC{opcuaNoise(80), opcuaNoise(10)}})
	uadpSend(n, 50008, &UADP{Publisher: uint16(2234), Type: 1, Security: 3, Sets: []*OPC{opcuaNoise(7)}})
	part := bytes.Repeat([]byte{3, 7}, 300)
	for i := range uint32(2) {
		chunk := (&OPC{}).U16(5).U32(600*i, 1200).Text(string(part))
		uadpSend(n, 50009, &UADP{Publisher: uint16(2234), Group: 100, Writers: []uint16{1}, Chunk: true, Sets: []*OPC{chunk}})
	}
	whole := (&OPC{}).U16(6).U32(0, 900).Text(string(part))
	uadpSend(n, 50009, &UADP{Publisher: uint16(2234), Type: 2, Chunk: true, Sets: []*OPC{whole}})
	bare := (&OPC{}).U16(7).U32(600, 700).U8(part[:100]...)
	uadpSend(n, 50011, &UADP{Publisher: uint16(2234), Type: 2, Chunk: true, Writers: []uint16{0}, Sets: []*OPC{bare}})
}

// uadpEthernet is the same without IP.
func uadpEthernet(n *Net) {
	for i := range uint16(4) {
		u := &UADP{Publisher: uint16(2234), Group: 100, Version: uadpVersion, Number: 1, Sequence: 1 + i, Sets: []*OPC{UADPSet(0, 0, i).U16(1).U8(6).U32(uint32(i))}}
		n.Ethernet(uadpPublisher.MAC, uadpGroupMAC, 0, etherUADP, u.Encode())
	}
	n.Ethernet(uadpPublisher.MAC, uadpGroupMAC, 0, etherUADP, []byte{2, 1})
}

// uadpMalformed breaks one rule at a time.
func uadpMalformed(n *Net) {
	good := (&UADP{Publisher: uint16(1), Group: 3, Writers: []uint16{1}, Sets: []*OPC{UADPSet(0, 0, 1).U16(1).U8(6).U32(5)}}).Encode()
	send := func(b []byte) { n.UDP(uadpPublisher, uadpGroup, 50010, PortOPCUA, b); n.Wait(time.Millisecond) }
	with := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	sets := func(s ...*OPC) []byte {
		return (&UADP{Publisher: uint16(1), Group: 3, Writers: []uint16{1, 2, 3}[:len(s)], Sets: s}).Encode()
	}
	send(good)
	send(with(0, 0xf2))      // version
	send(with(1, 6))         // kind of publisher
	send(with(4, 0x11))      // group's parts
	send(good[:6])           // cut in its header
	send(good[:11])          // cut in the data set's
	send(good[:len(good)-2]) // cut in a value
	send(append(append([]byte(nil), good...), 1))
	send(with(10, 0x0f)) // encoding
	send(with(7, 0))     // no data sets
	send(sets((&OPC{}).U8(0x81, 0x40).U16(0)))
	send(sets(UADPSet(0, 0, 1).U16(1).U8(3, 1), UADPSet(0, 0, 1).U16(1).U8(3, 1, 9)))
	long := sets(UADPSet(0, 0, 1).U16(1).U8(3, 1), UADPSet(0, 0, 1).U16(1).U8(3, 1))
	send(long[:13])
	send(long[:len(long)-1])
	send(append(append([]byte(nil), long...), 1))
	send((&UADP{Publisher: uint16(1), Security: 1, Sets: nil}).Encode()[:20])
	send((&UADP{Publisher: uint16(1), Promoted: (&OPC{}).U8(6, 1), Sets: []*OPC{UADPSet(0, 3, 1)}}).Encode())
	many := &UADP{Publisher: uint16(1), Group: 3}
	for range 70 {
		many.Sets = append(many.Sets, UADPSet(0, 3, 1))
	}
	send(many.Encode())
	for _, o := range []*OPC{(&OPC{}).U8(9), (&OPC{}).U8(1, 2).U32(9).U16(1)} {
		send((&UADP{Publisher: uint16(1), Type: 1, Sets: []*OPC{o}}).Encode())
	}
	for _, o := range []*OPC{(&OPC{}).U8(1).U16(1).U32(4), (&OPC{}).U8(2).U16(1).U16(1), (&OPC{}).U8(3).U16(1).U32(99)} {
		send((&UADP{Publisher: uint16(1), Type: 2, Sets: []*OPC{o}}).Encode())
	}
	for _, o := range []*OPC{(&OPC{}).U16(1).U32(0, 1).Text("abc"), (&OPC{}).U16(1)} {
		send((&UADP{Publisher: uint16(1), Chunk: true, Writers: []uint16{1}, Sets: []*OPC{o}}).Encode())
	}
	action := (&UADP{Publisher: uint16(1), Type: 1, Sets: []*OPC{(&OPC{}).U8(1)}}).Encode()
	action[2] = 0x20
	send(action)
	send(good)
}
