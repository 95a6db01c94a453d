package main

// excuse is a class of differences from the judge that is known and
// understood: why it is there, and how many of it the corpus has at most. A
// difference of no class fails the test, and so does one more of a class.
type excuse struct {
	name, reason string
	most         int
	fits         func(d *disagreement) bool
}

// excuses is the list of all classes. What the judge reads in two ways (segments
// out of order) is settled before, in verdict.admit; where it goes by port and we
// by content, no capture of the corpus shows a difference.
var excuses = []excuse{
	{"dnp3: values of a cut object", "a write of 65,535 bits whose last byte is missing: the judge shows the bits that are there, we say that it is malformed and tell none", 1,
		func(d *disagreement) bool {
			return d.protocol() == "dnp3" && d.member == "values" && d.want.code == 2 && d.got.values == "" && d.want.quantity == "65535"
		}},
}

// mmsExcuses are the classes of MMS. All are of captures that were made up: they
// leave session and presentation out, and the server's packets are none.
var mmsExcuses = []excuse{
	{"mms: conclude without a session", "outside of a session the judge knows MMS by its initiate and confirmed units alone and shows the two bytes of a conclude as data", 8,
		func(d *disagreement) bool { return d.member == "extra" && d.got.code == 0x10b }},
	{"mms: request of no service", "a confirmed request that ends behind its invoke id: the judge shows it, we say that it is malformed and tell no operation", 1,
		func(d *disagreement) bool { return d.member == "missing" && d.want.code == -1 }},
}
