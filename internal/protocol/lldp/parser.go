package lldp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Element types (IEEE 802.1AB, table 8-1).
const (
	typeEnd          = 0
	typeChassis      = 1
	typePort         = 2
	typeTTL          = 3
	typePortText     = 4
	typeName         = 5
	typeSystem       = 6
	typeCapabilities = 7
	typeManagement   = 8
	typeOrganisation = 127
)

// Identifier subtypes (tables 8-2 and 8-3) and address families (IANA).
const (
	chassisMAC     = 4
	chassisAddress = 5
	chassisLocal   = 7
	portLocal      = 7
	familyIPv4     = 1
	familyIPv6     = 2
)

// Organisations and PROFINET's subtype for the device's own MAC (IEC 61158-6-10).
const (
	ouiMED      = 0x0012bb
	ouiPROFINET = 0x000ecf
	pnChassis   = 5
)

// Capability bits.
const (
	canBridge = 1 << 2
	canRoute  = 1 << 4
)

// Confidence: many controllers with two ports call themselves a bridge.
const (
	sure   = 90
	likely = 60
)

type parser struct{ voice wire.Voice }

// device is what the elements say together: which MAC and address the facts
// are about, since a switch sends from every port's own MAC.
type device struct {
	mac      firedoor.MAC
	ip       firedoor.IP
	chassis  []byte // subtype and identifier
	port     []byte
	text     []byte
	profinet bool
}

// element is one type-length-value.
type element struct {
	kind int
	at   int
	data []byte
}

// walk reads the element at an offset; more is false at the end mark, ok is
// false when the data end without one.
func walk(b []byte, at int, e *element) (next int, more, ok bool) {
	if len(b)-at < 2 {
		return at, false, false
	}
	head := int(binary.BigEndian.Uint16(b[at:]))
	n := head & 0x1ff
	if len(b)-at-2 < n {
		return at, false, false
	}
	*e = element{kind: head >> 9, at: at, data: b[at+2 : at+2+n]}
	return at + 2 + n, e.kind != typeEnd, true
}

// Parse reads one data unit: first whom it is about, then its facts. Facts
// before a broken element stand.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	var d device
	var e element
	mandatory := typeChassis
	at, more := 0, true
	var ok bool
	for more {
		if at, more, ok = walk(b, at, &e); !ok {
			p.voice.Malformed(emit, "element longer than the frame", at)
			break
		}
		if mandatory <= typeTTL {
			if e.kind != mandatory {
				p.voice.Malformed(emit, "does not begin with chassis, port and time to live", e.at)
				return len(b), nil
			}
			mandatory++
		}
		d.gather(&e)
	}
	if mandatory <= typeTTL {
		return len(b), nil
	}
	p.identifiers(&d, emit)
	at = 0
	for {
		if at, more, ok = walk(b, at, &e); !more || !ok {
			return len(b), nil
		}
		p.facts(&d, &e, emit)
	}
}

// gather finds whom the data unit is about.
func (d *device) gather(e *element) {
	b := e.data
	switch e.kind {
	case typeChassis:
		d.chassis = b
		switch {
		case len(b) == 7 && b[0] == chassisMAC:
			d.own(b[1:])
		case len(b) > 2 && b[0] == chassisAddress:
			d.ip = address(b[1], b[2:])
		}
	case typePort:
		d.port = b
	case typePortText:
		d.text = b
	case typeManagement:
		if len(b) < 2 || int(b[0]) >= len(b) || b[0] < 1 {
			return
		}
		if ip := address(b[1], b[2:1+int(b[0])]); d.ip.IsZero() && !ip.IsZero() {
			d.ip = ip
		}
	case typeOrganisation:
		if len(b) >= 4 && oui(b) == ouiPROFINET {
			d.profinet = true
			if b[3] == pnChassis && len(b) == 10 {
				d.own(b[4:])
			}
		}
	}
}

func (d *device) own(mac []byte) {
	if m := firedoor.MACFrom(mac); m != 0 && !m.IsGroup() {
		d.mac = m
	}
}

