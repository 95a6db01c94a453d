package pnio

import (
	"strconv"

	"firedoor"
)

// Options and suboptions that are read (coding of the fields Option and Suboption).
const (
	optionIP         = 1
	optionDevice     = 2
	optionDHCP       = 3
	optionControl    = 5
	optionInitiative = 6
	optionTSN        = 7
	optionVendor     = 0x80 // to 0xfe
	optionAll        = 0xff

	ipParameter = 2
	ipSuite     = 3

	deviceType  = 1
	deviceName  = 2
	deviceID    = 3
	deviceRole  = 4
	deviceAlias = 6

	controlStart    = 1
	controlEnd      = 2
	controlSignal   = 3
	controlResponse = 4
)

// Block information of an address (coding of BlockInfo for the option IP).
const (
	ipSet      = 0x03 // by hand or by DHCP
	ipConflict = 0x80
)

// blocks are what DCP reads and sets: option and suboption, and the name where a
// station is named or looked for by it.
var blocks = firedoor.Space{Name: "dcp", Append: appendBlock}

func appendBlock(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "dcp:"...)
	option, sub := o.At[0], o.At[1]
	if option == optionAll && sub == optionAll {
		return append(dst, "all"...)
	}
	if option >= uint32(len(options)) || options[option].name == "" {
		return appendHex(append(appendHex(dst, option), '/'), sub)
	}
	w := &options[option]
	dst = append(append(dst, w.name...), '/')
	switch {
	case sub < uint32(len(w.subs)) && w.subs[sub] != "":
		dst = append(dst, w.subs[sub]...)
	case option == optionDHCP:
		dst = strconv.AppendUint(dst, uint64(sub), 10)
	default:
		dst = appendHex(dst, sub)
	}
	if len(o.Text) > 0 {
		dst = append(append(dst, '='), o.Text...)
	}
	return dst
}

// frames are cyclic data by frame id.
var frames = firedoor.Space{Name: "frame", Append: func(dst []byte, o *firedoor.Object) []byte {
	return appendHex(append(dst, "frame:"...), o.At[0])
}}

// submodules are where alarms come from: application, slot and subslot.
var submodules = firedoor.Space{Name: "submodule", Append: appendSubmodule}

func appendSubmodule(dst []byte, o *firedoor.Object) []byte {
	if o.At[0] != 0 {
		dst = append(appendHex(append(dst, "api:"...), o.At[0]), '/')
	}
	dst = strconv.AppendUint(append(dst, "slot:"...), uint64(o.At[1]), 10)
	return appendHex(append(dst, "/subslot:"...), o.At[2])
}

// shares are the cyclic data of submodules, by application, slot, subslot and way.
var shares = firedoor.Space{Name: "share", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = appendSubmodule(dst, o)
	if o.At[3] == outputCR {
		return append(dst, "/output"...)
	}
	return append(dst, "/input"...)
}}

func appendHex(dst []byte, v uint32) []byte {
	return strconv.AppendUint(append(dst, "0x"...), uint64(v), 16)
}

// options are the words of options and suboptions; DHCP's are those of RFC 2132.
var options = [...]struct {
	name string
	subs []string
}{
	optionIP: {"ip", []string{1: "mac-address", 2: "ip-parameter", 3: "full-ip-suite"}},
	optionDevice: {"device", []string{1: "type-of-station", 2: "name-of-station", 3: "device-id", 4: "device-role", 5: "device-options",
		6: "alias-name", 7: "device-instance", 8: "oem-device-id", 9: "standard-gateway", 10: "rsi-properties"}},
	optionDHCP: {"dhcp", nil},
	optionControl: {"control", []string{1: "start-transaction", 2: "end-transaction", 3: "signal", 4: "response", 5: "factory-reset",
		6: "reset-to-factory"}},
	optionInitiative: {"device-initiative", []string{1: "device-initiative"}},
	optionTSN:        {"tsn-domain", nil},
}

// services are the words of requests by service.
var services = [...]struct {
	name string
	verb firedoor.Verb
}{
	serviceGet:      {"get", firedoor.VerbIdentify},
	serviceSet:      {"set", firedoor.VerbConfigure},
	serviceIdentify: {"identify", firedoor.VerbIdentify},
	serviceHello:    {"hello", firedoor.VerbIdentify},
}

const setLasting = "set permanently"

// results are the words of block errors (coding of the field BlockError).
var results = [...]string{1: "option-unsupported", 2: "suboption-unsupported-or-no-dataset", 3: "suboption-not-set", 4: "resource-error",
	5: "set-not-possible-by-local-reasons", 6: "in-operation-set-not-possible"}

func result(code byte) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case int(code) < len(results):
		return firedoor.Failed(uint32(code), results[code])
	}
	return firedoor.Failed(uint32(code), "")
}

// unsupported answers a service the device does not know.
var unsupported = firedoor.Failed(typeUnsupported, "request-not-supported")

// stateWords are the functions of cyclic data by data status, and by the provider's
// status of a submodule: good or bad.
type stateWords struct{ running, stopped, backup, invalid [2]string }

var (
	cyclicWords      = stateWordsOf("cyclic data")
	isochronousWords = stateWordsOf("isochronous data")
	safetyWords      = stateWordsOf("safety data")
)

func stateWordsOf(data string) stateWords {
	both := func(text string) [2]string { return [2]string{text, text + ", bad"} }
	return stateWords{both(data), both(data + ", provider stopped"), both(data + ", backup"), both(data + ", invalid")}
}

func (w *stateWords) word(status byte, isGood bool) string {
	bad := 0
	if !isGood {
		bad = 1
	}
	switch {
	case status&statusValid == 0:
		return w.invalid[bad]
	case status&statusRun == 0:
		return w.stopped[bad]
	case status&statusPrimary == 0:
		return w.backup[bad]
	}
	return w.running[bad]
}

// alarms are the words of alarm types (coding of the field AlarmType).
var alarms = [...]string{1: "diagnosis alarm", 2: "process alarm", 3: "pull alarm", 4: "plug alarm", 5: "status alarm", 6: "update alarm",
	7: "media redundancy alarm", 8: "controlled by supervisor alarm", 9: "released alarm", 10: "plug wrong submodule alarm",
	11: "return of submodule alarm", 12: "diagnosis disappears alarm", 13: "multicast communication mismatch alarm",
	14: "port data change alarm", 15: "sync data changed alarm", 16: "isochronous mode problem alarm", 17: "network component problem alarm",
	18: "time data changed alarm", 19: "dynamic frame packing problem alarm", 20: "mrpd problem alarm", 21: "multiple interface mismatch alarm",
	30: "upload and retrieval alarm", 31: "pull module alarm"}

func alarmName(code uint32) string {
	if code < uint32(len(alarms)) && alarms[code] != "" {
		return alarms[code]
	}
	return "alarm"
}
