package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"firedoor/internal/plant"
)

// Limits of EtherNet/IP.
const (
	cipMaxMessage     = 4096 // encapsulation messages larger than this end the connection
	cipRoom           = 480  // a CIP message within every connection's size
	cipMaxConnections = 64   // CIP connections of a device; one more is refused
	cipMaxAssembly    = 500  // bytes of an assembly
	enipHeader        = 24
)

// CIPIdentity is a device's identity object.
type CIPIdentity struct {
	Vendor, Type, Code uint16
	Major, Minor       uint8
	Status             uint16
	Serial             uint32
	Name               string
}

func (i *CIPIdentity) wire() plant.CIPIdentity {
	return plant.CIPIdentity{
		Vendor: i.Vendor, Type: i.Type, Product: i.Code, Major: i.Major, Minor: i.Minor,
		Status: i.Status, Serial: i.Serial, Name: i.Name,
	}
}

// CIPAssembly is values packed one behind the other, low byte first: what goes
// over cyclic connections. A Bool takes a byte.
type CIPAssembly struct {
	Instance uint16
	Values   []*Value
}

func (a *CIPAssembly) size() int {
	n := 0
	for _, v := range a.Values {
		n += v.Kind.Size()
	}
	return n
}

// append appends the assembly's bytes.
func (a *CIPAssembly) append(b []byte) []byte {
	for _, v := range a.Values {
		b = appendLow(b, v.Kind, v.raw())
	}
	return b
}

// take stores bytes of the assembly's length; what is read-only stays.
func (a *CIPAssembly) take(b []byte) {
	for _, v := range a.Values {
		n := v.Kind.Size()
		if v.Store != nil {
			v.store(rawLow(b[:n]))
		}
		b = b[n:]
	}
}

// appendLow appends a raw value, low byte first; rawLow reads one.
func appendLow(b []byte, k Kind, raw uint32) []byte {
	switch k.Size() {
	case 1:
		return append(b, byte(raw))
	case 2:
		return binary.LittleEndian.AppendUint16(b, uint16(raw))
	}
	return binary.LittleEndian.AppendUint32(b, raw)
}

func rawLow(b []byte) uint32 {
	var raw uint32
	for i := len(b) - 1; i >= 0; i-- {
		raw = raw<<8 | uint32(b[i])
	}
	return raw
}

// cipType is a kind's elementary data type (CIP volume 1, C-6.1).
func cipType(k Kind) uint16 {
	const unsigned = 0xc7
	return [...]uint16{
		Bool: plant.CIPTypeBool, Int16: plant.CIPTypeInt, Uint16: unsigned,
		Int32: plant.CIPTypeDint, Float32: plant.CIPTypeReal,
	}[k]
}

// CIPConfig describes an EtherNet/IP device: a controller with tags, an adapter
// with assemblies, or both.
type CIPConfig struct {
	Identity CIPIdentity
	// Address is what it says in answers to ListIdentity; it may be absent.
	Address netip.Addr
	// Slot is the controller's place in its rack.
	Slot uint8
	// Tags are found by their names. A dot in a name makes a member of a structure.
	Tags []*Value
	// Produced are the assemblies that it sends (inputs of whoever scans it),
	// Consumed those it takes.
	Produced, Consumed []CIPAssembly
	// Machine is stopped, started and loaded; without one those services are not
	// there. Its blocks are files (class 0x37), numbered in their order.
	Machine Machine
	// Connections is how many TCP clients it serves at once; 0 is eight.
	Connections int
}

// CIP is an EtherNet/IP device: Server for TCP port 44818, Cyclic for the
// datagrams it produces. Unconnected and Consumer are its UDP ports.
type CIP struct {
	identity           CIPIdentity
	host               plant.Host
	slot               uint8
	tags               []*Value
	byName             map[string]int
	produced, consumed []CIPAssembly
	machine            Machine
	places             places

	sessions    uint32
	serial      uint32 // of connections: the number of the last
	connections []*cipConnection
	scratch     []byte
	datagram    []byte
}

