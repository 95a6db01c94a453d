package ecat

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// A mailbox (ETG.1000.6, 5.6.1) has length (2), address (2), channel and priority,
// type (4 bits), counter (3 bits), one reserved.
const (
	mailHeader = 6
	mailCoE    = 3
	mailFoE    = 4
)

type mail struct {
	kind byte
	body []byte
	end  int
}

// mailbox reads a mailbox; ok if it is certain to be one: process data lie in the
// same memory.
func mailbox(b []byte) (m mail, ok bool) {
	if len(b) < mailHeader+2 || b[4]&0x3f != 0 || b[5]&0x80 != 0 {
		return m, false
	}
	m.end = mailHeader + int(binary.LittleEndian.Uint16(b))
	if m.end > len(b) {
		return m, false
	}
	m.kind, m.body = b[5]&15, b[mailHeader:m.end]
	switch m.kind {
	case mailCoE:
		ok = coe(m.body)
	case mailFoE:
		ok = len(m.body) >= 6 && m.body[0] >= foeRead && m.body[0] <= foeBusy && m.body[1] == 0
	}
	return m, ok
}

// CoE: number (9 bits), 3 reserved, service (4).
const (
	coeEmergency   = 1
	coeRequest     = 2
	coeResponse    = 3
	coeInformation = 8

	sdoSize  = 10
	sdoShort = 6
)

func coe(b []byte) bool {
	if len(b) < 2 || b[0] != 0 || b[1]&0x0f != 0 {
		return false
	}
	switch b[1] >> 4 {
	case coeEmergency:
		return len(b) >= sdoSize
	case coeResponse:
		if len(b) == sdoShort { // what says no more than that something was taken may end there
			return b[2] == 0x60 || b[2]&^0x10 == 0x20
		}
		return len(b) >= sdoSize && b[2]>>5 <= 4
	case coeRequest:
		return len(b) >= sdoSize && b[2]>>5 <= 4
	case coeInformation:
		return len(b) >= 8 && b[2]&0x7f >= 1 && b[2]&0x7f <= 7
	}
	return false
}

// SDO command specifiers (bits 5 to 7 of the command), of requests.
const (
	sdoDownloadSegment = 0
	sdoDownload        = 1
	sdoUpload          = 2
	sdoUploadSegment   = 3
	sdoAbort           = 4
)

var sdoWords = [...]struct {
	name string
	verb firedoor.Verb
}{
	{"sdo download segment", configure}, {"sdo download", configure}, {"sdo upload", firedoor.VerbRead},
	{"sdo upload segment", firedoor.VerbRead}, {"sdo abort", firedoor.VerbSession},
}

// asking are the specifiers of the requests that responses belong to, by theirs.
var asking = [...]byte{sdoUploadSegment, sdoDownloadSegment, sdoUpload, sdoDownload, sdoAbort}

// FoE operation codes.
const (
	foeRead  = 1
	foeWrite = 2
	foeData  = 3
	foeError = 5
	foeBusy  = 6
)

// Codes of operations in mailboxes: the type of the mailbox, and what is in it.
const (
	codeSDO         = 0x300
	codeInformation = 0x380
	codeFoE         = 0x400
)

// letter tells what a mailbox going to a slave asks for. It comes back under a key, 0 if
// it does not.
func (p *parser) letter(m *mail, whom, which uint32, key uint64) {
	reply := uint64(0)
	p.op = firedoor.Operation{Object: firedoor.Object{Space: &mailboxes, At: [4]uint32{whom, which}}}
	b := m.body
	switch {
	case m.kind == mailFoE && b[0] == foeRead:
		p.op.Function, p.op.Verb = "foe read", firedoor.VerbRead
		p.op.Object.Text, p.op.Code = fileName(b), codeFoE+foeRead
	case m.kind == mailFoE && b[0] == foeWrite:
		p.op.Function, p.op.Verb = "foe write", firedoor.VerbProgram
		p.op.Object.Text, p.op.Code = fileName(b), codeFoE+foeWrite
	case m.kind == mailFoE || b[1]>>4 == coeEmergency || b[1]>>4 == coeResponse:
		return // the course of a transfer
	case b[1]>>4 == coeInformation:
		p.op.Function, p.op.Verb, p.op.Code = "sdo information", identify, codeInformation+uint32(b[2]&0x7f)
	default:
		p.sdo(b[2]>>5, b)
		if b[2]>>5 != sdoAbort {
			reply = replyKey(which, p.op.Code, &p.op.Object)
		}
	}
	if key == 0 { // not on the wire that comes back
		key, reply = reply, 0
	}
	if p.op.NoAnswer = key == 0; key == 0 {
		key = keyReply
	}
	p.ask(key, reply)
}

// replyKey is what a service data object and its reply have in common. Segments do not
// repeat the object.
func replyKey(station, code uint32, o *firedoor.Object) uint64 {
	key := keyReply | uint64(station&0xffff)<<40 | uint64(code&0xff)<<32
	if code == codeSDO+sdoUpload || code == codeSDO+sdoDownload {
		key |= uint64(o.At[2]&0xffff) << 16
	}
	return key
}

