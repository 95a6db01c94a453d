package uadp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// What can be asked of publishers (7.2.4.6.12).
const (
	askEndpoints = iota + 1
	askMetadata
	askWriters
	askGroup
	askConnections

	probeInformation  = 1
	probeApplications = 2
)

// askWords are the words of operations, by what is asked for.
var askWords = [...]string{
	askEndpoints: "request publisher endpoints", askMetadata: "request data set metadata",
	askWriters: "request data set writer configuration", askGroup: "request writer group configuration",
	askConnections: "request connections",
}

// codeApplications is the code of a request for applications, which is of a kind of
// its own.
const codeApplications = 0x100

// question is a discovery request.
type question struct {
	applications bool
	kind         byte
	writers      []byte // two bytes each
	group        uint16
}

func readRequest(r *wire.UA) (q question, fault string) {
	switch r.U8() {
	case probeApplications:
		q.applications = true
		return q, ""
	case probeInformation:
	default:
		return q, faultRequest
	}
	q.kind = r.U8()
	switch q.kind {
	case askGroup:
		q.group = r.U16LE()
		r.Skip(1)
	case askConnections:
		r.Texts() // over what
		r.Skip(2) // with groups, with writers
	case askEndpoints: // later editions have no list here
		if r.Len() >= 4 {
			q.writers = list16(r)
		}
	default:
		q.writers = list16(r)
	}
	if r.Failed() {
		return q, faultRequest
	}
	return q, ""
}

// list16 reads a list of numbers of 16 bits.
func list16(r *wire.UA) []byte {
	n := r.List()
	if n > r.Len()/2 {
		r.Fail()
		return nil
	}
	return r.Bytes(2 * n)
}

// request tells what is asked for: an operation for each writer. To a group no answer
// belongs to it: publishers send what they have to say to all.
func (p *parser) request() {
	r := wire.ReadUA(p.h.payload)
	q, fault := readRequest(&r)
	p.op = firedoor.Operation{Verb: firedoor.VerbIdentify, Function: wordOther, Code: uint32(q.kind), NoAnswer: true, Phase: firedoor.Asked}
	switch {
	case q.applications:
		p.op.Function, p.op.Code = wordApplications, codeApplications
	case int(q.kind) < len(askWords) && askWords[q.kind] != "":
		p.op.Function = askWords[q.kind]
	}
	n := len(q.writers) / 2
	for i := range max(n, 1) {
		base := p.text
		if i < n {
			p.text = part(p.text, "writer:", uint64(binary.LittleEndian.Uint16(q.writers[2*i:])))
		} else if q.group != 0 {
			p.text = part(p.text, "group:", uint64(q.group))
		}
		if n > 1 {
			p.op.Item = uint16(i + 1)
		}
		p.last++
		p.op.ID, p.op.Span = p.last, firedoor.Span{End: int64(p.size)}
		p.op.Object = firedoor.Object{Space: &spaceData, Text: p.text}
		p.event = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
		p.emit(&p.event)
		p.text = p.text[:len(base)]
	}
	if fault != "" {
		p.malformed(fault, p.h.at)
	}
}

// What publishers say of themselves (7.2.4.6.3).
const (
	sayEndpoints = iota + 1
	sayMetadata
	sayWriters
	sayConnections
	sayApplication
	sayResponders
	sayActions

	applicationDescription = 1 // of what an application says
)

// Sources of facts.
const (
	fromEndpoints = "uadp publisher endpoints"
	fromAbout     = "uadp application information"
	fromMetadata  = "uadp data set metadata"
	fromWriters   = "uadp writer configuration"
	fromData      = "uadp"
)

// rehearse reads a discovery response without a word; known tells whether it is of a
// kind that is read.
func rehearse(r *wire.UA) (known bool, fault string) {
	kind := r.U8()
	r.Skip(2)
	switch kind {
	case sayEndpoints:
		for n := r.List(); n > 0 && !r.Failed(); n-- {
			r.Endpoint()
		}
		r.Skip(4)
	case sayMetadata:
		r.Skip(2)
		readMetadata(r, nil)
		r.Skip(4)
	case sayWriters:
		list16(r)
		readGroup(r, nil, nil)
		list32(r)
	case sayApplication:
		if r.U16LE() != applicationDescription {
			return false, ""
		}
		r.Application()
		r.Texts()
	default:
		return false, ""
	}
	if r.Failed() {
		return true, faultResponse
	}
	return true, ""
}

func list32(r *wire.UA) []byte {
	n := r.List()
	if n > r.Len()/4 {
		r.Fail()
		return nil
	}
	return r.Bytes(4 * n)
}