// NewCIP checks a description: names must be unique and not longer than 40
// letters a part, assemblies at most 500 bytes.
func NewCIP(c CIPConfig) (*CIP, error) {
	d := &CIP{
		identity: c.Identity, slot: c.Slot, tags: c.Tags, produced: c.Produced, consumed: c.Consumed,
		machine: c.Machine, places: newPlaces(c.Connections), byName: map[string]int{},
	}
	if len(c.Identity.Name) > 32 {
		return nil, fmt.Errorf("device: product name %q has more than 32 letters", c.Identity.Name)
	}
	d.host.IP = c.Address
	if !d.host.IP.Is4() {
		d.host.IP = netip.IPv4Unspecified()
	}
	for i, t := range c.Tags {
		if _, twice := d.byName[t.Name]; twice || t.Name == "" || len(t.Name) > 40 {
			return nil, fmt.Errorf("device: tag %q is there twice or has no good name", t.Name)
		}
		d.byName[t.Name] = i
	}
	seen := map[uint16]bool{}
	for _, list := range [][]CIPAssembly{c.Produced, c.Consumed} {
		for i := range list {
			if seen[list[i].Instance] || list[i].size() > cipMaxAssembly {
				return nil, errors.New("device: assemblies of one number, or one that is too large")
			}
			seen[list[i].Instance] = true
		}
	}
	return d, nil
}

// Accept implements Server.
func (d *CIP) Accept(peer netip.Addr) Session {
	if !d.places.take() {
		return nil
	}
	return &cipSession{seat: seat{&d.places}, device: d, peer: peer, cut: cutter{header: enipHeader, length: enipLength}}
}

// enipLength reads the length of an encapsulation message.
func enipLength(h []byte) int {
	n := enipHeader + int(binary.LittleEndian.Uint16(h[2:]))
	if n > cipMaxMessage {
		return 0
	}
	return n
}

// Commands of the encapsulation (CIP volume 2, 2-3.2).
const (
	enipNOP            = 0x00
	enipListServices   = 0x04
	enipListIdentity   = 0x63
	enipListInterfaces = 0x64
	enipRegister       = 0x65
	enipUnregister     = 0x66
	enipUnconnected    = 0x6f
	enipConnected      = 0x70

	enipUnsupported = 0x01
	enipBadData     = 0x03
	enipBadSession  = 0x64
	enipBadVersion  = 0x69
)

// enipMessage is an encapsulation message taken apart.
type enipMessage struct {
	plant.ENIP
	command uint16
	status  uint32
	body    []byte
}

func parseENIP(b []byte) enipMessage {
	return enipMessage{
		ENIP:    plant.ENIP{Session: binary.LittleEndian.Uint32(b[4:]), Context: binary.LittleEndian.Uint64(b[12:])},
		command: binary.LittleEndian.Uint16(b), status: binary.LittleEndian.Uint32(b[8:]), body: b[enipHeader:],
	}
}

// Items of the common packet format (CIP volume 2, 2-6.3).
const (
	cpfAddress   = 0x00a1 // of a connection
	cpfConnected = 0x00b1
	cpfData      = 0x00b2 // unconnected
	cpfSequenced = 0x8002
)

// cpf takes the two items of a message apart; the first is the address.
func cpf(b []byte) (address []byte, kind uint16, data []byte, ok bool) {
	if len(b) < 10 || binary.LittleEndian.Uint16(b) != 2 {
		return nil, 0, nil, false
	}
	b = b[2:]
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if len(b) < 4+n+4 {
		return nil, 0, nil, false
	}
	address, b = b[4:4+n], b[4+n:]
	kind = binary.LittleEndian.Uint16(b)
	if len(b) != 4+int(binary.LittleEndian.Uint16(b[2:])) {
		return nil, 0, nil, false
	}
	return address, kind, b[4:], true
}

// Unconnected is UDP port 44818: who is there, and what can it do.
func (d *CIP) Unconnected() Datagrams { return cipUDP{d} }

type cipUDP struct{ d *CIP }

