package plant

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// Hosts of the EtherNet/IP captures: a panel, a controller in a rack, and an
// adapter with I/O.
var (
	enipPanel   = &Host{Name: "panel", MAC: 0x02_00_00_00_04_10, IP: netip.MustParseAddr("10.10.4.10")}
	enipRack    = &Host{Name: "rack", MAC: 0x02_00_00_00_04_20, IP: netip.MustParseAddr("10.10.4.20")}
	enipAdapter = &Host{Name: "adapter", MAC: 0x02_00_00_00_04_30, IP: netip.MustParseAddr("10.10.4.30")}
)

// What they say they are.
var (
	enipController = CIPIdentity{Vendor: 1, Type: 14, Product: 166, Major: 33, Minor: 11, Status: 0x3160, Serial: 0x00c0ffee, Name: "1756-L83E/B"}
	enipModule     = CIPIdentity{Vendor: 1, Type: 7, Product: 22, Major: 3, Minor: 2, Status: 0x60, Serial: 0x60aa3311, Name: "1756-IB16"}
	enipRobot      = CIPIdentity{Vendor: 4711, Type: 43, Product: 4, Major: 2, Minor: 1, Status: 0x60, Serial: 0x0e43021f, Name: "Arm  "}
)

func enipDint(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

// enipTalk is one conversation: a session, its sender context and sequence count.
type enipTalk struct {
	n        *Net
	c        *Conn
	e        ENIP
	sequence uint16
	ot, to   uint32
}

func newENIPTalk(n *Net, port uint16) *enipTalk {
	return &enipTalk{n: n, c: n.Dial(enipPanel, enipRack, port, PortENIP), e: ENIP{Session: 0x14020101, Context: 0xfeed0000}}
}

// say sends a message and its answer a moment apart.
func (t *enipTalk) say(request, answer []byte) {
	t.c.Client(request)
	t.n.Wait(3 * time.Millisecond)
	if answer != nil {
		t.c.Server(answer)
	}
	t.n.Wait(50 * time.Millisecond)
}

// ask sends a CIP message outside any connection.
func (t *enipTalk) ask(request, answer []byte) {
	t.say(t.e.Unconnected(nil, request), t.e.Unconnected(nil, answer))
	t.e.Context++
}

// tell sends a CIP message on the connection.
func (t *enipTalk) tell(request, answer []byte) {
	t.sequence++
	e := ENIP{Session: t.e.Session}
	t.say(e.Connected(nil, t.ot, t.sequence, request), e.Connected(nil, t.to, t.sequence, answer))
}

// register opens the session.
func (t *enipTalk) register() { t.say(ENIP{}.Register(nil), t.e.Register(nil)) }

// open opens a class 3 connection along a path.
func (t *enipTalk) open(path ...byte) CIPConnection {
	c := CIPConnection{ToTarget: 0x80fe0001, ToOriginator: 0x00510001, Serial: 17, Vendor: 1, Originator: 0x2a00, Class: 3,
		SizeToTarget: 504, SizeToOriginator: 504, Interval: 2000000, Path: path}
	asked := c
	asked.ToTarget = 0 // the target chooses
	t.ask(asked.Open(nil), c.OpenAnswer(nil))
	t.ot, t.to = c.ToTarget, c.ToOriginator
	return c
}

// enipPoll is a panel that reads tags on a connection, one by one and together.
func enipPoll(n *Net) {
	t := newENIPTalk(n, 49200)
	t.register()
	t.open(0x20, 2, 0x24, 1)
	for i := range 16 {
		t.tell(CIPRead(nil, "Conveyor_Speed", 1), CIPReadAnswer(nil, CIPTypeDint, enipDint(300+i)))
		t.tell(
			CIPTogether(nil, false, CIPRead(nil, "Cycles", 1), CIPRequest(nil, CIPReadTag, enipTag("Axis", "Position", 2), 1, 0)),
			CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeDint, enipDint(40+i)), CIPReadAnswer(nil, CIPTypeReal, []byte{0, 0, 0x80, 0x3f})))
	}
	t.c.Close()
}

// enipTag is the path of name[member].field.
func enipTag(name, field string, member byte) []byte {
	p := append(CIPSymbol(name), 0x28, member)
	return append(p, CIPSymbol(field)...)
}

