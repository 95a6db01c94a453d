package epl

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

type parser struct {
	last uint32

	emit    func(*firedoor.Event)
	size    int // of the frame at hand
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	samples firedoor.Event
	text    [48]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.samples = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string, at int) { p.voice.Malformed(p.emit, reason, at) }

// Parse reads one frame: type, destination node, source node, and what the type
// has. All frames are padded to 46 bytes.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.size = emit, len(b)
	if len(b) < 10 {
		p.malformed("shorter than any message", 0)
		return len(b), nil
	}
	switch b[0] & typeMask {
	case typeSoC, typeAMNI, typeAInv:
	case typePReq:
		p.data(b, &requestWords, b[1])
	case typePRes:
		p.data(b, &responseWords, b[2])
	case typeSoA:
		if service := b[6]; service != 0 {
			p.ask(invite(service), codeInvite+uint32(service), b[7])
		}
	case typeASnd:
		p.asynchronous(b)
	default:
		p.malformed("type of message that does not exist", 0)
	}
	return len(b), nil
}

// Words of process data, by whether they are valid.
var (
	requestWords  = [2]string{"poll request not ready", "poll request"}
	responseWords = [2]string{"poll response not ready", "poll response"}
)

// data tells process data: flags at 4 (bit 0: ready), size at 8 (2), data.
func (p *parser) data(b []byte, words *[2]string, node byte) {
	n := int(binary.LittleEndian.Uint16(b[8:]))
	if n > len(b)-10 {
		p.malformed("process data longer than their frame", 8)
		n = len(b) - 10
	}
	p.tell(words[b[4]&1], uint32(b[0]&typeMask), node, b[10:10+n])
}

func (p *parser) tell(function string, code uint32, node byte, raw []byte) {
	p.sample = firedoor.Sample{Function: function, Code: code, Object: firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}},
		Values: firedoor.Values{Type: firedoor.U8, Count: len(raw), Raw: raw}}
	p.emit(&p.samples)
}

// ask tells what a node, or all of them (255), is asked for.
func (p *parser) ask(w word, code uint32, node byte) {
	p.op = firedoor.Operation{Code: code, Function: w.name, Verb: w.verb, Object: firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}}}
	p.asked()
}

func (p *parser) asked() {
	p.last++
	p.op.ID, p.op.Phase, p.op.NoAnswer = p.last, firedoor.Asked, true
	p.op.Span = firedoor.Span{End: int64(p.size)}
	p.emit(&p.opEvent)
}

// asynchronous reads what stands behind the service at 3.
func (p *parser) asynchronous(b []byte) {
	switch b[3] {
	case serviceIdent:
		p.tell("ident response", codeInvite+1, b[2], b[6:7])
		p.ident(b)
	case serviceStatus:
		p.tell("status response", codeInvite+2, b[2], b[6:7])
	case serviceRequest: // command and target: a node asks the managing node to command
		w := command(b[4])
		p.ask(word{"nmt request", w.verb}, codeRequest+uint32(b[4]), b[5])
	case serviceCommand:
		p.ask(command(b[4]), uint32(b[4]), b[1])
	case serviceSDO:
		p.sdo(b)
	}
}

const identSize = 114 // to the end of the host name

// ident reads an IdentResponse (DS 301, 7.3.3.2): vendor at 30, product at 34,
// revision at 38, serial number at 42, address at 70, host name at 82 (32).
func (p *parser) ident(b []byte) {
	if len(b) < identSize {
		p.malformed("ident response too short", 0)
		return
	}
	vendor := binary.LittleEndian.Uint32(b[30:])
	if vendor == vendorBR {
		p.fact(firedoor.FactVendor, append(p.text[:0], "B&R"...))
	} else {
		p.fact(firedoor.FactVendor, hex(append(p.text[:0], "POWERLINK vendor 0x"...), vendor))
	}
	p.fact(firedoor.FactModel, hex(append(p.text[:0], "product 0x"...), binary.LittleEndian.Uint32(b[34:])))
	p.fact(firedoor.FactHardware, hex(append(p.text[:0], "revision 0x"...), binary.LittleEndian.Uint32(b[38:])))
	if serial := binary.LittleEndian.Uint32(b[42:]); serial != 0 && serial != 0xffffffff {
		p.fact(firedoor.FactSerial, strconv.AppendUint(p.text[:0], uint64(serial), 10))
	}
	p.fact(firedoor.FactName, b[82:identSize])
	if ip := binary.LittleEndian.Uint32(b[70:]); ip != 0 && ip != 0xffffffff {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 70, Source: "powerlink", IP: firedoor.IPv4(ip)})
	}
}

