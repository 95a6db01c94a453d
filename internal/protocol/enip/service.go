package enip

import (
	"strconv"

	"firedoor"
)

// replyBit marks the service byte of an answer.
const replyBit = 0x80

// Common services (CIP volume 1, table) and those of classes that are
// decoded further.
const (
	svcGetAll       = 0x01
	svcSetAll       = 0x02
	svcGetList      = 0x03
	svcSetList      = 0x04
	svcReset        = 0x05
	svcStart        = 0x06
	svcStop         = 0x07
	svcCreate       = 0x08
	svcDelete       = 0x09
	svcMultiple     = 0x0a
	svcGetSingle    = 0x0e
	svcSetSingle    = 0x10
	svcGetMember    = 0x18
	svcSetMember    = 0x19
	svcInsertMember = 0x1a
	svcRemoveMember = 0x1b
	svcGroupSync    = 0x1c

	svcExecutePCCC = 0x4b // class 0x67

	svcInitiateUpload   = 0x4b // class 0x37
	svcInitiateDownload = 0x4c
	svcUploadTransfer   = 0x4f
	svcDownloadTransfer = 0x50
	svcResetError       = 0x4b // class 0x3a
	svcUpdate           = 0x4b // class 0xa1
	svcTransfer         = 0x4d

	svcReadTag        = 0x4c // tags, class 0x6b
	svcWriteTag       = 0x4d
	svcModifyTag      = 0x4e
	svcReadFragment   = 0x52
	svcWriteFragment  = 0x53
	svcInstanceList   = 0x55
	svcForwardClose   = 0x4e // class 6
	svcUnconnected    = 0x52
	svcForwardOpen    = 0x54
	svcLargeForwardOp = 0x5b
)

// Classes with services or a standing of their own.
const (
	classIdentity   = 0x01
	classRouter     = 0x02
	classAssembly   = 0x04
	classManager    = 0x06 // connection manager
	classSupervisor = 0x29 // control supervisor: runs and stops drives
	classFile       = 0x37

	classSupervisorSafe = 0x39 // CIP volume 5
	classValidator      = 0x3a
	classSecurity       = 0x5d // CIP volume 8
	classSecurityENIP   = 0x5e
	classCertificates   = 0x5f
	classSecurityLast   = 0x63 // authority and authenticators

	classTime       = 0x43 // time sync
	classDLR        = 0x47
	classQoS        = 0x48
	classController = 0x64 // Logix controllers: name of the controller
	classPCCC       = 0x67
	classProgram    = 0x68
	classSymbol     = 0x6b
	classTemplate   = 0x6c
	classRoutine    = 0x6d
	classTask       = 0x70
	classData       = 0x6a // Logix controllers: data of tags; see logix.go
	classMode       = 0x8e // Logix controllers: start, stop, key switch
	classNVS        = 0xa1 // Rockwell devices: non-volatile storage, where firmware goes
	classReadList   = 0xb2 // Logix controllers: lists of tags read as one block
	classTCPIP      = 0xf5
	classLink       = 0xf6
	classPort       = 0xf4
)

// action is what a service means.
type action struct {
	function string
	verb     firedoor.Verb
}

var commonServices = [...]action{
	0x01: {"get attributes all", firedoor.VerbRead},
	0x02: {"set attributes all", firedoor.VerbWrite},
	0x03: {"get attribute list", firedoor.VerbRead},
	0x04: {"set attribute list", firedoor.VerbWrite},
	0x05: {"reset", firedoor.VerbControl},
	0x06: {"start", firedoor.VerbControl},
	0x07: {"stop", firedoor.VerbControl},
	0x08: {"create", firedoor.VerbConfigure},
	0x09: {"delete", firedoor.VerbConfigure},
	0x0a: {"multiple service packet", firedoor.VerbSession},
	0x0d: {"apply attributes", firedoor.VerbConfigure},
	0x0e: {"get attribute single", firedoor.VerbRead},
	0x10: {"set attribute single", firedoor.VerbWrite},
	0x11: {"find next object instance", firedoor.VerbDiagnose},
	0x15: {"restore", firedoor.VerbConfigure},
	0x16: {"save", firedoor.VerbConfigure},
	0x17: {"no operation", firedoor.VerbDiagnose},
	0x18: {"get member", firedoor.VerbRead},
	0x19: {"set member", firedoor.VerbWrite},
	0x1a: {"insert member", firedoor.VerbWrite},
	0x1b: {"remove member", firedoor.VerbWrite},
	0x1c: {"group sync", firedoor.VerbSession},
}

