package rtps

import (
	"strconv"

	"firedoor"
)

// Objects: a topic by its name, or a writer by its entity identifier, which says
// nothing of the participant (8.2.4.3).
var (
	topics  = firedoor.Space{Name: "topic"}
	writers = firedoor.Space{Name: "writer", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(dst, "writer:0x"...)
		for shift := 28; shift >= 0; shift -= 4 {
			dst = strconv.AppendUint(dst, uint64(o.At[0]>>shift&15), 16)
		}
		return dst
	}}
)

// Writers of the discovery (8.5.4, 9.3.1.3).
const (
	writerPublications  = 0x000003c2
	writerSubscriptions = 0x000004c2
	writerParticipants  = 0x000100c2
	maskUser            = 0xc0 // of an entity kind: 0 is the application's, 0x40 a vendor's
)

// Parameters of the discovery (9.6.2.2).
const (
	paramSentinel = 0x01
	paramTopic    = 0x05
	paramType     = 0x07
	paramProperty = 0x59
	paramGUID     = 0x5a
	paramEntity   = 0x62
	paramProduct  = 0x8000 // Connext
	vendorConnext = 0x0101
)

// vendors are the numbers that the OMG's list gives, from 0x0101.
var vendors = [...]string{"RTI Connext DDS", "OpenSplice DDS", "OpenDDS", "MilDDS", "InterCOM DDS", "CoreDX DDS", "Lakota DDS", "ICOUP DDS", "ETRI DDS",
	"RTI Connext DDS Micro", "Vortex Cafe", "Vortex Gateway", "Vortex Lite", "Qeo", "eProsima Fast DDS", "Eclipse Cyclone DDS", "GurumDDS", "RustDDS", "ZRDDS", "Dust DDS"}

func vendor(number uint16) string {
	if i := int(number) - 0x0101; i >= 0 && i < len(vendors) {
		return vendors[i]
	}
	return ""
}

// properties are those of a participant that tell of its host; others are passed over.
var properties = [...]struct {
	name string
	kind firedoor.FactKind
}{
	{"dds.sys_info.hostname", firedoor.FactName},
	{"dds.sys_info.executable_filepath", firedoor.FactSoftware},
	{"dds.sys_info.target", firedoor.FactSystem},
	{"fastdds.physical_data.host", firedoor.FactName},
	{"__Hostname", firedoor.FactName},
}
