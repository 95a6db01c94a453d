package cclinkief

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

const source = "cc-link ie field basic"

type parser struct {
	last uint32
	told [10]byte // vendor to version of the station that was told last
	seen bool

	emit    func(*firedoor.Event)
	b       []byte // the datagram at hand
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	text    [32]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Parse reads one datagram.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.b = emit, b
	kind, ok := header(b)
	if !ok {
		p.malformed("header is not that of the network")
		return len(b), nil
	}
	switch kind {
	case kindCyclic:
		p.outputs()
	case kindCyclicAnswer:
		p.inputs()
	case kindNode:
		p.request()
	case kindNodeAnswer:
		p.answer()
	}
	return len(b), nil
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, 0) }

// several is what stands in a cyclic request where a station belongs to the
// device of the one before.
const several = 0xffffffff

// outputs tells what the master sends: words (RWw) and bits (RY) of each station.
func (p *parser) outputs() {
	if len(p.b) < cyclicRequest || command(p.b) != commandCyclic {
		return // some other command of SLMP
	}
	n := stationsOf(len(p.b)-cyclicRequest, stationID+stationWords+stationBits)
	if n == 0 || int(binary.LittleEndian.Uint16(p.b[61:])) != n {
		p.malformed("cyclic data does not fit its number of stations")
		return
	}
	ids := p.b[cyclicRequest:]
	words := ids[n*stationID:]
	bits := words[n*stationWords:]
	device, index := uint32(0), uint32(0)
	for i := range n {
		if id := binary.LittleEndian.Uint32(ids[i*stationID:]); id == several {
			index++
		} else {
			device, index = id, 0
		}
		p.say(wordOutput, device, areaRWw, index*stationWords/2, words[i*stationWords:(i+1)*stationWords])
		p.say(wordOutput, device, areaRY, index*stationBits*8, bits[i*stationBits:(i+1)*stationBits])
	}
}

// inputs tells what a station sends: words (RWr) and bits (RX), or why it does not.
func (p *parser) inputs() {
	n := 0
	if len(p.b) >= cyclicAnswer {
		n = stationsOf(len(p.b)-cyclicAnswer, stationWords+stationBits)
	}
	if n == 0 {
		p.malformed("cyclic data does not fit its number of stations")
		return
	}
	p.station(p.b[31:], firedoor.Identity{About: firedoor.AboutServer})
	device := binary.LittleEndian.Uint32(p.b[51:])
	if p.b[13]|p.b[14] != 0 {
		p.say(wordEndCode, device, areaEnd, 0, p.b[13:15])
		return
	}
	words := p.b[cyclicAnswer:]
	bits := words[n*stationWords:]
	for i := range n {
		p.say(wordInput, device, areaRWr, uint32(i)*stationWords/2, words[i*stationWords:(i+1)*stationWords])
		p.say(wordInput, device, areaRX, uint32(i)*stationBits*8, bits[i*stationBits:(i+1)*stationBits])
	}
}

func (p *parser) say(function string, device, area, first uint32, raw []byte) {
	v := firedoor.Values{Type: firedoor.U16, Little: true, Count: len(raw) / 2, Raw: raw}
	if area == areaRY || area == areaRX {
		v = firedoor.Values{Type: firedoor.Bit, Count: 8 * len(raw), Raw: raw}
	}
	p.sample = firedoor.Sample{Function: function, Code: commandCyclic, Values: v,
		Object: firedoor.Object{Space: &stations, At: [4]uint32{device, area, first}}}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// station tells vendor (2), model (4) and version (2) of a station, when they are
// new in this flow. In cyclic answers two zeros stand behind the vendor.
func (p *parser) station(b []byte, f firedoor.Identity) {
	if p.seen && string(b[:len(p.told)]) == string(p.told[:]) {
		return
	}
	p.seen = true
	copy(p.told[:], b)
	p.tell(f, b[:2], b[4:8], b[8:10])
}

func (p *parser) tell(f firedoor.Identity, vendor, model, version []byte) {
	f.Confidence, f.Source = 90, source
	f.Kind, f.Value = firedoor.FactVendor, hex(append(p.text[:0], "CC-Link vendor 0x"...), vendor)
	p.voice.Fact(p.emit, f)
	f.Kind, f.Value = firedoor.FactModel, hex(append(p.text[:0], "model 0x"...), model)
	p.voice.Fact(p.emit, f)
	f.Kind, f.Value = firedoor.FactFirmware, hex(append(p.text[:0], "0x"...), version)
	p.voice.Fact(p.emit, f)
}

// request reads a node search or the setting of a node's address. Both go to
// everybody.
func (p *parser) request() {
	if len(p.b) < 19 {
		p.malformed("node request of the wrong length")
		return
	}
	p.op = firedoor.Operation{Phase: firedoor.Asked, NoAnswer: true, Code: uint32(command(p.b)), Span: firedoor.Span{End: int64(len(p.b))}}
	known := p.name()
	switch {
	case p.op.Code == commandSearch && len(p.b) == searchRequest:
	case p.op.Code == commandSet && len(p.b) == setRequest:
		p.op.Object = firedoor.Object{Space: &nodes, At: nodeAt(p.b[30:])}
		p.op.Values = firedoor.Values{Type: firedoor.U32, Little: true, Count: 2, Raw: p.b[37:45]} // address and mask
	case known:
		p.malformed("node request of the wrong length")
		return
	default:
		return
	}
	p.last++
	p.op.ID = p.last
	p.emit(&p.opEvent)
}

// answer reads what a node says of itself, or that it took an address, or why not.
func (p *parser) answer() {
	end := binary.LittleEndian.Uint16(p.b[13:])
	switch {
	case end == 0 && len(p.b) == searchAnswer:
		p.node()
	case end == 0 && len(p.b) == setAnswer:
		p.reply(commandSet, end)
	case end != 0 && len(p.b) == nodeError:
		p.reply(command(p.b), end)
	}
}

func (p *parser) reply(of, end uint16) {
	p.op = firedoor.Operation{Phase: firedoor.Answered, Partial: true, Code: uint32(of), Outcome: firedoor.OK}
	if end != 0 {
		p.op.Outcome = firedoor.Failed(uint32(end), endCode(end))
	}
	if !p.name() {
		return
	}
	p.last++
	p.op.ID = p.last
	p.emit(&p.opEvent)
}

// node reads the answer to a node search: behind the master's addresses those of
// the node, its mask and gateway, and what it is.
func (p *parser) node() {
	b := p.b
	if b[32] != 4 {
		p.malformed("node with an address that is not of IPv4")
		return
	}
	f := firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90, Source: source,
		MAC: macAt(b[26:]), IP: firedoor.IPv4(binary.LittleEndian.Uint32(b[33:]))}
	p.voice.Fact(p.emit, f)
	p.tell(f, b[46:48], b[48:52], b[52:54])
}