// managerServices are those of the connection manager (CIP volume 1, 3-5.5).
var managerServices = [...]action{
	0x4e: {"forward close", firedoor.VerbSession},
	0x52: {"unconnected send", firedoor.VerbSession},
	0x54: {"forward open", firedoor.VerbSession},
	0x56: {"get connection data", firedoor.VerbDiagnose},
	0x57: {"search connection data", firedoor.VerbDiagnose},
	0x5a: {"get connection owner", firedoor.VerbDiagnose},
	0x5b: {"large forward open", firedoor.VerbSession},
}

// tagServices are those of Logix tags, by name or by symbol instance.
var tagServices = [...]action{
	0x4c: {"read tag", firedoor.VerbRead},
	0x4d: {"write tag", firedoor.VerbWrite},
	0x4e: {"read modify write tag", firedoor.VerbWrite},
	0x52: {"read tag fragmented", firedoor.VerbRead},
	0x53: {"write tag fragmented", firedoor.VerbWrite},
	0x55: {"get instance attribute list", firedoor.VerbRead},
}

// fileServices are those of the file object (CIP volume 1, 5-42).
var fileServices = [...]action{
	0x4b: {"initiate upload", firedoor.VerbProgram},
	0x4c: {"initiate download", firedoor.VerbProgram},
	0x4d: {"initiate partial read", firedoor.VerbProgram},
	0x4e: {"initiate partial write", firedoor.VerbProgram},
	0x4f: {"upload transfer", firedoor.VerbProgram},
	0x50: {"download transfer", firedoor.VerbProgram},
	0x51: {"clear file", firedoor.VerbProgram},
}

// nvsServices are those of the non-volatile storage object, as manuals of Rockwell
// devices describe it.
var nvsServices = [...]action{
	svcUpdate:   {"update", firedoor.VerbProgram},
	svcTransfer: {"transfer", firedoor.VerbProgram},
}

// safetyServices are those of the safety supervisor (CIP volume 5, 5-2).
var safetyServices = [...]action{
	0x4c: {"recover", firedoor.VerbControl},
	0x4e: {"perform diagnostics", firedoor.VerbDiagnose},
	0x4f: {"configure request", firedoor.VerbConfigure},
	0x50: {"validate configuration", firedoor.VerbConfigure},
	0x51: {"set password", firedoor.VerbConfigure},
	0x52: {"configuration lock", firedoor.VerbConfigure},
	0x53: {"mode change", firedoor.VerbControl},
	0x54: {"safety reset", firedoor.VerbControl},
	0x55: {"reset password", firedoor.VerbConfigure},
	0x56: {"propose tunid", firedoor.VerbConfigure},
	0x57: {"apply tunid", firedoor.VerbConfigure},
	0x58: {"propose tunid list", firedoor.VerbConfigure},
	0x59: {"apply tunid list", firedoor.VerbConfigure},
}

// Services of CIP Security (CIP volume 8, 5-3 to 5-5).
var (
	securityServices = [...]action{
		0x4b: {"begin config", firedoor.VerbConfigure},
		0x4c: {"kick timer", firedoor.VerbSession},
		0x4d: {"end config", firedoor.VerbConfigure},
		0x4e: {"object cleanup", firedoor.VerbConfigure},
	}
	enipSecurityServices = [...]action{
		0x4b: {"begin config", firedoor.VerbConfigure},
		0x4c: {"kick timer", firedoor.VerbSession},
		0x4d: {"apply config", firedoor.VerbConfigure},
		0x4e: {"abort config", firedoor.VerbConfigure},
	}
	certificateServices = [...]action{
		0x4b: {"create csr", firedoor.VerbConfigure},
		0x4c: {"verify certificate", firedoor.VerbDiagnose},
	}
)

// unnamed are the functions of services that no table knows.
var unnamed = func() (names [replyBit]string) {
	for i := range names {
		names[i] = numbered("service 0x", i)
	}
	return
}()

// numbered is the name of what only has a number.
func numbered(what string, i int) string {
	n := strconv.FormatUint(uint64(i), 16)
	if len(n) < 2 {
		n = "0" + n
	}
	return what + n
}

