package s7comm

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxTransfers is how many blocks of one connection can be on their way at a
// time; one more makes the oldest forgotten.
const maxTransfers = 4

// transfer is a block on its way.
type transfer struct {
	used   bool
	upload bool
	more   bool   // the last part said that another follows
	id     uint32 // of an upload, given by the controller
	obj    firedoor.Object
	name   [maxText]byte
	nname  uint8
	wire.Content
}

// blockName reads a block's name without its first character: type in hex,
// number in five decimal digits, file system: "0A00001P" is DB1, passive.
func blockName(b []byte) (firedoor.Object, bool) {
	if len(b) != 8 {
		return firedoor.Object{}, false
	}
	hi, ok1 := digit(b[0])
	lo, ok2 := digit(b[1])
	number := uint32(0)
	for _, c := range b[2:7] {
		if c < '0' || c > '9' {
			return firedoor.Object{}, false
		}
		number = number*10 + uint32(c-'0')
	}
	return firedoor.Object{Space: spaceBlock, At: [4]uint32{hi<<4 | lo, number, uint32(b[7])}}, ok1 && ok2
}

// digit reads an upper-case hex digit.
func digit(c byte) (uint32, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0'), true
	case c >= 'A' && c <= 'F':
		return uint32(c-'A') + 10, true
	}
	return 0, false
}

// fileObject is what a file name of a transfer stands for.
func fileObject(name []byte) firedoor.Object {
	if len(name) > 0 {
		if o, ok := blockName(name[1:]); ok {
			return o
		}
	}
	return firedoor.Object{Space: spaceFile, Text: name}
}

// askTransfer reads the six jobs that move a block. All begin with function,
// status, two bytes, and four bytes that for uploads are their number; those that
// begin a transfer or come from the controller name the file.
func (p *parser) askTransfer(m *message) {
	fn := m.param[0]
	rd := protocol.Read(m.param)
	rd.Skip(4)
	id := rd.U32()
	if fn == fnUpload || fn == fnEndUpload {
		o := firedoor.Object{Space: spaceUpload, At: [4]uint32{id}}
		r := p.ask(m, jobCall(fn), uint32(fn), o)
		r.part, r.calledOff = p.uploading(id), fn == fnEndUpload && failed(m.param)
		return
	}
	name := rd.Bytes(int(rd.U8()))
	if rd.Failed() {
		p.malformed("transfer without a file name")
		return
	}
	o := fileObject(name)
	r := p.ask(m, jobCall(fn), uint32(fn), o)
	switch fn {
	case fnRequestDownload:
		r.size = announced(rd.Bytes(int(rd.U8())))
	case fnDownloadBlock, fnDownloadEnded:
		r.part, r.calledOff = p.downloading(o), fn == fnDownloadEnded && failed(m.param)
	}
}

// failed tells whether who ends a transfer gives an error as the reason: a controller that
// did not take what it was given.
func failed(param []byte) bool { return len(param) >= 4 && binary.BigEndian.Uint16(param[2:]) != 0 }

// announced reads the lengths of a block that a download begins with: a '1', the
// bytes that will come, the bytes of its code, six decimal digits each. 0: it says none.
func announced(b []byte) uint32 {
	if len(b) != 13 {
		return 0
	}
	return decimal(b[1:7])
}

// decimal reads digits, 0 where there is anything else.
func decimal(b []byte) (n uint32) {
	for _, c := range b[:min(len(b), 9)] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint32(c-'0')
	}
	return n
}

func (p *parser) uploading(id uint32) uint8 {
	for i := range p.transfers {
		if t := &p.transfers[i]; t.used && t.upload && t.id == id {
			return uint8(i + 1)
		}
	}
	return 0
}

// downloading finds a block's download, or begins one that was not seen to begin.
func (p *parser) downloading(o firedoor.Object) uint8 {
	if i := p.downloadOf(&o); i > 0 {
		return i
	}
	i := p.start(o, false, 0)
	p.transfers[i-1].Lose()
	return i
}

// downloadOf finds a block's download, 0 if there is none.
func (p *parser) downloadOf(o *firedoor.Object) uint8 {
	for i := range p.transfers {
		t := &p.transfers[i]
		if t.used && !t.upload && t.obj.Space == o.Space && t.obj.At == o.At &&
			string(t.name[:t.nname]) == string(o.Text[:min(len(o.Text), maxText)]) {
			return uint8(i + 1)
		}
	}
	return 0
}

// start remembers a transfer and tells of it. One of the same block or number that
// came to no end is over: what comes now is not its rest.
func (p *parser) start(o firedoor.Object, upload bool, id uint32) uint8 {
	before := p.downloadOf(&o)
	if upload {
		before = p.uploading(id)
	}
	i := p.nextTransfer
	if before > 0 {
		i = int(before - 1)
	} else {
		p.nextTransfer = (i + 1) % maxTransfers
	}
	t := &p.transfers[i]
	*t = transfer{used: true, upload: upload, id: id, obj: o, Content: t.Content}
	t.Begin()
	t.nname = uint8(copy(t.name[:], o.Text))
	t.obj.Text = t.name[:t.nname:t.nname]
	p.tell(t, false)
	return uint8(i + 1)
}

