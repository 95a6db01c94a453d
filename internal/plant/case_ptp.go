package plant

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor"
)

// A grandmaster, another one, a switch that keeps time between them and two devices, a manager, and the groups.
var (
	ptpMaster   = &Host{Name: "clock-1", MAC: 0x02_00_00_00_30_10, IP: netip.MustParseAddr("10.10.30.10")}
	ptpSlave    = &Host{Name: "relay-7", MAC: 0x02_00_00_00_30_20, IP: netip.MustParseAddr("10.10.30.20")}
	ptpManager  = &Host{Name: "laptop", MAC: 0x02_00_00_00_30_30, IP: netip.MustParseAddr("10.10.30.30")}
	ptpAll      = &Host{Name: "ptp-primary", MAC: 0x01_00_5e_00_01_81, IP: netip.MustParseAddr("224.0.1.129"), TTL: 1}
	ptpPeers    = &Host{Name: "ptp-pdelay", MAC: 0x01_00_5e_00_00_6b, IP: netip.MustParseAddr("224.0.0.107"), TTL: 1}
	ptpMasterV6 = &Host{Name: "clock-6", MAC: 0x02_00_00_00_30_60, IP: netip.MustParseAddr("fd00:30::60")}
	ptpAllV6    = &Host{Name: "ptp-primary-6", MAC: 0x33_33_00_00_01_81, IP: netip.MustParseAddr("ff0e::181"), TTL: 1}
)

const (
	ptpGroup     = firedoor.MAC(0x01_1b_19_00_00_00)
	ptpLinkGroup = firedoor.MAC(0x01_80_c2_00_00_0e)

	ptpOne     = 0x020000_fffe_003010
	ptpTwo     = 0x020000_fffe_003011
	ptpBetween = 0x020000_fffe_0030a0
	ptpDevice  = 0x020000_fffe_003020
	ptpTool    = 0x020000_fffe_003030
	ptpEvery   = 0xffff_ffff_ffff_ffff
)

// ptpGood is a grandmaster that is led by satellites.
var ptpGood = PTPState{UTC: 37, Priority1: 128, Class: 6, Accuracy: 0x21, Variance: 0x4e5d, Priority2: 128, Grandmaster: ptpOne, Source: 0x20}

// ptpFlags: its offset to UTC is valid, its scale is TAI, time and frequency are traceable.
const ptpFlags = 0x003c

func ptpSend(n *Net, from firedoor.MAC, p *PTP) {
	n.Ethernet(from, ptpGroup, 0, etherPTP, p.Encode())
	n.Wait(20 * time.Millisecond)
}

// ptpPoll is a master whose reference comes and goes.
func ptpPoll(n *Net) {
	for i := range uint16(24) {
		s := ptpGood
		if i/2%2 == 1 {
			s.Class, s.Accuracy = 7, 0x23
		}
		p := PTP{Type: 0, Flags: 0x0200, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000+uint32(i), 0)}
		ptpSend(n, ptpMaster.MAC, &p)
		p.Type, p.Flags, p.Body = 8, 0, PTPTime(1_774_000_000+uint32(i), 4711)
		ptpSend(n, ptpMaster.MAC, &p)
		p.Type, p.Flags, p.Interval, p.Body = 0xb, ptpFlags, 1, s.Encode()
		ptpSend(n, ptpMaster.MAC, &p)
		n.Wait(time.Second)
	}
}

