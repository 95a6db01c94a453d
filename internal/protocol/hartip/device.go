package hartip

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

const source = "hart"

// identity tells what an answered command says of a device.
func (p *parser) identity(u *unit) {
	switch u.command {
	case firstUniversal, byTag, byLongTag:
		p.identifier(u)
	case readTag:
		if len(u.data) >= 6 {
			p.fact(u, firedoor.FactName, unpack(p.text[:0], u.data[:6]))
		}
	case readLongTag:
		if len(u.data) >= 32 {
			p.fact(u, firedoor.FactName, u.data[:32])
		}
	}
}

// identifier reads the answer to command 0: 254, expanded device type (2),
// preambles, universal revision, device revision, software revision, hardware
// revision and signalling, flags, device identifier (3), five bytes, manufacturer
// (2). Devices before HART 7 end behind the identifier or the five bytes: of
// these the first byte of the type is the manufacturer.
func (p *parser) identifier(u *unit) {
	d := u.data
	if len(d) < 12 || d[0] != 254 {
		return
	}
	kind := binary.BigEndian.Uint16(d[1:])
	serial := uint32(d[9])<<16 | uint32(d[10])<<8 | uint32(d[11])
	if !u.long && u.short == 0 && u.command == firstUniversal { // polling address 0 is the server itself
		p.own = firedoor.Object{Space: &devices, At: [4]uint32{uint32(kind) & 0x3fff, serial}}
	}
	maker := uint32(kind >> 8)
	if len(d) >= 19 {
		maker = uint32(binary.BigEndian.Uint16(d[17:]))
	}
	name := append(p.text[:0], vendor(maker)...)
	if len(name) == 0 {
		name = hex(append(name, "HART manufacturer 0x"...), maker, 4)
	}
	p.fact(u, firedoor.FactVendor, name)
	p.fact(u, firedoor.FactModel, hex(append(p.text[:0], "HART device type 0x"...), uint32(kind), 4))
	p.fact(u, firedoor.FactSerial, hex(append(p.text[:0], "0x"...), serial, 6))
	p.fact(u, firedoor.FactHardware, strconv.AppendUint(p.text[:0], uint64(d[7]>>3), 10))
	p.fact(u, firedoor.FactFirmware, strconv.AppendUint(append(strconv.AppendUint(p.text[:0], uint64(d[5]), 10), '.'), uint64(d[6]), 10))
}

// fact tells a fact about the server, or of a device behind it that it is there:
// many devices share the address of their gateway.
func (p *parser) fact(u *unit, kind firedoor.FactKind, value []byte) {
	f := firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: source, Value: value}
	if o := u.object(); u.long && p.own.Space != nil && o.At != p.own.At {
		if kind != firedoor.FactName && kind != firedoor.FactModel {
			return
		}
		f.Kind = firedoor.FactModule
	}
	p.voice.Fact(p.emit, f)
}

// unpack reads packed ASCII: characters of six bits, four in three bytes
// (TS20183, 5.1.1).
func unpack(dst, b []byte) []byte {
	for ; len(b) >= 3; b = b[3:] {
		v := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		for shift := 18; shift >= 0; shift -= 6 {
			c := byte(v>>shift) & 0x3f
			if c&0x20 == 0 {
				c |= 0x40
			}
			dst = append(dst, c)
		}
	}
	return dst
}

// Device variables that every device has (TS20183, table 34).
const (
	variablePercent = 244
	variableLoop    = 245
	variableFirst   = 246 // primary; secondary, tertiary and quaternary follow
)

// publish tells the variables of a message that nobody asked for.
func (p *parser) publish(id byte, body []byte) {
	switch id {
	case idToken:
		u, ok := readUnit(body)
		if !ok || u.kind != frameBurst || !u.checked {
			p.malformed("PDU in a publish is none")
			return
		}
		p.published(&u)
	case idDirect:
		w := walk{body: body, at: 2}
		for w.next() {
			if len(w.data) > 0 {
				p.published(&unit{command: w.command, code: w.data[0], data: w.data[1:]})
			}
		}
		if w.count == 0 || !w.whole() {
			p.malformed("commands do not fill their message")
		}
	default:
		p.malformed("published message of a session")
	}
}

func (p *parser) published(u *unit) {
	p.sample = firedoor.Sample{Function: "published data"}
	if outcome(u.code).Kind != firedoor.OutcomeOK || !p.variables(u) { // nothing that is known: say that it came
		p.sample.Values, p.sample.Object = firedoor.Values{}, firedoor.Object{}
		p.say(u)
	}
}

// answered tells the variables that a command has read.
func (p *parser) answered(u *unit) {
	p.sample = firedoor.Sample{Function: wordOf(u.command).name}
	p.variables(u)
}

// variables tells what is in the data of a command and whether there was any.
func (p *parser) variables(u *unit) bool {
	d := u.data
	before := len(d)
	switch u.command {
	case readPV:
		if len(d) >= 5 {
			d = p.variable(u, variableFirst, d[1:])
		}
	case readLoop:
		if len(d) >= 8 {
			d = p.variable(u, variableLoop, d)
			d = p.variable(u, variablePercent, d)
		}
	case readDynamic: // current, then up to four of unit and value
		if len(d) >= 4 {
			d = p.variable(u, variableLoop, d)
		}
		for i := uint32(0); i < 4 && len(d) >= 5; i++ {
			d = p.variable(u, variableFirst+i, d[1:])
		}
	case readVariables: // status; number, class, unit, value, status each; a time behind the last
		if len(d) > 0 {
			d = d[1:]
		}
		for len(d) >= 8 {
			d = p.variable(u, uint32(d[0]), d[3:])[1:]
		}
	case readVariablesOld: // number, unit, value each
		for len(d) >= 6 {
			d = p.variable(u, uint32(d[0]), d[2:])
		}
	}
	return len(d) != before
}

// variable tells the value that d begins with and returns what follows it.
func (p *parser) variable(u *unit, number uint32, d []byte) []byte {
	p.sample.Values = firedoor.Values{Type: firedoor.F32, Count: 1, Raw: d[:4]}
	p.sample.Object.At[2] = number + 1
	p.say(u)
	return d[4:]
}

func (p *parser) say(u *unit) {
	s := &p.sample
	s.Code = u.command
	s.Object.Space, s.Object.At[0], s.Object.At[1] = &devices, u.device, u.serial
	if !u.long {
		s.HasUnit, s.Unit = true, uint32(u.short)
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: s}
	p.emit(&p.event)
}
