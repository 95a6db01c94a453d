package enip

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// PCCC is the command set of PLC-5, SLC 500 and MicroLogix controllers (DF1
// Protocol and Command Set, publication 1770-6.5.16), here inside Execute PCCC.

// pcccCommand is what a PCCC request asked for, beyond the item it is.
type pcccCommand struct {
	fileType uint8 // of a data file, 0 if none was addressed
	read     bool
	words    bool   // a range of words was read
	typed    bool   // what was read has its type in front
	later    bool   // a later part of a range
	body     []byte // behind the function code
}

// Data file types of SLC 500 and MicroLogix controllers.
const (
	fileOutputs = 0x82
	fileLong    = 0x91
	fileUntold  = 0x100 // the address does not say it
)

// fileTypes are the letters of data files and how their elements look.
var fileTypes = [...]struct {
	letter string
	value  firedoor.ValueType
}{
	{"O", firedoor.U16}, {"I", firedoor.U16}, {"S", firedoor.U16}, {"B", firedoor.U16}, {"T", firedoor.I16},
	{"C", firedoor.I16}, {"R", firedoor.I16}, {"N", firedoor.I16}, {"F", firedoor.F32}, {"O", firedoor.U16},
	{"I", firedoor.U16}, {"ST", firedoor.U8}, {"A", firedoor.U8}, {"D", firedoor.U16}, {"", firedoor.U8}, {"L", firedoor.I32},
}

// fileSpace names data files as their programs do: At is type, file, element
// and sub-element.
var fileSpace = firedoor.Space{Name: "file", Append: appendFile, Place: placeFile}

func appendFile(dst []byte, o *firedoor.Object) []byte {
	if len(o.Text) > 0 {
		return append(dst, o.Text...)
	}
	t := o.At[0]
	if t == fileUntold {
		dst = append(dst, "file:"...)
	} else if t >= fileOutputs && t <= fileLong && fileTypes[t-fileOutputs].letter != "" {
		dst = append(dst, fileTypes[t-fileOutputs].letter...)
	} else {
		dst = append(strconv.AppendUint(append(dst, "file:0x"...), uint64(t), 16), '/')
	}
	dst = strconv.AppendUint(dst, uint64(o.At[1]), 10)
	dst = strconv.AppendUint(append(dst, ':'), uint64(o.At[2]), 10)
	if o.At[3] != 0 {
		dst = strconv.AppendUint(append(dst, '.'), uint64(o.At[3]), 10)
	}
	return dst
}

// form is how the body of a PCCC function is laid out.
type form uint8

const (
	formOther form = iota
	formTwo        // size, file, type, element
	formThree      // and sub-element
	formWords      // PLC-5: range of words
	formTyped      // PLC-5: range, data with its type
	formMasks      // PLC-5: address, bits to keep, bits to set
	formMode       // a mode
	formMany       // commands
	formOpen       // protection, file, type
)

// pcccFunction is one command and function code; function is 0 for commands
// without one.
type pcccFunction struct {
	code   uint16
	name   string
	verb   firedoor.Verb
	form   form
	masked bool // a mask of two bytes before the data
}