// ptpSeen shows each type of message, and what is news.
func ptpSeen(n *Net) {
	path := PTPElement(8, PTPPort(ptpOne, 0)[:8]...)
	announce := func(from firedoor.MAC, clock uint64, domain byte, flags uint16, s PTPState) {
		ptpSend(n, from, &PTP{Type: 0xb, Domain: domain, Flags: flags, Clock: clock, Port: 1, Interval: 1, Body: s.Encode(path)})
	}
	announce(ptpMaster.MAC, ptpOne, 0, ptpFlags, ptpGood)
	announce(ptpMaster.MAC, ptpOne, 0, ptpFlags, ptpGood)
	announce(ptpMaster.MAC, ptpOne, 0, ptpFlags|1, ptpGood) // a second more at the end of the day
	worse := ptpGood
	worse.Class, worse.Accuracy, worse.Variance, worse.Source = 52, 0xfe, 0xffff, 0xa0
	announce(ptpMaster.MAC, ptpOne, 0, 0x0008, worse)
	worse.Priority1, worse.Priority2, worse.UTC = 1, 2, -1
	announce(ptpMaster.MAC, ptpOne, 0, 0x0008, worse)
	announce(ptpMaster.MAC, ptpOne, 4, ptpFlags, ptpGood) // another domain
	behind := ptpGood
	behind.Steps = 1
	announce(ptpMaster.MAC+0xa0, ptpBetween, 0, ptpFlags, behind)
	behind.Grandmaster = ptpTwo // of the same quality
	announce(ptpMaster.MAC+0xa0, ptpBetween, 0, ptpFlags, behind)
	own := worse
	own.Grandmaster, own.Class = ptpBetween, 187
	announce(ptpMaster.MAC+0xa0, ptpBetween, 0, 0x0108, own)
	requester := PTPPort(ptpDevice, 1)
	for i := range uint16(2) {
		ptpSend(n, ptpMaster.MAC, &PTP{Type: 0, Minor: 1, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 5)})
		ptpSend(n, ptpSlave.MAC, &PTP{Type: 1, Clock: ptpDevice, Port: 1, Sequence: i, Interval: 0x7f, Body: PTPTime(0, 0)})
		ptpSend(n, ptpMaster.MAC, &PTP{Type: 9, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 9, requester...)})
	}
	// gPTP, of which each port of a bridge has a MAC of its own.
	link := func(from firedoor.MAC, p PTP) {
		p.Profile, p.Minor = 1, 1
		n.Ethernet(from, ptpLinkGroup, 0, etherPTP, p.Encode())
		n.Wait(10 * time.Millisecond)
	}
	for i := range uint16(2) {
		bridge, device := ptpMaster.MAC+0xa3, ptpSlave.MAC
		link(bridge, PTP{Type: 2, Clock: ptpBetween, Port: 3, Sequence: i, Body: make([]byte, 20)})
		link(device, PTP{Type: 3, Flags: 0x0200, Clock: ptpDevice, Port: 1, Sequence: i, Body: PTPTime(9, 9, PTPPort(ptpBetween, 3)...)})
		link(device, PTP{Type: 0xa, Clock: ptpDevice, Port: 1, Sequence: i, Body: PTPTime(9, 9, PTPPort(ptpBetween, 3)...)})
		link(bridge, PTP{Type: 0, Flags: 0x0208, Clock: ptpBetween, Port: 3, Sequence: i, Interval: -3, Body: make([]byte, 10)})
		follow := PTPElement(3, append([]byte{0, 0x80, 0xc2, 0, 0, 1}, make([]byte, 22)...)...)
		link(bridge, PTP{Type: 8, Flags: 0x0008, Clock: ptpBetween, Port: 3, Sequence: i, Interval: -3, Body: append(PTPTime(1_774_000_000, 0), follow...)})
		link(device, PTP{Type: 0xc, Clock: ptpDevice, Port: 1, Sequence: i, Interval: 0x7f, Body: append(PTPPort(ptpEvery, allPTPPorts), PTPElement(3, 0, 0x80, 0xc2, 0, 0, 2, 0, 0xfd, 0, 3, 0, 0)...)})
	}
	for i := range uint64(70) { // more clocks than are remembered
		n.Ethernet(ptpMaster.MAC+0xff, ptpGroup, 0, etherPTP, (&PTP{Type: 0, Clock: ptpOne + 0x1000 + i, Port: 1, Body: PTPTime(1_774_000_000, 5)}).Encode())
	}
}

const allPTPPorts = 0xffff

