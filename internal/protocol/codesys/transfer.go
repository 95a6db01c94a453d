package codesys

import (
	"bytes"
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxService is how long a service in several blocks may be that is put together;
// channels take 8,000 bytes. Of a longer one only the first block is read.
const maxService = 1 << 14

// parts is a service on its way in several blocks.
type parts struct {
	active  bool // some of it is to come
	seen    bool // there was one
	channel uint32
	wide    int    // as in call
	first   uint32 // number of its first block
	number  uint32 // and of the last that came
	size    int
	b       []byte
}

// transfer is a file on its way: name and size as its start tells them, session as
// the controller does.
type transfer struct {
	moving, upload bool
	sized          bool
	size           uint32
	session        [4]byte
	name           [maxKept]byte
	nname          uint8
	wire.Content
}

// Tags of a file's services, beside those of its name and result.
const (
	tagFileInfo = 0x02 // checksum (4), size (4)
	tagSession  = 0x03
	tagData     = 0x05
	tagDataSize = 0x06
	tagDataEnd  = 0x07 // the last data of an upload
)

// movesFile tells whether content or the end of a file is in the service.
func (c *call) movesFile() bool {
	return c.protocol == plainServices && c.group == groupFile && c.command >= fileStartDownload && c.command <= fileCancel
}

// firstBlock takes the first block of a service of files: all of it, or what others
// go on with.
func (p *parser) firstBlock(dir firedoor.Direction, c *call, b []byte) {
	s, number := &p.parts[dir], binary.LittleEndian.Uint32(b[4+c.wide:])
	if s.active && s.channel == c.channel && number != s.first {
		s.active = false // it was never whole
		p.file.Lose()
	}
	if !c.movesFile() || s.seen && s.channel == c.channel && s.first == number { // said again
		return
	}
	s.seen, s.channel, s.wide, s.first, s.number = true, c.channel, c.wide, number, number
	if c.whole {
		p.content(c)
		return
	}
	s.size = int(binary.LittleEndian.Uint32(b[12+c.wide:]))
	if s.size > maxService || s.size < 0 {
		p.file.Lose()
		return
	}
	s.active = true
	s.b = append(s.b[:0], b[firstBlockHeader+c.wide:]...)
}

// nextBlock goes on with a service.
func (p *parser) nextBlock(dir firedoor.Direction, b []byte) {
	s := &p.parts[dir]
	if !s.active || len(b) < blockHeader+s.wide || s.channel != channelOf(b, s.wide) {
		return
	}
	number := binary.LittleEndian.Uint32(b[4+s.wide:])
	if number == s.number {
		return
	}
	b = b[blockHeader+s.wide:]
	if number != s.number+1 || len(s.b)+len(b) > s.size {
		s.active = false
		p.file.Lose()
		return
	}
	s.number, s.b = number, append(s.b, b...)
	if len(s.b) < s.size {
		return
	}
	s.active = false
	if c, ok := readCall(s.b); ok && c.whole {
		p.content(&c)
	} else {
		p.file.Lose()
	}
}

// content follows what a whole service moves of a file.
func (p *parser) content(c *call) {
	f := &p.file
	if !f.moving {
		return
	}
	switch {
	case c.command == fileDownload && !c.answer && !f.upload:
		data := find(c.tags, tagData)
		if len(data) >= 2*len(f.session) && bytes.Equal(data[:len(f.session)], f.session[:]) {
			data = data[2*len(f.session):]
		}
		f.Add(data)
	case c.command == fileDownload && c.answer && result(find(c.tags, tagFileResult)).Kind != firedoor.OutcomeOK:
		f.Lose()
	case c.command == fileUpload && c.answer && f.upload:
		data := find(c.tags, tagData)
		if data == nil {
			data = find(c.tags, tagDataEnd)
		}
		if n := find(c.tags, tagDataSize); len(n) == 4 {
			data = data[:min(uint64(len(data)), uint64(binary.LittleEndian.Uint32(n)))]
		}
		f.Add(data)
	case c.command == fileEnd && !c.answer:
		if !f.sized || f.Bytes() != int64(f.size) { // how content is packed is not all known: only the size proves it
			f.Lose()
		}
		f.moving = false
		p.tellFile(true)
	case c.command == fileCancel && !c.answer:
		f.moving = false
	}
}

// sizeOfFile reads the size in what is told of a file.
func sizeOfFile(info []byte) (size uint32, told bool) {
	if len(info) < 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(info[4:]), true
}

// started begins a transfer that the controller agreed to. What it says of the file
// counts where it has to know it: of one that it sends.
func (p *parser) started(c *call, q *request) {
	f, reply := &p.file, find(c.tags, tagFileReply)
	*f = transfer{moving: true, upload: c.command >= fileStartUpload, sized: q.sized, size: q.size, Content: f.Content}
	f.nname = uint8(copy(f.name[:], q.name[:q.nname]))
	copy(f.session[:], find(reply, tagSession))
	if f.upload {
		f.size, f.sized = sizeOfFile(find(reply, tagFileInfo))
	}
	if c.command == fileRestartDownload || c.command == fileRestartUpload {
		f.Join()
	} else {
		f.Begin()
	}
	p.tellFile(false)
}

func (p *parser) tellFile(done bool) {
	f := &p.file
	name := f.name[:f.nname]
	t := firedoor.FileTransfer{Name: name, Kind: kindOf(name), Upload: f.upload, Done: done}
	f.Tell(&t)
	p.voice.File(p.emit, t)
}

// kindOf tells what a file is by the end of its name: boot applications and archives
// of projects have names of their own.
func kindOf(name []byte) string {
	switch {
	case wire.EqualFold(end(name, ".app"), ".app"):
		return "program"
	case wire.EqualFold(end(name, ".prj"), ".prj"), wire.EqualFold(end(name, ".projectarchive"), ".projectarchive"):
		return "project"
	}
	return "file"
}

func end(name []byte, with string) []byte { return name[max(0, len(name)-len(with)):] }

// loseParts forgets what a gap interrupts.
func (p *parser) loseParts() {
	for i := range p.parts {
		p.parts[i].active = false
	}
	p.file.Lose()
}
