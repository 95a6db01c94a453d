package dnp3

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Variations of group 70 (Annex A.27).
const (
	fileAuthentication = 2
	fileCommand        = 3
	fileStatus         = 4
	fileTransport      = 5
	fileTransportState = 6
	fileDescriptor     = 7
	fileSpecification  = 8

	modeRead  = 1
	lastBlock = 1 << 31

	// maxFiles is how many open files of a flow are followed; of others no
	// transfer is told.
	maxFiles = 4

	reasonFile = "file object shorter than its fields, or its texts lie outside"
)

// file is an open file.
type file struct {
	outstation uint16
	used       bool
	toServer   bool
	handle     uint32
	block      uint32 // the next one's number
	name       []byte
	wire.Content
}

// part is a text inside an object at an offset counted from the object's start.
func part(b []byte, offset, size uint16) (text []byte, ok bool) {
	if size == 0 {
		return nil, true
	}
	if int(offset)+int(size) > len(b) {
		return nil, false
	}
	return b[offset : int(offset)+int(size)], true
}

// askFile reads a file object of a request.
func (p *parser) askFile(u *unit, q *request) {
	r := protocol.Read(u.data)
	var name []byte
	fits := true
	switch u.variation {
	case fileAuthentication, fileCommand, fileDescriptor: // the text of an authentication is a user
		offset, size := r.U16LE(), r.U16LE()
		name, fits = part(u.data, offset, size)
	case fileSpecification:
		name = r.Rest()
	case fileTransport:
		if handle, block := r.U32LE(), r.U32LE(); p.code == fnWrite && !r.Failed() {
			p.moved(destination(p.frame), true, handle, block, r.Rest())
		}
	}
	if u.variation == fileCommand {
		r.Skip(6 + 2 + 4 + 4) // creation, permissions, authentication key, size
		mode := r.U16LE()
		if p.code == fnOpenFile && mode != modeRead {
			p.op.Verb = firedoor.VerbProgram
		}
		if q != nil {
			q.mode = byte(mode)
		}
	}
	if q != nil {
		q.keep(name)
	}
	if u.variation != fileAuthentication {
		p.op.Object.Text = wire.Text(name)
	}
	if r.Failed() || !fits {
		p.complain(reasonFile)
	}
}

// name is the file of a request, nil if it said none.
func (q *request) name() []byte {
	if q.code == fnAuthenticateFile {
		return nil
	}
	return wire.Text(q.text)
}

// answerFile reads a file object of a response.
func (p *parser) answerFile(q *request, u *unit) {
	outcome := p.outcome
	r := protocol.Read(u.data)
	switch u.variation {
	case fileAuthentication:
		r.Skip(8)
		key := r.U32LE()
		if outcome.Kind == firedoor.OutcomeOK && key == 0 {
			outcome = firedoor.Failed(1, fileStatuses[1])
		}
	case fileStatus:
		handle := r.U32LE()
		r.Skip(4 + 2 + 2)
		if status := r.U8(); !r.Failed() && status != 0 {
			outcome = failed(status, fileStatuses[:])
		}
		p.opened(q, handle, outcome.Kind == firedoor.OutcomeOK && !r.Failed())
	case fileTransport:
		if handle, block := r.U32LE(), r.U32LE(); !r.Failed() {
			p.moved(source(p.frame), false, handle, block, r.Rest())
		}
	case fileTransportState:
		r.Skip(8)
		if status := r.U8(); !r.Failed() && status != 0 {
			outcome = failed(status, fileStatuses[:])
		}
	}
	if r.Failed() {
		p.complain(reasonFile)
	}
	if q == nil || p.done&1 != 0 {
		return
	}
	p.reply(q, 0, outcome, firedoor.Values{})
	if q.code == fnAuthenticateFile {
		p.login(q, outcome)
	}
}

// login tells who authenticated to open files. The password was never read.
func (p *parser) login(q *request, outcome firedoor.Outcome) {
	result := "failed"
	if outcome.Kind == firedoor.OutcomeOK {
		result = "ok"
	}
	p.voice.Login(p.emit, q.text, result)
}

// opened begins or ends to follow a file.
func (p *parser) opened(q *request, handle uint32, ok bool) {
	if q == nil {
		return
	}
	outstation := source(p.frame)
	f := p.find(outstation, handle)
	switch {
	case q.code == fnOpenFile && ok:
		if f == nil {
			f = p.free()
		}
		if f != nil {
			*f = file{outstation: outstation, used: true, toServer: q.mode != modeRead, handle: handle, name: append(f.name[:0], q.text...), Content: f.Content}
			f.Begin()
		}
	case (q.code == fnCloseFile || q.code == fnAbortFile) && ok && f != nil:
		p.transferred(f, false)
	}
}

func (p *parser) find(outstation uint16, handle uint32) *file {
	for i := range p.files {
		if f := &p.files[i]; f.used && f.outstation == outstation && f.handle == handle {
			return f
		}
	}
	return nil
}

func (p *parser) free() *file {
	for i := range p.files {
		if !p.files[i].used {
			return &p.files[i]
		}
	}
	if len(p.files) == maxFiles {
		return nil
	}
	p.files = append(p.files, file{})
	return &p.files[len(p.files)-1]
}

// moved counts a block of an open file.
func (p *parser) moved(outstation uint16, toServer bool, handle, block uint32, content []byte) {
	f := p.find(outstation, handle)
	if f == nil || f.toServer != toServer {
		return
	}
	switch number := block &^ lastBlock; {
	case number+1 == f.block: // said again
		return
	case number != f.block:
		f.Lose()
	}
	f.block = block&^lastBlock + 1
	f.Add(content)
	if block&lastBlock != 0 {
		p.transferred(f, true)
	}
}

func (p *parser) transferred(f *file, done bool) {
	f.used = false
	moved := firedoor.FileTransfer{Name: f.name, Upload: !f.toServer, Done: done, HasUnit: p.op.HasUnit, Unit: p.op.Unit}
	f.Tell(&moved)
	p.voice.File(p.emit, moved)
}

// attributeFacts are the device attributes that say what a device is (Annex
// A.1), all of them texts.
var attributeFacts = [...]struct {
	variation byte
	kind      firedoor.FactKind
	source    string
}{
	{242, firedoor.FactFirmware, "dnp3 software version"},
	{243, firedoor.FactHardware, "dnp3 hardware version"},
	{245, firedoor.FactComment, "dnp3 location name"},
	{247, firedoor.FactName, "dnp3 device name"},
	{248, firedoor.FactSerial, "dnp3 serial number"},
	{250, firedoor.FactModel, "dnp3 product name and model"},
	{252, firedoor.FactVendor, "dnp3 manufacturer's name"},
}

const attributeText = 1 // data type: visible string

// identify tells what a device attribute says: type, length, text.
func (p *parser) identify(u *unit) {
	if len(u.data) < 2 || u.data[0] != attributeText {
		return
	}
	for i := range attributeFacts {
		if f := &attributeFacts[i]; f.variation == u.variation {
			p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: f.kind, Confidence: 90, Source: f.source, Value: u.data[2:]})
		}
	}
}
