package ads

import "firedoor"

// Commands.
const (
	cmdDeviceInfo         = 1
	cmdRead               = 2
	cmdWrite              = 3
	cmdReadState          = 4
	cmdWriteControl       = 5
	cmdAddNotification    = 6
	cmdDeleteNotification = 7
	cmdNotification       = 8
	cmdReadWrite          = 9
	maxCommand            = 9
)

// Index groups that are read in ways of their own.
const (
	groupOpen         = 120
	groupClose        = 121
	groupFileRead     = 122
	groupFileWrite    = 123
	groupSeek         = 124
	groupPuts         = 127
	groupPrint        = 129
	groupTarget       = 700
	groupHostName     = 702
	groupHandleByName = 0xf003
	groupByName       = 0xf004
	groupByHandle     = 0xf005
	groupRelease      = 0xf006
	groupInfo         = 0xf007
	groupInfoEx       = 0xf009
	groupSumRead      = 0xf080
	groupSumWrite     = 0xf081
	groupSumReadWrite = 0xf082
	groupSumReadEx    = 0xf083
	groupSumReadEx2   = 0xf084
	groupSumAdd       = 0xf085
	groupSumDelete    = 0xf086
)

// systemService is the AMS port of the system service: registry, files, routes.
const systemService = 10000

// form tells how the data of a service are read.
type form uint8

// Forms. The plain one is named by group and offset, and its data are values.
const (
	formPlain  form = iota
	formOpaque      // its data are not told
	formMemory
	formBits
	formHandle       // the offset is a handle
	formHandleOfName // the name is in the data, the answer is a handle
	formName         // the name is in the data, the answer a value
	formInfo         // the name is in the data, the answer tells of the symbol
	formRelease      // the handle is in the data
	formSum
	formRegistry
	formOpen
	formClose
	formFileRead
	formFileWrite
	formSeek
	formFileName // the name is in the data
	formTarget
	formHost
)

// service is what a command does with an index group.
type service struct {
	command     uint16
	system      bool // of the system service only
	form        form
	verb        firedoor.Verb
	first, last uint32 // index groups
	name        string
	theirs      string // the name when the flow's server asks
}

const anyGroup = 0xffffffff

// wordsAskedOf stands behind what a flow's server asks.
const wordsAskedOf = " asked of the client"