// Receive implements Datagrams.
func (u cipUDP) Receive(_ int64, _ netip.AddrPort, b, out []byte) []byte {
	if len(b) < enipHeader || enipLength(b[:enipHeader]) != len(b) {
		return out
	}
	m := parseENIP(b)
	if m.command == enipNOP {
		return out
	}
	return u.d.list(m, out)
}

// list answers the commands that need no session; others are refused.
func (d *CIP) list(m enipMessage, out []byte) []byte {
	switch m.command {
	case enipListServices:
		return m.ListServicesAnswer(out)
	case enipListIdentity:
		return m.ListIdentityAnswer(out, &d.host, d.identity.wire())
	case enipListInterfaces:
		return m.ListInterfacesAnswer(out)
	}
	return m.Refuse(out, m.command, enipUnsupported)
}

// cipSession is one TCP client.
type cipSession struct {
	seat
	device  *CIP
	peer    netip.Addr
	cut     cutter
	handle  uint32 // 0: not registered
	now     int64
	message []byte // the CIP answer in the making
	name    []byte // of a tag
	file    cipFile
}

// Close implements Session: message connections end with it, cyclic ones go on
// until they are closed or run dry.
func (s *cipSession) Close() {
	s.seat.Close()
	s.device.drop(func(c *cipConnection) bool { return c.owner == s && c.class == 3 })
}

// Receive implements Session.
func (s *cipSession) Receive(now int64, b, out []byte) ([]byte, bool) {
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
		if out, keep = s.command(parseENIP(message), out); !keep {
			return out, false
		}
	}
}

func (s *cipSession) command(m enipMessage, out []byte) ([]byte, bool) {
	switch m.command {
	case enipNOP:
		return out, true
	case enipUnregister:
		return out, false
	case enipRegister:
		return s.register(m, out), true
	case enipUnconnected, enipConnected:
		if s.handle == 0 || m.Session != s.handle {
			return m.Refuse(out, m.command, enipBadSession), true
		}
		if m.command == enipUnconnected {
			return s.unconnected(m, out), true
		}
		return s.connected(m, out), true
	}
	return s.device.list(m, out), true
}

func (s *cipSession) register(m enipMessage, out []byte) []byte {
	switch {
	case len(m.body) != 4:
		return m.Refuse(out, m.command, enipBadData)
	case m.body[0] != 1 || m.body[1] != 0:
		return m.Refuse(out, m.command, enipBadVersion)
	case s.handle != 0:
		return m.Refuse(out, m.command, enipUnsupported)
	}
	s.device.sessions++
	s.handle = 0x14020000 + s.device.sessions
	return plant.ENIP{Session: s.handle, Context: m.Context}.Register(out)
}

// cpfPrefix is how long the interface handle and timeout before the items are.
const cpfPrefix = 6

func (s *cipSession) unconnected(m enipMessage, out []byte) []byte {
	if len(m.body) < cpfPrefix {
		return m.Refuse(out, m.command, enipBadData)
	}
	_, kind, data, ok := cpf(m.body[cpfPrefix:])
	if !ok || kind != cpfData || len(data) < 2 {
		return m.Refuse(out, m.command, enipBadData)
	}
	s.message = s.serve(s.message[:0], data, 0)
	return m.Unconnected(out, s.message)
}

func (s *cipSession) connected(m enipMessage, out []byte) []byte {
	if len(m.body) < cpfPrefix {
		return m.Refuse(out, m.command, enipBadData)
	}
	address, kind, data, ok := cpf(m.body[cpfPrefix:])
	if !ok || kind != cpfConnected || len(address) != 4 || len(data) < 4 {
		return m.Refuse(out, m.command, enipBadData)
	}
	c := s.device.connection(binary.LittleEndian.Uint32(address))
	if c == nil || c.class != 3 || c.owner != s {
		return out // nobody is at this address: no answer
	}
	s.message = s.serve(s.message[:0], data[2:], 0)
	return m.Connected(out, c.toOriginator, binary.LittleEndian.Uint16(data), s.message)
}
