package plant

// MMS message builders: each returns a whole TPKT packet with session and
// presentation around the unit.

// mmsUnit wraps a unit of MMS as data of a presentation context.
func mmsUnit(context byte, unit []byte) []byte {
	list := append([]byte{2, 1, context}, ber(0xa0, unit)...)
	return cotpData(append([]byte{1, 0, 1, 0}, ber(0x61, ber(0x30, list))...)...)
}

// mmsPDU is a confirmed unit of a kind: invoke id, service.
func mmsPDU(kind byte, invoke uint32, service []byte) []byte {
	return mmsUnit(3, ber(kind, append(ber(2, berUnsigned(invoke)), service...)))
}

func mmsAsk(invoke uint32, service []byte) []byte  { return mmsPDU(0xa0, invoke, service) }
func mmsTell(invoke uint32, service []byte) []byte { return mmsPDU(0xa1, invoke, service) }

// mmsFail is a confirmed error of a class with a code.
func mmsFail(invoke uint32, class, code byte) []byte {
	return mmsUnit(3, ber(0xa2, append(ber(0x80, berUnsigned(invoke)), ber(0xa2, ber(0xa0, []byte{0x80 | class, 1, code}))...)))
}

// mmsService wraps content in the tag of a service, with several bytes where
// its number needs them.
func mmsService(number byte, composed bool, content []byte) []byte {
	tag := byte(0x80)
	if composed {
		tag = 0xa0
	}
	if number < 31 {
		return ber(tag|number, content)
	}
	return append([]byte{tag | 0x1f}, ber(number, content)...)
}

// mmsName is the name of an object in a domain, or of the device without one.
func mmsName(domain, name string) []byte {
	if domain == "" {
		return ber(0x80, []byte(name))
	}
	return ber(0xa1, append(ber(0x1a, []byte(domain)), ber(0x1a, []byte(name))...))
}

// mmsVariables is a list of variables of a domain.
func mmsVariables(domain string, items ...string) []byte {
	var all []byte
	for _, item := range items {
		all = append(all, ber(0x30, ber(0xa0, mmsName(domain, item)))...)
	}
	return ber(0xa0, all)
}

func mmsRead(spec []byte) []byte { return ber(0xa4, ber(0xa1, spec)) }

func mmsReadAnswer(results ...[]byte) []byte { return ber(0xa4, ber(0xa1, joined(results...))) }

func mmsWrite(spec []byte, data ...[]byte) []byte {
	return ber(0xa5, append(append([]byte(nil), spec...), ber(0xa0, joined(data...))...))
}

func joined(parts ...[]byte) []byte {
	var all []byte
	for _, b := range parts {
		all = append(all, b...)
	}
	return all
}

// mmsConnect begins a session: kind 13 asks, 14 accepts. acse is the association
// unit; contexts are the abstract syntaxes of contexts 1, 3, 5 ...
func mmsConnect(kind byte, acse []byte, contexts ...string) []byte {
	var list []byte
	for i, syntax := range contexts {
		list = append(list, ber(0x30, joined(ber(2, []byte{byte(2*i + 1)}), ber(6, []byte(syntax)), ber(0x30, ber(6, []byte{0x51, 1}))))...)
	}
	normal := ber(0xa4, list)
	if kind == 14 {
		normal = ber(0xa5, ber(0x30, append(ber(0x80, []byte{0}), ber(0x81, []byte{0x51, 1})...)))
	}
	value := ber(0x61, ber(0x30, append([]byte{2, 1, 1}, ber(0xa0, acse)...)))
	user := ber(0x31, append(ber(0xa0, ber(0x80, []byte{1})), ber(0xa2, append(normal, value...))...))
	params := append([]byte{5, 6, 0x13, 1, 0, 0x16, 1, 2, 0x14, 2, 0, 2, 0xc1, 0xff, byte(len(user) >> 8), byte(len(user))}, user...)
	return cotpData(append([]byte{kind, 0xff, byte(len(params) >> 8), byte(len(params))}, params...)...)
}

// Abstract syntaxes.
const (
	asnACSE = "\x52\x01\x00\x01"
	asnMMS  = "\x28\xca\x22\x02\x01"
	asnFTAM = "\x28\xc2\x7b\x02\x01"
)

func mmsExternal(unit []byte) []byte {
	return ber(0xbe, ber(0x28, joined(ber(6, []byte{0x51, 1}), []byte{2, 1, 3}, ber(0xa0, unit))))
}

// mmsInitiate is the unit that asks for an association (0xa8) or accepts (0xa9).
func mmsInitiate(kind byte) []byte {
	return ber(kind, joined(ber(0x80, []byte{0xfd, 0xe8}), ber(0x81, []byte{5}), ber(0x82, []byte{5}), ber(0x83, []byte{5}),
		ber(0xa4, joined(ber(0x80, []byte{1}), ber(0x81, []byte{5, 0xf1, 0}), ber(0x82, []byte{3, 0xee, 0x1c, 0, 0, 4, 8, 0, 0, 0x79, 0xef, 0x18})))))
}

// mmsAssociate asks for an association by name, with a password if there is one.
func mmsAssociate(password string) []byte {
	b := joined(ber(0xa1, ber(6, []byte{0x28, 0xca, 0x22, 2, 3})), ber(0xa2, ber(6, []byte{0x29, 1, 0x87, 0x67, 1})), ber(0xa3, ber(2, []byte{12})),
		ber(0xa6, ber(6, []byte{0x29, 1, 0x87, 0x67})))
	if password != "" {
		b = joined(b, ber(0x8a, []byte{4, 0x80}), ber(0x8b, []byte{0x52, 3, 1}), ber(0xac, ber(0x80, []byte(password))))
	}
	return ber(0x60, append(b, mmsExternal(mmsInitiate(0xa8))...))
}

// mmsAssociated answers with a result and a diagnostic.
func mmsAssociated(result, diagnostic byte) []byte {
	b := joined(ber(0xa1, ber(6, []byte{0x28, 0xca, 0x22, 2, 3})), ber(0xa2, ber(2, []byte{result})), ber(0xa3, ber(0xa1, ber(2, []byte{diagnostic}))))
	if result == 0 {
		b = append(b, mmsExternal(mmsInitiate(0xa9))...)
	}
	return ber(0x61, b)
}
