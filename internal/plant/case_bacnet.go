package plant

import (
	"net/netip"
	"time"

	"firedoor"
)

// Hosts of the BACnet captures.
var (
	bacDesk   = &Host{Name: "bms", MAC: 0x02_00_00_00_0b_10, IP: netip.MustParseAddr("10.11.0.10")}
	bacAHU    = &Host{Name: "ahu", MAC: 0x02_00_00_00_0b_20, IP: netip.MustParseAddr("10.11.0.20")}
	bacRouter = &Host{Name: "router", MAC: 0x02_00_00_00_0b_01, IP: netip.MustParseAddr("10.11.0.1")}
	bacAll255 = &Host{Name: "all", MAC: Broadcast, IP: netip.MustParseAddr("10.11.0.255")}
)

// bacTalk sends a request and, a moment later, its answer.
func bacTalk(n *Net, request, answer []byte) {
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, request)
	n.Wait(4 * time.Millisecond)
	if answer != nil {
		n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, answer)
	}
	n.Wait(50 * time.Millisecond)
}

// bacProperty is what requests and answers say of a property.
func bacProperty(kind, instance, property uint32) []byte {
	return bacAll(bacO(0, bacID(kind, instance)), bacC(1, property))
}

// bacnetPoll reads two temperatures and a valve's state, one by one and
// together, and refreshes a setpoint.
func bacnetPoll(n *Net) {
	for i := range byte(12) {
		id := 4 * i
		in := bacProperty(bacAnalogInput, 3, bacPresent)
		bacTalk(n, bacAsk(id, 12, in), bacData(id, 12, in, bacIn(3, bacReal(20+float32(i)/4))))
		id++
		several := bacAll(bacO(0, bacID(bacAnalogInput, 4)), bacIn(1, bacC(0, bacPresent), bacC(0, 111)))
		bacTalk(n, bacAsk(id, 14, several, bacO(0, bacID(bacBinaryOutput, 1)), bacIn(1, bacC(0, bacPresent))),
			bacData(id, 14, bacO(0, bacID(bacAnalogInput, 4)),
				bacIn(1, bacC(2, bacPresent), bacIn(4, bacReal(7)), bacC(2, 111), bacIn(4, bacTag(8, 0, 4, 0))),
				bacO(0, bacID(bacBinaryOutput, 1)), bacIn(1, bacC(2, bacPresent), bacIn(4, bacE(uint32(i%2))))))
		id++
		bacTalk(n, bacAsk(id, 15, bacProperty(bacAnalogValue, 9, bacPresent), bacIn(3, bacReal(21.5)), bacC(4, 10)), bacAck(id, 15))
		n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, bacTell(2, bacChange(5, bacReal(float32(i)))))
	}
}

// bacChange is a notification of an analog input's new value.
func bacChange(instance uint32, value []byte) []byte {
	return bacAll(bacC(0, 18), bacO(1, bacID(bacDevice, 2001)), bacO(2, bacID(bacAnalogInput, instance)), bacC(3, 120),
		bacIn(4, bacC(0, bacPresent), bacIn(2, value), bacC(0, 111), bacIn(2, bacTag(8, 0, 4, 0x80))))
}

