package snmp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Functions by unit.
var functions = [...]struct {
	verb firedoor.Verb
	name string
}{
	0:                      {firedoor.VerbRead, "get request"},
	unitNext - unitGet:     {firedoor.VerbRead, "get next request"},
	unitResponse - unitGet: {firedoor.VerbRead, "response"},
	unitSet - unitGet:      {firedoor.VerbConfigure, "set request"},
	unitBulk - unitGet:     {firedoor.VerbRead, "get bulk request"},
}

// statuses are the error statuses (RFC 3416, 3).
var statuses = [...]string{"", "too-big", "no-such-name", "bad-value", "read-only", "gen-err", "no-access",
	"wrong-type", "wrong-length", "wrong-encoding", "wrong-value", "no-creation", "inconsistent-value",
	"resource-unavailable", "commit-failed", "undo-failed", "authorization-error", "not-writable", "inconsistent-name"}

func failed(status int64) firedoor.Outcome {
	if status > 0 && status < int64(len(statuses)) {
		return firedoor.Failed(uint32(status), statuses[status])
	}
	return firedoor.Failed(uint32(status), "")
}

// Values' tags (RFC 2578, 7.1; RFC 3416, 3).
const (
	tagCounter32 = 0x41
	tagGauge32   = 0x42
	tagTimeTicks = 0x43
	tagCounter64 = 0x46

	noSuchObject   = 0x80
	noSuchInstance = 0x81
	endOfView      = 0x82
)

// outcome is what a response says of one variable.
func outcome(tag byte) firedoor.Outcome {
	switch tag {
	case noSuchObject:
		return firedoor.Failed(noSuchObject, "no-such-object")
	case noSuchInstance:
		return firedoor.Failed(noSuchInstance, "no-such-instance")
	case endOfView:
		return firedoor.Failed(endOfView, "end-of-mib-view")
	}
	return firedoor.OK
}

// values puts a number into scratch; texts and addresses are no values.
func values(scratch *[8]byte, v *variable) firedoor.Values {
	kind := firedoor.I64
	content := v.value
	switch v.tag {
	case wire.TagInteger:
	case tagCounter32, tagGauge32, tagTimeTicks, tagCounter64:
		kind = firedoor.U64
		if len(content) == 9 && content[0] == 0 { // keeps the sign away
			content = content[1:]
		}
	default:
		return firedoor.Values{}
	}
	n, ok := wire.BERInt(content)
	if !ok {
		return firedoor.Values{}
	}
	binary.BigEndian.PutUint64(scratch[:], uint64(n))
	return firedoor.Values{Type: kind, Count: 1, Raw: scratch[:]}
}

// oids is the space of objects: Text is the identifier as on the wire.
var oids = &firedoor.Space{
	Name: "oid",
	Append: func(dst []byte, o *firedoor.Object) []byte {
		return wire.AppendOID(append(dst, "oid:"...), o.Text)
	},
}

// facts are the objects that say what a device is: system group (RFC 3418) and
// the chassis, which is entry 1 of the entity table (RFC 6933). The contact is
// a person and is left out.
var facts = [...]struct {
	oid    string
	kind   firedoor.FactKind
	source string
}{
	{"\x2b\x06\x01\x02\x01\x01\x01\x00", firedoor.FactSystem, "snmp sysDescr"},
	{"\x2b\x06\x01\x02\x01\x01\x05\x00", firedoor.FactName, "snmp sysName"},
	{"\x2b\x06\x01\x02\x01\x01\x06\x00", firedoor.FactComment, "snmp sysLocation"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x08\x01", firedoor.FactHardware, "snmp entPhysicalHardwareRev"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x09\x01", firedoor.FactFirmware, "snmp entPhysicalFirmwareRev"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0a\x01", firedoor.FactSoftware, "snmp entPhysicalSoftwareRev"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0b\x01", firedoor.FactSerial, "snmp entPhysicalSerialNum"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0c\x01", firedoor.FactVendor, "snmp entPhysicalMfgName"},
	{"\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0d\x01", firedoor.FactModel, "snmp entPhysicalModelName"},
}

// Object identifiers of sysObjectID.0 and of the enterprises (RFC 3418, RFC 1155).
const (
	sysObjectID = "\x2b\x06\x01\x02\x01\x01\x02\x00"
	enterprises = "\x2b\x06\x01\x04\x01"
)

// makers are enterprise numbers (IANA) of makers one meets in plants.
var makers = [...]struct {
	number uint32
	name   string
}{
	{9, "Cisco"}, {11, "Hewlett-Packard"}, {95, "Rockwell Automation"}, {248, "Hirschmann"}, {318, "APC"},
	{409, "Mitsubishi Electric"}, {674, "Dell"}, {1890, "Red Lion"}, {2636, "Juniper"}, {3833, "Schneider Electric"},
	{4196, "Siemens"}, {4329, "Siemens"}, {4346, "Phoenix Contact"}, {7427, "Yokogawa"}, {8691, "Moxa"},
	{10297, "Advantech"}, {12356, "Fortinet"}, {13576, "WAGO"}, {14988, "MikroTik"}, {16177, "Westermo"},
	{16838, "Omron"},
}

// maker is the name behind an object identifier under the enterprises, "" when
// unknown.
func maker(oid []byte) string {
	if len(oid) <= len(enterprises) || string(oid[:len(enterprises)]) != enterprises {
		return ""
	}
	var n uint32
	for _, c := range oid[len(enterprises):] {
		n = n<<7 | uint32(c&0x7f)
		if c&0x80 == 0 {
			break
		}
	}
	for i := range makers {
		if makers[i].number == n {
			return makers[i].name
		}
	}
	return ""
}
