package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"firedoor/internal/plant"
)

// Limits of S7 communication.
const (
	s7DefaultPDU = 240  // what a CPU of the 300 family offers
	s7MaxPDU     = 960  // the largest of the family
	s7MinPDU     = 64   // less cannot carry an answer
	s7MaxTPKT    = 1024 // larger than any message within the largest PDU
	s7Headers    = 7    // TPKT and COTP data
)

// Codes of items and errors of jobs. Who reads errors in tshark finds the words.
const (
	s7OK           = 0xff
	s7Denied       = 0x03 // accessing the object not allowed
	s7OutOfRange   = 0x05
	s7BadType      = 0x06
	s7NoObject     = 0x0a
	s7Unknown      = 0x8104 // function not implemented
	s7BadSize      = 0x8500 // PDU size
	s7Protected    = 0xd0a1 // not permitted at this protection level
	s7NoBlock      = 0xd209
	s7NoBlocks     = 0xd20e
	s7NoSZL        = 0xd401
	s7NoSZLIndex   = 0xd402
	s7BadTransfer  = 0xd2a1
	s7BadClock     = 0xdc01
	s7LoadOverflow = 0xd240
)

// S7Identity is what a CPU says of itself in its status lists.
type S7Identity struct {
	Order     string  // "6ES7 315-2EH14-0AB0"
	Hardware  uint8   // hardware revision
	Firmware  [3]byte // major, minor, fix
	Station   string  // name of the station in its project
	Module    string  // name of the module: "PLC_1"
	Plant     string  // plant designation
	Copyright string
	Serial    string
	Type      string // "CPU 315-2 PN/DP"
	Card      string // serial number of the memory card
}

// S7Config describes an S7 CPU.
type S7Config struct {
	Rack, Slot uint8
	PDU        uint16 // the largest it agrees to; 0 is 240
	// Blocks are the data blocks by number. A block may also be given a least
	// size, so that there is memory behind its values.
	Blocks                 map[uint16]map[Place]*Value
	Sizes                  map[uint16]int
	Inputs, Outputs, Flags map[Place]*Value
	Identity               S7Identity
	// Machine is needed; its blocks are called "OB1", "DB12".
	Machine Machine
	// Connections is how many clients it serves at once; 0 is eight.
	Connections int
}

// S7 is an S7 CPU on ISO transport (Server).
type S7 struct {
	rack, slot             uint8
	pdu                    uint16
	blocks                 map[uint16]*region
	inputs, outputs, flags *region
	identity               S7Identity
	machine                Machine
	places                 places
	transfers              uint32 // the number of the last upload
}

// leastFlags is how many bytes of flags, inputs and outputs there are at least.
const leastFlags = 256

// NewS7 checks a description.
func NewS7(c S7Config) (*S7, error) {
	if c.Machine == nil {
		return nil, errors.New("device: an S7 CPU needs a Machine")
	}
	s := &S7{
		rack: c.Rack, slot: c.Slot, pdu: c.PDU, identity: c.Identity, machine: c.Machine,
		places: newPlaces(c.Connections), blocks: map[uint16]*region{},
	}
	if s.pdu == 0 {
		s.pdu = s7DefaultPDU
	}
	if s.pdu < s7MinPDU || s.pdu > s7MaxPDU {
		return nil, fmt.Errorf("device: an S7 PDU of %d bytes, at least %d and at most %d", s.pdu, s7MinPDU, s7MaxPDU)
	}
	for _, n := range slices.Sorted(maps.Keys(c.Blocks)) {
		r, err := newRegion(c.Blocks[n], c.Sizes[n])
		if err != nil {
			return nil, fmt.Errorf("device: DB%d: %w", n, err)
		}
		s.blocks[n] = r
	}
	for _, a := range []struct {
		name string
		from map[Place]*Value
		to   **region
	}{{"inputs", c.Inputs, &s.inputs}, {"outputs", c.Outputs, &s.outputs}, {"flags", c.Flags, &s.flags}} {
		r, err := newRegion(a.from, leastFlags)
		if err != nil {
			return nil, fmt.Errorf("device: S7 %s: %w", a.name, err)
		}
		*a.to = r
	}
	return s, nil
}

// Accept implements Server.
func (s *S7) Accept(netip.Addr) Session {
	if !s.places.take() {
		return nil
	}
	return &s7Session{seat: seat{&s.places}, server: s, pdu: int(s.pdu), cut: cutter{header: 4, length: tpktLength}}
}

// tpktLength reads the length of a TPKT (RFC 1006, 6).
func tpktLength(h []byte) int {
	n := int(binary.BigEndian.Uint16(h[2:]))
	if h[0] != 3 || n < s7Headers || n > s7MaxTPKT {
		return 0
	}
	return n
}

// area is the memory an item of a request is about; the code says why not.
func (s *S7) area(area uint8, block uint16) (*region, uint8) {
	switch area {
	case plant.S7Inputs:
		return s.inputs, 0
	case plant.S7Outputs:
		return s.outputs, 0
	case plant.S7Flags:
		return s.flags, 0
	case plant.S7Block:
		if r := s.blocks[block]; r != nil {
			return r, 0
		}
		return nil, s7NoObject
	}
	return nil, s7BadType
}

// Steps of a session.
const (
	s7Closed  = iota // waits for the transport connection
	s7Silent         // waits for the set-up
	s7Talking        // serves
)