func oui(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

func address(family byte, b []byte) firedoor.IP {
	var ip firedoor.IP
	switch {
	case family == familyIPv4 && len(b) == 4:
		ip = firedoor.IPv4(binary.BigEndian.Uint32(b))
	case family == familyIPv6 && len(b) == 16:
		ip = firedoor.IPv6(b)
	}
	if ip.IsUnspecified() || ip.IsGroup() {
		return firedoor.IP{}
	}
	return ip
}

// identifiers tells address, station name and port.
func (p *parser) identifiers(d *device, emit func(*firedoor.Event)) {
	if !d.ip.IsZero() && d.mac != 0 {
		p.tell(d, firedoor.FactAddress, "lldp", nil, sure, emit)
	}
	if d.profinet {
		p.profinet(d, emit)
	} else if len(d.chassis) > 1 && d.chassis[0] == chassisLocal {
		p.tell(d, firedoor.FactComment, "lldp chassis", d.chassis[1:], sure, emit)
	}
	// the port is told of the sender: every port has its own
	f := firedoor.Identity{About: firedoor.AboutSender, Kind: firedoor.FactComment, Confidence: sure, Source: "lldp port", Value: d.text}
	if len(d.port) > 1 && (d.port[0] == portLocal || d.port[0] == 1 || d.port[0] == 5) { // local, alias, interface name
		f.Value = d.port[1:]
	}
	p.voice.Fact(emit, f)
}

// profinet tells the station name: devices up to V2.2 send it as the chassis,
// later ones behind the dot of the port ("port-001.mixer") and the type of
// device as the chassis (IEC 61158-6-10, LLDP_ChassisID and LLDP_PortID).
func (p *parser) profinet(d *device, emit func(*firedoor.Event)) {
	if len(d.port) > 1 && d.port[0] == portLocal {
		for i, c := range d.port[1:] {
			if c != '.' {
				continue
			}
			p.tell(d, firedoor.FactName, "lldp profinet", d.port[2+i:], sure, emit)
			if len(d.chassis) > 1 && d.chassis[0] == chassisLocal {
				p.tell(d, firedoor.FactModel, "lldp profinet", d.chassis[1:], sure, emit)
			}
			return
		}
	}
	if len(d.chassis) > 1 && d.chassis[0] == chassisLocal {
		p.tell(d, firedoor.FactName, "lldp profinet", d.chassis[1:], sure, emit)
	}
}

// facts tells what one element says.
func (p *parser) facts(d *device, e *element, emit func(*firedoor.Event)) {
	b := e.data
	switch e.kind {
	case typeName:
		p.tell(d, firedoor.FactName, "lldp", b, sure, emit)
	case typeSystem:
		p.tell(d, firedoor.FactSystem, "lldp", b, sure, emit)
	case typeCapabilities:
		if len(b) != 4 {
			p.voice.Malformed(emit, "capabilities of a wrong size", e.at)
			return
		}
		enabled := binary.BigEndian.Uint16(b[2:])
		if enabled&canBridge != 0 {
			p.tell(d, firedoor.FactRole, "lldp", roleSwitch, likely, emit)
		}
		if enabled&canRoute != 0 {
			p.tell(d, firedoor.FactRole, "lldp", roleRouter, likely, emit)
		}
	case typeOrganisation:
		if len(b) < 4 {
			p.voice.Malformed(emit, "organisation's element without its name", e.at)
			return
		}
		if oui(b) == ouiMED && int(b[3]) < len(medFacts) && medFacts[b[3]].kind != 0 {
			m := &medFacts[b[3]]
			p.tell(d, m.kind, m.source, b[4:], sure, emit)
		}
	}
}

// tell emits a fact about the device: by chassis MAC and management address
// where it told them, else about whoever sent the frame.
func (p *parser) tell(d *device, kind firedoor.FactKind, source string, value []byte, confidence uint8, emit func(*firedoor.Event)) {
	f := firedoor.Identity{Kind: kind, Confidence: confidence, Source: source, Value: value}
	if d.mac != 0 {
		f.About, f.MAC, f.IP = firedoor.AboutAddress, d.mac, d.ip
	}
	p.voice.Fact(emit, f)
}

// Gap: frames stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
