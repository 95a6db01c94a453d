package mms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// objectName appends a name (ObjectName, ISO 9506-2, 7.3): that of the device, of
// a domain or of the association. at is where its first byte stands.
func objectName(dst []byte, r *wire.BER) (name []byte, at int) {
	tag, in := r.Enter()
	at = in.At()
	switch tag {
	case 0x80:
		return append(dst, limit(in.Rest())...), at
	case 0x82:
		return append(append(dst, '@'), limit(in.Rest())...), at
	case 0xa1:
		_, domain := in.Enter()
		at = domain.At()
		dst = append(append(dst, limit(domain.Rest())...), '/')
		dst = append(dst, limit(in.Take(0x1a))...)
	}
	if in.Failed() || tag != 0xa1 {
		r.Take(0) // fails
	}
	return dst, at
}

func limit(b []byte) []byte { return b[:min(len(b), wire.MaxText)] }

// variable reads one variable of a list into the operation at hand (ISO 9506-2,
// 14.5): its name or address, and which part of it is meant.
func (p *parser) variable(r *wire.BER) (at int) {
	in := r.Into(wire.TagSequence)
	tag, spec := in.Enter()
	p.name = p.name[:0]
	space := &variables
	switch tag {
	case 0xa0:
		p.name, at = objectName(p.name, &spec)
	case 0xa1, 0xa2: // address, or a description that begins with one
		space = &addresses
		if tag == 0xa2 {
			_, spec = spec.Enter()
		}
		kind, content := spec.Any()
		if v, ok := wire.BERInt(content); ok && kind == 0x80 {
			p.name = appendNumber(p.name, uint64(v))
		} else if kind == 0x81 {
			p.name = append(p.name, limit(content)...)
		}
	}
	if spec.Failed() || in.Failed() {
		r.Take(0) // fails
	}
	for in.Len() > 0 && !in.Failed() {
		if tag, part := in.Enter(); tag == 0xa5 {
			p.part(&part)
		}
	}
	p.op.Object = firedoor.Object{Space: space, Text: p.name}
	return at
}

// part appends which part of a variable is meant: a component, an element, or
// something that is not spelled out (ISO 9506-2, 14.5.4).
func (p *parser) part(r *wire.BER) {
	tag, content := r.Any()
	v, isNumber := wire.BERInt(content)
	switch {
	case r.Len() > 0:
		p.name = append(p.name, "(parts)"...)
	case tag == 0x81:
		p.name = append(append(p.name, '$'), limit(content)...)
	case tag == 0x82 && isNumber && v >= 0:
		p.name = append(appendNumber(append(p.name, '('), uint64(v)), ')')
	default:
		p.name = append(p.name, "(part)"...)
	}
}

// askVariables reads a read or write: one operation for each variable, or one
// for a named list.
func (p *parser) askVariables(invoke, code uint32, r wire.BER) bool {
	tag, spec := r.Enter()
	if code == svcRead {
		for tag == 0x80 { // whether the answer shall repeat the names
			tag, spec = r.Enter()
		}
		if tag != 0xa1 {
			return false
		}
		tag, spec = spec.Enter()
	}
	var data wire.BER
	if code == svcWrite {
		var kind byte
		if kind, data = r.Enter(); kind != 0xa0 {
			return false
		}
	}
	if r.Failed() || spec.Failed() || tag != 0xa0 && tag != 0xa1 {
		return false
	}
	q := p.remember(invoke, code, service(code))
	if tag == 0xa1 {
		p.begin(firedoor.Asked, q.call, code)
		var at int
		p.name, at = objectName(p.name[:0], &spec)
		p.op.Object = firedoor.Object{Space: &lists, Text: p.name}
		p.refuse(at, spec.Failed())
		ok := code == svcRead || p.all(&data)
		p.keep(q)
		p.emit(&p.opEvent)
		return ok && !spec.Failed()
	}
	several := more(spec)
	for spec.Len() > 0 && q.ops < maxItems {
		p.begin(firedoor.Asked, q.call, code)
		at := p.variable(&spec)
		if spec.Failed() {
			break
		}
		if p.op.Object.Space == &variables {
			c := variableCall(code, p.name)
			p.op.Verb, p.op.Function = c.verb, c.name
			p.refuse(at, false)
			p.introduce()
		}
		if code == svcWrite {
			p.one(&data)
		}
		if several {
			p.op.Item = uint16(q.ops + 1)
		}
		p.keep(q)
		p.emit(&p.opEvent)
	}
	if spec.Len() > 0 && !spec.Failed() {
		p.unread("more variables than are told")
	}
	return !spec.Failed() && !data.Failed()
}

// more tells whether there is more than one element.
func more(r wire.BER) bool {
	r.Any()
	return r.Len() > 0
}

// refuse offers to name an object that cannot be: names of objects consist of
// letters, digits, $ and _ (ISO 9506-2, 5.3). Each variable is answered on its own.
func (p *parser) refuse(at int, failed bool) {
	const before = wire.TPKTHeader + 3
	if p.framer.Joined || failed || len(p.op.Object.Text) == 0 {
		return
	}
	p.refusal[0] = firedoor.Refusal{Name: "name", Offset: before + at, Bytes: [4]byte{'~'}, Len: 1}
	p.op.Refusals = p.refusal[:]
}

