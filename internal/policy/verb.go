package policy

import "firedoor"

// mayBe tells whether a request that an entry means may have a verb: who names a function or a code names its verb,
// as far as the functions are known. No verb is any.
func (p *Plan) mayBe(e *entry, verb firedoor.Verb) bool {
	if verb == 0 || p.known.Functions == nil || e.function == 0 && !e.hasCode {
		return true
	}
	protocols := p.known.Protocols
	if e.protocol != 0 {
		protocols = []string{p.protocolName(e.protocol)}
	}
	told := false
	for _, name := range protocols {
		for _, f := range p.known.Functions(name) {
			if e.hasCode && e.code != f.Code || e.function != 0 && e.function != p.functions[f.Words] {
				continue
			}
			if told = true; f.Several || f.Verb == verb {
				return true
			}
		}
	}
	return !told
}

// asked leaves of boxes what may be asked: a function that is known has a verb. Where alone is said, only one function of
// each box is left, with the verbs that it has.
func (s *space) asked(boxes []box, alone bool) (out []box) {
	for _, b := range boxes {
		one, ok := s.possible(b)
		if !ok {
			continue
		}
		if alone {
			b = one
		}
		out = append(out, b)
	}
	return out
}

// possible is a function within a box that may have a verb of it; false if none may.
func (s *space) possible(b box) (box, bool) {
	if s.p.known.Functions == nil || !s.said(b) {
		return b, true
	}
	for i := range s.dims[byProtocol] {
		for j := range s.dims[byItsFunction] {
			for k := range s.dims[byItsCode] {
				if !b[byProtocol].has(i) || !b[byItsFunction].has(j) || !b[byItsCode].has(k) {
					continue
				}
				verbs := both(b[byItsVerb], s.verbs(i, j, k))
				if verbs.empty() {
					continue
				}
				for d, n := range map[dimension]int{byProtocol: i, byItsFunction: j, byItsCode: k} {
					b[d] = newSet(len(s.dims[d]))
					b[d].add(n)
				}
				b[byItsVerb] = verbs
				return b, true
			}
		}
	}
	return b, false
}

// said tells whether every request of a box has a protocol, and a function or a code, that a rule names.
func (s *space) said(b box) bool {
	return !b[byProtocol].has(0) && !(b[byItsFunction].has(0) && b[byItsCode].has(0))
}

// verbs are those that a function of a protocol may have; all where nobody knows.
func (s *space) verbs(protocol, function, code int) set {
	every, out, told := newSet(len(s.dims[byItsVerb])), newSet(len(s.dims[byItsVerb])), false
	for i := range s.dims[byItsVerb] {
		every.add(i)
	}
	if protocol == 0 || function == 0 && code == 0 {
		return every
	}
	for _, f := range s.p.known.Functions(s.p.protocolName(s.dims[byProtocol][protocol].protocol)) {
		if function != 0 && s.dims[byItsFunction][function].number != s.p.functions[f.Words] || code != 0 && s.dims[byItsCode][code].number != f.Code {
			continue
		}
		if f.Several || f.Verb == 0 {
			return every
		}
		told = true
		for i, v := range s.dims[byItsVerb] {
			if v.verb == f.Verb {
				out.add(i)
			}
		}
	}
	if !told {
		return every
	}
	return out
}
