package iec104

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// transfer is the file on its way; a connection has one at a time.
type transfer struct {
	common, address uint32
	name            uint16
	active, upload  bool
	wire.Content
}

// fileKey joins all steps of a file's transfer: one is under way at a time
// (7.4.11), and the answer to a step is another type.
func (a *asdu) fileKey(address uint32) uint64 {
	return 0xff<<56 | uint64(a.common)<<24 | uint64(address)
}

// Reason of a malformed segment.
const reasonSegment = "segment length does not fit"

// step reads the address and the element of a file's message, which has one
// object but for directories.
func (p *parser) step() (address uint32, d []byte, ok bool) {
	a := &p.asdu
	width := int(a.sizes.address)
	least := width + int(a.kind.size)
	if a.code == typeSegment {
		least = width + 4
	}
	if len(a.body) < least {
		if !a.kind.fixed {
			p.complain(reasonSegment)
		}
		return 0, nil, false
	}
	return little(a.body, a.sizes.address), a.body[width:], true
}

func fileObject(address uint32, d []byte) firedoor.Object {
	return firedoor.Object{Space: &files, At: [4]uint32{address, uint32(binary.LittleEndian.Uint16(d))}}
}

// askFile reads a step of the controlling station: it calls for files, or sends
// one itself. What only goes on with a transfer gets no answer of its own.
func (p *parser) askFile() {
	a := &p.asdu
	address, d, ok := p.step()
	function, verb := a.kind.name, a.kind.verb
	if ok && a.code == typeCallFile {
		if n := int(d[3] & 0x0f); n < len(calls) {
			function, verb = calls[n].name, calls[n].verb
		}
	}
	p.begin(function, verb)
	p.op.NoAnswer = a.code == typeSegment || a.code == typeAcknowledge
	if ok {
		p.op.Object = fileObject(address, d)
	}
	if !p.op.NoAnswer {
		*p.asked.Put(a.fileKey(address)) = request{name: function, id: p.last + 1, code: a.code, verb: verb, file: [2]uint32{p.op.Object.At[0], p.op.Object.At[1]}}
	}
	p.ask()
	if ok {
		p.follow(address, d)
	}
}

// answerFile reads a step of the controlled station. One that answers nothing
// and goes on with a transfer is told with the transfer.
func (p *parser) answerFile() {
	a := &p.asdu
	address, d, ok := p.step()
	var q *request
	if ok && p.asked.Len() > 0 {
		if q = p.asked.Take(a.fileKey(address)); q == nil && a.code == typeDirectory {
			q = p.asked.Take(a.fileKey(0)) // directories are called by no address
		}
	}
	if a.code == typeDirectory {
		p.directory()
	}
	if q != nil || ok && !p.goesOn(address) {
		p.begin(a.kind.name, firedoor.VerbRead)
		p.op.Outcome = p.fileOutcome(d)
		p.op.Object = fileObject(address, d)
		if q != nil {
			p.op.Object.At = [4]uint32{q.file[0], q.file[1]}
		}
		p.reply(q)
	}
	if ok {
		p.follow(address, d)
	}
}

// goesOn tells whether a step nobody asked for belongs to a transfer under way,
// or needs no asking: directories are told when they change.
func (p *parser) goesOn(address uint32) bool {
	a := &p.asdu
	return a.code == typeDirectory || p.file.active && p.file.address == address && p.file.common == a.common
}

// fileOutcome reads what a step says of the one before it: BS1 of FRQ and SRQ,
// the upper half of SCQ and AFQ (7.2.6.28-32).
func (p *parser) fileOutcome(d []byte) firedoor.Outcome {
	a := &p.asdu
	if o := outcome(a.cause, a.negative); o.Kind != firedoor.OutcomeOK {
		return o
	}
	switch a.code {
	case typeFileReady:
		if d[5]&0x80 != 0 {
			return firedoor.Failed(uint32(d[5]), "negative-confirm")
		}
	case typeSectionReady:
		if d[6]&0x80 != 0 {
			return firedoor.Failed(uint32(d[6]), "section-not-ready")
		}
	case typeCallFile, typeAcknowledge:
		if code := d[3] >> 4; code != 0 {
			if int(code) < len(fileErrors) {
				return firedoor.Failed(uint32(code), fileErrors[code])
			}
			return firedoor.Failed(uint32(code), "")
		}
		if n := d[3] & 0x0f; a.code == typeAcknowledge && (n == 2 || n == 4) { // of a file, of a section
			return firedoor.Failed(uint32(n), "negative-acknowledge")
		}
	}
	return firedoor.OK
}

// directory tells every file of a directory with its length in octets.
func (p *parser) directory() {
	a := &p.asdu
	for i := range a.count {
		address, d, _ := a.object(i)
		p.long = [4]byte{d[2], d[3], d[4]}
		p.sample = firedoor.Sample{Function: a.kind.name, Code: uint32(a.code), HasUnit: true, Unit: a.common,
			Object: fileObject(address, d), Values: firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: p.long[:]}}
		p.emit(&p.told)
	}
}

// follow keeps account of the transfer: it begins when the receiver calls the
// file and is done when the receiver acknowledges it.
func (p *parser) follow(address uint32, d []byte) {
	a, f := &p.asdu, &p.file
	name := binary.LittleEndian.Uint16(d)
	if a.code == typeCallFile && d[3] == callFile && !a.negative && a.cause == causeFile {
		*f = transfer{common: a.common, address: address, name: name, active: true, upload: p.dir == firedoor.FromClient, Content: f.Content}
		f.Begin()
		p.tellFile(false)
		return
	}
	if !f.active || f.address != address || f.common != a.common || f.name != name {
		return
	}
	switch a.code {
	case typeSegment:
		if int(d[3]) != len(d)-4 {
			p.complain(reasonSegment)
		}
		f.Add(d[4 : 4+min(int(d[3]), len(d)-4)])
	case typeAcknowledge:
		switch n := d[3] & 0x0f; n {
		case 1, 2: // of the file
			p.tellFile(n == 1)
			f.active = false
		case 4: // of a section: it comes once more
			f.Lose()
		}
	}
}

func (p *parser) tellFile(done bool) {
	b := append(p.text[:0], "ioa:"...)
	b = strconv.AppendUint(b, uint64(p.file.address), 10)
	b = strconv.AppendUint(append(b, "/file:"...), uint64(p.file.name), 10)
	moved := firedoor.FileTransfer{Name: b, Upload: p.file.upload, Done: done, HasUnit: true, Unit: p.file.common}
	p.file.Tell(&moved)
	p.voice.File(p.emit, moved)
}
