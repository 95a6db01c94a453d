package plant

import (
	"encoding/binary"
	"time"
)

var (
	robotIdentity = CIPIdentity{Vendor: 1, Type: 14, Product: 107, Major: 32, Minor: 11, Status: 0x3160, Serial: 0x00a4d21c, Name: "1769-L33ER CompactLogix"}
	ioIdentity    = CIPIdentity{Vendor: 1, Type: 12, Product: 196, Major: 4, Minor: 2, Status: 0x60, Serial: 0x60aa3311, Name: "1734-AENTR/B"}
	armIdentity   = CIPIdentity{Vendor: 356, Type: 43, Product: 4, Major: 2, Minor: 1, Status: 0x60, Serial: 0x0e43021f, Name: "R-30iB Plus"}
	panelIdentity = CIPIdentity{Vendor: 1, Type: 24, Product: 93, Major: 12, Minor: 1, Status: 0x60, Serial: 0x5cf02377, Name: "PanelView Plus 7"}
)

// cipLink is an encapsulation session with a message connection.
type cipLink struct {
	f        *factory
	conn     *Conn
	e        ENIP
	open     CIPConnection
	sequence uint16
}

// openCIP registers a session, opens a class 3 connection and calls ready.
func (f *factory) openCIP(client, server *Host, number uint32, ready func(l *cipLink)) {
	l := &cipLink{f: f, conn: f.net.Dial(client, server, f.ephemeral(), PortENIP), e: ENIP{Session: 0x14020000 + number}}
	l.open = CIPConnection{ToTarget: 0x80fe0000 + number, ToOriginator: 0x00510000 + number, Serial: uint16(number), Vendor: 1,
		Originator: 0x2a00 + number, Class: 3, SizeToTarget: 504, SizeToOriginator: 504, Interval: 2000000, Path: []byte{1, 0, 0x20, 2, 0x24, 1}}
	f.talk(l.conn, 3*time.Millisecond, []exchange{
		{ENIP{}.Register(nil), l.e.Register(nil)},
		{l.e.Unconnected(nil, l.open.Open(nil)), l.e.Unconnected(nil, l.open.OpenAnswer(nil))},
	}, func() { ready(l) })
}

// ask sends a message; the answer is made when it leaves.
func (l *cipLink) ask(request []byte, answer func() []byte) {
	l.sequence++
	s := l.sequence
	l.conn.Client(l.e.Connected(nil, l.open.ToTarget, s, request))
	l.f.after(l.f.latency(), func() { l.conn.Server(l.e.Connected(nil, l.open.ToOriginator, s, answer())) })
}

func dint(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

// robotCell is the packing robot: its controller scans the terminals and the
// arm cyclically, the panel reads and sets tags.
func (f *factory) robotCell() {
	o := &f.robot
	f.at(110*time.Millisecond, func() {
		f.openCIP(f.host("robot-hmi"), f.host("robot-plc"), 1, func(l *cipLink) {
			f.every(600*time.Millisecond, time.Second, func() {
				l.ask(CIPTogether(nil, false, CIPRead(nil, "Conveyor_Speed", 1), CIPRead(nil, "Robot_Cycles", 1), CIPRead(nil, "Axis_Position", 1)),
					func() []byte {
						return CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeDint, dint(o.conveyor)),
							CIPReadAnswer(nil, CIPTypeDint, dint(o.cycles)), CIPReadAnswer(nil, CIPTypeDint, dint(o.position)))
					})
			})
			k := 0
			f.every(22*time.Second, 40*time.Second, func() {
				k++
				speed := []int{300, 320, 280, 310}[k%4]
				l.ask(CIPWrite(nil, "Conveyor_Speed", CIPTypeDint, 1, dint(speed)), func() []byte {
					o.conveyorSP = speed
					return CIPAnswer(nil, CIPWriteTag, 0)
				})
			})
		})
		f.openCIP(f.host("historian"), f.host("robot-plc"), 2, func(l *cipLink) {
			f.every(900*time.Millisecond, 5*time.Second, func() {
				l.ask(CIPRead(nil, "Robot_Cycles", 1), func() []byte { return CIPReadAnswer(nil, CIPTypeDint, dint(o.cycles)) })
			})
		})
		f.cyclic("robot-io", 3, 800*time.Millisecond, func() ([]byte, []byte) {
			return []byte{byte(o.grip), 0}, []byte{byte(o.grip ^ 1), byte(o.conveyor), 0, 0}
		})
		f.cyclic("robot-arm", 4, 2*time.Second, func() ([]byte, []byte) {
			return dint(o.conveyorSP), append(dint(o.position), dint(o.cycles)...)
		})
	})
}

// cyclic opens a class 1 connection from the robot's controller to an adapter and
// lets both sides produce.
func (f *factory) cyclic(adapter string, number uint32, period time.Duration, data func() (out, in []byte)) {
	plc, dev := f.host("robot-plc"), f.host(adapter)
	out, in := data()
	open := CIPConnection{ToTarget: 0x20410000 + number, ToOriginator: 0x30520000 + number, Serial: uint16(number), Vendor: 1, Originator: 0x00a4d21c,
		Class: 1, SizeToTarget: uint16(len(out) + 6), SizeToOriginator: uint16(len(in) + 2), Interval: uint32(period / time.Microsecond),
		Path: []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}}
	e := ENIP{Session: 0x51000000 + number}
	c := f.net.Dial(plc, dev, f.ephemeral(), PortENIP)
	start := func() {
		sequence := uint32(0)
		f.every(300*time.Millisecond+f.about(period), period, func() {
			sequence++
			out, _ := data()
			f.net.UDP(plc, dev, PortIO, PortIO, ClassIO(nil, open.ToTarget, sequence, append([]byte{1, 0, 0, 0}, out...)))
			f.after(f.latency(), func() {
				_, in := data()
				f.net.UDP(dev, plc, PortIO, PortIO, ClassIO(nil, open.ToOriginator, sequence, in))
			})
		})
	}
	f.talk(c, 2*time.Millisecond, []exchange{
		{ENIP{}.Register(nil), e.Register(nil)},
		{e.Unconnected(nil, open.Open(nil)), e.Unconnected(nil, open.OpenAnswer(nil))},
	}, start)
}