// s7Session is one client's connection.
type s7Session struct {
	seat
	server *S7
	cut    cutter
	step   int
	pdu    int
	now    int64

	own      uint16 // reference of the CPU's own jobs
	download download
	loaded   []loadedBlock // downloaded and not yet inserted
	upload   upload
	listing  listing
	scratch  []byte
}

// Receive implements Session.
func (s *s7Session) Receive(now int64, b, out []byte) ([]byte, bool) {
	s.now = now
	for {
		message, rest, ok := s.cut.next(b)
		if !ok {
			return out, false
		}
		if message == nil {
			return out, true
		}
		b = rest
		var keep bool
		if out, keep = s.transport(message[4:], out); !keep {
			return out, false
		}
	}
}

// transport takes one COTP unit.
func (s *s7Session) transport(t, out []byte) ([]byte, bool) {
	const connect, data = 0xe0, 0xf0
	switch {
	case t[1]&0xf0 == connect && s.step == s7Closed:
		return s.connect(t, out)
	case t[1] == data && s.step != s7Closed && t[0] == 2 && t[2]&0x80 != 0:
		if len(t) == 3 { // some clients send a unit without content to see whether the other end lives
			return out, true
		}
		return s.message(t[3:], out)
	}
	return out, false
}

// connect opens the transport connection if the called selector is this CPU's.
func (s *s7Session) connect(t, out []byte) ([]byte, bool) {
	const fixed, calledSelector = 7, 0xc2
	if len(t) < fixed || int(t[0])+1 != len(t) {
		return out, false
	}
	ref := binary.BigEndian.Uint16(t[4:])
	for o := t[fixed:]; len(o) >= 2 && len(o) >= 2+int(o[1]); o = o[2+int(o[1]):] {
		if o[0] == calledSelector && o[1] == 2 {
			if o[3] == s.server.rack<<5|s.server.slot {
				s.step = s7Silent
				return plant.COTPConfirm(out, ref, o[2], s.server.rack, s.server.slot), true
			}
		}
	}
	return plant.COTPRefuse(out, ref, 3), false
}

// s7Message is one S7 message taken apart.
type s7Message struct {
	plant.S7
	kind        uint8
	code        uint16 // of an acknowledgement
	param, data []byte
}

// parseS7 takes a message apart; false where its lengths lie.
func parseS7(b []byte) (m s7Message, ok bool) {
	header := 10
	if len(b) < header || b[0] != 0x32 {
		return m, false
	}
	m.kind = b[1]
	m.Ref = binary.BigEndian.Uint16(b[4:])
	if m.kind == plant.S7Ack || m.kind == plant.S7Bare {
		header = 12
		if len(b) < header {
			return m, false
		}
		m.code = binary.BigEndian.Uint16(b[10:])
	}
	param, data := int(binary.BigEndian.Uint16(b[6:])), int(binary.BigEndian.Uint16(b[8:]))
	if header+param+data != len(b) {
		return m, false
	}
	m.param, m.data = b[header:header+param], b[header+param:]
	return m, true
}

// message serves one S7 message.
func (s *s7Session) message(b, out []byte) ([]byte, bool) {
	m, ok := parseS7(b)
	if !ok || len(m.param) == 0 {
		return out, false
	}
	if s.step == s7Silent {
		return s.setup(m, out)
	}
	switch m.kind {
	case plant.S7Job:
		return s.job(m, out)
	case plant.S7Ack:
		return s.told(m, out), true
	case plant.S7Userdata:
		return s.userdata(m, out), true
	}
	return out, true
}

func (s *s7Session) setup(m s7Message, out []byte) ([]byte, bool) {
	if m.kind != plant.S7Job || m.param[0] != s7FnSetup || len(m.param) != 8 {
		return out, false
	}
	s.pdu = max(min(int(s.server.pdu), int(binary.BigEndian.Uint16(m.param[6:]))), s7MinPDU)
	s.step = s7Talking
	return m.SetupAnswer(out, uint16(s.pdu)), true
}

// Functions of jobs.
const (
	s7FnRead          = 0x04
	s7FnWrite         = 0x05
	s7FnDownload      = 0x1a
	s7FnDownloadBlock = 0x1b
	s7FnDownloadEnd   = 0x1c
	s7FnUpload        = 0x1d
	s7FnUploadBlock   = 0x1e
	s7FnUploadEnd     = 0x1f
	s7FnInvoke        = 0x28
	s7FnStop          = 0x29
	s7FnSetup         = 0xf0
)

func (s *s7Session) job(m s7Message, out []byte) ([]byte, bool) {
	switch m.param[0] {
	case s7FnSetup:
		return s.setup(m, out)
	case s7FnRead:
		return s.read(m, out), true
	case s7FnWrite:
		return s.write(m, out), true
	case s7FnDownload:
		return s.startDownload(m, out), true
	case s7FnUpload:
		return s.startUpload(m, out), true
	case s7FnUploadBlock:
		return s.uploadPart(m, out), true
	case s7FnUploadEnd:
		return s.endUpload(m, out), true
	case s7FnInvoke:
		return s.invoke(m, out), true
	case s7FnStop:
		if s.server.machine.Stop() != nil {
			return m.Refuse(out, s7FnStop, s7Protected), true
		}
		return m.StopAnswer(out), true
	}
	return m.Refuse(out, m.param[0], s7Unknown), true
}