// enipServices asks for the encapsulation's commands and CIP's services.
func enipServices(n *Net) {
	broadcast := &Host{Name: "all", MAC: 0xff_ff_ff_ff_ff_ff, IP: netip.MustParseAddr("255.255.255.255")}
	n.UDP(enipPanel, broadcast, 49201, PortENIP, ENIP{}.ListIdentity(nil))
	n.Wait(4 * time.Millisecond)
	n.UDP(enipRack, enipPanel, PortENIP, 49201, ENIP{}.ListIdentityAnswer(nil, enipRack, enipController))
	n.Wait(time.Millisecond)
	n.UDP(enipAdapter, enipPanel, PortENIP, 49201, ENIP{}.ListIdentityAnswer(nil, enipAdapter, enipRobot))
	t := newENIPTalk(n, 49202)
	t.c.Client(ENIP{}.command(1)) // some software opens with a command of old, and does not wait
	t.say(ENIP{}.command(cmdListServices), append(ENIP{}.refused(1, 1), ENIP{}.command(cmdListServices, enipServiceItem()...)...))
	t.say(ENIP{}.command(cmdListInterfaces), ENIP{}.command(cmdListInterfaces, 0, 0))
	t.say(ENIP{}.ListIdentity(nil), ENIP{}.ListIdentityAnswer(nil, enipRack, enipController))
	t.say(ENIP{}.command(0, 1, 2, 3), nil)
	t.register()
	enipObjects(t)
	enipTags(t)
	t.say(t.e.Unregister(nil), nil)
	t.c.Close()
}

// Commands that the sample's conversations do not need.
const (
	cmdListServices   = 0x04
	cmdListInterfaces = 0x64
)

// command is any encapsulation message.
func (e ENIP) command(command uint16, body ...byte) []byte {
	return e.end(append(e.begin(nil, command), body...), 0)
}

// refused is an answer without a body.
func (e ENIP) refused(command uint16, status byte) []byte {
	b := e.command(command)
	b[8] = status
	return b
}

func enipServiceItem() []byte {
	b := []byte{1, 0, 0, 1, 20, 0, 1, 0, 0x20, 1}
	return append(append(b, "Communications"...), 0, 0)
}

// enipObjects goes through the common services.
func enipObjects(t *enipTalk) {
	same := func(service uint8, path []byte, data ...byte) {
		t.ask(CIPRequest(nil, service, path, data...), CIPAnswer(nil, service, 0))
	}
	get := func(path []byte, value ...byte) {
		t.ask(CIPRequest(nil, CIPGetSingle, path), CIPAnswer(nil, CIPGetSingle, 0, value...))
	}
	t.ask(CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0)), CIPAnswer(nil, CIPGetAll, 0, enipController.Append(nil)...))
	get(CIPClass(1, 1, 1), 1, 0)
	get(CIPClass(1, 1, 4), 32, 11)
	get(CIPClass(1, 1, 6), 0x1c, 0xd2, 0xa4, 0)
	get(CIPClass(1, 1, 7), append([]byte{11}, "1769-L33ER "...)...)
	get(CIPClass(4, 100, 3), 1, 2, 3, 4)
	get(CIPClass(0xf5, 1, 5), 10, 4, 10, 10)
	get([]byte{0x21, 0, 0x2c, 1, 0x25, 0, 0x34, 0x12, 0x31, 0, 0x2c, 1}, 9) // 16-bit segments
	get([]byte{0x20, 4, 0x2c, 101}, 7, 7)                                   // connection point
	get([]byte{0x20, 0x8e, 0x24, 1, 0x20, 0x74, 0x24, 1})                   // an object in an object
	same(CIPSetSingle, CIPClass(4, 150, 3), 0x55, 0xaa)
	same(CIPSetSingle, CIPClass(0xf5, 1, 3), 2, 0, 0, 0)
	same(CIPSetSingle, []byte{0x20, 0x93, 0x25, 0, 0x29, 0, 0x30, 9}, 0x10, 0x27)
	same(CIPSetSingle, CIPClass(0x29, 1, 3), 1)
	same(0x04, CIPClass(1, 1, 0), 1, 0, 9, 0, 1, 0)
	t.ask(CIPRequest(nil, 0x03, CIPClass(0xac, 1, 0), 2, 0, 1, 0, 2, 0), CIPAnswer(nil, 0x03, 0, 2, 0, 1, 0, 0, 0, 5, 0, 2, 0, 0, 0, 1, 0))
	same(0x05, CIPClass(1, 1, 0), 0)
	same(0x06, CIPClass(0x8e, 1, 0))
	same(0x07, CIPClass(0x8e, 1, 0))
	same(0x08, CIPClass(0x68, 0, 0), 1, 2)
	same(0x09, CIPClass(0x68, 3, 0))
	same(0x0d, CIPClass(0x0f, 0, 0))
	same(0x15, CIPClass(0x0f, 0, 0))
	same(0x16, CIPClass(0x0f, 0, 0))
	same(0x17, CIPClass(1, 1, 0))
	same(0x1c, CIPClass(0x43, 1, 0))
	same(0x4b, CIPClass(0x37, 200, 0), 0xff)
	same(0x4c, CIPClass(0x8e, 1, 0), 1, 2, 3)
	same(0x4c, CIPClass(0xb2, 33, 0))
	same(0x63, CIPClass(0x2f, 1, 0), 9)
	same(0x4d, CIPClass(0xa1, 1, 0), 0, 0, 1, 0)
	same(0x04, CIPClass(0x8b, 1, 0), 1, 0, 6, 0, 0, 0)
	t.ask(CIPRequest(nil, 0x5a, CIPClass(6, 1, 0)), CIPAnswer(nil, 0x5a, 0x16))
}

