package kip

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Shapes of the beginning of a body.
const (
	shapeAny        = iota
	shapeHPAI       // an address: size 8, transport, IP (4), port (2)
	shapeConnection // size 4, channel, counter, status
	shapeChannel    // channel, status
	shapeDIB        // a description: size, type
)

// Services that are told apart by more than their words.
const (
	serviceSearchAnswer    = 0x0202
	serviceDescription     = 0x0204
	serviceConnect         = 0x0205
	serviceDisconnect      = 0x0209
	serviceSearchAnswerExt = 0x020c
	serviceRouting         = 0x0530
	serviceSystemBroadcast = 0x0533
	serviceSecure          = 0x0950
)

// service is what is known of a service (03_08_01, 5; 03_08_02 on).
type service struct {
	id      uint16
	name    string
	verb    firedoor.Verb
	least   int // bytes of the shortest body
	shape   byte
	carries bool                 // cEMI
	by      protocol.Orientation // who sends it
	answers uint16               // the request it belongs to
	alone   bool                 // a request that is not answered in its flow
	error   byte                 // where in the body the status stands, plus one
}

const (
	client    = protocol.SentByClient
	server    = protocol.SentByServer
	session   = firedoor.VerbSession
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
)

var services = [...]service{
	{id: 0x0201, name: "search", verb: identify, least: 8, shape: shapeHPAI, by: client, alone: true},
	{id: serviceSearchAnswer, name: "search", verb: identify, least: 12, shape: shapeHPAI, by: server, answers: 0x0201},
	{id: 0x0203, name: "description", verb: identify, least: 8, shape: shapeHPAI, by: client},
	{id: serviceDescription, name: "description", verb: identify, least: 4, shape: shapeDIB, by: server, answers: 0x0203},
	{id: serviceConnect, name: "connect", verb: session, least: 18, shape: shapeHPAI, by: client},
	{id: 0x0206, name: "connect", verb: session, least: 2, shape: shapeChannel, by: server, answers: serviceConnect, error: 2},
	{id: 0x0207, name: "connection state", verb: session, least: 10, shape: shapeChannel, by: client},
	{id: 0x0208, name: "connection state", verb: session, least: 2, shape: shapeChannel, by: server, answers: 0x0207, error: 2},
	{id: serviceDisconnect, name: "disconnect", verb: session, least: 10, shape: shapeChannel},
	{id: 0x020a, name: "disconnect", verb: session, least: 2, shape: shapeChannel, answers: serviceDisconnect, error: 2},
	{id: 0x020b, name: "search extended", verb: identify, least: 8, shape: shapeHPAI, by: client, alone: true},
	{id: serviceSearchAnswerExt, name: "search extended", verb: identify, least: 12, shape: shapeHPAI, by: server, answers: 0x020b},
	{id: 0x0310, name: "device configuration", least: 5, shape: shapeConnection, carries: true},
	{id: 0x0311, name: "", least: 4, shape: shapeConnection},
	{id: 0x0420, name: "tunnelling", least: 5, shape: shapeConnection, carries: true},
	{id: 0x0421, name: "", least: 4, shape: shapeConnection},
	{id: 0x0422, name: "tunnelling feature get", verb: diagnose, least: 6, shape: shapeConnection, by: client},
	{id: 0x0423, name: "tunnelling feature get", verb: diagnose, least: 6, shape: shapeConnection, by: server, answers: 0x0422, error: 6},
	{id: 0x0424, name: "tunnelling feature set", verb: configure, least: 6, shape: shapeConnection, by: client, alone: true},
	{id: 0x0425, name: "", least: 6, shape: shapeConnection, by: server},
	{id: serviceRouting, name: "routing", least: 10, carries: true, by: client},
	{id: 0x0531, name: "", least: 4, by: client},
	{id: 0x0532, name: "", least: 6, by: client},
	{id: serviceSystemBroadcast, name: "system broadcast", least: 10, carries: true, by: client},
	{id: 0x0740, name: "remote diagnostic", verb: diagnose, least: 10, shape: shapeHPAI, by: client, alone: true},
	{id: 0x0741, name: "remote diagnostic", verb: diagnose, least: 2, by: server, answers: 0x0740},
	{id: 0x0742, name: "remote configuration", verb: configure, least: 10, shape: shapeHPAI, by: client, alone: true},
	{id: 0x0743, name: "remote reset", verb: control, least: 2, by: client, alone: true},
	{id: serviceSecure, name: "", least: 32},
	{id: 0x0951, name: "session request", verb: session, least: 40, shape: shapeHPAI, by: client},
	{id: 0x0952, name: "session request", verb: session, least: 2, by: server, answers: 0x0951},
	{id: 0x0953, name: "session authenticate", verb: session, least: 18, by: client},
	{id: 0x0954, name: "session authenticate", verb: session, least: 2, by: server, answers: 0x0953, error: 1},
	{id: 0x0955, name: "", least: 30},
}