// services are looked through in order; the last of each command takes what is left.
var services = namedServices([]service{
	{cmdRead, true, formTarget, firedoor.VerbIdentify, groupTarget, groupTarget, "read target description", ""},
	{cmdRead, true, formHost, firedoor.VerbIdentify, groupHostName, groupHostName, "read host name", ""},
	{cmdRead, true, formOpaque, firedoor.VerbIdentify, 701, 703, "read network settings", ""},
	{cmdRead, true, formOpaque, firedoor.VerbRead, 400, 400, "read time", ""},
	{cmdRead, true, formOpaque, firedoor.VerbIdentify, 803, 803, "enumerate routes", ""},
	{cmdRead, true, formOpaque, firedoor.VerbIdentify, 0, anyGroup, "read system service", ""},
	{cmdRead, false, formMemory, firedoor.VerbRead, 0x4020, 0x4020, "read", ""},
	{cmdRead, false, formMemory, firedoor.VerbRead, 0x4030, 0x4030, "read", ""},
	{cmdRead, false, formMemory, firedoor.VerbRead, 0x4040, 0x4040, "read", ""},
	{cmdRead, false, formBits, firedoor.VerbRead, 0x4021, 0x4021, "read", ""},
	{cmdRead, false, formMemory, firedoor.VerbRead, 0xf020, 0xf020, "read", ""},
	{cmdRead, false, formBits, firedoor.VerbRead, 0xf021, 0xf021, "read", ""},
	{cmdRead, false, formMemory, firedoor.VerbRead, 0xf030, 0xf030, "read", ""},
	{cmdRead, false, formBits, firedoor.VerbRead, 0xf031, 0xf031, "read", ""},
	{cmdRead, false, formHandle, firedoor.VerbRead, groupByHandle, groupByHandle, "read", ""},
	{cmdRead, false, formPlain, firedoor.VerbDiagnose, 0xf008, 0xf008, "read symbol version", ""},
	{cmdRead, false, formOpaque, firedoor.VerbIdentify, 0xf00a, 0xf00b, "upload symbols", ""},
	{cmdRead, false, formOpaque, firedoor.VerbIdentify, 0xf00e, 0xf00e, "upload data types", ""},
	{cmdRead, false, formPlain, firedoor.VerbIdentify, 0xf00c, 0xf00f, "read symbol upload info", ""},
	{cmdRead, false, formPlain, firedoor.VerbRead, 0, anyGroup, "read", ""},

	{cmdWrite, true, formRegistry, firedoor.VerbConfigure, 200, 200, "write registry value", ""},
	{cmdWrite, true, formRegistry, firedoor.VerbConfigure, 201, 201, "delete registry value", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbConfigure, 400, 400, "write time", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbControl, 500, 500, "start process", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbConfigure, 600, 600, "change netid", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbConfigure, 801, 801, "add route", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbConfigure, 802, 802, "delete route", ""},
	{cmdWrite, true, formOpaque, firedoor.VerbConfigure, 0, anyGroup, "write system service", ""},
	{cmdWrite, false, formMemory, firedoor.VerbWrite, 0x4020, 0x4020, "write", ""},
	{cmdWrite, false, formMemory, firedoor.VerbWrite, 0x4030, 0x4030, "write", ""},
	{cmdWrite, false, formMemory, firedoor.VerbWrite, 0x4040, 0x4040, "write", ""},
	{cmdWrite, false, formBits, firedoor.VerbWrite, 0x4021, 0x4021, "write", ""},
	{cmdWrite, false, formMemory, firedoor.VerbWrite, 0xf020, 0xf020, "write", ""},
	{cmdWrite, false, formBits, firedoor.VerbWrite, 0xf021, 0xf021, "write", ""},
	{cmdWrite, false, formMemory, firedoor.VerbWrite, 0xf030, 0xf030, "write", ""},
	{cmdWrite, false, formBits, firedoor.VerbWrite, 0xf031, 0xf031, "write", ""},
	{cmdWrite, false, formPlain, firedoor.VerbWrite, 0xf040, 0xf040, "clear inputs", ""},
	{cmdWrite, false, formPlain, firedoor.VerbWrite, 0xf050, 0xf050, "clear outputs", ""},
	{cmdWrite, false, formHandle, firedoor.VerbWrite, groupByHandle, groupByHandle, "write", ""},
	{cmdWrite, false, formRelease, firedoor.VerbSession, groupRelease, groupRelease, "release handle", ""},
	{cmdWrite, false, formPlain, firedoor.VerbWrite, 0, anyGroup, "write", ""},

	{cmdReadWrite, true, formOpen, firedoor.VerbRead, groupOpen, groupOpen, "file open", ""},
	{cmdReadWrite, true, formClose, firedoor.VerbSession, groupClose, groupClose, "file close", ""},
	{cmdReadWrite, true, formFileRead, firedoor.VerbRead, groupFileRead, groupFileRead, "file read", ""},
	{cmdReadWrite, true, formFileWrite, firedoor.VerbProgram, groupFileWrite, groupFileWrite, "file write", ""},
	{cmdReadWrite, true, formSeek, firedoor.VerbRead, groupSeek, groupSeek, "file seek", ""},
	{cmdReadWrite, true, formSeek, firedoor.VerbRead, 125, 126, "file tell or get line", ""},
	{cmdReadWrite, true, formFileWrite, firedoor.VerbProgram, groupPuts, groupPuts, "file put line", ""},
	{cmdReadWrite, true, formSeek, firedoor.VerbProgram, 128, groupPrint, "file scan or print", ""},
	{cmdReadWrite, true, formSeek, firedoor.VerbRead, 130, 130, "file end", ""},
	{cmdReadWrite, true, formFileName, firedoor.VerbProgram, 131, 131, "file delete", ""},
	{cmdReadWrite, true, formFileName, firedoor.VerbProgram, 132, 132, "file rename", ""},
	{cmdReadWrite, true, formFileName, firedoor.VerbIdentify, 133, 133, "file find", ""},
	{cmdReadWrite, true, formFileName, firedoor.VerbProgram, 138, 138, "directory create", ""},
	{cmdReadWrite, true, formFileName, firedoor.VerbProgram, 139, 139, "directory remove", ""},
	{cmdReadWrite, true, formRegistry, firedoor.VerbIdentify, 200, 200, "read registry value", ""},
	{cmdReadWrite, true, formOpaque, firedoor.VerbConfigure, 0, anyGroup, "read and write system service", ""},
	{cmdReadWrite, false, formHandleOfName, firedoor.VerbSession, groupHandleByName, groupHandleByName, "get handle by name", ""},
	{cmdReadWrite, false, formName, firedoor.VerbRead, groupByName, groupByName, "read by name", ""},
	{cmdReadWrite, false, formHandle, firedoor.VerbWrite, groupByHandle, groupByHandle, "read and write", ""},
	{cmdReadWrite, false, formInfo, firedoor.VerbIdentify, groupInfo, groupInfoEx, "get symbol info by name", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbRead, groupSumRead, groupSumRead, "sum read", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbWrite, groupSumWrite, groupSumWrite, "sum write", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbWrite, groupSumReadWrite, groupSumReadWrite, "sum read and write", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbRead, groupSumReadEx, groupSumReadEx2, "sum read", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbRead, groupSumAdd, groupSumAdd, "sum add notifications", ""},
	{cmdReadWrite, false, formSum, firedoor.VerbSession, groupSumDelete, groupSumDelete, "sum delete notifications", ""},
	{cmdReadWrite, false, formMemory, firedoor.VerbWrite, 0x4020, 0x4020, "read and write", ""},
	{cmdReadWrite, false, formBits, firedoor.VerbWrite, 0x4021, 0x4021, "read and write", ""},
	{cmdReadWrite, false, formMemory, firedoor.VerbWrite, 0x4030, 0x4030, "read and write", ""},
	{cmdReadWrite, false, formMemory, firedoor.VerbWrite, 0x4040, 0x4040, "read and write", ""},
	{cmdReadWrite, false, formMemory, firedoor.VerbWrite, 0xf020, 0xf020, "read and write", ""},
	{cmdReadWrite, false, formBits, firedoor.VerbWrite, 0xf021, 0xf021, "read and write", ""},
	{cmdReadWrite, false, formMemory, firedoor.VerbWrite, 0xf030, 0xf030, "read and write", ""},
	{cmdReadWrite, false, formBits, firedoor.VerbWrite, 0xf031, 0xf031, "read and write", ""},
	{cmdReadWrite, false, formPlain, firedoor.VerbWrite, 0, anyGroup, "read and write", ""},
})

