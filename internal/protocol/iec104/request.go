package iec104

import "firedoor"

// fromControlling reads what the controlling station sends. The client is one
// nearly always. Where the server is, its requests cannot be told as operations,
// which run from client to server: they are told as data.
func (p *parser) fromControlling() {
	a := &p.asdu
	if p.dir == firedoor.FromServer {
		p.tellAll()
		return
	}
	switch a.kind.group {
	case groupMonitor, groupSecurity:
		p.askEach(true)
	case groupFile:
		p.askFile()
	case groupOther, groupPrivate:
		p.begin(a.kind.name, a.kind.verb)
		*p.asked.Put(a.key(0, variantExecute)) = request{name: a.kind.name, id: p.last + 1, code: a.code, verb: a.kind.verb}
		p.ask()
	default:
		loads := a.code == typeDelay && a.cause == causeSpont // what was measured is told: no answer (7.4.9)
		if causeKnown(a.cause) && !asks(a.cause) && !loads {
			p.complain(reasonRequest)
		}
		p.askEach(loads || answers(a.cause))
	}
}

// askEach emits an operation for each object.
func (p *parser) askEach(noAnswer bool) {
	a := &p.asdu
	if a.count == 0 { // unreadable, but the device was asked something
		p.begin(a.kind.name, a.kind.verb)
		p.op.NoAnswer = noAnswer
		if !noAnswer {
			*p.asked.Put(a.key(0, variantExecute)) = request{name: a.kind.name, id: p.last + 1, code: a.code, verb: a.kind.verb}
		}
		p.ask()
		return
	}
	for i := range a.count {
		address, data, at := a.object(i)
		function, verb, variant := a.function(data)
		p.begin(function, verb)
		p.op.Selects = variant != variantExecute
		p.op.Object = firedoor.Object{Space: &objects, At: [4]uint32{address}}
		p.op.Values, _ = p.value(a.kind.element, data)
		p.op.NoAnswer = noAnswer
		if a.count > 1 {
			p.op.Item = uint16(i + 1)
		}
		if !noAnswer {
			*p.asked.Put(a.key(address, variant)) = request{name: function, id: p.last + 1, item: uint8(p.op.Item), code: a.code, verb: verb, selects: variant != variantExecute}
			p.refuse(at)
		}
		p.ask()
	}
}

// refuse names what makes the station decline by itself: a type that nobody
// assigned (cause 44), and for a point an address that none has (cause 47).
func (p *parser) refuse(at int) {
	p.refusals[0] = firedoor.Refusal{Name: "type", Offset: asduAt, Bytes: [4]byte{typeUnassigned}, Len: 1}
	p.op.Refusals = p.refusals[:1]
	if at >= 0 && p.asdu.kind.process {
		p.refusals[1] = firedoor.Refusal{Name: "address", Offset: at, Bytes: [4]byte{0xff, 0xff, 0xff}, Len: p.asdu.sizes.address}
		p.op.Refusals = p.refusals[:2]
	}
}

// function tells what an object of a request, or of what answers it, asks for.
func (a *asdu) function(data []byte) (name string, verb firedoor.Verb, variant int) {
	k := a.kind
	switch {
	case a.cause == causeDeact || a.cause == causeDeactCon:
		return k.words[variantDeactivate], k.verb, variantDeactivate
	case k.selects > 0 && data[k.selects-1]&selectBit != 0:
		return k.words[variantSelect], k.verb, variantSelect
	case a.code == typeCounters:
		f := &freezes[data[0]&freezeBits>>6]
		return f.name, f.verb, variantExecute
	case a.code == typeDelay && a.cause == causeSpont:
		return nameDelayLoad, k.verb, variantExecute
	}
	return k.words[variantExecute], k.verb, variantExecute
}