func serviceOf(id uint16) *service {
	for i := range services {
		if services[i].id == id {
			return &services[i]
		}
	}
	return nil
}

// Message codes of cEMI (03_06_03, 4.1.3.1 and 4.1.7).
const (
	codeDataReq      = 0x11
	codeDataInd      = 0x29
	codeDataCon      = 0x2e
	codeReset        = 0xf1
	codePropWriteCon = 0xf5
	codePropWrite    = 0xf6
	codePropInfo     = 0xf7
	codeFuncCmd      = 0xf8
	codeFuncRead     = 0xf9
	codeFuncCon      = 0xfa
	codePropReadCon  = 0xfb
	codePropRead     = 0xfc
)

// Codes of operations in cEMI: the application service, or the message code.
const (
	codeApplication = 0x10000
	codeManagement  = 0x20000
)

type word struct {
	name string
	verb firedoor.Verb
}

// short are application services of four bits (03_03_07, 3).
var short = [...]word{
	{"group value read", read}, {"group value response", 0}, {"group value write", write}, {"individual address write", configure},
	{"individual address read", identify}, {"individual address response", 0}, {"adc read", read}, {"adc response", 0},
	{"memory read", read}, {"memory response", 0}, {"memory write", program}, {},
	{"device descriptor read", identify}, {"device descriptor response", 0}, {"restart", control}, {},
}

// Application services that say more than their word.
const (
	groupRead     = 0x000
	groupResponse = 0x040
	groupWrite    = 0x080
	memoryRead    = 0x200
	memoryWrite   = 0x280
	propertyRead  = 0x3d5
	propertyReply = 0x3d6
	propertyWrite = 0x3d7
	propertyDescr = 0x3d8
	dataSecure    = 0x3f1
)

// application is the word for an application service of ten bits.
func application(apci uint16) word {
	if s := apci >> 6; s != 11 && s != 15 && apci&0x3f == 0 {
		return short[s]
	}
	switch apci {
	case 0x2c0:
		return word{"user memory read", read}
	case 0x2c2, 0x2c4:
		return word{"user memory write", program}
	case 0x2c5:
		return word{"user manufacturer information read", identify}
	case 0x2c7:
		return word{"function property command", configure}
	case 0x2c8:
		return word{"function property state read", read}
	case 0x381:
		return word{"master reset", control}
	case 0x3c0, 0x3c1, 0x3c8, 0x3cd:
		return word{"router read", read}
	case 0x3c3, 0x3cf:
		return word{"router write", configure}
	case 0x3e5:
		return word{"link read", read}
	case 0x3e7:
		return word{"link write", configure}
	case 0x3ca, 0x3d0:
		return word{"memory write", program}
	case 0x3d1:
		return word{"authorize", session}
	case 0x3d3:
		return word{"key write", configure}
	case propertyRead:
		return word{"property value read", read}
	case propertyReply:
		return word{"property value response", 0}
	case propertyWrite:
		return word{"property value write", configure}
	case propertyDescr:
		return word{"property description read", identify}
	case 0x3da:
		return word{"network parameter read", identify}
	case 0x3dc:
		return word{"individual address by serial number read", identify}
	case 0x3de:
		return word{"individual address by serial number write", configure}
	case 0x3e0, 0x3ee:
		return word{"domain address write", configure}
	case 0x3e1, 0x3e3, 0x3ec:
		return word{"domain address read", identify}
	case 0x3e4:
		return word{"network parameter write", configure}
	}
	return extended(apci)
}