// bacnetServices asks for everything the specification has.
func bacnetServices(n *Net) {
	id := byte(0)
	ask := func(service byte, request, answer []byte) {
		reply := bacAck(id, service)
		if answer != nil {
			reply = bacData(id, service, answer)
		}
		bacTalk(n, bacAsk(id, service, request), reply)
		id++
	}
	device := bacID(bacDevice, 2001)
	output := bacProperty(bacAnalogOutput, 101, bacPresent)
	ask(12, bacAll(bacProperty(bacDevice, 2001, 76), bacC(2, 0)), bacAll(bacProperty(bacDevice, 2001, 76), bacC(2, 0), bacIn(3, bacU(3))))
	ask(12, bacProperty(bacDevice, 2001, 76), bacAll(bacProperty(bacDevice, 2001, 76),
		bacIn(3, bacObject(device), bacObject(bacID(bacAnalogInput, 3)), bacObject(bacID(bacAnalogOutput, 101)))))
	ask(12, bacAll(bacO(0, bacID(bacAnalogOutput, 101)), bacC(1, bacPriority), bacC(2, 8)),
		bacAll(bacO(0, bacID(bacAnalogOutput, 101)), bacC(1, bacPriority), bacC(2, 8), bacIn(3, bacNull)))
	ask(12, bacProperty(bacAnalogOutput, 101, bacPriority), bacAll(bacProperty(bacAnalogOutput, 101, bacPriority),
		bacIn(3, bacNull, bacReal(4), bacNull, bacNull)))
	ask(12, bacProperty(45, 1, bacPresent), bacAll(bacProperty(45, 1, bacPresent), bacIn(3, bacI(-40))))
	ask(12, bacProperty(46, 1, bacPresent), bacAll(bacProperty(46, 1, bacPresent), bacIn(3, bacDouble(-0.5))))
	ask(12, bacProperty(48, 1, 1000), bacAll(bacProperty(48, 1, 1000), bacIn(3, bacTag(2, 0, 1, 2, 3, 4, 5))))
	ask(12, bacProperty(200, 7, 4194305), bacAll(bacProperty(200, 7, 4194305), bacIn(3, bacBool(1), bacBool(0))))
	ask(12, bacProperty(19, 1, 110), bacAll(bacProperty(19, 1, 110), bacIn(3, bacText("off"), bacText("on"))))
	ask(12, bacProperty(40, 1, 600), bacAll(bacProperty(40, 1, 600), bacIn(3, bacText("S3cr3t")))) // a maker's own
	ask(12, bacProperty(44, 1, bacPresent), bacAll(bacProperty(44, 1, bacPresent), bacIn(3, bacDate, bacTime)))
	ask(15, bacAll(output, bacIn(3, bacReal(55)), bacC(4, 1)), nil)
	ask(15, bacAll(output, bacIn(3, bacNull), bacC(4, 1)), nil)
	ask(15, bacAll(output, bacIn(3, bacReal(56))), nil)
	ask(15, bacAll(output, bacIn(3, bacNull)), nil)
	ask(15, bacAll(bacProperty(bacDevice, 2001, 58), bacIn(3, bacText("Hall 2"))), nil)
	ask(16, bacAll(bacO(0, bacID(bacAnalogValue, 1)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacReal(1)), bacC(3, 8), bacC(0, 22), bacIn(2, bacReal(0.5))),
		bacO(0, bacID(bacBinaryOutput, 2)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacE(1)), bacC(3, 16))), nil)
	ask(26, bacAll(bacProperty(bacTrendLog, 1, 131), bacIn(3, bacU(1), bacI(-10))), bacAll(bacProperty(bacTrendLog, 1, 131),
		bacTag(3, 8, 5, 0xa0), bacC(4, 1), bacIn(5, bacIn(0, bacDate, bacTime), bacIn(1, bacTag(2, 8, 0x41, 0xa0, 0, 0)))))
	ask(8, bacAll(bacProperty(15, 1, 102), bacIn(3, bacObject(device))), nil)
	ask(9, bacAll(bacProperty(15, 1, 102), bacIn(3, bacObject(device))), nil)
	ask(5, bacAll(bacC(0, 18), bacO(1, bacID(bacAnalogInput, 3)), bacC(2, 1), bacC(3, 120)), nil)
	ask(28, bacAll(bacC(0, 18), bacO(1, bacID(bacAnalogInput, 3)), bacC(2, 0), bacC(3, 60), bacIn(4, bacC(0, bacPresent)), bacTag(5, 8, 0x3f, 0, 0, 0)), nil)
	ask(30, bacAll(bacC(0, 18), bacC(1, 1), bacC(2, 60), bacC(3, 1), bacIn(4, bacO(0, bacID(bacAnalogInput, 3)),
		bacIn(1, bacIn(0, bacC(0, bacPresent)), bacC(2, 0), bacIn(0, bacC(0, 36)), bacC(2, 1)))), nil)
	ask(0, bacAll(bacC(0, 1), bacO(1, bacID(bacAnalogInput, 3)), bacC(2, 3), bacIn(3, bacC(1, 7)), bacTag(4, 8, append([]byte{0}, "operator"...)...), bacIn(5, bacC(1, 8))), nil)
	ask(3, nil, bacAll(bacObject(bacID(bacAnalogInput, 3)), bacE(3), bacTag(8, 0, 5, 0xe0)))
	ask(4, bacC(0, 0), bacAll(bacObject(bacID(bacAnalogInput, 3)), bacE(5), bacE(3), bacU(1), bacU(1)))
	ask(29, nil, bacAll(bacIn(0), bacC(1, 0)))
	ask(29, bacO(0, bacID(bacAnalogInput, 3)), bacAll(bacIn(0), bacC(1, 0)))
	ask(27, bacAll(bacC(0, 1), bacTag(1, 8, append([]byte{0}, "operator"...)...), bacC(2, 4), bacO(3, bacID(21, 1))), nil)
	ask(27, bacAll(bacC(0, 1), bacTag(1, 8, append([]byte{0}, "operator"...)...), bacC(2, 1)), nil)
	ask(10, bacAll(bacIn(0, bacC(0, bacAnalogValue)), bacIn(1, bacC(0, 77), bacIn(2, bacText("new")))), bacObject(bacID(bacAnalogValue, 77)))
	ask(10, bacIn(0, bacO(1, bacID(bacAnalogValue, 78))), bacObject(bacID(bacAnalogValue, 78)))
	ask(11, bacObject(bacID(bacAnalogValue, 77)), nil)
	ask(18, bacAll(bacC(0, 7), bacC(1, 3), bacIn(2, bacText("hunter2"))), bacAll(bacC(0, 7), bacC(1, 3)))
	ask(19, bacAll(bacO(0, device), bacIn(1, bacC(0, 5)), bacC(2, 0), bacTag(3, 8, append([]byte{0}, "hunter2"...)...)), nil)
	ask(21, bacAll(bacE(0), bacU(1)), bacU(2))
	ask(23, bacAll(bacU(2), bacOctets("S3cr3t"), bacU(0)), bacC(0, 1))
	ask(22, bacU(2), nil)
	ask(13, bacIn(0), nil)
	ask(33, bacIn(0), nil)
	ask(40, nil, nil)
}

