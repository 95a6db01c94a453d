package device

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"firedoor/internal/plant"
)

// maxPassive is how many downloaded blocks a session keeps that are not yet part
// of the program; one more is refused.
const maxPassive = 16

// upload is a block on its way to a client.
type upload struct {
	id    uint32
	rest  []byte // nil: none
	under bool
}

// download is a block on its way to the CPU, which asks for its parts.
type download struct {
	under bool
	file  string
	size  int
	b     []byte
}

// loadedBlock was downloaded and waits to be inserted.
type loadedBlock struct {
	name string
	b    []byte
}

// s7File reads the name behind the length in the parameters of transfers:
// an underscore, the file name and a letter for the memory.
func s7File(param []byte) []byte {
	const at = 8
	if len(param) < at+1+9 || param[at] != 9 || param[at+1] != '_' {
		return nil
	}
	return param[at+2 : at+1+9]
}

func (s *s7Session) startUpload(m s7Message, out []byte) []byte {
	block := s.server.machine.Block(s7BlockName(s7File(m.param)))
	switch {
	case s.server.machine.Locked():
		return m.Refuse(out, s7FnUpload, s7Protected)
	case block == nil:
		return m.Refuse(out, s7FnUpload, s7NoBlock)
	}
	s.server.transfers++
	s.upload = upload{id: s.server.transfers, rest: slices.Clone(block), under: true}
	return m.StartUploadAnswer(out, s.upload.id, len(block))
}

// transferred tells whether a message is about the upload under way.
func (s *s7Session) transferred(m s7Message) bool {
	return s.upload.under && len(m.param) == 8 && binary.BigEndian.Uint32(m.param[4:]) == s.upload.id
}

func (s *s7Session) uploadPart(m s7Message, out []byte) []byte {
	if !s.transferred(m) {
		return m.Refuse(out, s7FnUploadBlock, s7BadTransfer)
	}
	n := min(len(s.upload.rest), s.pdu-18)
	part := s.upload.rest[:n]
	s.upload.rest = s.upload.rest[n:]
	return m.UploadAnswer(out, part, len(s.upload.rest) > 0)
}

func (s *s7Session) endUpload(m s7Message, out []byte) []byte {
	if !s.transferred(m) {
		return m.Refuse(out, s7FnUploadEnd, s7BadTransfer)
	}
	s.upload = upload{}
	return m.EndUploadAnswer(out)
}

// startDownload agrees to a block and asks for its first part. A transfer that
// was never finished makes way for the new one.
func (s *s7Session) startDownload(m s7Message, out []byte) []byte {
	file := s7File(m.param)
	name := s7BlockName(file)
	const lengths = 18 // where their own length stands
	size := 0
	if len(m.param) >= lengths+14 && m.param[lengths] == 13 {
		size, _ = strconv.Atoi(string(m.param[lengths+2 : lengths+8]))
	}
	switch {
	case name == "":
		return m.Refuse(out, s7FnDownload, s7NoBlock)
	case s.server.machine.Locked():
		return m.Refuse(out, s7FnDownload, s7Protected)
	case size <= 0 || size > MaxBlockSize || len(s.loaded) >= maxPassive:
		return m.Refuse(out, s7FnDownload, s7LoadOverflow)
	}
	s.download = download{under: true, file: string(file[:7]), size: size, b: s.download.b[:0]}
	out = m.RequestDownloadAnswer(out)
	return s.mine().DownloadBlock(out, s.download.file)
}

// mine is the header of a job that the CPU gives the client.
func (s *s7Session) mine() plant.S7 {
	s.own++
	return plant.S7{Ref: 0x8000 | s.own}
}

// told takes the client's answer to a job of the CPU.
func (s *s7Session) told(m s7Message, out []byte) []byte {
	if !s.download.under || m.Ref != 0x8000|s.own {
		return out
	}
	switch {
	case m.code != 0:
		s.download.under = false
	case m.param[0] == s7FnDownloadBlock && len(m.param) == 2 && len(m.data) >= 4:
		n := int(binary.BigEndian.Uint16(m.data))
		if n != len(m.data)-4 || len(s.download.b)+n > s.download.size {
			s.download.under = false
			return out
		}
		s.download.b = append(s.download.b, m.data[4:]...)
		if m.param[1]&1 != 0 {
			return s.mine().DownloadBlock(out, s.download.file)
		}
		return s.mine().DownloadEnd(out, s.download.file)
	case m.param[0] == s7FnDownloadEnd:
		s.download.under = false
		s.keep(loadedBlock{s7BlockName([]byte(s.download.file)), slices.Clone(s.download.b)})
	}
	return out
}

func (s *s7Session) keep(b loadedBlock) {
	s.loaded = slices.DeleteFunc(s.loaded, func(x loadedBlock) bool { return x.name == b.name })
	s.loaded = append(s.loaded, b)
}

// invoke serves program invocation services.
func (s *s7Session) invoke(m s7Message, out []byte) []byte {
	service, arguments, ok := s7Service(m.param)
	if !ok {
		return m.Refuse(out, s7FnInvoke, s7Unknown)
	}
	var err error
	switch string(service) {
	case "P_PROGRAM":
		err = s.server.machine.Start()
	case "_INSE":
		err = eachFile(arguments, s.insert)
	case "_DELE":
		err = eachFile(arguments, s.server.machine.Delete)
	case "_MODU", "_GARB": // copying to the card and tidying up show nothing outside
		if s.server.machine.Locked() {
			err = ErrRefused
		}
	case "_N_LOGIN_", "_N_LOGOUT":
	default:
		return m.Refuse(out, s7FnInvoke, s7Unknown)
	}
	switch {
	case errors.Is(err, errNoSuchBlock):
		return m.Refuse(out, s7FnInvoke, s7NoBlock)
	case err != nil:
		return m.Refuse(out, s7FnInvoke, s7Protected)
	}
	return m.ProgramAnswer(out)
}

// s7Service takes the parameters of an invocation apart.
func s7Service(p []byte) (service, arguments []byte, ok bool) {
	const head = 10
	if len(p) < head+1 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(p[8:]))
	if len(p) < head+n+1 || len(p) != head+n+1+int(p[head+n]) {
		return nil, nil, false
	}
	return p[head+n+1:], p[head : head+n], true
}

// errNoSuchBlock: a block that is to be inserted or removed is not there.
var errNoSuchBlock = errors.New("device: no such block")

// eachFile does something for every block an invocation names: their number, a
// byte, and file names of eight characters.
func eachFile(arguments []byte, do func(name string) error) error {
	if len(arguments) < 2 || len(arguments) != 2+8*int(arguments[0]) {
		return errNoSuchBlock
	}
	for f := arguments[2:]; len(f) > 0; f = f[8:] {
		name := s7BlockName(f[:7])
		if name == "" {
			return errNoSuchBlock
		}
		if err := do(name); err != nil {
			return err
		}
	}
	return nil
}

// insert makes a downloaded block part of the program.
func (s *s7Session) insert(name string) error {
	at := slices.IndexFunc(s.loaded, func(b loadedBlock) bool { return b.name == name })
	if at < 0 {
		return errNoSuchBlock
	}
	b := s.loaded[at]
	s.loaded = slices.Delete(s.loaded, at, at+1)
	return s.server.machine.Put(b.name, b.b)
}
