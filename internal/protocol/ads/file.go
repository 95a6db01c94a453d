package ads

import (
	"bytes"
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxFiles is how many files of one flow can be open at a time; of one more nothing
// but its operations is told.
const maxFiles = 8

// How a file is opened, in the index offset of the request.
const (
	openToWrite  = 0x02
	openToAppend = 0x04
	openPlus     = 0x08 // to read and to change
	openToChange = openToWrite | openToAppend | openPlus
)

// file is an open file.
type file struct {
	named
	used   bool
	upload bool
	ended  bool // a read got less than it asked for
	theirs bool
	handle uint32
	wire.Content
}

// locateFile names an open file by its handle, or tells the handle where nobody saw
// it opened.
func (p *parser) locateFile(it *item, handle uint32) []byte {
	it.at = [4]uint32{}
	if i := p.open(handle); i > 0 {
		it.space = &files
		return p.files[i-1].text()
	}
	it.space, it.at[0], p.obscure = &fileHandles, handle, true
	return nil
}

// open finds an open file: 1 + its place, 0 if there is none.
func (p *parser) open(handle uint32) uint8 {
	if p.files == nil {
		return 0
	}
	for i := range p.files {
		if f := &p.files[i]; f.used && f.handle == handle && f.unit == p.op.Unit && f.theirs == p.theirs {
			return uint8(i + 1)
		}
	}
	return 0
}

func (p *parser) loseFiles() {
	if p.files == nil {
		return
	}
	for i := range p.files {
		p.files[i].Lose()
	}
}

// addTo adds a piece to an open file.
func (p *parser) addTo(i uint8, piece []byte) {
	if f := &p.files[i-1]; f.used {
		f.Add(piece)
	}
}

// askFile notes which file a request is about, and adds what it writes.
func (p *parser) askFile(q *request, it *item, data []byte) {
	switch it.form {
	case formOpen:
		q.append = it.offset&(openToAppend|openPlus) != 0
		return
	case formClose, formFileRead, formFileWrite, formSeek:
		q.file = p.open(it.offset)
	}
	if q.file == 0 {
		return
	}
	f := &p.files[q.file-1]
	switch it.form {
	case formSeek:
		if it.group == groupSeek || it.group == groupPrint {
			f.Lose()
		}
	case formFileWrite:
		if f.upload || it.group == groupPuts { // what ends the line is not said
			f.Lose()
			return
		}
		f.Add(data)
		if p.cut {
			dir := firedoor.FromClient
			if p.theirs {
				dir = firedoor.FromServer
			}
			p.moving[dir] = q.file
		}
	}
}

// answerFile begins a file that was opened, adds what was read, ends what was closed.
func (p *parser) answerFile(q *request, it *item, data []byte, length uint32) {
	switch it.form {
	case formOpen:
		if len(data) >= 4 {
			p.opened(q, it, binary.LittleEndian.Uint32(data))
		}
	case formFileRead:
		if q.file == 0 || !p.files[q.file-1].used {
			return
		}
		f := &p.files[q.file-1]
		if !f.upload {
			f.Lose()
			return
		}
		f.Add(data)
		f.ended = length < it.count
		if p.cut {
			dir := firedoor.FromServer
			if p.theirs {
				dir = firedoor.FromClient
			}
			p.moving[dir] = q.file
		}
	case formClose:
		if q.file > 0 && p.files[q.file-1].used {
			f := &p.files[q.file-1]
			if f.upload && !f.ended { // how much more there was nobody knows
				f.Lose()
			}
			p.tellFile(f, true)
			f.used = false
		}
	}
}

// failFile notes that a piece was not taken.
func (p *parser) failFile(q *request) {
	if q != nil && q.file > 0 {
		p.files[q.file-1].Lose()
	}
}

// opened begins a file.
func (p *parser) opened(q *request, it *item, handle uint32) {
	if p.files == nil {
		p.files = &[maxFiles]file{}
	}
	i := p.open(handle)
	for k := range p.files {
		if i == 0 && !p.files[k].used {
			i = uint8(k + 1)
		}
	}
	if i == 0 {
		return
	}
	f := &p.files[i-1]
	*f = file{used: true, upload: it.offset&openToChange == 0, theirs: p.theirs, handle: handle, Content: f.Content}
	f.unit = p.op.Unit
	f.size = uint8(copy(f.name[:], q.text[it.from:it.to]))
	if q.append {
		f.Join()
	} else {
		f.Begin()
	}
	p.tellFile(f, false)
}

// tellFile says that a file has begun, or that it is done. Which way a file goes that
// the flow's server opened at its client is told from the flow's client, too.
func (p *parser) tellFile(f *file, done bool) {
	e := firedoor.FileTransfer{Name: f.text(), Kind: kindOf(f.text()), Upload: f.upload != f.theirs, Done: done, HasUnit: true, Unit: f.unit}
	f.Tell(&e)
	p.voice.File(p.emit, e)
}

// kindOf is what a file is by the end of its name: compiled programs of both versions
// of TwinCAT, archives of projects.
func kindOf(name []byte) string {
	i := bytes.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	for _, k := range [...]struct{ end, kind string }{{"app", "program"}, {"wbp", "program"}, {"tpzip", "project"}, {"tszip", "project"}} {
		if wire.EqualFold(name[i+1:], k.end) {
			return k.kind
		}
	}
	return ""
}