// bacnetControl stops and starts a device, with passwords, and moves its files.
func bacnetControl(n *Net) {
	id := byte(200)
	password := func(tag byte) []byte { return bacTag(tag, 8, append([]byte{0}, "S3cr3t"...)...) }
	for state := range uint32(9) {
		bacTalk(n, bacAsk(id, 20, bacC(0, state), password(1)), bacAck(id, 20))
		id++
	}
	bacTalk(n, bacAsk(id, 20, bacC(0, 0), password(1)), bacError(id, 20, 4, 26))
	bacTalk(n, bacAsk(id, 17, bacC(0, 5), bacC(1, 1), password(2)), bacAck(id, 17))
	bacTalk(n, bacAsk(id, 17, bacC(1, 0)), bacAck(id, 17))
	bacTalk(n, bacAsk(id, 17, bacC(1, 9)), bacError(id, 17, 5, 37))
	file := bacObject(bacID(bacFile, 3))
	bacTalk(n, bacAsk(1, 6, file, bacIn(0, bacI(0), bacU(40))), bacData(1, 6, bacBool(0), bacIn(0, bacI(0), bacOctets("hunter2 and thirty-three more octets ..."))))
	bacTalk(n, bacAsk(2, 6, file, bacIn(0, bacI(40), bacU(40))), bacData(2, 6, bacBool(1), bacIn(0, bacI(40), bacOctets("end"))))
	bacTalk(n, bacAsk(3, 6, file, bacIn(1, bacI(0), bacU(2))), bacData(3, 6, bacBool(1), bacIn(1, bacI(0), bacU(2), bacOctets("one"), bacOctets("two"))))
	bacTalk(n, bacAsk(4, 7, file, bacIn(0, bacI(0), bacOctets("hunter2"))), bacData(4, 7, bacTag(0, 8, 0)))
	bacTalk(n, bacAsk(5, 7, file, bacIn(1, bacI(0), bacU(2), bacOctets("one"), bacOctets("two"))), bacData(5, 7, bacTag(1, 8, 0)))
	bacTalk(n, bacAsk(6, 6, file, bacIn(0, bacI(900), bacU(40))), bacError(6, 6, 5, 11))
}

// bacnetUnasked is what is said to everybody: who is there, what changed.
func bacnetUnasked(n *Net) {
	cry := func(from *Host, b []byte) { n.UDP(from, bacAll255, PortBACnet, PortBACnet, b) }
	device := bacID(bacDevice, 2001)
	cry(bacDesk, bacCry(8))
	cry(bacDesk, bacCry(8, bacC(0, 2000), bacC(1, 2009)))
	cry(bacAHU, bacCry(0, bacObject(device), bacU(1476), bacE(0), bacU(7)))
	cry(bacAHU, bacCry(0, bacObject(device), bacU(1476), bacE(0), bacU(999)))
	cry(bacDesk, bacCry(7, bacTag(3, 8, append([]byte{0}, "AHU-1"...)...)))
	cry(bacDesk, bacCry(7, bacC(0, 1), bacC(1, 9), bacO(2, bacID(bacAnalogInput, 3))))
	cry(bacAHU, bacCry(1, bacObject(device), bacObject(device), bacText("AHU-1")))
	cry(bacAHU, bacCry(1, bacObject(device), bacObject(bacID(bacAnalogInput, 3)), bacText("Supply air")))
	cry(bacDesk, bacCry(6, bacDate, bacTime))
	cry(bacDesk, bacCry(9, bacDate, bacTime))
	cry(bacDesk, bacCry(4, bacC(0, 7), bacC(1, 1), bacIn(2, bacText("hunter2"))))
	cry(bacDesk, bacCry(5, bacO(0, device), bacC(2, 1), bacTag(3, 8, append([]byte{0}, "S3cr3t"...)...)))
	cry(bacDesk, bacCry(10, bacC(0, 23), bacC(1, 8), bacIn(2, bacC(0, 12), bacReal(1), bacC(0, 13), bacC(1, 5), bacNull, bacC(0, 14), bacIn(0, bacC(0, 1))), bacC(3, 1)))
	cry(bacAHU, bacCry(13, bacU(260), bacText("Model X"), bacText("SN-12")))
	cry(bacDesk, bacCry(14, bacU(260), bacText("Model X"), bacText("SN-12"), bacObject(device)))

	tell := func(b []byte) { n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, b) }
	event := bacAll(bacC(0, 1), bacO(1, device), bacO(2, bacID(bacAnalogInput, 3)), bacIn(3, bacC(1, 16)), bacC(4, 4), bacC(5, 100), bacC(6, 5),
		bacTag(7, 8, append([]byte{0}, "too warm"...)...), bacC(8, 0), bacC(9, 1), bacC(10, 0), bacC(11, 3),
		bacIn(12, bacIn(5, bacTag(0, 8, 0x42, 0xc8, 0, 0), bacTag(1, 8, 4, 0), bacTag(2, 8, 0, 0, 0, 0), bacTag(3, 8, 0x42, 0xc8, 0, 0))))
	tell(bacTell(3, event))
	tell(bacTell(2, bacChange(3, bacReal(20))))
	many := bacAll(bacC(0, 18), bacO(1, device), bacC(2, 60), bacIn(3, bacDate, bacTime),
		bacIn(4, bacO(0, bacID(bacAnalogInput, 3)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacReal(3))),
			bacO(0, bacID(bacAnalogInput, 4)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacReal(4)), bacTag(3, 8, 6, 0, 0, 0))))
	tell(bacTell(11, many))
	tell(bacTell(12, bacIn(0)))
	answered := func(invoke, service byte, body []byte) {
		tell(bacAsk(invoke, service, body))
		n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacAck(invoke, service))
	}
	answered(7, 1, bacChange(3, bacReal(21)))
	answered(8, 2, event)
	answered(9, 31, many)
}