// ptpDatagrams is the same over UDP, to groups.
func ptpDatagrams(n *Net) {
	send := func(from, to *Host, port uint16, p *PTP, behind ...byte) {
		n.UDP(from, to, port, port, append(p.Encode(), behind...))
		n.Wait(20 * time.Millisecond)
	}
	for i := range uint16(3) {
		send(ptpMaster, ptpAll, ptpEvent, &PTP{Type: 0, Flags: 0x0200, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 0)})
		send(ptpMaster, ptpAll, ptpGeneral, &PTP{Type: 8, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 7)})
		send(ptpMaster, ptpAll, ptpGeneral, &PTP{Type: 0xb, Flags: ptpFlags, Clock: ptpOne, Port: 1, Sequence: i, Interval: 1, Body: ptpGood.Encode()})
		send(ptpSlave, ptpAll, ptpEvent, &PTP{Type: 1, Clock: ptpDevice, Port: 1, Sequence: i, Interval: 0x7f, Body: PTPTime(0, 0)})
		send(ptpMaster, ptpAll, ptpGeneral, &PTP{Type: 9, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 9, PTPPort(ptpDevice, 1)...)})
		send(ptpSlave, ptpPeers, ptpEvent, &PTP{Type: 2, Clock: ptpDevice, Port: 1, Sequence: i, Interval: 0x7f, Body: make([]byte, 20)})
		send(ptpMasterV6, ptpAllV6, ptpGeneral, &PTP{Type: 0xb, Minor: 1, Flags: ptpFlags, Clock: ptpTwo, Port: 1, Sequence: i, Interval: 1, Body: ptpGood.Encode()}, 0, 0)
	}
}

// ptpDescription is what a clock says of itself.
func ptpDescription() []byte {
	text := func(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }
	b := text([]byte{0x80, 0}, "IEEE 802.3")
	b = append(b, 0, 6, 2, 0, 0, 0, 0x30, 0x10, 0, 1, 0, 4, 10, 10, 30, 10, 0, 0x1b, 0x19, 0)
	b = text(b, "Meridian;Chronos 4;SN-0815")
	b = text(b, "C;4.1.7;2.0")
	b = text(b, "clock-1;hall 3")
	return append(b, 0, 0x1b, 0x19, 0, 1, 0)
}