var pcccFunctions = [...]pcccFunction{
	{0x0fa2, "protected typed logical read with three address fields", firedoor.VerbRead, formThree, false},
	{0x0faa, "protected typed logical write with three address fields", firedoor.VerbWrite, formThree, false},
	{0x0fab, "protected typed logical masked write with three address fields", firedoor.VerbWrite, formThree, true},
	{0x0fa1, "protected typed logical read with two address fields", firedoor.VerbRead, formTwo, false},
	{0x0fa9, "protected typed logical write with two address fields", firedoor.VerbWrite, formTwo, false},
	{0x0f00, "word range write", firedoor.VerbWrite, formWords, false},
	{0x0f01, "word range read", firedoor.VerbRead, formWords, false},
	{0x0f02, "bit write", firedoor.VerbWrite, formOther, false},
	{0x0f03, "file write", firedoor.VerbWrite, formOther, false},
	{0x0f04, "file read", firedoor.VerbRead, formOther, false},
	{0x0f05, "download", firedoor.VerbProgram, formOther, false},
	{0x0f06, "upload", firedoor.VerbProgram, formOther, false},
	{0x0f07, "shutdown", firedoor.VerbControl, formOther, false},
	{0x0f08, "physical write", firedoor.VerbWrite, formOther, false},
	{0x0f09, "physical read", firedoor.VerbRead, formOther, false},
	{0x0f0a, "restart request", firedoor.VerbControl, formOther, false},
	{0x0f11, "get edit resource", firedoor.VerbProgram, formOther, false},
	{0x0f12, "return edit resource", firedoor.VerbProgram, formOther, false},
	{0x0f17, "read bytes physical", firedoor.VerbRead, formOther, false},
	{0x0f18, "write bytes physical", firedoor.VerbWrite, formOther, false},
	{0x0f26, "read modify write", firedoor.VerbWrite, formMasks, false},
	{0x0f29, "read section size", firedoor.VerbRead, formOther, false},
	{0x0f3a, "set cpu mode", firedoor.VerbControl, formMode, false},
	{0x0f41, "disable forces", firedoor.VerbControl, formOther, false},
	{0x0f50, "download all request", firedoor.VerbProgram, formOther, false},
	{0x0f52, "download completed", firedoor.VerbProgram, formOther, false},
	{0x0f53, "upload all request", firedoor.VerbProgram, formOther, false},
	{0x0f55, "upload completed", firedoor.VerbProgram, formOther, false},
	{0x0f57, "initialize memory", firedoor.VerbProgram, formOther, false},
	{0x0f5e, "modify plc-2 compatibility file", firedoor.VerbConfigure, formOther, false},
	{0x0f67, "typed write", firedoor.VerbWrite, formTyped, false},
	{0x0f68, "typed read", firedoor.VerbRead, formTyped, false},
	{0x0f79, "read modify write n", firedoor.VerbWrite, formOther, false},
	{0x0f80, "change mode", firedoor.VerbControl, formMode, false},
	{0x0f81, "open file", firedoor.VerbProgram, formOpen, false},
	{0x0f82, "close file", firedoor.VerbSession, formOther, false},
	{0x0f88, "execute multiple commands", firedoor.VerbDiagnose, formMany, false},
	{0x0f8f, "apply port configuration", firedoor.VerbConfigure, formOther, false},
	{0x0fa7, "protected typed file read", firedoor.VerbRead, formOther, false},
	{0x0faf, "protected typed file write", firedoor.VerbProgram, formOther, false},
	{0x0600, "echo", firedoor.VerbDiagnose, formOther, false},
	{0x0601, "read diagnostic counters", firedoor.VerbDiagnose, formOther, false},
	{0x0602, "set variables", firedoor.VerbConfigure, formOther, false},
	{0x0603, "diagnostic status", firedoor.VerbIdentify, formOther, false},
	{0x0604, "set timeout", firedoor.VerbConfigure, formOther, false},
	{0x0607, "reset diagnostic counters", firedoor.VerbDiagnose, formOther, false},
	{0x0608, "set data table size", firedoor.VerbConfigure, formOther, false},
	{0x0609, "read link parameters", firedoor.VerbDiagnose, formOther, false},
	{0x060a, "set link parameters", firedoor.VerbConfigure, formOther, false},
	{0x0700, "disable outputs", firedoor.VerbControl, formOther, false},
	{0x0701, "enable outputs", firedoor.VerbControl, formOther, false},
	{0x0703, "enable plc scanning", firedoor.VerbControl, formOther, false},
	{0x0704, "enter download mode", firedoor.VerbProgram, formOther, false},
	{0x0705, "exit download or upload mode", firedoor.VerbProgram, formOther, false},
	{0x0706, "enter upload mode", firedoor.VerbProgram, formOther, false},
	{0x0000, "protected write", firedoor.VerbWrite, formOther, false},
	{0x0100, "unprotected read", firedoor.VerbRead, formOther, false},
	{0x0200, "protected bit write", firedoor.VerbWrite, formOther, false},
	{0x0400, "physical read", firedoor.VerbRead, formOther, false},
	{0x0500, "unprotected bit write", firedoor.VerbWrite, formOther, false},
	{0x0800, "unprotected write", firedoor.VerbWrite, formOther, false},
}

// Codes of commands that are followed further.
const (
	pcccDiagnosticStatus = 0x0603
	pcccReadMemory       = 0x0f17
	pcccWriteMemory      = 0x0f18
	pcccDownloadAll      = 0x0f50
	pcccDownloaded       = 0x0f52
	pcccUploadAll        = 0x0f53
	pcccUploaded         = 0x0f55
	pcccOpenFile         = 0x0f81
	pcccCloseFile        = 0x0f82
	pcccFileRead         = 0x0fa7
	pcccFileWrite        = 0x0faf
)

// Functions and commands that no table knows.
var (
	pcccUnnamed = func() (all [256]pcccFunction) {
		for i := range all {
			all[i] = pcccFunction{name: numbered("function 0x", i), verb: firedoor.VerbDiagnose}
		}
		return
	}()
	pcccCommands = func() (all [16]pcccFunction) {
		for i := range all {
			all[i] = pcccFunction{name: numbered("command 0x", i), verb: firedoor.VerbDiagnose}
		}
		return
	}()
)

func pcccOf(code uint16) *pcccFunction {
	for i := range pcccFunctions {
		if pcccFunctions[i].code == code {
			return &pcccFunctions[i]
		}
	}
	if hasFunction(uint8(code >> 8)) {
		return &pcccUnnamed[code&0xff]
	}
	return &pcccCommands[code>>8&0xf]
}