// bacnetIdentity reads what a device says of itself, in one request and in several
// character sets.
func bacnetIdentity(n *Net) {
	device := bacO(0, bacID(bacDevice, 4194303))
	all := bacIn(1, bacC(0, 121), bacC(0, 70), bacC(0, 44), bacC(0, 12), bacC(0, 77), bacC(0, 28), bacC(0, 58), bacC(0, 372), bacC(0, 155))
	latin := bacTag(7, 0, append([]byte{5}, "Z\xe4hler"...)...)
	wide := bacTag(7, 0, 4, 0, 'H', 0, 'a', 0, 'l', 0, 'l', 0x20, 0x13, 0xd8, 0)
	part := func(property uint32, value []byte) []byte { return bacAll(bacC(2, property), bacIn(4, value)) }
	bacTalk(n, bacAsk(1, 14, device, all), bacData(1, 14, bacO(0, bacID(bacDevice, 2001)), bacIn(1,
		part(121, bacText("Firedoor Works")), part(70, bacText("FW-AHU")), part(44, bacText("V3.1")), part(12, bacText("app 7")),
		part(77, bacText("AHU-1")), part(28, latin), part(58, wide), bacC(2, 372), bacIn(5, bacE(2), bacE(32)), part(155, bacU(9)))))
	bacTalk(n, bacAsk(2, 14, device, bacIn(1, bacC(0, 8))), bacData(2, 14, bacO(0, bacID(bacDevice, 2001)), bacIn(1,
		part(121, bacText("Firedoor Works")), part(70, bacText("FW-AHU")))))
	bacTalk(n, bacAsk(3, 12, bacProperty(bacDevice, 2001, 372)), bacData(3, 12, bacProperty(bacDevice, 2001, 372), bacIn(3, bacText("SN-2001"))))
	bacTalk(n, bacAsk(4, 12, bacProperty(bacDevice, 2001, 70)), bacData(4, 12, bacProperty(bacDevice, 2001, 70),
		bacIn(3, bacTag(7, 0, 1, 3, 0x52, 'x'))))
	widest := bacTag(7, 0, 3, 0, 0, 0, 'Z', 0, 0, 0, 0xe4, 0, 0, 0x20, 0x13, 0, 1, 0xd1, 0x1e)
	bacTalk(n, bacAsk(5, 12, bacProperty(bacDevice, 2001, 28)), bacData(5, 12, bacProperty(bacDevice, 2001, 28), bacIn(3, widest)))
}