// enipTags reads and writes tags in every form.
func enipTags(t *enipTalk) {
	program := append(CIPSymbol("Program:Main"), CIPSymbol("Recipe")...)
	program = append(program, 0x28, 3, 0x29, 0, 0x2c, 1)
	program = append(program, CIPSymbol("Field")...)
	t.ask(CIPRequest(nil, CIPReadTag, program, 1, 0), CIPReadAnswer(nil, 0xc3, []byte{0xfe, 0xff}))
	deep := append(program, 0x28, 2)
	for _, member := range []string{"Cell", "Station", "Axis", "Drive", "Ramp", "Jerk", "Limit"} {
		deep = append(append(deep, CIPSymbol(member)...), 0x28, 1)
	}
	t.ask(CIPRequest(nil, CIPWriteTag, deep, 0xc3, 0, 1, 0, 9, 0), CIPAnswer(nil, CIPWriteTag, 0))
	t.ask(CIPRead(nil, "Valve", 1), CIPReadAnswer(nil, CIPTypeBool, []byte{0xff}))
	t.ask(CIPRead(nil, "Counts", 3), CIPReadAnswer(nil, 0xc2, []byte{1, 0x80, 0x7f}))
	t.ask(CIPRead(nil, "Total", 1), CIPReadAnswer(nil, 0xc5, []byte{1, 0, 0, 0, 0, 0, 0, 0x80}))
	t.ask(CIPRead(nil, "Timer1", 1), CIPAnswer(nil, CIPReadTag, 0, 0xa0, 0x02, 0x83, 0x0f, 1, 2, 3, 4))
	t.ask(CIPRead(nil, "NoSuchTag", 1), CIPAnswer(nil, CIPReadTag, 0x04))
	t.ask(CIPRequest(nil, 0x52, CIPSymbol("Big"), 200, 0, 0, 0, 0, 0), CIPAnswer(nil, 0x52, 0x06, 0xc4, 0, 1, 0, 0, 0, 2, 0, 0, 0))
	t.ask(CIPRequest(nil, 0x52, CIPSymbol("Big"), 200, 0, 8, 0, 0, 0), CIPAnswer(nil, 0x52, 0, 0xc4, 0, 3, 0, 0, 0))
	t.ask(CIPWrite(nil, "Conveyor_Speed", CIPTypeDint, 1, enipDint(-320)), CIPAnswer(nil, CIPWriteTag, 0))
	t.ask(CIPWrite(nil, "Setpoints", CIPTypeReal, 2, []byte{0, 0, 0x20, 0x42, 0, 0, 0xa0, 0xc1}), CIPAnswer(nil, CIPWriteTag, CIPPrivilege))
	t.ask(CIPRequest(nil, 0x53, CIPSymbol("Big"), 0xc4, 0, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0), CIPAnswer(nil, 0x53, 0))
	t.ask(CIPRequest(nil, 0x4e, CIPSymbol("Flags"), 4, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), CIPAnswer(nil, 0x4e, 0))
	t.ask(CIPRequest(nil, CIPReadTag, []byte{0x20, 0x6b, 0x25, 0, 0x34, 0x12}, 1, 0), CIPReadAnswer(nil, CIPTypeDint, enipDint(5)))
	t.ask(CIPRequest(nil, 0x55, []byte{0x20, 0x6b, 0x25, 0, 0, 0}, 1, 0, 1, 0), CIPAnswer(nil, 0x55, 0x06, 1, 0, 0, 0, 3, 0, 'A', 'b', 'c'))
	t.ask(CIPRequest(nil, CIPReadTag, CIPClass(0x6c, 9, 0), 0, 0, 0, 0, 20, 0), CIPAnswer(nil, CIPReadTag, 0, 1, 2, 3, 4))
	parts := CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeDint, enipDint(1)), CIPAnswer(nil, CIPReadTag, CIPPathUnknown))
	parts[2] = 0x1e // an embedded service failed
	t.ask(CIPTogether(nil, false, CIPRead(nil, "Good", 1), CIPRead(nil, "Bad", 1)), parts)
	t.ask(CIPTogether(nil, false, CIPRead(nil, "One", 1), CIPRead(nil, "Two", 1)), CIPAnswer(nil, CIPMultiple, 0x08))
}