// pccc reads the command in Execute PCCC: requestor id (its length first),
// command, status, transaction, function, data.
func (m *message) pccc(i int) {
	r := protocol.Read(m.items[i].data)
	r.Skip(int(r.U8()) - 1)
	cmd := r.U8()
	r.Skip(3)
	if r.Failed() {
		m.broken("pccc command cut short")
		return
	}
	code := uint16(cmd&0x0f) << 8
	if hasFunction(cmd) {
		code |= uint16(r.U8())
	}
	it := m.add()
	if it == nil {
		return
	}
	f, outer := pcccOf(code), &m.items[i]
	it.kind, it.code, it.end, it.service = inPCCC, uint32(code), i+2, cmd
	it.slot = outer.slot
	it.path, it.pathAt = outer.path, outer.pathAt
	it.action = action{f.name, f.verbOf(r)}
	it.pccc.read = f.verb == firedoor.VerbRead && code != pcccReadMemory && code != pcccFileRead // programs are told by their sum
	rest := r
	it.pccc.body = rest.Rest()
	it.arguments(f, &r)
	if r.Failed() {
		m.broken("pccc address cut short")
	}
}

// hasFunction tells whether a function code follows the transaction number.
func hasFunction(cmd uint8) bool { return cmd&0x0f == 0x0f || cmd&0x0f == 0x06 || cmd&0x0f == 0x07 }

// verbOf is the verb of a function with what follows it. A file that is opened to be read (protection 1)
// is changed by nothing that comes after; of 2 and 3, which let it be written, and of what nobody described
// the same cannot be said, though opening by itself changes nothing either.
func (f *pcccFunction) verbOf(r protocol.Reader) firedoor.Verb {
	const readOnly = 1
	if f.form == formOpen && r.U8() == readOnly {
		return firedoor.VerbRead
	}
	return f.verb
}

// arguments reads what a command is about.
func (it *item) arguments(f *pcccFunction, r *protocol.Reader) {
	switch f.form {
	case formTwo, formThree:
		it.address(f, r)
	case formWords, formTyped:
		it.pccc.typed = f.form == formTyped
		it.range5(f, r)
	case formMasks:
		it.masks(r)
	case formMode:
		it.values = raw(r.Rest())
	case formMany:
		it.action.verb = gravest(r.Rest())
	}
}

// address reads a logical address and what is written to it. A field is one
// byte, or 0xff and two.
func (it *item) address(f *pcccFunction, r *protocol.Reader) {
	size := int(r.U8())
	file := addressField(r)
	kind := r.U8()
	element, sub := addressField(r), uint32(0)
	if f.form == formThree {
		sub = addressField(r)
	}
	if f.masked {
		r.Skip(2)
	}
	if r.Failed() {
		return
	}
	it.object = firedoor.Object{Space: &fileSpace, At: [4]uint32{uint32(kind), file, element, sub}}
	it.pccc.fileType = kind
	t := elementType(kind)
	it.hasQty, it.quantity = true, uint32(size/t.Size())
	if f.verb == firedoor.VerbWrite {
		b := r.Rest()
		it.values = typed(t, b[:min(size, len(b))])
	}
}

func addressField(r *protocol.Reader) uint32 {
	if v := r.U8(); v != 0xff {
		return uint32(v)
	}
	return uint32(r.U16LE())
}

func elementType(kind uint8) firedoor.ValueType {
	if kind >= fileOutputs && kind <= fileLong {
		return fileTypes[kind-fileOutputs].value
	}
	return firedoor.U8
}

// values are those a PCCC read brought back.
func (c *pcccCommand) values(b []byte) firedoor.Values {
	switch {
	case !c.read:
		return firedoor.Values{}
	case c.words:
		return c.part(typed(firedoor.U16, b))
	case c.typed:
		return c.part(described(b))
	}
	return typed(elementType(c.fileType), b)
}

// part marks values that stand somewhere behind what was asked.
func (c *pcccCommand) part(v firedoor.Values) firedoor.Values {
	if c.later {
		v.Each = firedoor.Unmeasured
	}
	return v
}

// answerPCCC reads the answer in item i's data: requestor id, command with bit
// 6, status, transaction, extended status if the status is 0xf0, data.
func (m *message) answerPCCC(i int, data []byte) {
	it := &m.items[i+1]
	if m.items[i].outcome.Kind != firedoor.OutcomeOK {
		it.outcome, it.answered = m.items[i].outcome, true
		return
	}
	r := protocol.Read(data)
	r.Skip(int(r.U8()) - 1)
	r.Skip(1)
	status, extended := r.U8(), uint8(0)
	r.Skip(2)
	if status == pcccExtended {
		extended = r.U8()
	}
	if r.Failed() {
		m.broken("pccc answer cut short")
		return
	}
	it.answered, it.reply, it.outcome = true, r.Rest(), pcccOutcome(status, extended)
}

// fits keeps the file types' table and the codes it starts from together.
var _ = [1]struct{}{}[len(fileTypes)-(fileLong-fileOutputs+1)]
