package sv

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// streams are what is sampled, by the id of the stream.
var streams = firedoor.Space{Name: "stream"}

// maxStreams is how many streams of a flow are remembered; further ones are not
// described, only their samples are told.
const maxStreams = 64

// stream is what was last told of a stream.
type stream struct {
	id   uint64 // sum of its id and APPID
	says [5]uint32
}

// parser reads one publisher's frames to one group. What its events point to
// lives here.
type parser struct {
	streams []stream
	latest  int // the stream found last: the next frame is nearly always its

	emit    func(*firedoor.Event)
	voice   wire.Voice
	sample  firedoor.Sample
	event   firedoor.Event
	scratch [20]byte
}

func newParser() *parser {
	p := &parser{}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Tags of a unit, of its fields, and of the fields of a sample unit.
const (
	tagUnit  = 0x60
	tagCount = 0x80
	tagUnits = 0xa2

	tagID       = 0x80
	tagDataSet  = 0x81
	tagCounter  = 0x82
	tagRevision = 0x83
	tagRefresh  = 0x84
	tagSynch    = 0x85
	tagRate     = 0x86
	tagData     = 0x87
)

// header: APPID 2, length with the header 2, reserved 2 + 2; the first bit of the
// first reserved field marks simulated frames.
const (
	header    = 8
	simulated = 0x80
)

// functions are the words of samples, by whether the frame is simulated.
var (
	sampleWords = [2]string{"sampled values", "simulated sampled values"}
	streamWords = [2]string{"stream", "simulated stream"}
)

// Parse reads one frame behind its Ethernet type.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if len(b) < header {
		p.voice.Malformed(emit, "shorter than its header", len(b))
		return len(b), nil
	}
	end := int(binary.BigEndian.Uint16(b[2:]))
	if end < header || end > len(b) {
		p.voice.Malformed(emit, "length does not fit the frame", 2)
		end = len(b)
	}
	r := wire.ReadBER(b[header:end])
	unit := r.Into(tagUnit)
	var count uint32
	var units []byte
	ok := true
	for !unit.Failed() && unit.Len() > 0 {
		switch tag, content := unit.Any(); tag {
		case tagCount:
			count, ok = number(content)
		case tagUnits:
			units = content
		}
	}
	switch {
	case unit.Failed():
		p.voice.Malformed(emit, "no unit of sampled values behind the header", header)
	case units == nil || count == 0 || !ok:
		p.voice.Malformed(emit, "unit without samples", header)
	default:
		mark := b[4] >> 7
		p.units(binary.BigEndian.Uint16(b), mark, count, units)
	}
	return len(b), nil
}

// units reads the sample units of a frame.
func (p *parser) units(app uint16, mark byte, count uint32, b []byte) {
	r := wire.ReadBER(b)
	n := uint32(0)
	for r.Len() > 0 {
		a := r.Into(wire.TagSequence)
		if n++; a.Failed() || !p.unit(app, mark, count, &a) {
			p.voice.Malformed(p.emit, "broken sample unit", header)
			return
		}
	}
	if n != count {
		p.voice.Malformed(p.emit, "number of sample units is not what the frame says", header)
	}
}

// unit reads one sample unit; false if a field is broken or one that must be
// there is missing.
func (p *parser) unit(app uint16, mark byte, count uint32, a *wire.BER) bool {
	var id, data []byte
	var counter, rev, synch, rate uint32
	has, ok := 0, true
	for ok && a.Len() > 0 {
		tag, content := a.Any()
		switch tag {
		case tagID:
			id, has = content, has|1
		case tagCounter:
			counter, ok = number(content)
			has |= 2
		case tagRevision:
			rev, ok = number(content)
			has |= 4
		case tagSynch:
			synch, ok = number(content)
		case tagRate:
			rate, ok = number(content)
		case tagData:
			data, has = content, has|8
		}
		ok = ok && !a.Failed()
	}
	if !ok || has != 15 {
		return false
	}
	id = id[:min(len(id), wire.MaxText)]
	p.sample = firedoor.Sample{HasUnit: true, Unit: uint32(app), Object: firedoor.Object{Space: &streams, Text: id}}
	p.describe(mark, [5]uint32{rev, synch, rate, count, uint32(len(data))})
	v := firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data}
	if len(data)%4 == 0 {
		v.Type, v.Count = firedoor.I32, len(data)/4
	}
	p.sample.Function, p.sample.Code, p.sample.Values = sampleWords[mark], counter, v
	p.emit(&p.event)
	return true
}

// describe tells what is new of the stream of the sample at hand.
func (p *parser) describe(mark byte, says [5]uint32) {
	id := p.sample.Object.Text
	sum := wire.Sum(id) ^ uint64(p.sample.Unit)<<8 ^ uint64(mark)
	if p.latest >= len(p.streams) || p.streams[p.latest].id != sum {
		p.latest = -1
		for i := range p.streams {
			if p.streams[i].id == sum {
				p.latest = i
				break
			}
		}
	}
	switch {
	case p.latest >= 0 && p.streams[p.latest].says == says:
		return
	case p.latest >= 0:
		p.streams[p.latest].says = says
	case len(p.streams) == maxStreams:
		p.latest = 0
		return
	default:
		p.latest = len(p.streams)
		p.streams = append(p.streams, stream{id: sum, says: says})
		p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactService, Confidence: 90, Source: "sampled values", Value: id})
		if len(p.streams) == 1 {
			p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactRole, Confidence: 60, Source: "sampled values",
				Value: append(p.scratch[:0], firedoor.RoleIED...)})
		}
	}
	b := p.scratch[:0]
	for _, v := range says {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	p.sample.Function, p.sample.Code = streamWords[mark], 0
	p.sample.Values = firedoor.Values{Type: firedoor.U32, Count: len(says), Raw: b}
	p.emit(&p.event)
}

// number reads an unsigned number of at most 32 bits: this protocol writes them
// in a fixed size, without the zero in front of a high bit.
func number(content []byte) (uint32, bool) {
	if len(content) == 0 || len(content) > 5 || len(content) == 5 && content[0] != 0 {
		return 0, false
	}
	v := uint32(0)
	for _, c := range content {
		v = v<<8 | uint32(c)
	}
	return v, true
}