// fileName is the name behind code (2) and password (4), which is not read.
func fileName(b []byte) []byte { return b[6:min(len(b), 6+64)] }

// sdo fills in the operation of a specifier: command, index (2), subindex, data.
func (p *parser) sdo(specifier byte, b []byte) {
	w := &sdoWords[specifier]
	p.op.Code, p.op.Function, p.op.Verb = codeSDO+uint32(specifier), w.name, w.verb
	if specifier == sdoDownloadSegment || specifier == sdoUploadSegment {
		return
	}
	o := &p.op.Object
	o.Space, o.At[2], o.At[3] = &objects, uint32(binary.LittleEndian.Uint16(b[3:])), uint32(b[5])
	if b[2]&0x10 != 0 && specifier != sdoAbort {
		o.At[3] = wholeObject
	}
	if specifier == sdoDownload && len(b) >= sdoSize {
		p.op.Values = number(content(b))
	}
}

// content is what an initiating message carries: up to four bytes in place of the
// size, or as many as the size says, which may go on in segments.
func content(b []byte) []byte {
	if b[2]&2 != 0 { // expedited
		n := 4
		if b[2]&1 != 0 {
			n = 4 - int(b[2]>>2&3)
		}
		return b[6 : 6+n]
	}
	return b[10:]
}

// reply tells what a mailbox coming from a slave answers.
func (p *parser) reply(m *mail, whom, which uint32) {
	b := m.body
	if m.kind == mailFoE && b[0] == foeError {
		p.op = firedoor.Operation{Code: codeFoE + foeError, Function: "foe error", Verb: firedoor.VerbSession,
			Object: firedoor.Object{Space: &mailboxes, At: [4]uint32{whom, which}}, Outcome: firedoor.Failed(binary.LittleEndian.Uint32(b[2:]), "")}
		p.answer(nil)
		return
	}
	if m.kind != mailCoE {
		return
	}
	service := b[1] >> 4
	p.op = firedoor.Operation{Object: firedoor.Object{Space: &mailboxes, At: [4]uint32{whom, which}}, Outcome: firedoor.OK}
	switch {
	case service == coeEmergency:
		p.sample = firedoor.Sample{Function: "emergency", Code: 0x300 + coeEmergency, Object: p.op.Object,
			Values: firedoor.Values{Type: firedoor.U16, Little: true, Count: 1, Raw: b[2:4]}}
		p.emit(&p.samples)
	case b[2]>>5 == sdoAbort && service != coeInformation: // also sent as a request
		p.sdo(sdoAbort, b)
		code := binary.LittleEndian.Uint32(b[6:])
		p.op.Outcome = firedoor.Failed(code, abort(code))
		p.answer(p.aborted(which))
	case service == coeResponse:
		specifier := asking[b[2]>>5]
		p.sdo(specifier, b)
		p.op.Values = firedoor.Values{}
		if specifier == sdoUpload {
			p.op.Values = number(content(b))
		}
		p.answer(p.asked.Take(replyKey(which, p.op.Code, &p.op.Object)))
		if specifier == sdoUpload && whom == byStation {
			p.object(which, content(b))
		}
	}
}

// aborted finds what an abort ends: any of the transfers of its object, or one that names
// none.
func (p *parser) aborted(which uint32) *request {
	for _, specifier := range [...]uint32{sdoDownload, sdoUpload, sdoDownloadSegment, sdoUploadSegment} {
		if q := p.asked.Take(replyKey(which, codeSDO+specifier, &p.op.Object)); q != nil {
			return q
		}
	}
	return nil
}

// Identity objects (ETG.1000.6, table 66 on).
const (
	objectName     = 0x1008
	objectIdentity = 0x1018
)

// object tells what an identity object says.
func (p *parser) object(station uint32, value []byte) {
	switch p.op.Object.At[2] {
	case objectName:
		if p.op.Object.At[3] == 0 {
			p.module(station, value)
		}
	case objectIdentity:
		if sub := p.op.Object.At[3]; len(value) >= 4 && sub >= 1 && sub <= 4 {
			p.number(station, sub, binary.LittleEndian.Uint32(value))
		}
	}
}

// number tells vendor, product, revision (1 to 3) or serial number (4) of a slave.
func (p *parser) number(station, which, value uint32) {
	t := p.text[:0]
	switch which {
	case 1:
		p.maker, p.made = value, station
		return
	case 2:
		if p.made == station && p.maker != 0 {
			if name := vendor(p.maker); name != "" {
				t = append(append(t, name...), ' ')
			} else {
				t = append(hex(append(t, "vendor 0x"...), uint64(p.maker), 8), ' ')
			}
		}
		t = hex(append(t, "product 0x"...), uint64(value), 8)
	case 3:
		t = hex(append(t, "revision 0x"...), uint64(value), 8)
	default:
		if value == 0 {
			return
		}
		t = strconv.AppendUint(append(t, "serial "...), uint64(value), 10)
	}
	p.module(station, t)
}

// module tells what a slave is: it has no address that others know, so that it
// counts as a module of its master.
func (p *parser) module(station uint32, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutClient, Kind: firedoor.FactModule, Slot: uint16(station), Confidence: 90, Source: "ethercat", Value: value})
}