// extended are the application services that came later.
func extended(apci uint16) word {
	switch apci {
	case 0x1c8:
		return word{"system network parameter read", identify}
	case 0x1ca:
		return word{"system network parameter write", configure}
	case 0x3e8, 0x1cc:
		return word{"property value read", read}
	case 0x1ce, 0x1d0:
		return word{"property value write", configure}
	case 0x1d2:
		return word{"property description read", identify}
	case 0x1d4:
		return word{"function property command", configure}
	case 0x1d5:
		return word{"function property state read", read}
	case 0x3ea:
		return word{"group property value write", write}
	case 0x1fb:
		return word{"memory write", program}
	case 0x1fd:
		return word{"memory read", read}
	case 0x2c1, 0x2c6, 0x2c9, 0x3a1, 0x3c2, 0x3c9, 0x3ce, 0x3d2, 0x3d4, 0x3d9, 0x3db, 0x3dd, 0x3e2, 0x3e6, 0x3e9, 0x3eb, 0x3ed, 0x1c9, 0x1cd, 0x1cf, 0x1d3, 0x1d6, 0x1fc, 0x1fe:
		return word{"response", 0}
	}
	return word{"application service", configure}
}

// management is the word for a message of device management.
func management(code byte) word {
	switch code {
	case codePropRead, codePropReadCon:
		return word{"property read", read}
	case codePropWrite, codePropWriteCon:
		return word{"property write", configure}
	case codeFuncCmd:
		return word{"function property command", configure}
	case codeFuncRead, codeFuncCon:
		return word{"function property state read", read}
	case codeReset:
		return word{"reset", control}
	}
	return word{}
}

// Objects. Addresses are those of the wire.
var (
	groups = firedoor.Space{Name: "group", Append: func(dst []byte, o *firedoor.Object) []byte {
		a := o.At[0]
		return three(append(dst, "group:"...), a>>11, a>>8&7, a&255, '/')
	}}
	devices    = firedoor.Space{Name: "device", Append: device}
	properties = firedoor.Space{Name: "property", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = strconv.AppendUint(append(device(dst, o), "/object:"...), uint64(o.At[1]), 10)
		return strconv.AppendUint(append(dst, "/property:"...), uint64(o.At[2]), 10)
	}}
	memory = firedoor.Space{Name: "memory", Bytes: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
		return hex(append(device(dst, o), "/memory:0x"...), byte(o.At[1]>>8), byte(o.At[1]))
	}}
	own = firedoor.Space{Name: "own", Append: func(dst []byte, o *firedoor.Object) []byte { // of the server itself
		dst = strconv.AppendUint(append(dst, "object-type:"...), uint64(o.At[0]), 10)
		dst = strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
		return strconv.AppendUint(append(dst, "/property:"...), uint64(o.At[2]), 10)
	}}
	channels = firedoor.Space{Name: "channel", Passing: true}
)

func device(dst []byte, o *firedoor.Object) []byte {
	a := o.At[0]
	return three(append(dst, "device:"...), a>>12, a>>8&15, a&255, '.')
}

func three(dst []byte, a, b, c uint32, between byte) []byte {
	dst = append(strconv.AppendUint(dst, uint64(a), 10), between)
	dst = append(strconv.AppendUint(dst, uint64(b), 10), between)
	return strconv.AppendUint(dst, uint64(c), 10)
}

func hex(dst []byte, b ...byte) []byte {
	const set = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, set[c>>4], set[c&15])
	}
	return dst
}

// status is the outcome of a status (03_08_02, 5.5), or of a secure session.
func status(s *service, code byte) firedoor.Outcome {
	if code == 0 {
		return firedoor.OK
	}
	name := ""
	switch {
	case s.id == 0x0954 && code == 1:
		name = "authentication-failed"
	case s.id == 0x0954 && code == 2:
		name = "unauthenticated"
	case s.id == 0x0954 && code == 3:
		name = "timeout"
	case s.id == 0x0954 && code >= 4:
		return firedoor.OK // keep alive, close
	case code == 0x21:
		name = "connection-id"
	case code == 0x22:
		name = "connection-type"
	case code == 0x23:
		name = "connection-option"
	case code == 0x24:
		name = "no-more-connections"
	case code == 0x25:
		name = "no-more-unique-connections"
	case code == 0x26:
		name = "data-connection"
	case code == 0x27:
		name = "knx-connection"
	case code == 0x29:
		name = "tunnelling-layer"
	}
	return firedoor.Failed(uint32(code), name)
}

// vendor is the name of some makers by the number that the KNX Association gave
// them, with which a serial number begins.
func vendor(id uint16) string {
	switch id {
	case 0x0001:
		return "Siemens"
	case 0x0002:
		return "ABB"
	case 0x0004:
		return "Albrecht Jung"
	case 0x0008:
		return "Gira"
	case 0x0083:
		return "MDT technologies"
	case 0x00c5:
		return "Weinzierl Engineering"
	}
	return ""
}