// response reads what a publisher says of itself.
func (p *parser) response() {
	dry := wire.ReadUA(p.h.payload)
	known, fault := rehearse(&dry)
	if fault != "" {
		p.malformed(fault, p.h.at)
		return
	}
	r := wire.ReadUA(p.h.payload)
	kind := r.U8()
	r.Skip(2)
	p.code = uint32(kind)
	if !known {
		p.say(unreadWord(kind), firedoor.Values{})
		return
	}
	switch kind {
	case sayEndpoints:
		p.endpoints(&r)
	case sayMetadata:
		p.metadata(&r)
	case sayWriters:
		p.writers(&r)
	case sayApplication:
		r.Skip(2)
		a := r.Application()
		p.say("application information", firedoor.Values{})
		p.application(fromAbout, &a)
	}
}

// unreadWord is the word of what a publisher says of itself and nobody reads.
func unreadWord(kind byte) string {
	switch kind {
	case sayConnections:
		return "publisher connections"
	case sayResponders:
		return "action responders"
	case sayActions:
		return "action metadata"
	}
	return "discovery response"
}

func (p *parser) application(source string, a *wire.UAApplication) {
	p.fact(firedoor.FactSoftware, source, a.Name)
	p.fact(firedoor.FactSoftware, source, a.Product)
	p.fact(firedoor.FactComment, source, a.URI)
}

// refused tells a status that is not good.
func (p *parser) refused(status []byte) {
	if len(status) == 4 && binary.LittleEndian.Uint32(status)>>30 != 0 {
		p.say("discovery refused", firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: status})
	}
}

func (p *parser) endpoints(r *wire.UA) {
	p.say("publisher endpoints", firedoor.Values{})
	for i, n := 0, r.List(); i < n && !r.Failed(); i++ {
		if e := r.Endpoint(); i == 0 {
			p.application(fromEndpoints, &e.Server)
		}
	}
	p.refused(r.Bytes(4))
}

// metadata keeps the description of a data set and tells its name and its version.
func (p *parser) metadata(r *wire.UA) {
	writer := r.U16LE()
	base := len(p.text)
	p.text = part(p.text, "writer:", uint64(writer))
	d := p.describe(p.h.publisher, writer)
	name, version := readMetadata(r, d)
	status := r.Bytes(4)
	if d != nil && len(status) == 4 && binary.LittleEndian.Uint32(status)>>30 == 2 {
		d.clear() // it has none
	}
	p.say("data set metadata", firedoor.Values{Type: firedoor.U32, Little: true, Count: len(version) / 4, Raw: version})
	p.fact(firedoor.FactService, fromMetadata, name)
	p.refused(status)
	p.text = p.text[:base]
}

// writers tells a writer group's period and its writers: which parts of a field they
// send, and every how many messages all fields.
func (p *parser) writers(r *wire.UA) {
	list16(r)
	base := len(p.text)
	readGroup(r, func(group uint16, name, periods []byte) {
		p.text = part(p.text, "group:", uint64(group))
		p.say("writer group configuration", firedoor.Values{Type: firedoor.F64, Little: true, Count: 2, Raw: periods})
		p.fact(firedoor.FactService, fromWriters, name)
	}, func(writer uint16, name, counts []byte) {
		at := len(p.text)
		p.text = part(p.text, "writer:", uint64(writer))
		p.say("data set writer configuration", firedoor.Values{Type: firedoor.U32, Little: true, Count: 2, Raw: counts})
		p.fact(firedoor.FactService, fromWriters, name)
		p.text = p.text[:at]
	})
	p.text = p.text[:base]
	for status := list32(r); len(status) >= 4; status = status[4:] {
		p.refused(status[:4])
	}
}

// readGroup reads a WriterGroupDataType (6.2.6.7): of the group the number, name,
// publishing interval and keep-alive time; of each writer the number, the name of its
// data set, the parts of a field and the count of key frames.
func readGroup(r *wire.UA, group func(id uint16, name, periods []byte), writer func(id uint16, name, counts []byte)) {
	name := r.Text()
	r.Skip(1 + 4) // enabled, security mode
	r.Text()      // security group
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Endpoint() // where keys are had
	}
	r.Skip(4) // largest message
	properties(r)
	id := r.U16LE()
	periods := r.Bytes(16)
	r.Skip(1) // priority
	r.Texts()
	r.Text() // header layout
	r.Extension()
	r.Extension()
	if r.Failed() {
		return
	}
	if group != nil {
		group(id, name, periods)
	}
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Text()  // name of the writer
		r.Skip(1) // enabled
		id := r.U16LE()
		counts := r.Bytes(8)
		name := r.Text()
		properties(r)
		r.Extension()
		r.Extension()
		if writer != nil && !r.Failed() {
			writer(id, name, counts)
		}
	}
}

// properties passes over pairs of a name and a value.
func properties(r *wire.UA) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Qualified()
		r.Variant()
	}
}