// bacnetErrors refuses requests in every way there is.
func bacnetErrors(n *Net) {
	in := bacProperty(bacAnalogInput, 300, bacPresent)
	read := func(id byte) []byte { return bacAsk(id, 12, in) }
	bacTalk(n, read(1), bacError(1, 12, 1, 31))
	bacTalk(n, read(2), bacError(2, 12, 2, 32))
	bacTalk(n, read(3), bacError(3, 12, 2, 33))
	bacTalk(n, read(4), bacError(4, 12, 2, 700))
	bacTalk(n, read(5), bacUni([]byte{0x60, 5, 9}))
	bacTalk(n, read(6), bacUni([]byte{0x60, 6, 200}))
	bacTalk(n, read(7), bacUni([]byte{0x71, 7, 4}))
	bacTalk(n, read(8), bacUni([]byte{0x71, 8, 99}))
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, read(9))
	bacTalk(n, bacUni([]byte{0x70, 9, 10}), nil) // the client itself gives up
	writes := bacAll(bacO(0, bacID(bacAnalogValue, 1)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacReal(1)), bacC(0, 104), bacIn(2, bacReal(2)), bacC(0, 22), bacIn(2, bacReal(3))))
	bacTalk(n, bacAsk(10, 16, writes), bacUni(bacAll([]byte{0x50, 10, 16}, bacIn(0, bacE(2), bacE(40)), bacIn(1, bacO(0, bacID(bacAnalogValue, 1)), bacC(1, 104)))))
	bacTalk(n, bacAsk(11, 10, bacIn(0, bacC(0, bacDevice))), bacUni(bacAll([]byte{0x50, 11, 10}, bacIn(0, bacE(1), bacE(4)), bacC(1, 0))))
	list := bacAll(bacO(0, bacID(bacAnalogInput, 3)), bacIn(1, bacC(0, bacPresent), bacC(0, 22), bacC(0, 28)))
	bacTalk(n, bacAsk(12, 14, list), bacData(12, 14, bacO(0, bacID(bacAnalogInput, 3)), bacIn(1, bacC(2, bacPresent), bacIn(4, bacReal(1)), bacC(2, 28), bacIn(5, bacE(2), bacE(32)))))
	bacTalk(n, read(13), nil)
	bacTalk(n, read(13), bacData(13, 12, in, bacIn(3, bacReal(13)))) // asked again
	other := bacProperty(bacAnalogInput, 301, bacPresent)
	bacTalk(n, read(14), bacData(14, 12, other, bacIn(3, bacReal(14)))) // not what was asked for
	bacTalk(n, read(15), bacAck(15, 15))
	n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, bacAsk(1, 15, bacProperty(bacAnalogValue, 1, bacPresent), bacIn(3, bacReal(9)), bacC(4, 8))) // the device asks too
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacAck(1, 15))
	n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, bacAsk(2, 12, in))
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacError(2, 12, 1, 31))
}

// bacnetRouted speaks with devices behind a router, with broadcast managers and
// with routers.
func bacnetRouted(n *Net) {
	talk := func(request, answer []byte) {
		n.UDP(bacDesk, bacRouter, PortBACnet, PortBACnet, request)
		n.Wait(20 * time.Millisecond)
		if answer != nil {
			n.UDP(bacRouter, bacDesk, PortBACnet, PortBACnet, answer)
		}
	}
	in := bacProperty(bacAnalogInput, 1, bacPresent)
	to := func(mac []byte, apdu []byte) []byte {
		return bacLink(bacUnicast, bacAll([]byte{1, 0x24, 0, 5, byte(len(mac))}, mac, []byte{255}, apdu)...)
	}
	from := func(mac []byte, apdu []byte) []byte {
		return bacLink(bacUnicast, bacAll([]byte{1, 0x08, 0, 5, byte(len(mac))}, mac, apdu)...)
	}
	one, two, far := []byte{12}, []byte{13}, []byte{10, 0, 0, 9, 0xba, 0xc0}
	for _, mac := range [][]byte{one, two, far} { // the same number for all
		n.UDP(bacDesk, bacRouter, PortBACnet, PortBACnet, to(mac, bacAll([]byte{0, 5, 1, 12}, in)))
	}
	for i, mac := range [][]byte{two, far, one} {
		n.UDP(bacRouter, bacDesk, PortBACnet, PortBACnet, from(mac, bacAll([]byte{0x30, 1, 12}, in, bacIn(3, bacReal(float32(i))))))
	}
	model := bacProperty(bacDevice, 12, 70)
	talk(to(one, bacAll([]byte{0, 5, 2, 12}, model)), from(one, bacAll([]byte{0x30, 2, 12}, model, bacIn(3, bacText("not the router")))))
	talk(bacLink(bacUnicast, 1, 0x80, 0, 0, 7), bacLink(bacUnicast, 1, 0x80, 1, 0, 5, 0, 7))
	talk(bacLink(bacUnicast, 1, 0x80, 0), bacLink(bacUnicast, 1, 0x80, 2, 0, 7, 3))
	talk(bacLink(bacUnicast, 1, 0x80, 6, 0), bacLink(bacUnicast, 1, 0x80, 7, 0))
	talk(bacLink(bacUnicast, 1, 0x80, 6, 1, 0, 9, 1, 0), bacLink(bacUnicast, 1, 0x80, 7))
	talk(bacLink(bacUnicast, 1, 0x80, 8, 0, 9, 30), bacLink(bacUnicast, 1, 0x80, 3, 1, 0, 9))
	talk(bacLink(bacUnicast, 1, 0x80, 9, 0, 9), nil)
	talk(bacLink(bacUnicast, 1, 0x80, 4, 0, 5, 0, 7), nil)
	talk(bacLink(bacUnicast, 1, 0x80, 5), nil)
	talk(bacLink(bacUnicast, 1, 0x80, 0x12), bacLink(bacUnicast, 1, 0x80, 0x13, 0, 1, 1))
	talk(bacLink(bacUnicast, 1, 0x80, 0x90, 0, 7, 1, 2), nil)

	talk(bacLink(5, 0, 60), bacLink(0, 0, 0))
	talk(bacLink(5, 0, 60), bacLink(0, 0, 0x30))
	entry := []byte{10, 11, 0, 1, 0xba, 0xc0, 255, 255, 255, 255}
	talk(bacLink(1, entry...), bacLink(0, 0, 0))
	talk(bacLink(1), bacLink(0, 0, 0x10))
	talk(bacLink(2), bacLink(3, entry...))
	talk(bacLink(2), bacLink(0, 0, 0x20))
	talk(bacLink(6), bacLink(7, 10, 11, 0, 99, 0xba, 0xc0, 0, 60, 0, 50))
	talk(bacLink(8, 10, 11, 0, 99, 0xba, 0xc0), bacLink(0, 0, 0))
	talk(bacLink(8, 10, 11, 0, 98, 0xba, 0xc0), bacLink(0, 0, 0x50))
	talk(bacLink(9, bacAll([]byte{1, 0, 0x10, 8})...), bacLink(0, 0, 0x60))
	talk(nil, bacLink(0, 0, 0x77))
	iAm := bacAll([]byte{1, 0, 0x10, 0}, bacObject(bacID(bacDevice, 31)), bacU(480), bacE(3), bacU(5))
	talk(nil, bacLink(bacForwarded, append([]byte{10, 12, 0, 31, 0xba, 0xc0}, iAm...)...))
	behind := bacAll([]byte{1, 8, 0, 5, 1, 12, 0x10, 0}, bacObject(bacID(bacDevice, 12)), bacU(480), bacE(3), bacU(5))
	talk(nil, bacLink(bacUnicast, behind...))
	talk(bacLink(bacUnicast, 1, 0x80, 0x0b, 1, 2, 3, 4), nil) // network security
	talk(bacLink(0x0c, 1, 2, 3, 4), nil)
}