// ptpManagement asks clocks, one and all, and sets and commands what can be.
func ptpManagement(n *Net) {
	sequence := uint16(0)
	send := func(from, to *Host, clock uint64, flags uint16, body []byte) {
		n.UDP(from, to, ptpGeneral, ptpGeneral, (&PTP{Type: 0xd, Flags: flags, Clock: clock, Port: 1, Sequence: sequence, Interval: 0x7f, Body: body}).Encode())
		n.Wait(10 * time.Millisecond)
	}
	ask := func(action byte, setting []byte) {
		sequence++
		send(ptpManager, ptpMaster, ptpTool, ptpUnicastFlag, PTPManagement(ptpOne, 1, [2]byte{1, 1}, action, setting))
	}
	answer := func(action byte, element []byte) {
		send(ptpMaster, ptpManager, ptpOne, ptpUnicastFlag, PTPManagement(ptpTool, 1, [2]byte{1, 1}, action, element))
	}
	for _, id := range []uint16{0, 1, 2, 6, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x200f, 0x2017, 0x2018, 0x4000, 0xc000} {
		ask(0, PTPSetting(id))
		switch id {
		case 1:
			answer(2, PTPSetting(id, ptpDescription()...))
		case 2:
			answer(2, PTPSetting(id, append([]byte{14}, "clock-1;hall 3"...)...))
		case 0x200f:
			answer(2, PTPSetting(id, PTPTime(1_774_000_001, 5)...))
		case 0x2018: // no answer
		default:
			answer(2, PTPSetting(id, make([]byte, 20)...))
		}
	}
	for id, data := range map16([]uint16{2, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x200b, 0x200c, 0x200f, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2016, 0x201b, 0x2020, 0x3000, 0x4002, 0x6000, 0x6001, 0xc001},
		[]string{"\x07clock-9", "\x01\x00", "\x02\x00", "\x04\x00", "\x01\x00", "\xfe\x00", "\x03\x00", "\xfd\x00", "\x02\x00", string(PTPTime(1_900_000_000, 5)), "\x22\x00", "\xff\xff\x04\x00",
			"\x30\x00", "\x08\x20", "\x01\x00", "\x00\x00", "\x01\x00", "\x05\x00", "\x01\x00", "\x00\x00", "\x02\x00", "\xff\x00", "\x00\x00\x00\x07"}) {
		ask(1, PTPSetting(id, data...))
		answer(2, PTPSetting(id, data...))
	}
	ask(0, PTPSetting(0x2005))
	answer(2, PTPSetting(0x2005, 1, 0))
	for _, id := range []uint16{3, 4, 5, 7, 0x200d, 0x200e, 0x2005, 0xc002} {
		ask(3, PTPSetting(id, 0, 0))
		answer(4, PTPSetting(id, 0, 0))
	}
	for i, fault := range []uint16{1, 2, 3, 4, 5, 6, 7, 0xfffe, 0} {
		ask([]byte{0, 1, 3}[i%3], PTPSetting(0x2006, 9, 0))
		answer([]byte{2, 2, 4}[i%3], ptpFault(fault, 0x2006))
	}
	ask(1, PTPSetting(0x2006, 7, 0)) // sent twice, answered once
	sequence--
	ask(1, PTPSetting(0x2006, 7, 0))
	answer(2, PTPSetting(0x2006, 7, 0))
	// Of all clocks; two answer, one of them for a third.
	sequence++
	send(ptpManager, ptpAll, ptpTool, 0, PTPManagement(ptpEvery, allPTPPorts, [2]byte{2, 2}, 0, PTPSetting(1)))
	send(ptpMaster, ptpAll, ptpOne, 0, PTPManagement(ptpTool, 1, [2]byte{2, 2}, 2, PTPSetting(1, ptpDescription()...)))
	send(ptpSlave, ptpAll, ptpTwo, 0, PTPManagement(ptpTool, 1, [2]byte{2, 1}, 2, PTPSetting(1, ptpDescription()...)))
	sequence++
	send(ptpManager, ptpAll, ptpTool, 0, PTPManagement(ptpEvery, allPTPPorts, [2]byte{1, 1}, 1, PTPSetting(0x2005, 5, 0)))
	send(ptpMaster, ptpAll, ptpOne, 0, PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, PTPSetting(0x2005, 5, 0)))
	send(ptpSlave, ptpAll, ptpDevice, 0, PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, ptpFault(5, 0x2005)))
	sequence++
	send(ptpManager, ptpAll, ptpTool, 0, PTPManagement(ptpDevice, 1, [2]byte{1, 1}, 3, PTPSetting(0x200e)))
	send(ptpSlave, ptpAll, ptpDevice, 0, PTPManagement(ptpTool, 1, [2]byte{1, 1}, 4, PTPSetting(0x200e)))
	// The same without IP, and with a key behind it that nobody reads.
	key := PTPElement(0x8009, append([]byte{0, 0, 0, 0, 0, 1}, "S3cr3t"...)...)
	ptpSend(n, ptpManager.MAC, &PTP{Type: 0xd, Clock: ptpTool, Port: 1, Interval: 0x7f, Body: append(PTPManagement(ptpOne, 1, [2]byte{1, 1}, 1, PTPSetting(0x2005, 1, 0)), key...)})
	ptpSend(n, ptpMaster.MAC, &PTP{Type: 0xd, Clock: ptpOne, Port: 1, Interval: 0x7f, Body: PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, PTPSetting(0x2005, 1, 0))})
}

func ptpFault(fault, id uint16) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, fault), id)
	return PTPElement(2, append(b, 0, 0, 0, 0, 0, 0)...)
}

// map16 goes through two lists at once.
func map16(ids []uint16, data []string) func(yield func(uint16, []byte) bool) {
	return func(yield func(uint16, []byte) bool) {
		for i, id := range ids {
			if !yield(id, []byte(data[i])) {
				return
			}
		}
	}
}