// enipRouted asks modules of a rack through Unconnected Send.
func enipRouted(n *Net) {
	t := newENIPTalk(n, 49203)
	t.register()
	t.ask(CIPRouted(nil, CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0)), 0), CIPAnswer(nil, CIPGetAll, 0, enipController.Append(nil)...))
	t.ask(CIPRouted(nil, CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0)), 3), CIPAnswer(nil, CIPGetAll, 0, enipModule.Append(nil)...))
	t.ask(CIPRouted(nil, CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0)), 9), append(CIPAnswer(nil, CIPUnconnected, 1), 0, 0))
	t.ask(CIPRouted(nil, CIPRead(nil, "Level", 1), 2), CIPReadAnswer(nil, CIPTypeReal, []byte{0, 0, 0x80, 0x3f}))
	t.ask(CIPRouted(nil, CIPRequest(nil, 0x52, CIPSymbol("Big"), 9, 0, 0, 0, 0, 0), 2), CIPAnswer(nil, 0x52, 0, 0xc2, 0, 1))
	t.ask(
		CIPRouted(nil, CIPTogether(nil, false, CIPRead(nil, "A", 1), CIPWrite(nil, "B", CIPTypeInt, 1, []byte{7, 0})), 2),
		CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeInt, []byte{6, 0}), CIPAnswer(nil, CIPWriteTag, 0)))
	// One packed in another is answered by what the inner one carries, or by that one.
	t.ask(CIPRouted(nil, CIPRouted(nil, CIPRead(nil, "Deep", 1), 5), 2), CIPReadAnswer(nil, CIPTypeInt, []byte{5, 0}))
	t.ask(CIPRouted(nil, CIPRouted(nil, CIPRead(nil, "Deep", 1), 9), 2), append(CIPAnswer(nil, CIPUnconnected, 1), 0, 0))
	// Over four racks, two services and a command of the older families at the end.
	command := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d, 0x0f, 0, 0x62, 0xc5, 0xaa, 2, 7, 0x89, 10, 0, 0x10, 0x27}
	said := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d, 0x4f, 0, 0x62, 0xc5}
	// One service of several that is routed on for itself, and a command of the older families that goes alone.
	t.ask(
		CIPTogether(nil, false, CIPRead(nil, "A", 1), CIPRouted(nil, CIPRead(nil, "Level", 1), 2), CIPRead(nil, "C", 1)),
		CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeInt, []byte{6, 0}), CIPReadAnswer(nil, CIPTypeInt, []byte{7, 0}), CIPReadAnswer(nil, CIPTypeInt, []byte{8, 0})))
	t.ask(CIPRouted(nil, CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), command...), 4), CIPAnswer(nil, 0x4b, 0, said...))
	t.ask(
		enipHops(CIPTogether(nil, false, CIPWrite(nil, "Far", CIPTypeInt, 1, []byte{7, 0}), CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), command...)), 1, 2, 3, 4),
		CIPTogether(nil, true, CIPAnswer(nil, CIPWriteTag, 0), CIPAnswer(nil, 0x4b, 0, said...)))
	t.c.Close()
}