// bacnetSegments answers and asks in parts: all of them, one twice, one lost, too
// many, and the end of one whose beginning was not seen.
func bacnetSegments(n *Net) {
	list := bacProperty(bacDevice, 2001, 76)
	var all []byte
	for i := range uint32(60) {
		all = append(all, bacObject(bacID(bacAnalogInput, i))...)
	}
	body := bacAll(list, bacIn(3, all))
	ack := func(id, seq byte) []byte { return bacUni([]byte{0x40, id, seq, 4}) }
	parts := func(id byte) [][]byte {
		var out [][]byte
		for at := 0; at < len(body); at += 100 {
			flags, end := byte(0x3c), at+100
			if end >= len(body) {
				flags, end = 0x38, len(body)
			}
			out = append(out, bacUni(append([]byte{flags, id, byte(len(out)), 4, 12}, body[at:end]...)))
		}
		return out
	}
	up := func(b []byte) { n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, b) }
	down := func(b []byte) { n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, b) }
	ask := func(id byte) { down(bacUni(bacAll([]byte{2, 0x75, id, 12}, list))) }

	ask(1)
	for i, b := range parts(1) {
		up(b)
		down(ack(1, byte(i)))
	}
	up(parts(1)[3]) // the last one again
	ask(2)
	for _, i := range []int{0, 0, 1, 1, 2, 3} {
		up(parts(2)[i])
	}
	ask(3)
	for _, i := range []int{0, 2, 3} {
		up(parts(3)[i])
	}
	ask(4)
	for _, i := range []int{0, 1, 3} {
		up(parts(4)[i])
	}
	up(parts(5)[3])
	up(parts(6)[1])

	values := bacAll(bacO(0, bacID(bacAnalogValue, 1)), bacIn(1, bacC(0, bacPresent), bacIn(2, bacReal(1)), bacC(0, 22), bacIn(2, bacReal(2))))
	down(bacUni(append([]byte{0x0c, 0x75, 7, 0, 4, 16}, values[:14]...)))
	up(bacUni([]byte{0x41, 7, 0, 4}))
	down(bacUni(append([]byte{0x08, 0x75, 7, 1, 4, 16}, values[14:]...)))
	up(bacAck(7, 16))
	down(bacUni(append([]byte{0x08, 0x75, 8, 1, 4, 16}, values[14:]...))) // its beginning was not seen
	up(bacAck(8, 16))
	for i := range 30 { // longer than is kept
		flags := byte(0x3c)
		if i == 29 {
			flags = 0x38
		}
		up(bacUni(append([]byte{flags, 9, byte(i), 4, 12}, make([]byte, 1200)...)))
	}
}