// ptpUnicast is a device that asks a master for time, gets some of it, and calls it off.
func ptpUnicast(n *Net) {
	signal := func(from, to *Host, clock, target uint64, elements ...[]byte) {
		body := PTPPort(target, 1)
		for _, e := range elements {
			body = append(body, e...)
		}
		n.UDP(from, to, ptpGeneral, ptpGeneral, (&PTP{Type: 0xc, Flags: ptpUnicastFlag, Clock: clock, Port: 1, Interval: 0x7f, Body: body}).Encode())
		n.Wait(10 * time.Millisecond)
	}
	ask := func(elements ...[]byte) { signal(ptpSlave, ptpMaster, ptpDevice, ptpEvery, elements...) }
	say := func(elements ...[]byte) { signal(ptpMaster, ptpSlave, ptpOne, ptpDevice, elements...) }
	ask(PTPElement(4, 0xb0, 1, 0, 0, 1, 44))
	say(PTPElement(5, 0xb0, 1, 0, 0, 1, 44, 0, 1))
	ask(PTPElement(4, 0x00, 0xfd, 0, 0, 1, 44), PTPElement(4, 0x90, 0xfd, 0, 0, 1, 44), PTPElement(4, 0x30, 0, 0, 0, 1, 44))
	say(PTPElement(5, 0x00, 0xfd, 0, 0, 1, 44, 0, 1), PTPElement(5, 0x90, 0xfd, 0, 0, 1, 44, 0, 1), PTPElement(5, 0x30, 0, 0, 0, 0, 0, 0, 0))
	for i := range uint16(2) {
		for _, p := range []PTP{{Type: 0xb, Flags: ptpFlags, Interval: 1, Body: ptpGood.Encode()}, {Type: 8, Body: PTPTime(1_774_000_000, 7)}} {
			p.Flags, p.Clock, p.Port, p.Sequence = p.Flags|ptpUnicastFlag, ptpOne, 1, i
			n.UDP(ptpMaster, ptpSlave, ptpGeneral, ptpGeneral, p.Encode())
		}
		n.UDP(ptpMaster, ptpSlave, ptpEvent, ptpEvent, (&PTP{Type: 0, Flags: ptpUnicastFlag | 0x0200, Clock: ptpOne, Port: 1, Sequence: i, Body: PTPTime(1_774_000_000, 0)}).Encode())
		n.UDP(ptpSlave, ptpMaster, ptpEvent, ptpEvent, (&PTP{Type: 1, Flags: ptpUnicastFlag, Clock: ptpDevice, Port: 1, Sequence: i, Body: PTPTime(0, 0)}).Encode())
		n.Wait(time.Second)
	}
	ask(PTPElement(4, 0x10, 0, 0, 0, 0, 9)) // of a type that nobody can be asked for; twice, and never answered
	ask(PTPElement(4, 0x10, 0, 0, 0, 0, 9))
	ask(PTPElement(6, 0x00, 0), PTPElement(6, 0x90, 0), PTPElement(6, 0x30, 0), PTPElement(6, 0x10, 0))
	say(PTPElement(7, 0x00, 0), PTPElement(7, 0x90, 0))
	say(PTPElement(6, 0xb0, 0)) // the master does not go on
	ask(PTPElement(7, 0xb0, 0))
	// Without the mark, and to all: nobody waits for an answer.
	n.UDP(ptpSlave, ptpAll, ptpGeneral, ptpGeneral, (&PTP{Type: 0xc, Clock: ptpDevice, Port: 1, Body: append(PTPPort(ptpEvery, allPTPPorts), PTPElement(4, 0xb0, 0, 0, 0, 0, 60)...)}).Encode())
	n.UDP(ptpMaster, ptpAll, ptpGeneral, ptpGeneral, (&PTP{Type: 0xc, Clock: ptpOne, Port: 1, Body: append(PTPPort(ptpDevice, 1), PTPElement(5, 0xb0, 0, 0, 0, 0, 60, 0, 1)...)}).Encode())
}

