package judge

import "strings"

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
	{"pccc: address of a masked write", "function 0xab has the same three address fields as 0xaa, then a mask and data; the judge shows none of them", 4,
		func(d *disagreement) bool {
			return d.protocol() == "pccc" && d.member == "object+quantity+values" && d.want.code == 0x0fab && d.want.object == ""
		}},
}

// mqttExcuses are those of MQTT, whose comparison is its own.
var mqttExcuses = []excuse{
	{"mqtt: payload passed over", "a payload longer than a parser waits for: we tell the operation when its topic is in, the judge at the end of the payload", 2,
		func(d *disagreement) bool {
			return (d.member == "missing" || d.member == "extra") && strings.HasSuffix(d.capture, "testdata/long.pcap")
		}},
	{"mqtt: version nobody speaks", "the judge reads no answer to a version that it does not know", 1,
		func(d *disagreement) bool {
			return d.member == "outcome" && d.got.outcome == "error:unacceptable-protocol-version"
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

// pniocmExcuses are those of PROFINET's context management.
var pniocmExcuses = []excuse{
	{"pniocm: a release captured again years later", "a capture put together: the same datagrams, number and checksum included, 7.6 years after the first; a time so far away is not believed, and they are taken for copies", 1,
		func(d *disagreement) bool {
			return d.protocol() == "pniocm" && d.member == "missing" && d.want.code == 1 && strings.HasSuffix(d.capture, "profinet_io_cm_release.pcapng")
		}},
}

// ecatExcuses are those of EtherCAT. They are of a capture that was made up.
var ecatExcuses = []excuse{
	{"ecat: network variables", "what controllers tell each other travels in frames of another type, which are no EtherCAT datagrams to the judge", 2,
		func(d *disagreement) bool { return d.member == "extra" && strings.HasPrefix(d.got.object, "variable:") }},
}