// bacnetMany reads properties without naming them, and more objects at once than most do.
func bacnetMany(n *Net) {
	const all, optional, units, name = 8, 80, 117, 77
	object := func(i uint32) []byte { return bacO(0, bacID(bacAnalogInput, i)) }
	bacTalk(n, bacAsk(1, 14, object(1), bacIn(1, bacC(0, bacPresent), bacC(0, all)), object(2), bacIn(1, bacC(0, optional))),
		bacData(1, 14, object(1), bacIn(1, bacC(2, bacPresent), bacIn(4, bacReal(20)),
			bacC(2, bacPresent), bacIn(4, bacReal(20)), bacC(2, name), bacIn(4, bacText("Supply air")), bacC(2, units), bacIn(5, bacE(2), bacE(32))),
			object(2), bacIn(1, bacC(2, 69), bacIn(4, bacReal(-40)))))
	var asked, said []byte
	for i := range uint32(150) {
		asked = append(asked, bacAll(bacO(0, bacID(bacAnalogInput, i)), bacIn(1, bacC(0, bacPresent)))...)
		said = append(said, bacAll(bacO(0, bacID(bacAnalogInput, i)), bacIn(1, bacC(2, bacPresent), bacIn(4, bacReal(float32(i)))))...)
	}
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacUni(append([]byte{2, 0x75, 1, 14}, asked...)))
	const piece = 1000
	for i := byte(0); len(said) > 0; i++ {
		flags := byte(0x3c)
		if len(said) <= piece {
			flags = 0x38
		}
		part := said[:min(len(said), piece)]
		said = said[len(part):]
		n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, bacUni(append([]byte{flags, 1, i, 4, 14}, part...)))
		n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacUni([]byte{0x40, 1, i, 4}))
	}
}

// bacnetMidstream begins with answers whose requests were not seen.
func bacnetMidstream(n *Net) {
	up := func(b []byte) { n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, b) }
	in := bacProperty(bacAnalogInput, 3, bacPresent)
	up(bacData(1, 12, in, bacIn(3, bacReal(3))))
	up(bacAck(2, 15))
	up(bacError(3, 12, 1, 31))
	up(bacUni([]byte{0x60, 4, 9}))
	up(bacUni([]byte{0x71, 5, 4}))
	up(bacUni([]byte{0x40, 6, 0, 4}))
	up(bacData(7, 14, bacO(0, bacID(bacAnalogInput, 3)), bacIn(1, bacC(2, bacPresent), bacIn(4, bacReal(1)), bacC(2, 28), bacIn(5, bacE(2), bacE(32)))))
	up(bacData(8, 6, bacBool(1), bacIn(0, bacI(0), bacOctets("text"))))
	up(bacData(9, 7, bacTag(0, 8, 0)))
	up(bacData(10, 10, bacObject(bacID(bacAnalogValue, 7))))
	up(bacData(11, 26, bacProperty(bacTrendLog, 1, 131), bacTag(3, 8, 5, 0xa0), bacC(4, 2), bacIn(5), bacC(6, 1)))
	up(bacAck(12, 1))
	up(bacLink(3))
	up(bacLink(0, 0, 0))
	up(bacAsk(13, 1, bacChange(3, bacReal(4)))) // notifications come from who serves
	n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, bacAsk(14, 12, in))
	up(bacData(14, 12, in, bacIn(3, bacReal(5))))
}

// bacnetSix is the virtual link of IPv6 (annex U), on another port.
func bacnetSix(n *Net) {
	a := &Host{Name: "bms6", MAC: firedoor.MAC(0x02_00_00_00_0b_60), IP: netip.MustParseAddr("fd00:b::10")}
	b := &Host{Name: "ahu6", MAC: firedoor.MAC(0x02_00_00_00_0b_61), IP: netip.MustParseAddr("fd00:b::20")}
	link := func(function byte, body ...byte) []byte {
		return append([]byte{0x82, function, 0, byte(4 + len(body))}, body...)
	}
	talk := func(request, answer []byte) {
		n.UDP(a, b, 50000, 47900, request)
		n.UDP(b, a, 47900, 50000, answer)
	}
	in := bacProperty(bacAnalogInput, 3, bacPresent)
	talk(link(1, bacAll([]byte{0, 0, 1, 0, 0, 2, 1, 4, 0, 5, 1, 12}, in)...), link(1, bacAll([]byte{0, 0, 2, 0, 0, 1, 1, 0, 0x30, 1, 12}, in, bacIn(3, bacReal(6)))...))
	talk(link(9, 0, 0, 1, 0, 60), link(0, 0, 0, 2, 0, 0))
	talk(link(9, 0, 0, 1, 0, 60), link(0, 0, 0, 2, 0, 0x60))
	talk(link(3, 0, 0, 1, 0, 0, 2), link(5, 0, 0, 2, 0, 0, 1))
	origin := a.IP.As16()
	n.UDP(b, a, 47900, 50000, link(8, bacAll([]byte{0, 0, 3}, origin[:], []byte{0xba, 0xc0, 1, 0, 0x10, 0}, bacObject(bacID(bacDevice, 66)), bacU(1476), bacE(0), bacU(260))...))
	n.UDP(a, b, 50000, 47900, link(2, bacAll([]byte{0, 0, 1, 1, 0, 0x10, 8})...))
	n.UDP(a, b, 50000, 47900, link(10, bacAll([]byte{0, 0, 1}, origin[:], []byte{0xba, 0xc0})...))
}

