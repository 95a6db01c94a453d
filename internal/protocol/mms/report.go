package mms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// unconfirmed reads services that nobody answers; only information reports hold
// values (ISO 9506-2, 14.10).
func (p *parser) unconfirmed(r *wire.BER) bool {
	tag, in := r.Enter()
	if r.Failed() || tag != 0xa0 {
		return !r.Failed()
	}
	tag, spec := in.Enter()
	results := in.Into(0xa0)
	if in.Failed() || tag != 0xa0 && tag != 0xa1 {
		return false
	}
	if tag == 0xa1 {
		p.name, _ = objectName(p.name[:0], &spec)
		switch {
		case spec.Failed():
			return false
		case string(p.name) == "RPT":
			return p.report(&results)
		}
		p.values.reset()
		ok := true
		for results.Len() > 0 && ok {
			tag, content := results.Any()
			ok = !results.Failed() && (tag == tagFailure || p.values.data(tag, content, 0, false))
		}
		if ok {
			p.say("information report", firedoor.Object{Space: &lists, Text: p.name})
		}
		return ok
	}
	for spec.Len() > 0 {
		p.variable(&spec)
		tag, content := results.Any()
		if spec.Failed() || results.Failed() {
			return false
		}
		p.values.reset()
		if tag == tagFailure {
			continue
		}
		if !p.values.data(tag, content, 0, true) {
			return false
		}
		function := "information report"
		if string(p.name) == "LastApplError" { // IEC 61850-8-1, 20.11
			function = "control error"
		} else if fc, _ := constraint(p.name); string(fc) == "CO" { // 20.9
			function = "command termination"
		}
		p.say(function, p.op.Object)
	}
	return true
}

// say emits a sample of the values at hand.
func (p *parser) say(function string, o firedoor.Object) {
	p.sample = firedoor.Sample{Function: function, Object: o, Values: p.values.view(), Texts: p.values.words(&o)}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// Bits of a report's options (IEC 61850-8-1, 17.2.3.2.2.2), the first the highest.
const (
	optSequence   = 1 << 14
	optTime       = 1 << 13
	optDataSet    = 1 << 11
	optReferences = 1 << 10
	optOverflow   = 1 << 9
	optEntry      = 1 << 8
	optRevision   = 1 << 7
	optSegments   = 1 << 6
)

// head is what a report says before its entries.
type head struct {
	id, dataSet []byte
	numbers     [6]uint32 // as the sample of the report has them
}

// report reads what a report control block sends (IEC 61850-8-1, 17.2.2).
func (p *parser) report(r *wire.BER) bool {
	var h head
	h.id = limit(r.Take(tagText))
	bits := r.Take(tagBits)
	if r.Failed() || len(bits) < 2 {
		return false
	}
	options := uint32(bits[1]) << 8
	if len(bits) > 2 {
		options |= uint32(bits[2])
	}
	if !h.read(r, options) {
		return false
	}
	included := r.Take(tagBits)
	if r.Failed() || len(included) == 0 {
		return false
	}
	included = included[1:]
	n := 0
	for i := range 8 * len(included) {
		n += int(included[i>>3] >> (7 - i&7) & 1)
	}
	h.numbers[5] = uint32(n)
	b := p.values.b[:0]
	for _, x := range h.numbers {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	p.values.b = b
	p.sample = firedoor.Sample{Function: "report", Object: firedoor.Object{Space: &reports, Text: h.id},
		Values: firedoor.Values{Type: firedoor.U32, Count: len(h.numbers), Raw: b}}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
	return p.entries(r, &h, included, n, options&optReferences != 0)
}

// read reads the fields that the options announce.
func (h *head) read(r *wire.BER, options uint32) bool {
	ok := true
	count := func(option uint32, tag byte, to int) {
		if options&option != 0 && ok {
			v, fits := number(r.Take(tag))
			h.numbers[to], ok = v, fits && !r.Failed()
		}
	}
	count(optSequence, tagUnsigned, 0)
	if options&optTime != 0 {
		r.Take(tagTime)
	}
	if options&optDataSet != 0 {
		h.dataSet = limit(r.Take(tagText))
	}
	count(optOverflow, tagBoolean, 2)
	if options&optEntry != 0 {
		r.Take(tagOctets)
	}
	count(optRevision, tagUnsigned, 1)
	count(optSegments, tagUnsigned, 3)
	count(optSegments, tagBoolean, 4)
	for _, flag := range []int{2, 4} { // any number but zero is true
		h.numbers[flag] = min(h.numbers[flag], 1)
	}
	return ok && !r.Failed()
}

// entries tells the entries that are included: references of all may stand
// before the values of all.
func (p *parser) entries(r *wire.BER, h *head, included []byte, n int, references bool) bool {
	refs := *r
	if references {
		for range n {
			r.Take(tagText)
		}
	}
	set := h.dataSet
	if len(set) == 0 {
		set = h.id
	}
	for i := range 8 * len(included) {
		if included[i>>3]>>(7-i&7)&1 == 0 {
			continue
		}
		o := firedoor.Object{Space: &entries, Text: set, At: [4]uint32{uint32(i)}}
		if references {
			o = firedoor.Object{Space: &variables, Text: limit(refs.Take(tagText))}
		}
		tag, content := r.Any()
		p.values.reset()
		if r.Failed() || !p.values.data(tag, content, 0, true) {
			return false
		}
		p.say("report entry", o)
	}
	return true
}