// enipHops packs a request for the slots on its way, the nearest first.
func enipHops(request []byte, slots ...uint8) []byte {
	for _, slot := range slices.Backward(slots) {
		request = CIPRouted(nil, request, slot)
	}
	return request
}

// enipConnections opens and closes connections of every class.
func enipConnections(n *Net) {
	t := newENIPTalk(n, 49204)
	t.register()
	c := t.open(0x20, 2, 0x24, 1)
	t.tell(CIPRequest(nil, CIPGetSingle, CIPClass(4, 100, 3)), CIPAnswer(nil, CIPGetSingle, 0, 5))
	t.ask(c.Close(nil), c.CloseAnswer(nil))
	t.ask(c.Close(nil), append(CIPAnswer(nil, CIPForwardClose, 1), 0x07, 0x01))
	io := CIPConnection{ToTarget: 0x20410001, ToOriginator: 0x30520001, Serial: 18, Vendor: 1, Originator: 0x2a00, Class: 1,
		SizeToTarget: 8, SizeToOriginator: 6, Interval: 10000, Path: []byte{0x34, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}}
	t.ask(io.Open(nil), io.OpenAnswer(nil))
	t.ask(io.Open(nil), CIPAnswer(nil, CIPForwardOpen, 1))
	t.ask(enipLargeOpen(io), enipLargeAnswer(io))
	t.ask(io.Close(nil), io.CloseAnswer(nil))
	t.open(1, 3, 0x20, 2, 0x24, 1) // over the backplane: what goes to slot 3 does not say so again
	t.tell(CIPRead(nil, "Level", 1), CIPReadAnswer(nil, CIPTypeInt, []byte{9, 0}))
	t.tell(
		CIPTogether(nil, false, CIPRead(nil, "A", 1), CIPWrite(nil, "B", CIPTypeInt, 1, []byte{7, 0})),
		CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeInt, []byte{6, 0}), CIPAnswer(nil, CIPWriteTag, 0)))
	t.tell(CIPRouted(nil, CIPRead(nil, "Level", 1), 2), CIPReadAnswer(nil, CIPTypeInt, []byte{8, 0})) // and on from there
	t.c.Close()
}

// enipLargeOpen is io's Forward Open with 32-bit parameters.
func enipLargeOpen(io CIPConnection) []byte {
	b := io.Open(nil)
	const first, second = 6 + 26, 6 + 32 // the 16-bit parameters behind each interval
	wide := append([]byte{}, b[:first]...)
	wide = append(wide, b[first], 0, 0, b[first+1])
	wide = append(wide, b[first+2:second]...)
	wide = append(wide, b[second], 0, 0, b[second+1])
	wide = append(wide, b[second+2:]...)
	wide[0] = 0x5b
	return wide
}

func enipLargeAnswer(io CIPConnection) []byte {
	b := io.OpenAnswer(nil)
	b[0] = 0x5b | 0x80
	return b
}

// enipPCCC sends PCCC commands to a controller of the older families.
func enipPCCC(n *Net) {
	t := newENIPTalk(n, 49205)
	t.register()
	requestor := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d}
	transaction := uint16(0xc561)
	pccc := func(command byte, request []byte, status byte, answer []byte) {
		transaction++
		tns := binary.LittleEndian.AppendUint16(nil, transaction)
		ask := append(append([]byte{}, requestor...), command, 0, tns[0], tns[1])
		say := append(append([]byte{}, requestor...), command|0x40, status, tns[0], tns[1])
		t.ask(CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), append(ask, request...)...), CIPAnswer(nil, 0x4b, 0, append(say, answer...)...))
	}
	pccc(0x06, []byte{0x03}, 0, []byte{0, 0xee, 0x4a, 0x9f, 0x23, '1', '7', '6', '6', '-', 'L', 'E', 'C'})
	pccc(0x0f, []byte{0xa2, 4, 7, 0x89, 10, 0}, 0, []byte{0x2c, 1, 0xff, 0xff})
	pccc(0x0f, []byte{0xa2, 4, 8, 0x8a, 0xff, 0, 1, 0}, 0, []byte{0, 0, 0x80, 0x3f})
	pccc(0x0f, []byte{0xaa, 2, 7, 0x89, 10, 0, 0x10, 0x27}, 0, nil)
	pccc(0x0f, []byte{0xab, 2, 3, 0x85, 0, 0, 1, 0, 1, 0}, 0xf0, []byte{0x0b})
	pccc(0x0f, []byte{0xa1, 2, 4, 0x86, 2}, 0x10, nil)
	pccc(0x0f, []byte{0xaa, 2, 4, 0x86, 2, 1, 0x64, 0}, 0x60, nil)
	pccc(0x0f, []byte{0x80, 6}, 0, nil)
	pccc(0x0f, []byte{0xa3, 1, 2}, 0, []byte{9})
	pccc(0x01, []byte{0, 0, 2}, 0, []byte{1, 2})
	t.ask(CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), append(requestor, 0x0f, 0, 1, 0, 0x80, 6)...), CIPAnswer(nil, 0x4b, 0x08))
	t.c.Close()
}

