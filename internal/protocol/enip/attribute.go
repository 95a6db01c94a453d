package enip

import "firedoor"

// Attributes that are named elsewhere.
const attributeHost = 6 // of the TCP/IP interface object

// Types of the instance attributes whose elements all have one form, by number.
// Attributes of other forms, and those of vendors, are given out as bytes.
var (
	// Of every class itself (CIP volume 1, 4-4): revision, how many, the largest
	classTypes = [...]firedoor.ValueType{1: firedoor.U16, 2: firedoor.U16, 3: firedoor.U16, 6: firedoor.U16, 7: firedoor.U16}
	// 5A-2.2
	identityTypes = [...]firedoor.ValueType{1: firedoor.U16, 2: firedoor.U16, 3: firedoor.U16, 4: firedoor.U8, 5: firedoor.U16, 6: firedoor.U32,
		8: firedoor.U8, 9: firedoor.U16, 10: firedoor.U8}
	// 5A-3: the list of classes begins with their number.
	routerTypes = [...]firedoor.ValueType{1: firedoor.U16, 2: firedoor.U16, 3: firedoor.U16, 4: firedoor.U16}
	// 5A-5
	assemblyTypes = [...]firedoor.ValueType{1: firedoor.U16, 4: firedoor.U16}
	// 3-5.4
	managerTypes = [...]firedoor.ValueType{1: firedoor.U16, 2: firedoor.U16, 3: firedoor.U16, 4: firedoor.U16, 5: firedoor.U16, 6: firedoor.U16,
		7: firedoor.U16, 8: firedoor.U16, 11: firedoor.U16, 12: firedoor.U32, 13: firedoor.U32}
	// 5A-42: state, format, revision, size, checksum and so on
	fileTypesOf = [...]firedoor.ValueType{1: firedoor.U8, 3: firedoor.U16, 5: firedoor.U8, 6: firedoor.U32, 7: firedoor.I16, 8: firedoor.U8,
		9: firedoor.U8, 10: firedoor.U8, 11: firedoor.U8}
	// 5A-47: synchronized or not, times in micro- and nanoseconds, offsets
	timeTypes = [...]firedoor.ValueType{1: firedoor.Bool, 2: firedoor.Bool, 3: firedoor.U64, 4: firedoor.U64, 5: firedoor.I64, 6: firedoor.U64,
		7: firedoor.I64, 11: firedoor.U16, 16: firedoor.U8, 17: firedoor.U8, 18: firedoor.U8, 19: firedoor.U16, 27: firedoor.U16}
	// CIP volume 2, 5-4
	tcpipTypes = [...]firedoor.ValueType{1: firedoor.U32, 2: firedoor.U32, 3: firedoor.U32, 8: firedoor.U8, 10: firedoor.Bool,
		12: firedoor.Bool, 13: firedoor.U16}
	// 5-5: speed, flags, counters of the interface and of its medium, control, states
	linkTypes = [...]firedoor.ValueType{1: firedoor.U32, 2: firedoor.U32, 4: firedoor.U32, 5: firedoor.U32, 6: firedoor.U16, 7: firedoor.U8,
		8: firedoor.U8, 9: firedoor.U8, 12: firedoor.U64, 13: firedoor.U64}
	// 5-6
	ringTypes = [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U8, 3: firedoor.U8, 5: firedoor.U16, 8: firedoor.U16, 11: firedoor.U8, 12: firedoor.U32}
	// 5-7
	qosTypes = [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U8, 3: firedoor.U8, 4: firedoor.U8, 5: firedoor.U8, 6: firedoor.U8,
		7: firedoor.U8, 8: firedoor.U8}
	// CIP volume 1, 3-7
	portTypes = [...]firedoor.ValueType{1: firedoor.U16, 2: firedoor.U16, 8: firedoor.U16}
	// CIP volume 5, 5-2: status and alarm flags
	safetyTypes = [...]firedoor.ValueType{11: firedoor.U8, 12: firedoor.U8, 15: firedoor.Bool, 16: firedoor.Bool}
	// 5-3: state, type
	validatorTypes = [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U8}
	// CIP volume 8, 5-3: state, profiles
	securityTypes = [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U16, 3: firedoor.U16}
	// 5-4: state, capabilities. Attribute 5 holds keys.
	enipSecurityTypes = [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U32}
)

// attributeTypes is the table of a class, nil for one that is not described.
func attributeTypes(class uint32) []firedoor.ValueType {
	switch class {
	case classIdentity:
		return identityTypes[:]
	case classRouter:
		return routerTypes[:]
	case classAssembly:
		return assemblyTypes[:]
	case classManager:
		return managerTypes[:]
	case classFile:
		return fileTypesOf[:]
	case classSupervisorSafe:
		return safetyTypes[:]
	case classValidator:
		return validatorTypes[:]
	case classTime:
		return timeTypes[:]
	case classDLR:
		return ringTypes[:]
	case classQoS:
		return qosTypes[:]
	case classSecurity:
		return securityTypes[:]
	case classSecurityENIP:
		return enipSecurityTypes[:]
	case classPort:
		return portTypes[:]
	case classTCPIP:
		return tcpipTypes[:]
	case classLink:
		return linkTypes[:]
	}
	return nil
}

// secretive tells the classes of CIP Security (volume 8) whose attributes hold
// keys, certificates and passwords: nothing but their states is given out.
func secretive(class uint32) bool { return class >= classSecurity && class <= classSecurityLast }

// attributeValue types what was read from or is written to the item's attribute.
func (it *item) attributeValue(data []byte) firedoor.Values {
	t := firedoor.NoValue
	types := attributeTypes(it.class)
	if types != nil && it.object.At[1] == 0 {
		types = classTypes[:]
	}
	if it.object.Space == &attributeSpace && it.object.At[2] < uint32(len(types)) {
		t = types[it.object.At[2]]
	}
	switch {
	case t != firedoor.NoValue:
		return typed(t, data)
	case secretive(it.class):
		return firedoor.Values{}
	}
	return raw(data)
}