// introduce tells once that a server has names as IEC 61850 gives them.
func (p *parser) introduce() {
	if p.ied || p.dir != firedoor.FromClient {
		return
	}
	switch fc, _ := constraint(p.name); string(fc) {
	case "ST", "MX", "CO", "SP", "CF", "DC", "BR", "RP", "GO":
		p.ied = true
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactRole, Confidence: 60, Source: "mms", Value: roleIED})
	}
}

var roleIED = []byte(firedoor.RoleIED)

// one reads the next value into the operation at hand.
func (p *parser) one(r *wire.BER) bool {
	tag, content := r.Any()
	p.values.reset()
	if r.Failed() || !p.values.data(tag, content, 0, true) {
		return false
	}
	p.fill()
	return true
}

// fill gives the operation at hand the values at hand, and the texts where it is known
// what they are of.
func (p *parser) fill() {
	p.op.Texts = p.values.words(&p.op.Object)
	p.op.Values = p.values.view()
}

// all reads the values that are left as those of one object.
func (p *parser) all(r *wire.BER) bool {
	p.values.reset()
	for r.Len() > 0 {
		tag, content := r.Any()
		if r.Failed() || !p.values.data(tag, content, 0, false) {
			return false
		}
	}
	p.fill()
	return true
}

// answerVariables reads the answer to a read or write. A nil request was not seen.
func (p *parser) answerVariables(q *request, code uint32, r wire.BER) bool {
	results := r
	if code == svcRead {
		tag, in := r.Enter()
		if tag == 0xa0 { // the names, repeated
			tag, in = r.Enter()
		}
		if results = in; tag != 0xa1 || r.Failed() {
			return false
		}
	}
	if q != nil && len(q.items) > 0 && q.items[0].space == &lists {
		return p.answerList(q, code, results)
	}
	several := more(results)
	k := 0
	for ; results.Len() > 0 && (q == nil && k < maxItems || q != nil && k < q.ops); k++ {
		p.begin(firedoor.Answered, service(code), code)
		tag, content := results.Any()
		if results.Failed() || code == svcWrite && tag != tagFailure && tag != tagSuccess {
			return false
		}
		p.outcome(code, tag, content)
		if q != nil {
			p.object(q, k)
		} else {
			p.next()
			if p.op.Partial = true; several {
				p.op.Item = uint16(k + 1)
			}
		}
		if code == svcRead && p.op.Outcome.Kind == firedoor.OutcomeOK {
			p.brought(tag, content)
		}
		p.emit(&p.opEvent)
		if q != nil && code == svcRead && p.op.Outcome.Kind == firedoor.OutcomeOK {
			p.plate(tag, content)
		}
	}
	if q != nil && k < q.ops || results.Len() > 0 {
		p.malformed("answer does not hold its items")
	}
	return true
}

// brought gives the operation at hand the value that was read.
func (p *parser) brought(tag byte, content []byte) {
	p.values.reset()
	if !p.values.data(tag, content, 0, true) {
		p.malformed("value breaks the rules of its type")
		return
	}
	p.fill()
}

// outcome reads how a variable fared.
func (p *parser) outcome(code uint32, tag byte, content []byte) {
	p.op.Outcome = firedoor.OK
	if tag == tagFailure {
		p.op.Outcome = accessFailed(content)
	}
}

// answerList reads the answer to a named list: it fails with its first member
// that does, and then has no values.
func (p *parser) answerList(q *request, code uint32, r wire.BER) bool {
	p.begin(firedoor.Answered, q.call, code)
	p.object(q, 0)
	p.op.Outcome = firedoor.OK
	ok := true
	for in := r; in.Len() > 0 && ok; {
		tag, content := in.Any()
		if ok = !in.Failed(); ok && tag == tagFailure && p.op.Outcome.Kind == firedoor.OutcomeOK {
			p.outcome(code, tag, content)
		}
	}
	if ok && code == svcRead && p.op.Outcome.Kind == firedoor.OutcomeOK {
		ok = p.all(&r)
	}
	p.emit(&p.opEvent)
	return ok
}

// plate tells what a name plate says (IEC 61850-7-3, 7.9): its parts are texts,
// the maker's first.
func (p *parser) plate(tag byte, content []byte) {
	fc, rest := constraint(p.op.Object.Text)
	if string(fc) != "DC" {
		return
	}
	const source = "mms name plate"
	switch string(rest) {
	case "NamPlt", "PhyNam":
		r := wire.ReadBER(content)
		first, vendor := r.Any()
		second, version := r.Any()
		if tag == tagStructure && !r.Failed() && first == tagText {
			p.fact(firedoor.FactVendor, source, vendor)
			if second == tagText && string(rest) == "NamPlt" {
				p.fact(firedoor.FactFirmware, source, version)
			}
		}
	case "NamPlt$vendor", "PhyNam$vendor":
		p.plateText(tag, firedoor.FactVendor, content)
	case "NamPlt$swRev", "PhyNam$swRev":
		p.plateText(tag, firedoor.FactFirmware, content)
	case "PhyNam$hwRev":
		p.plateText(tag, firedoor.FactHardware, content)
	case "PhyNam$serNum":
		p.plateText(tag, firedoor.FactSerial, content)
	case "PhyNam$model":
		p.plateText(tag, firedoor.FactModel, content)
	}
}

func (p *parser) plateText(tag byte, kind firedoor.FactKind, content []byte) {
	if tag == tagText {
		p.fact(kind, "mms name plate", content)
	}
}