// plainServices are commands without an index group.
var plainServices = namedServices([]service{
	cmdDeviceInfo:         {verb: firedoor.VerbIdentify, name: "read device info"},
	cmdReadState:          {verb: firedoor.VerbDiagnose, name: "read state"},
	cmdWriteControl:       {verb: firedoor.VerbControl, name: "write control"},
	cmdAddNotification:    {verb: firedoor.VerbRead, name: "add device notification"},
	cmdDeleteNotification: {verb: firedoor.VerbSession, name: "delete device notification"},
	cmdNotification:       {verb: firedoor.VerbRead, name: "device notification"},
})

// controls are what a write of the state asks for, by the ADS state.
var controls = namedServices([]service{
	{verb: firedoor.VerbControl, name: "write control: invalid"}, {verb: firedoor.VerbControl, name: "write control: idle"}, {verb: firedoor.VerbControl, name: "write control: reset"}, {verb: firedoor.VerbControl, name: "write control: init"},
	{verb: firedoor.VerbControl, name: "write control: start"}, {verb: firedoor.VerbControl, name: "write control: run"}, {verb: firedoor.VerbControl, name: "write control: stop"}, {verb: firedoor.VerbControl, name: "write control: save config"},
	{verb: firedoor.VerbControl, name: "write control: load config"}, {verb: firedoor.VerbControl, name: "write control: power failure"}, {verb: firedoor.VerbControl, name: "write control: power good"},
	{verb: firedoor.VerbControl, name: "write control: error"}, {verb: firedoor.VerbControl, name: "write control: shutdown"}, {verb: firedoor.VerbControl, name: "write control: suspend"}, {verb: firedoor.VerbControl, name: "write control: resume"},
	{verb: firedoor.VerbControl, name: "write control: config"}, {verb: firedoor.VerbControl, name: "write control: reconfig"},
})

// openForWrite is the service of opening a file that can be changed.
var openForWrite = namedServices([]service{{name: "file open for write", verb: firedoor.VerbProgram, form: formOpen}})

func namedServices(all []service) []service {
	for i := range all {
		all[i].theirs = all[i].name + wordsAskedOf
	}
	return all
}

