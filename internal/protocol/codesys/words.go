package codesys

import "firedoor"

// files are the files that are moved, by their name.
var files = firedoor.Space{Name: "file"}

const (
	session   = firedoor.VerbSession
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
)

type word struct {
	name string
	verb firedoor.Verb
}

// Groups and commands that are read further.
const (
	groupDevice = 0x01
	groupApp    = 0x02
	groupFile   = 0x08
	groupTrace  = 0x0f

	deviceIdent   = 0x01
	deviceLogin   = 0x02
	deviceSession = 0x0a

	appStart = 0x10
	appStop  = 0x11
	appReset = 0x12

	fileStartDownload   = 0x02
	fileRestartDownload = 0x03
	fileDownload        = 0x04
	fileStartUpload     = 0x05
	fileRestartUpload   = 0x06
	fileUpload          = 0x07
	fileEnd             = 0x08
	fileCancel          = 0x09
)

// group is a component of the runtime. other is for its commands that are not
// listed: what is not known to be harmless is not called so.
type group struct {
	other    word
	commands []word
}

var groups = [...]group{
	groupDevice: {word{"device service", configure}, []word{
		deviceIdent: {"get target identity", identify}, deviceLogin: {"device login", session}, 3: {"device logout", session},
		4: {"reset origin device", program}, 5: {"echo", diagnose}, 6: {"set operating mode", control}, 7: {"get operating mode", diagnose},
		8: {"interactive login", session}, 9: {"rename node", configure}, deviceSession: {"create session", session}, 11: {"reset origin get configuration", diagnose},
	}},
	groupApp: {word{"application service", configure}, []word{
		1: {"application login", session}, 2: {"application logout", session}, 3: {"create application", program}, 4: {"delete application", program},
		5: {"download application", program}, 6: {"online change", program}, 7: {"download device", program}, 8: {"create device application", program},
		appStart: {"start application", control}, appStop: {"stop application", control}, appReset: {"reset application", control},
		0x13: {"set breakpoint", control}, 0x14: {"read status", diagnose}, 0x15: {"delete breakpoint", control}, 0x16: {"read call stack", diagnose},
		0x17: {"get area offset", diagnose}, 0x18: {"read application list", diagnose}, 0x19: {"set next statement", control},
		0x20: {"release force list", write}, 0x21: {"upload force list", diagnose}, 0x22: {"single cycle", control}, 0x23: {"create boot project", program},
		0x24: {"reinitialise application", control}, 0x25: {"read application state list", diagnose}, 0x26: {"load boot application", program},
		0x27: {"register boot application", program}, 0x28: {"check file consistency", diagnose}, 0x29: {"read application information", diagnose},
		0x30: {"download compact application", program}, 0x31: {"read project information", diagnose}, 0x32: {"define flow", control},
		0x33: {"read flow values", read}, 0x34: {"download encrypted application", program}, 0x35: {"read application content", program},
		0x36: {"save retain variables", control}, 0x37: {"restore retain variables", write}, 0x38: {"get area address", diagnose},
		0x39: {"leave execution points active", control}, 0x40: {"claim execution points", control},
	}},
	0x03: {word{"monitoring", read}, nil},
	0x04: {word{"visualization", write}, nil},
	0x05: {word{"log service", diagnose}, []word{1: {"get log entries", diagnose}, 2: {"get component names", diagnose}, 3: {"get logger list", diagnose}}},
	0x06: {word{"settings", configure}, nil},
	0x07: {word{"ethernet settings", configure}, nil},
	groupFile: {word{"file service", program}, []word{
		1: {"get file information", diagnose}, fileStartDownload: {"start file download", program}, fileRestartDownload: {"restart file download", program},
		fileDownload: {"file download", program}, fileStartUpload: {"start file upload", program}, fileRestartUpload: {"restart file upload", program},
		fileUpload: {"file upload", program}, fileEnd: {"end file transfer", program}, fileCancel: {"cancel file transfer", program}, 10: {"safe signature", program}, 11: {"get safe signature", diagnose},
		12: {"get directory", diagnose}, 13: {"cancel get directory", diagnose}, 14: {"delete file", program}, 15: {"rename file", program},
		16: {"create directory", program}, 17: {"delete directory", program}, 18: {"rename directory", program}, 20: {"synchronous file transfer", program},
	}},
	0x09: {word{"variable access", write}, []word{
		1: {"register variable list", session}, 2: {"unregister variable list", session}, 3: {"read variable list", read}, 4: {"write variable list", write},
		5: {"read variables", read}, 6: {"write variables", write}, 7: {"get root nodes", diagnose}, 8: {"get child nodes", diagnose},
		9: {"get types", diagnose}, 10: {"get address information", diagnose}, 11: {"remove variables from list", session},
	}},
	0x0b: {word{"i/o manager", configure}, nil},
	0x0c: {word{"user management", configure}, nil},
	groupTrace: {word{"trace manager", diagnose}, []word{
		1: {"list traces", diagnose}, 2: {"configure trace", configure}, 3: {"delete trace", configure}, 4: {"start trace", configure},
		5: {"open trace", diagnose}, 6: {"close trace", diagnose}, 7: {"read trace", read}, 9: {"get trace information", diagnose},
	}},
	0x11: {word{"plc shell", configure}, nil},
	0x12: {word{"breakpoints", control}, nil},
	0x13: {word{"force values", write}, nil},
	0x18: {word{"alarm manager", diagnose}, nil},
	0x1b: {word{"monitoring 2", write}, []word{1: {"read monitored values", read}, 2: {"write monitored values", write}}},
	0x1d: {word{"license service", configure}, nil},
	0x1e: {word{"trend storage", diagnose}, nil},
	0x1f: {word{"core dump", diagnose}, nil},
	0x22: {word{"certificates", configure}, nil},
}

// serviceWord is what a group and a command stand for.
func serviceWord(of byte, command uint16) word {
	if int(of) >= len(groups) || groups[of].other.name == "" {
		return word{"service of an unknown group", configure}
	}
	g := &groups[of]
	if int(command) < len(g.commands) && g.commands[command].name != "" {
		return g.commands[command]
	}
	return g.other
}

// results are the runtime's own words for results.
var results = [...]string{1: "failed", 2: "parameter", 5: "timeout", 12: "not-implemented", 16: "no-object", 17: "no-memory", 24: "not-supported", 25: "no-access-rights"}

func outcome(code uint32) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case code < uint32(len(results)):
		return firedoor.Failed(code, results[code])
	default:
		return firedoor.Failed(code, "")
	}
}