// enipStatus shows refusals that say more than their first code: of the connection manager, of a
// Logix controller's tags, of a vendor, and of the older families.
func enipStatus(n *Net) {
	t := newENIPTalk(n, 49214)
	t.register()
	io := CIPConnection{ToTarget: 0x20410003, ToOriginator: 0x30520003, Serial: 19, Vendor: 1, Originator: 0x2a00, Class: 1,
		SizeToTarget: 8, SizeToOriginator: 6, Interval: 10000, Path: []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}}
	for _, extended := range []uint16{0x0100, 0x0106, 0x0115, 0x0315, 0x7f01} {
		t.ask(io.Open(nil), CIPRefuse(nil, CIPForwardOpen, 1, extended))
	}
	small := CIPRefuse(nil, CIPForwardOpen, 1, 0x0109) // and the size that there is
	small[3] = 2
	t.ask(io.Open(nil), append(small, 0xf4, 1))
	t.ask(CIPRouted(nil, CIPRead(nil, "Level", 1), 9), append(CIPRefuse(nil, CIPUnconnected, 1, 0x0312), 2, 0))
	t.ask(CIPRouted(nil, CIPRead(nil, "Level", 1), 9), CIPRefuse(nil, CIPReadTag, 0xff, 0x2105))
	t.ask(CIPRead(nil, "Level", 9), CIPRefuse(nil, CIPReadTag, 0xff, 0x2105))
	t.ask(CIPWrite(nil, "Level", CIPTypeInt, 1, []byte{9, 0}), CIPRefuse(nil, CIPWriteTag, 0xff, 0x2107))
	t.ask(CIPRequest(nil, 0x52, CIPSymbol("Big"), 9, 0, 0, 1, 0, 0), CIPRefuse(nil, 0x52, 0xff, 0x2104))
	t.ask(CIPRead(nil, "NoSuchTag", 1), CIPRefuse(nil, CIPReadTag, CIPPathUnknown, 0))
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0xc0, 1, 1)), CIPRefuse(nil, CIPGetSingle, 0x1f, 0x0042))
	parts := CIPTogether(nil, true, CIPRefuse(nil, CIPReadTag, 0xff, 0x2105), CIPReadAnswer(nil, CIPTypeInt, []byte{1, 0}))
	parts[2] = 0x1e
	t.ask(CIPTogether(nil, false, CIPRead(nil, "Bad", 1), CIPRead(nil, "Good", 1)), parts)
	t.ask(CIPTogether(nil, false, CIPRead(nil, "One", 1), CIPRead(nil, "Two", 1)), CIPRefuse(nil, CIPMultiple, 1, 0x0204))
	for i, status := range [][]byte{{0xf0, 0x07}, {0xf0, 0x1a}, {0xf0, 0x99}, {0xf0, 0}, {0x80}, {0x05}, {0xe0}} {
		requestor := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d}
		ask := append(requestor, 0x0f, 0, byte(i), 1, 0xaa, 2, 7, 0x89, 10, 0, 1, 0)
		say := append(append([]byte{}, requestor...), 0x4f, status[0], byte(i), 1)
		t.ask(CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), ask...), CIPAnswer(nil, 0x4b, 0, append(say, status[1:]...)...))
	}
	t.c.Close()
}