// find returns what a command does with an index group on an AMS port.
func find(command uint16, group uint32, port uint16) *service {
	for i := range services {
		s := &services[i]
		if s.command == command && group >= s.first && group <= s.last && (!s.system || port == systemService) {
			return s
		}
	}
	return &plainServices[command]
}

// function returns the words of a service.
func (s *service) function(theirs bool) string {
	if theirs {
		return s.theirs
	}
	return s.name
}

// outcome is what a return code says. Those of the system service below 0x500 are
// those of its operating system, which have no names here.
func outcome(code uint32, port uint16) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case code < 0x500 && port == systemService:
		return firedoor.Failed(code, "")
	default:
		return firedoor.Failed(code, returnCodes[code])
	}
}

// returnCodes are the words of the ADS return codes: global, router, device, client.
var returnCodes = map[uint32]string{
	0x01: "internal", 0x02: "no-rtime", 0x03: "allocation-locked-memory", 0x04: "insert-mailbox", 0x05: "wrong-receive-hmsg",
	0x06: "target-port-not-found", 0x07: "target-machine-not-found", 0x08: "unknown-command-id", 0x09: "bad-task-id", 0x0a: "no-io",
	0x0b: "unknown-ams-command", 0x0c: "win32-error", 0x0d: "port-not-connected", 0x0e: "invalid-ams-length", 0x0f: "invalid-ams-netid",
	0x10: "low-installation-level", 0x11: "no-debug-available", 0x12: "port-disabled", 0x13: "port-already-connected",
	0x14: "amssync-w32-error", 0x15: "amssync-timeout", 0x16: "amssync-ams-error", 0x17: "amssync-no-index-map", 0x18: "invalid-ams-port",
	0x19: "no-memory", 0x1a: "tcp-send", 0x1b: "host-unreachable", 0x1c: "invalid-ams-fragment", 0x1d: "tls-send", 0x1e: "access-denied",
	0x500: "router-no-locked-memory", 0x501: "router-resize-memory", 0x502: "router-mailbox-full", 0x503: "router-debugbox-full",
	0x504: "router-unknown-port-type", 0x505: "router-not-initialized", 0x506: "router-port-already-in-use", 0x507: "router-not-registered",
	0x508: "router-no-more-queues", 0x509: "router-invalid-port", 0x50a: "router-not-activated",
	0x700: "device-error", 0x701: "service-not-supported", 0x702: "invalid-index-group", 0x703: "invalid-index-offset", 0x704: "invalid-access",
	0x705: "invalid-size", 0x706: "invalid-data", 0x707: "not-ready", 0x708: "busy", 0x709: "invalid-context", 0x70a: "device-no-memory",
	0x70b: "invalid-parameter", 0x70c: "not-found", 0x70d: "syntax", 0x70e: "incompatible", 0x70f: "exists", 0x710: "symbol-not-found",
	0x711: "symbol-version-invalid", 0x712: "invalid-state", 0x713: "transmission-mode-not-supported", 0x714: "notification-handle-invalid",
	0x715: "client-unknown", 0x716: "no-more-handles", 0x717: "invalid-watch-size", 0x718: "not-initialized", 0x719: "timeout",
	0x71a: "no-interface", 0x71b: "invalid-interface", 0x71c: "invalid-class-id", 0x71d: "invalid-object-id", 0x71e: "pending",
	0x71f: "aborted", 0x720: "warning", 0x721: "invalid-array-index", 0x722: "symbol-not-active", 0x723: "device-access-denied",
	0x724: "license-not-found", 0x725: "license-expired", 0x726: "license-exceeded", 0x727: "license-invalid", 0x728: "license-system-id",
	0x729: "license-no-time-limit", 0x72a: "license-future-issue", 0x72b: "license-time-too-long", 0x72c: "exception",
	0x72d: "license-duplicated", 0x72e: "signature-invalid", 0x72f: "certificate-invalid",
	0x740: "client-error", 0x741: "client-invalid-parameter", 0x742: "client-list-empty", 0x743: "client-variable-used",
	0x744: "client-duplicate-invoke-id", 0x745: "client-sync-timeout", 0x746: "client-w32-error", 0x747: "client-timeout-invalid",
	0x748: "client-port-not-open", 0x749: "client-no-ams-address", 0x750: "client-sync-internal", 0x751: "client-add-hash",
	0x752: "client-remove-hash", 0x753: "client-no-more-symbols", 0x754: "client-sync-result-invalid", 0x755: "client-sync-port-locked",
}