func lookUp(table []action, service uint8) (action, bool) {
	if int(service) < len(table) && table[service].function != "" {
		return table[service], true
	}
	return action{}, false
}

// actionOf tells what a service means on what the path leads to.
func actionOf(service uint8, p *path) action {
	if p.isTag() {
		if a, ok := lookUp(tagServices[:], service); ok {
			return a
		}
	}
	class, hasClass := p.class()
	if !hasClass {
		if a, ok := lookUp(commonServices[:], service); ok {
			return a
		}
		return action{unnamed[service], firedoor.VerbDiagnose}
	}
	if a, ok := classAction(service, class); ok {
		return a
	}
	if function, ok := logixAction(service, p.leaf()); ok {
		return action{function, unknownVerb(service, class)}
	}
	a, ok := lookUp(commonServices[:], service)
	if !ok {
		return action{unnamed[service], unknownVerb(service, class)}
	}
	a.verb = verbOn(a.verb, service, class, p)
	return a
}

func classAction(service uint8, class uint32) (action, bool) {
	switch class {
	case classManager:
		return lookUp(managerServices[:], service)
	case classSymbol:
		return lookUp(tagServices[:], service)
	case classFile:
		return lookUp(fileServices[:], service)
	case classSupervisorSafe:
		return lookUp(safetyServices[:], service)
	case classValidator:
		return action{"reset error", firedoor.VerbDiagnose}, service == svcResetError
	case classSecurity:
		return lookUp(securityServices[:], service)
	case classSecurityENIP:
		return lookUp(enipSecurityServices[:], service)
	case classCertificates:
		return lookUp(certificateServices[:], service)
	case classNVS:
		return lookUp(nvsServices[:], service)
	case classTemplate:
		return action{"read template", firedoor.VerbRead}, service == svcReadTag
	case classPCCC:
		return action{"execute pccc", firedoor.VerbSession}, service == svcExecutePCCC
	}
	return action{}, false
}

// unknownVerb tells what a service without a name is for, where the class says
// so: Logix controllers keep the mode and the key switch in 0x8e and the user
// program in a few more, firmware goes to 0xa1, and 0x4c on 0xb2 polls a list
// of tags.
func unknownVerb(service uint8, class uint32) firedoor.Verb {
	switch class {
	case classMode:
		return firedoor.VerbControl
	case classNVS:
		return firedoor.VerbProgram
	case classReadList:
		if service == svcReadTag {
			return firedoor.VerbRead
		}
	}
	if ofProgram(class) && (class != classCode || service != 0x4c) { // that one is asked again and again: of what is watched
		return firedoor.VerbProgram
	}
	return firedoor.VerbDiagnose
}

// verbOn refines the verb of a common service by the class it is asked of.
func verbOn(v firedoor.Verb, service uint8, class uint32, p *path) firedoor.Verb {
	switch v {
	case firedoor.VerbRead:
		switch class {
		case classIdentity, classRouter, classTCPIP:
			return firedoor.VerbIdentify
		case classManager, classDLR, classLink, classPort:
			return firedoor.VerbDiagnose
		}
	case firedoor.VerbWrite:
		return writeVerb(service, class, p)
	case firedoor.VerbConfigure:
		switch {
		case ofProgram(class):
			if service == svcCreate || service == svcDelete {
				return firedoor.VerbProgram
			}
		case class == classReadList: // a client's own list of what it wants to read
			return firedoor.VerbSession
		}
	}
	return v
}

// writeVerb tells setting process values from setting up a device: objects of
// the specification other than assemblies and I/O points hold configuration,
// and so do the controller's own below its tags.
func writeVerb(service uint8, class uint32, p *path) firedoor.Verb {
	const run1, run2 = 3, 4
	switch {
	case class == classSupervisor && service == svcSetSingle:
		if a, ok := p.find(segAttribute); ok && (a == run1 || a == run2) {
			return firedoor.VerbControl
		}
	case class == classMode:
		return firedoor.VerbControl
	case class == classNVS, ofProgram(class):
		return firedoor.VerbProgram
	case class == classAssembly, class >= 0x08 && class <= 0x0b, class >= 0x1d && class <= 0x20,
		class == 0x2a, class == 0x33: // points, groups, drives, set points
		return firedoor.VerbWrite
	case class > classMode && class <= 0xc7, class >= 0x300: // a vendor's own
		return firedoor.VerbWrite
	}
	return firedoor.VerbConfigure
}