// enipMidstream begins between a request and its answer, on a connection opened
// before the capture.
func enipMidstream(n *Net) {
	t := &enipTalk{n: n, c: n.Midstream(enipPanel, enipRack, 49206, PortENIP), e: ENIP{Session: 0x14020102}, sequence: 500, ot: 0x80fe0009, to: 0x00510009}
	t.c.Server(ENIP{Session: t.e.Session}.Connected(nil, t.to, 500, CIPTogether(nil, true, CIPReadAnswer(nil, CIPTypeDint, enipDint(1)), CIPAnswer(nil, CIPReadTag, 5))))
	for i := range 5 {
		t.tell(CIPRead(nil, "Cycles", 1), CIPReadAnswer(nil, CIPTypeDint, enipDint(40+i)))
	}
	t.ot, t.to = 0x80fe000a, 0x0051000a
	for i := range 3 {
		t.tell(CIPRead(nil, "Speed", 1), CIPReadAnswer(nil, CIPTypeDint, enipDint(70+i)))
	}
}

// enipErrors shows requests that the encapsulation refuses, answers that never
// come, and two requests on their way at once.
func enipErrors(n *Net) {
	t := newENIPTalk(n, 49207)
	t.say(ENIP{}.Register(nil), ENIP{}.refused(enipRegister, 0x69))
	t.register()
	t.say(t.e.Unconnected(nil, CIPRead(nil, "Cycles", 1)), t.e.refused(enipUnconnected, 0x64))
	t.e.Context++
	t.say(t.e.Unconnected(nil, CIPRouted(nil, CIPRead(nil, "Cycles", 1), 0)), t.e.refused(enipUnconnected, 0x03))
	t.e.Context++
	t.say(t.e.Unconnected(nil, CIPRead(nil, "Lost", 1)), nil)
	t.e.Context++
	later := ENIP{Session: t.e.Session, Context: 7}
	t.c.Client(t.e.Unconnected(later.Unconnected(nil, CIPRead(nil, "Second", 1)), CIPRead(nil, "First", 1)))
	t.n.Wait(2 * time.Millisecond)
	t.c.Server(t.e.Unconnected(nil, CIPReadAnswer(nil, CIPTypeInt, []byte{1, 0})))
	t.c.Server(later.Unconnected(nil, CIPReadAnswer(nil, CIPTypeInt, []byte{2, 0})))
	t.c.Close()
}

// enipMalformed breaks the rules inside intact framing, and then the framing.
func enipMalformed(n *Net) {
	t := newENIPTalk(n, 49208)
	t.register()
	good := func() { t.ask(CIPRead(nil, "Cycles", 1), CIPReadAnswer(nil, CIPTypeDint, enipDint(1))) }
	t.c.Client(t.e.command(0x77, 1, 2))                              // no such command
	t.c.Client(t.e.Unconnected(nil, []byte{CIPReadTag, 9, 0x91, 2})) // path longer than the message
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPReadTag, []byte{0x91, 9, 'A', 0}, 1, 0)))
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPGetSingle, []byte{0x23, 1})))
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPMultiple, CIPClass(2, 1, 0), 3, 0, 8, 0)))
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPMultiple, CIPClass(2, 1, 0), 1, 0, 90, 0)))
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPUnconnected, CIPClass(6, 1, 0), 10, 14, 200, 0)))
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, CIPForwardOpen, CIPClass(6, 1, 0), 10, 14)))
	t.c.Client(t.e.Unconnected(nil, enipHops(CIPRead(nil, "Beyond", 1), 1, 2, 3, 4, 5, 6, 7, 8)))    // as deep as is read
	t.c.Client(t.e.Unconnected(nil, enipHops(CIPRead(nil, "Beyond", 1), 1, 2, 3, 4, 5, 6, 7, 8, 9))) // deeper
	t.c.Client(t.e.Unconnected(nil, CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), 7, 1)))
	t.c.Client(t.e.Unconnected(nil, nil))
	t.c.Client(t.e.command(enipUnconnected, 0, 0, 0, 0, 0, 0, 9, 0))
	t.c.Client(t.e.Unconnected(nil, CIPAnswer(nil, CIPReadTag, 0))) // from the wrong side
	t.c.Server(t.e.Unconnected(nil, CIPRead(nil, "Cycles", 1)))
	good()
	options := t.e.Unconnected(nil, CIPRead(nil, "Cycles", 1))
	options[20] = 1
	t.c.Client(options)
	t.n.Wait(time.Millisecond)
	t.c.Client([]byte("these bytes are no encapsulation message"))
	t.n.Wait(time.Millisecond)
	good()
	good()
	t.c.Close()
}