const vendorBR = 0x0100006c

func (p *parser) fact(kind firedoor.FactKind, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: 90, Source: "powerlink", Value: value})
}

func hex(dst []byte, n uint32) []byte {
	const set = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, set[n>>shift&15])
	}
	return dst
}

// Command layer of service data objects behind the sequence layer (4 bytes at 4):
// transaction at 9, flags at 10, command at 11, segment size at 12 (2). An
// initiating segment has the whole size at 16 (4).
const (
	sdoHeader   = 16
	sdoResponse = 0x80
	sdoAborts   = 0x40
	sdoSegments = 0x30
	sdoInitiate = 0x10
)

func (p *parser) sdo(b []byte) {
	if len(b) < sdoHeader {
		p.malformed("service data object too short", 4)
		return
	}
	flags, id := b[10], b[11]
	n := int(binary.LittleEndian.Uint16(b[12:]))
	if n > len(b)-sdoHeader {
		p.malformed("segment longer than its frame", 12)
		return
	}
	data := b[sdoHeader : sdoHeader+n]
	if n == 0 && id == 0 {
		return // sequence layer alone: a connection, or an acknowledgement
	}
	if flags&sdoSegments == sdoInitiate && len(data) >= 4 {
		data = data[4:]
	} else if flags&sdoSegments > sdoInitiate {
		return
	}
	w := sdoWord(id)
	p.op = firedoor.Operation{Code: codeSDO + uint32(id), Function: w.name, Verb: w.verb}
	if flags&sdoResponse == 0 {
		p.request(b[1], id, flags, data)
	} else {
		p.response(b[2], id, flags, data)
	}
}

func (p *parser) request(node, id, flags byte, data []byte) {
	p.op.Object = firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}}
	if flags&sdoAborts != 0 {
		p.op.Function, p.op.Verb = "sdo abort", session
	} else if id >= sdoWrite && id <= 4 && len(data) >= 4 { // index, sub-index, one byte, data
		p.op.Object = firedoor.Object{Space: &objects, At: [4]uint32{uint32(node), uint32(binary.LittleEndian.Uint16(data)), uint32(data[2])}}
		if id == sdoWrite {
			p.op.Values = number(data[4:])
		}
	}
	p.asked()
}

func (p *parser) response(node, id, flags byte, data []byte) {
	p.op.Object = firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}}
	p.op.Outcome = firedoor.OK
	switch {
	case flags&sdoAborts != 0 && len(data) >= 4:
		code := binary.LittleEndian.Uint32(data)
		p.op.Outcome = firedoor.Failed(code, abort(code))
	case flags&sdoAborts != 0:
		p.op.Outcome = firedoor.Failed(0, "")
	case id == sdoRead:
		p.op.Values = number(data)
	}
	p.last++
	p.op.ID, p.op.Phase, p.op.Partial = p.last, firedoor.Answered, true
	p.emit(&p.opEvent)
}

// number reads a value: of two or four bytes a number, else its bytes.
func number(b []byte) firedoor.Values {
	switch len(b) {
	case 0:
		return firedoor.Values{}
	case 2:
		return firedoor.Values{Type: firedoor.U16, Little: true, Count: 1, Raw: b}
	case 4:
		return firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: b}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b}
}