func (p *parser) tell(t *transfer, done bool) {
	name := t.name[:t.nname]
	if t.obj.Space == spaceBlock {
		o := t.obj
		o.At[2] = 0 // the file system is not part of a block's name
		name = appendBlockName(p.text[:0], &o)
	}
	p.file = firedoor.FileTransfer{Name: name, Kind: "block", Upload: t.upload, Done: done}
	if _, slot, ok := p.session.RackSlot(); ok {
		p.file.HasUnit, p.file.Unit = true, uint32(slot)
	}
	t.Tell(&p.file)
	p.event = firedoor.Event{Kind: firedoor.EventFileTransfer, FileTransfer: &p.file}
	p.emit(&p.event)
}

// answerTransfer follows a block on its way.
func (p *parser) answerTransfer(m *message, r *request, fn byte) {
	if r == nil {
		return
	}
	if m.err != 0 {
		if r.part > 0 && (fn == fnDownloadBlock || fn == fnUpload) { // what was refused is missing
			p.transfers[r.part-1].Lose()
		}
		return
	}
	switch fn {
	case fnRequestDownload:
		i := p.start(r.object(), false, 0)
		p.transfers[i-1].Expect(int64(r.size))
	case fnStartUpload:
		if len(m.param) >= 8 {
			i := p.start(r.object(), true, binary.BigEndian.Uint32(m.param[4:]))
			rd := protocol.Read(m.param[8:]) // how long it is, in digits
			p.transfers[i-1].Expect(int64(decimal(rd.Bytes(int(rd.U8())))))
		}
	case fnDownloadBlock, fnUpload:
		if r.part > 0 && len(m.data) >= 4 { // length, two bytes, content
			n := min(int(binary.BigEndian.Uint16(m.data)), len(m.data)-4)
			t := &p.transfers[r.part-1]
			t.Add(m.data[4 : 4+n])
			const more, bad = 1, 2 // of the status: another part follows, something is wrong with this one
			if t.more = len(m.param) > 1 && m.param[1]&more != 0; len(m.param) > 1 && m.param[1]&bad != 0 {
				t.Lose()
			}
		}
	case fnDownloadEnded, fnEndUpload:
		if r.part > 0 && p.transfers[r.part-1].used {
			p.end(&p.transfers[r.part-1], r.calledOff)
		}
	}
}

// end tells of a transfer's end. One that was called off has none: who began it has
// nothing that stands for the block.
func (p *parser) end(t *transfer, calledOff bool) {
	t.used = false
	if calledOff {
		return
	}
	if t.more || !t.Fits() { // ended before its end, or not what was announced
		t.Lose()
	}
	p.tell(t, true)
}

// askInvocation reads a program invocation: function, seven bytes, arguments
// with a length of two bytes, the service's name with a length of one. Stopping
// has no arguments and two bytes less.
func (p *parser) askInvocation(m *message) {
	fn := m.param[0]
	rd := protocol.Read(m.param)
	var arguments []byte
	if rd.Skip(6); fn == fnInvoke {
		rd.Skip(2)
		arguments = rd.Bytes(int(rd.U16()))
	}
	service := rd.Bytes(int(rd.U8()))
	c := jobCall(fn)
	if rd.Failed() {
		p.ask(m, c, uint32(fn), firedoor.Object{})
		p.malformed("program invocation without a service")
		return
	}
	if fn == fnInvoke {
		c = invocation(service, arguments)
	}
	if p.askBlocks(m, c, service, arguments) {
		return
	}
	p.ask(m, c, uint32(fn), firedoor.Object{Space: spacePI, Text: service})
	if c == loginCall {
		p.login = firedoor.Login{}
		p.sayLogin()
	}
}

// askBlocks reads a service over blocks: their count, a byte, their names. Each
// is an operation.
func (p *parser) askBlocks(m *message, c call, service, arguments []byte) bool {
	const name = 8
	if s := string(service); s != "_INSE" && s != "_DELE" {
		return false
	}
	if len(arguments) < 2+name || len(arguments) != 2+name*int(arguments[0]) {
		return false
	}
	count := int(arguments[0])
	first := p.items.next
	p.items.room(p.live, count)
	for i := range count {
		o, ok := blockName(arguments[2+name*i : 2+name*(i+1)])
		if !ok {
			p.items.next = first
			return false
		}
		p.items.add(item{syntax: syntaxBlock, area: uint8(o.At[0]), addr: o.At[1], x: o.At[2]})
	}
	r := p.remember(m, c, fnInvoke, first, count)
	for k := range count {
		p.begin(firedoor.Asked, c, fnInvoke)
		p.name(r, k, p.items.at(first+uint32(k)))
		p.emit(&p.opEvent)
	}
	return true
}

// sayLogin tells of an attempt to get past a password. Of the password nothing
// is told, as its encoding hides nothing.
func (p *parser) sayLogin() {
	p.event = firedoor.Event{Kind: firedoor.EventLogin, Login: &p.login}
	p.emit(&p.event)
}

func (p *parser) loggedIn(ok bool) {
	p.login = firedoor.Login{Outcome: "failed"}
	if ok {
		p.login.Outcome = "ok"
	}
	p.sayLogin()
}