// ptpMidstream is answers whose requests nobody saw, and a master in its middle.
func ptpMidstream(n *Net) {
	send := func(from, to *Host, p PTP) {
		p.Port, p.Flags = 1, p.Flags|ptpUnicastFlag
		n.UDP(from, to, ptpGeneral, ptpGeneral, p.Encode())
		n.Wait(10 * time.Millisecond)
	}
	send(ptpMaster, ptpManager, PTP{Type: 0xd, Clock: ptpOne, Sequence: 7, Body: PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, PTPSetting(0x2005, 5, 0))})
	send(ptpMaster, ptpManager, PTP{Type: 0xd, Clock: ptpOne, Sequence: 8, Body: PTPManagement(ptpTool, 1, [2]byte{1, 1}, 4, PTPSetting(0x200d))})
	send(ptpMaster, ptpManager, PTP{Type: 0xd, Clock: ptpOne, Sequence: 9, Body: PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, ptpFault(4, 0x2009))})
	send(ptpManager, ptpMaster, PTP{Type: 0xd, Clock: ptpTool, Sequence: 10, Body: PTPManagement(ptpOne, 1, [2]byte{1, 1}, 0, PTPSetting(0x2005))})
	send(ptpMaster, ptpManager, PTP{Type: 0xd, Clock: ptpOne, Sequence: 10, Body: PTPManagement(ptpTool, 1, [2]byte{1, 1}, 2, PTPSetting(0x2005, 5, 0))})
	send(ptpMaster, ptpSlave, PTP{Type: 0xc, Clock: ptpOne, Body: append(PTPPort(ptpDevice, 1), PTPElement(5, 0xb0, 1, 0, 0, 1, 44, 0, 1)...)})
	send(ptpMaster, ptpSlave, PTP{Type: 0xb, Flags: ptpFlags, Clock: ptpOne, Interval: 1, Body: ptpGood.Encode()})
	send(ptpMaster, ptpSlave, PTP{Type: 0xc, Clock: ptpOne, Body: append(PTPPort(ptpDevice, 1), PTPElement(5, 0x00, 1, 0, 0, 0, 0, 0, 0)...)})
	send(ptpMaster, ptpSlave, PTP{Type: 0xc, Clock: ptpOne, Body: append(PTPPort(ptpDevice, 1), PTPElement(7, 0x90, 0)...)})
}

// ptpMalformed breaks one rule at a time.
func ptpMalformed(n *Net) {
	send := func(b []byte) { n.Frame(append(appendLink(nil, ptpMaster.MAC, ptpGroup, 0, etherPTP), b...)) }
	good := (&PTP{Type: 0xb, Flags: ptpFlags, Clock: ptpOne, Port: 1, Body: ptpGood.Encode()}).Encode()
	with := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	send(good)
	send(good[:33])
	send(good[:63])
	send(with(0, 4))  // type
	send(with(1, 3))  // version
	send(with(1, 1))  // version 1 is not read
	send(with(3, 63)) // length
	send(with(3, 65))
	long := (&PTP{Type: 0xb, Flags: ptpFlags, Clock: ptpOne, Port: 1, Body: ptpGood.Encode([]byte{0, 8, 0, 9, 1})}).Encode()
	send(long)
	manage := func(body []byte) { send((&PTP{Type: 0xd, Clock: ptpTool, Port: 1, Body: body}).Encode()) }
	to := func(action byte, element []byte) { manage(PTPManagement(ptpOne, 1, [2]byte{1, 1}, action, element)) }
	to(5, PTPSetting(0))
	to(0, nil)
	to(0, []byte{0, 1, 0, 9, 0})
	to(0, PTPElement(1, 0))
	to(0, ptpFault(1, 0))
	to(2, PTPElement(2, 0, 1))
	to(1, PTPElement(3, 0, 0))
	to(1, PTPSetting(0x2005)) // without a value
	to(1, PTPSetting(0x200f, 0, 0, 1))
	to(1, append(PTPSetting(0x2005, 1, 0), 0, 9, 0, 9))
	for _, cut := range []int{1, 5, 14, 20, 26, 30, 40, 70, 90, 100} {
		to(2, PTPSetting(1, ptpDescription()[:min(cut, len(ptpDescription())-8)]...))
	}
	to(2, PTPSetting(2, 9, 'a'))
	signal := func(elements ...byte) {
		send((&PTP{Type: 0xc, Clock: ptpDevice, Port: 1, Body: append(PTPPort(ptpOne, 1), elements...)}).Encode())
	}
	for kind := range byte(8) {
		signal(0, kind, 0, 1, 0)
	}
	signal(0, 4, 0, 9, 0)
	var many []byte
	for range 33 {
		many = append(many, PTPElement(4, 0xb0, 0, 0, 0, 0, 1)...)
	}
	signal(many...)
	send(good)
}
