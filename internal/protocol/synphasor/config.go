package synphasor

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// maxUnits is how many units of a stream have their layout kept; a stream of more
// is told without values.
const maxUnits = 64

// layout is where a unit's values are in a data frame.
type layout struct {
	id                         uint16
	format                     uint16 // bit 1: phasors are floats, 2: analogs, 3: frequency
	phasors, analogs, digitals uint16
}

// Bits of the format word (6.4, FORMAT).
const (
	floatPhasors   = 1 << 1
	floatAnalogs   = 1 << 2
	floatFrequency = 1 << 3
)

func width(format, bit uint16) int {
	if format&bit != 0 {
		return 4
	}
	return 2
}

func kind(format, bit uint16) firedoor.ValueType {
	if format&bit != 0 {
		return firedoor.F32
	}
	return firedoor.I16
}

// size is how many bytes the unit takes in a data frame (table 5).
func (l *layout) size() int {
	return 2 + 2*int(l.phasors)*width(l.format, floatPhasors) + 2*width(l.format, floatFrequency) +
		int(l.analogs)*width(l.format, floatAnalogs) + 2*int(l.digitals)
}

// config reads a configuration frame: time base (4), number of units (2), the
// units, data rate (2). Frame 3 begins with a continuation index (2), and one
// that is cut into several frames is not put together. The stations are told;
// the layout is that of data frames in frames 2 and 3, not in 1.
func (p *parser) config(of int, body []byte) {
	r := protocol.Read(body)
	if of == frameConfig3 && r.U16() != 0 {
		p.layouts, p.stream = p.layouts[:0], noStream
		return
	}
	r.Skip(4)
	count := int(r.U16())
	if of != frameConfig1 {
		p.layouts, p.stream = p.layouts[:0], noStream
	}
	for i := 0; i < count && !r.Failed(); i++ {
		var l layout
		var name []byte
		if of == frameConfig3 {
			name = unit3(&r, &l)
		} else {
			name = unit2(&r, &l)
		}
		if r.Failed() {
			break
		}
		p.station(i, count, name)
		if of != frameConfig1 && len(p.layouts) < maxUnits {
			p.layouts = append(p.layouts, l)
		}
	}
	r.Skip(2)
	switch {
	case r.Failed():
		p.layouts = p.layouts[:0]
		p.malformed("configuration ends too early")
	case r.Len() > 0:
		p.malformed("bytes behind the configuration")
	case of != frameConfig1 && count <= maxUnits:
		p.stream = uint32(p.id())
	}
}

// unit2 reads a unit of configuration frames 1 and 2 (table 9): names have 16 bytes.
func unit2(r *protocol.Reader, l *layout) (name []byte) {
	const text = 16
	name = r.Bytes(text)
	l.id, l.format = r.U16(), r.U16()
	l.phasors, l.analogs, l.digitals = r.U16(), r.U16(), r.U16()
	ph, an, dg := int(l.phasors), int(l.analogs), int(l.digitals)
	r.Skip(text * (ph + an + 16*dg))
	r.Skip(4 * (ph + an + dg)) // units and masks
	r.Skip(4)                  // nominal frequency, change count
	return name
}

// unit3 reads a unit of configuration frame 3 (table 11): names say their length.
func unit3(r *protocol.Reader, l *layout) (name []byte) {
	name = r.Bytes(int(r.U8()))
	l.id = r.U16()
	r.Skip(16) // global identifier
	l.format = r.U16()
	l.phasors, l.analogs, l.digitals = r.U16(), r.U16(), r.U16()
	ph, an, dg := int(l.phasors), int(l.analogs), int(l.digitals)
	for i := 0; i < ph+an+16*dg && !r.Failed(); i++ {
		r.Skip(int(r.U8()))
	}
	r.Skip(12*ph + 8*an + 4*dg)
	r.Skip(12 + 1 + 8 + 4) // place, class of service, window, delay, nominal frequency, change count
	return name
}

// station tells a station's name: the server's own when its stream has only one.
func (p *parser) station(i, count int, name []byte) {
	f := firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactName, Confidence: 90, Source: source, Value: name}
	if count > 1 {
		f.Kind, f.Slot = firedoor.FactModule, uint16(i+1)
	}
	p.voice.Fact(p.emit, f)
}

// data tells the values of a data frame, or only that one came when its layout is
// not known.
func (p *parser) data(body []byte) {
	want := 0
	for i := range p.layouts {
		want += p.layouts[i].size()
	}
	if p.stream != uint32(p.id()) || want != len(body) {
		p.say(firedoor.Object{Space: &streams, At: [4]uint32{uint32(p.id())}}, firedoor.NoValue, nil)
		return
	}
	for i := range p.layouts {
		l := &p.layouts[i]
		p.unit(l, body[:l.size()])
		body = body[l.size():]
	}
}

// badStatus are the bits of a status word that make the values doubtful: error
// or test mode, not in sync, sorted by arrival (6.3, STAT).
const badStatus = 0xf000

func (p *parser) unit(l *layout, b []byte) {
	o := firedoor.Object{Space: &units, At: [4]uint32{uint32(l.id)}}
	if binary.BigEndian.Uint16(b)&badStatus != 0 {
		p.say(o, firedoor.U16, b[:2])
	}
	b = b[2:]
	for _, part := range [...]struct {
		part uint32
		kind firedoor.ValueType
		size int
	}{
		{partPhasors, kind(l.format, floatPhasors), 2 * int(l.phasors) * width(l.format, floatPhasors)},
		{partFrequency, kind(l.format, floatFrequency), 2 * width(l.format, floatFrequency)},
		{partAnalogs, kind(l.format, floatAnalogs), int(l.analogs) * width(l.format, floatAnalogs)},
		{partDigitals, firedoor.U16, 2 * int(l.digitals)},
	} {
		if part.size > 0 {
			o.At[1] = part.part
			p.say(o, part.kind, b[:part.size])
		}
		b = b[part.size:]
	}
}

// say emits a sample of the frame at hand.
func (p *parser) say(o firedoor.Object, of firedoor.ValueType, raw []byte) {
	t := frameType(p.b)
	p.sample = firedoor.Sample{Function: frames[t], Code: uint32(t), HasUnit: true, Unit: uint32(p.id()), Object: o}
	if of != firedoor.NoValue {
		p.sample.Values = firedoor.Values{Type: of, Count: len(raw) / of.Size(), Raw: raw}
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
