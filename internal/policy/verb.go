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