// bacnetMalformed breaks one rule after the other.
func bacnetMalformed(n *Net) {
	send := func(b []byte) {
		n.UDP(bacDesk, bacAHU, PortBACnet, PortBACnet, b)
		n.Wait(time.Millisecond)
	}
	in := bacProperty(bacAnalogInput, 3, bacPresent)
	bacTalk(n, bacAsk(1, 12, in), bacData(1, 12, in, bacIn(3, bacReal(3))))
	good := bacAsk(2, 12, in)
	send(append(good[:len(good):len(good)], 0))                   // more than the length says
	send(good[:len(good)-2])                                      // less
	send([]byte{0x81, 10})                                        // no header
	send([]byte{0x81, 10, 0, 3, 1, 0})                            // a length shorter than the header
	send(bacLink(bacUnicast, 2, 0, 0x10, 8))                      // another version
	send(bacLink(bacUnicast, 1))                                  // no network header
	send(bacLink(bacUnicast, 1, 0x20, 0))                         // a cut address
	send(bacLink(bacUnicast, 1, 8, 0, 5, 0, 16, 8))               // a source without an address
	send(bacLink(bacUnicast, 1, 0))                               // no application message
	send(bacUni([]byte{0x80, 1, 2}))                              // a kind that does not exist
	send(bacUni([]byte{0, 5}))                                    // a cut one
	send(bacLink(bacForwarded, 10, 0, 0, 1))                      // a cut address of the origin
	send(bacLink(1, 1, 2, 3))                                     // half an entry
	send(bacLink(0x55, 1))                                        // no such function
	send(bacLink(bacUnicast, 1, 0x80, 0, 0, 5, 7))                // half a network number
	send(bacLink(bacUnicast, 1, 0x80, 1, 0, 5, 7))                // the same of an announcement
	send(bacAsk(3, 12, bacO(0, 5)))                               // no property
	send(bacAsk(4, 12, in, bacC(9, 1)))                           // too much
	send(bacAsk(5, 12, []byte{0x0c, 0, 0}))                       // a cut tag
	send(bacAsk(6, 15, in, bacIn(3, bacReal(1))[:5]))             // no closing tag
	send(bacAsk(7, 15, in, []byte{0x3e, 0x44, 0, 0, 0, 0, 0x4f})) // the wrong one
	send(bacAsk(8, 14, bacO(0, 5), bacIn(1, bacC(1, 85))))
	send(bacAsk(9, 16, bacO(0, 5), bacIn(1, bacC(0, 85))))
	send(bacAsk(10, 6, bacObject(bacID(bacFile, 1)), bacIn(0, bacU(1))))
	send(bacAsk(11, 17))
	send(bacAsk(12, 20, []byte{0x0d}))
	send(bacAsk(13, 12, bacO(0, 5), bacTag(1, 8, 1, 2, 3, 4, 5)))
	send(bacAsk(14, 12, []byte{0xf5}))
	send(bacAsk(15, 12, []byte{0x0d, 254, 1}))
	send(bacAsk(16, 12, []byte{0x0d, 255, 1, 0, 0, 0}))
	send(bacAsk(17, 11, []byte{0x17}))
	send(bacAsk(18, 30, bacC(0, 1), bacIn(4, bacO(0, 5), bacIn(1, bacIn(0)))))
	send(bacTell(8, bacC(0, 1)))
	send(bacTell(0, bacObject(bacID(bacDevice, 1))))
	send(bacTell(1, bacText("x")))
	send(bacTell(2, bacC(0, 1)))
	send(bacTell(3, bacC(0, 1)))
	send(bacTell(13, bacU(1)))
	for _, answer := range [][]byte{
		bacData(3, 12, in),
		bacData(4, 12, in, bacIn(3, bacReal(1)), bacC(4, 1)),
		bacData(8, 14, bacO(0, 5), bacIn(1, bacC(2, 85))),
		bacUni([]byte{0x20, 9, 16, 1}),
		bacData(10, 6, bacU(1)),
		bacUni([]byte{0x50, 11, 17, 0x91, 1}),
		bacUni([]byte{0x50, 12, 20, 0x0e, 0x91, 1}),
	} {
		n.UDP(bacAHU, bacDesk, PortBACnet, PortBACnet, answer)
	}
}
