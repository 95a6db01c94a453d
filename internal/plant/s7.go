package plant

import (
	"encoding/binary"
	"fmt"
)

// PortTPKT is where ISO transport on TCP listens (RFC 1006, 2).
const PortTPKT = 102

// S7 memory areas and item types as the any-pointer of a request has them.
const (
	S7Inputs  = 0x81
	S7Outputs = 0x82
	S7Flags   = 0x83
	S7Block   = 0x84

	S7TypeBit   = 0x01
	S7TypeByte  = 0x02
	S7TypeChar  = 0x03
	S7TypeWord  = 0x04
	S7TypeInt   = 0x05
	S7TypeDWord = 0x06
	S7TypeDInt  = 0x07
	S7TypeReal  = 0x08
)

// S7 message types.
const (
	S7Job      = 1
	S7Bare     = 2 // an acknowledgement without data
	S7Ack      = 3 // with data
	S7Userdata = 7

	s7Job      = S7Job
	s7Ack      = S7Ack
	s7Userdata = S7Userdata
)

// S7 functions.
const (
	s7ReadVar        = 0x04
	s7WriteVar       = 0x05
	s7DownloadStart  = 0x1a
	s7DownloadBlock  = 0x1b
	s7DownloadEnd    = 0x1c
	s7UploadStart    = 0x1d
	s7UploadBlock    = 0x1e
	s7UploadEnd      = 0x1f
	s7ProgramService = 0x28
	s7PlcStop        = 0x29
	s7Setup          = 0xf0
)

// S7Item is one object of a read or write: Count elements of Type from byte
// Byte, bit Bit of an area (of data block DB where the area is S7Block).
type S7Item struct {
	Area, Type uint8
	DB, Count  uint16
	Byte       uint32
	Bit        uint8
}

// S7 is a message's reference number. Every method appends one whole TPKT.
type S7 struct{ Ref uint16 }

// COTPConnect asks for a transport connection to a rack and slot (ISO 8073,
// 13.3); the calling selector names a PG (1), OP (2) or basic (3) link.
func COTPConnect(b []byte, ref uint16, link, rack, slot uint8) []byte {
	return appendCOTP(b, 0xe0, 0, ref, 0xc0, 1, 0x0a, 0xc1, 2, 1, 0, 0xc2, 2, link, rack<<5|slot)
}

// COTPConfirm accepts it.
func COTPConfirm(b []byte, ref uint16, link, rack, slot uint8) []byte {
	return appendCOTP(b, 0xd0, ref, 0x4431, 0xc0, 1, 0x0a, 0xc1, 2, 1, 0, 0xc2, 2, link, rack<<5|slot)
}

func appendCOTP(b []byte, kind uint8, dst, src uint16, options ...byte) []byte {
	b = append(b, 3, 0, 0, byte(4+7+len(options)), byte(6+len(options)), kind)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, src)
	b = append(b, 0)
	return append(b, options...)
}

// COTPRefuse answers a connection request with a disconnect: 3 is an address
// that is not there, 1 a machine that has no place left (ISO 8073, 13.5).
func COTPRefuse(b []byte, ref uint16, reason uint8) []byte {
	return append(b, 3, 0, 0, 11, 6, 0x80, byte(ref>>8), byte(ref), 0, 0, reason)
}

// Begin appends what stands before the parameters of a message of a type.
// Whoever appended parameters and data calls S7End.
func (s S7) Begin(b []byte, kind uint8) []byte {
	b = append(b, 3, 0, 0, 0, 2, 0xf0, 0x80, 0x32, kind, 0, 0, byte(s.Ref>>8), byte(s.Ref), 0, 0, 0, 0)
	if kind == S7Ack || kind == S7Bare {
		b = append(b, 0, 0)
	}
	return b
}

// S7End fills in the lengths of the message that begins at index at of b and
// whose data begin at index data.
func S7End(b []byte, at, data int) []byte {
	header := at + 17
	if kind := b[at+8]; kind == S7Ack || kind == S7Bare {
		header += 2
	}
	binary.BigEndian.PutUint16(b[at+2:], uint16(len(b)-at))
	binary.BigEndian.PutUint16(b[at+13:], uint16(data-header))
	binary.BigEndian.PutUint16(b[at+15:], uint16(len(b)-data))
	return b
}

// Refuse answers a job with an error class and code.
func (s S7) Refuse(b []byte, function uint8, code uint16) []byte {
	at := len(b)
	b = append(s.Begin(b, S7Ack), function)
	binary.BigEndian.PutUint16(b[at+17:], code)
	return S7End(b, at, len(b))
}

// S7User is what the parameters of a userdata message say: group and
// subfunction, the sequence number of a job that goes on, and in answers the
// number of an answer in several parts, whether more follow, and an error.
type S7User struct {
	Group, Sub, Sequence, Unit uint8
	More                       bool
	Code                       uint16
}

// UserAsk appends a userdata request. With a unit it asks for the next part of
// an answer.
func (s S7) UserAsk(b []byte, u S7User, content []byte) []byte {
	at := len(b)
	b = s.Begin(b, s7Userdata)
	if u.Unit != 0 {
		b = append(b, 0, 1, 0x12, 8, 0x12, 0x40|u.Group, u.Sub, u.Sequence, u.Unit, 0, 0, 0)
	} else {
		b = append(b, 0, 1, 0x12, 4, 0x11, 0x40|u.Group, u.Sub, u.Sequence)
	}
	return s7Content(b, at, content)
}

// UserAnswer appends the answer to one, or a part of it.
func (s S7) UserAnswer(b []byte, u S7User, content []byte) []byte {
	at := len(b)
	more := byte(0)
	if u.More {
		more = 1
	}
	b = append(s.Begin(b, s7Userdata), 0, 1, 0x12, 8, 0x12, 0x80|u.Group, u.Sub, u.Sequence,
		u.Unit, more, byte(u.Code>>8), byte(u.Code))
	return s7Content(b, at, content)
}

func s7Content(b []byte, at int, content []byte) []byte {
	data := len(b)
	if len(content) == 0 {
		return S7End(append(b, 0x0a, 0, 0, 0), at, data)
	}
	b = append(b, 0xff, 9, byte(len(content)>>8), byte(len(content)))
	return S7End(append(b, content...), at, data)
}

// Invoke asks for a program invocation service by name: what Start and Insert
// ask for, and others.
func (s S7) Invoke(b []byte, service string, arguments []byte) []byte {
	at := len(b)
	b = append(s.Begin(b, s7Job), s7ProgramService, 0, 0, 0, 0, 0, 0, 0xfd, byte(len(arguments)>>8), byte(len(arguments)))
	b = append(append(b, arguments...), byte(len(service)))
	b = append(b, service...)
	return S7End(b, at, len(b))
}

// message appends a whole message: TPKT, COTP data, header, parameters, data.
func (s S7) message(b []byte, kind uint8, param, data []byte) []byte {
	header := 10
	if kind == s7Ack {
		header = 12
	}
	b = append(b, 3, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(7+header+len(param)+len(data)))
	b = append(b, 2, 0xf0, 0x80, 0x32, kind, 0, 0)
	b = binary.BigEndian.AppendUint16(b, s.Ref)
	b = binary.BigEndian.AppendUint16(b, uint16(len(param)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	if kind == s7Ack {
		b = append(b, 0, 0)
	}
	return append(append(b, param...), data...)
}

// Setup negotiates a PDU length; SetupAnswer agrees.
func (s S7) Setup(b []byte, pdu uint16) []byte {
	return s.message(b, s7Job, []byte{s7Setup, 0, 0, 1, 0, 1, byte(pdu >> 8), byte(pdu)}, nil)
}

// SetupAnswer accepts the PDU length.
func (s S7) SetupAnswer(b []byte, pdu uint16) []byte {
	return s.message(b, s7Ack, []byte{s7Setup, 0, 0, 1, 0, 1, byte(pdu >> 8), byte(pdu)}, nil)
}

// Read asks for items.
func (s S7) Read(b []byte, items ...S7Item) []byte {
	at := len(b)
	b = appendS7Items(s.Begin(b, s7Job), s7ReadVar, items)
	return S7End(b, at, len(b))
}

// ReadAnswer answers with the items' bytes, one slice an item, in wire order.
func (s S7) ReadAnswer(b []byte, items []S7Item, values ...[]byte) []byte {
	var scratch [256]byte
	return s.message(b, s7Ack, []byte{s7ReadVar, byte(len(items))}, appendS7Data(scratch[:0], 0xff, items, values))
}

// ReadError answers every item with a code (5: address out of range, 10: does
// not exist).
func (s S7) ReadError(b []byte, code uint8, items int) []byte {
	var data []byte
	for range items {
		data = append(data, code, 0, 0, 0)
	}
	return s.message(b, s7Ack, []byte{s7ReadVar, byte(items)}, data)
}

// Write sends items and their bytes.
func (s S7) Write(b []byte, items []S7Item, values ...[]byte) []byte {
	at := len(b)
	b = appendS7Items(s.Begin(b, s7Job), s7WriteVar, items)
	data := len(b)
	return S7End(appendS7Data(b, 0, items, values), at, data)
}

// WriteAnswer answers every item with its own code, 0xff for success.
func (s S7) WriteAnswer(b []byte, codes ...byte) []byte {
	return s.message(b, s7Ack, []byte{s7WriteVar, byte(len(codes))}, codes)
}

func appendS7Items(p []byte, function uint8, items []S7Item) []byte {
	p = append(p, function, byte(len(items)))
	for _, it := range items {
		p = append(p, 0x12, 10, 0x10, it.Type)
		p = binary.BigEndian.AppendUint16(p, it.Count)
		p = binary.BigEndian.AppendUint16(p, it.DB)
		at := it.Byte<<3 | uint32(it.Bit)
		p = append(p, it.Area, byte(at>>16), byte(at>>8), byte(at))
	}
	return p
}

// appendS7Data: bits and integers count their length in bits, reals in bytes;
// every item but the last is padded to even length.
func appendS7Data(d []byte, code uint8, items []S7Item, values [][]byte) []byte {
	for i, v := range values {
		kind, n := byte(4), 8*len(v)
		switch items[i].Type {
		case S7TypeBit:
			kind, n = 3, len(v)
		case S7TypeReal:
			kind, n = 7, len(v)
		}
		d = append(d, code, kind, byte(n>>8), byte(n))
		d = append(d, v...)
		if len(v)%2 == 1 && i < len(values)-1 {
			d = append(d, 0)
		}
	}
	return d
}

// SZL asks for a part of the system status list.
func (s S7) SZL(b []byte, id, index uint16) []byte {
	data := []byte{0xff, 9, 0, 4, byte(id >> 8), byte(id), byte(index >> 8), byte(index)}
	return s.message(b, s7Userdata, []byte{0, 1, 0x12, 4, 0x11, 0x44, 1, 0}, data)
}

// SZLAnswer answers with records of one length.
func (s S7) SZLAnswer(b []byte, id, index uint16, records ...[]byte) []byte {
	size := 0
	if len(records) > 0 {
		size = len(records[0])
	}
	data := []byte{0xff, 9}
	data = binary.BigEndian.AppendUint16(data, uint16(8+size*len(records)))
	data = binary.BigEndian.AppendUint16(data, id)
	data = binary.BigEndian.AppendUint16(data, index)
	data = binary.BigEndian.AppendUint16(data, uint16(size))
	data = binary.BigEndian.AppendUint16(data, uint16(len(records)))
	for _, r := range records {
		data = append(data, r...)
	}
	return s.message(b, s7Userdata, []byte{0, 1, 0x12, 8, 0x12, 0x84, 1, 1, 0, 0, 0, 0}, data)
}

// S7Module is a record of list 0x0011: 1 the module, 6 its hardware, 7 its
// firmware. The version bytes are a letter or 0, major, minor, and fix.
func S7Module(index uint16, order string, version [4]byte) []byte {
	r := binary.BigEndian.AppendUint16(nil, index)
	r = append(r, fmt.Sprintf("%-20.20s", order)...)
	r = append(r, 0, 0)
	return append(r, version[:]...)
}

// S7Component is a record of list 0x001c: 1 station name, 2 module name, 3 plant
// designation, 4 copyright, 5 serial number, 7 module type.
func S7Component(index uint16, text string) []byte {
	r := binary.BigEndian.AppendUint16(nil, index)
	r = append(r, text...)
	return append(r, make([]byte, 34-len(r))...)
}

// Stop asks the controller to stop.
func (s S7) Stop(b []byte) []byte {
	return s.message(b, s7Job, append([]byte{s7PlcStop, 0, 0, 0, 0, 0, 9}, "P_PROGRAM"...), nil)
}

// StopAnswer and the other answers without data.
func (s S7) StopAnswer(b []byte) []byte { return s.message(b, s7Ack, []byte{s7PlcStop}, nil) }

// Start asks for a warm restart.
func (s S7) Start(b []byte) []byte {
	p := []byte{s7ProgramService, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 9}
	return s.message(b, s7Job, append(p, "P_PROGRAM"...), nil)
}

// Insert makes a downloaded block part of the program; block is its type and
// number as in "0800001" (OB 1).
func (s S7) Insert(b []byte, block string) []byte {
	p := append([]byte{s7ProgramService, 0, 0, 0, 0, 0, 0, 0xfd, 0, 10, 1, 0}, block...)
	p = append(p, 'P', 5)
	return s.message(b, s7Job, append(p, "_INSE"...), nil)
}

// ProgramAnswer accepts Start or Insert.
func (s S7) ProgramAnswer(b []byte) []byte {
	return s.message(b, s7Ack, []byte{s7ProgramService}, nil)
}

// RequestDownload announces a block of size bytes.
func (s S7) RequestDownload(b []byte, block string, size int) []byte {
	p := append([]byte{s7DownloadStart, 0, 1, 0, 0, 0, 0, 0, 9, '_'}, block...)
	p = append(p, 'P', 13)
	return s.message(b, s7Job, append(p, fmt.Sprintf("1%06d%06d", size, size-36)...), nil)
}

// RequestDownloadAnswer accepts it.
func (s S7) RequestDownloadAnswer(b []byte) []byte {
	return s.message(b, s7Ack, []byte{s7DownloadStart}, nil)
}

// DownloadBlock is the controller asking for the next part.
func (s S7) DownloadBlock(b []byte, block string) []byte {
	p := append([]byte{s7DownloadBlock, 0, 0, 0, 0, 0, 0, 0, 9, '_'}, block...)
	return s.message(b, s7Job, append(p, 'P'), nil)
}

// DownloadBlockAnswer carries a part; more follows or not.
func (s S7) DownloadBlockAnswer(b, part []byte, more bool) []byte {
	return s.part(b, s7DownloadBlock, part, more)
}

// DownloadEnd is the controller ending the download, DownloadEndAnswer the
// client's confirmation.
func (s S7) DownloadEnd(b []byte, block string) []byte {
	p := append([]byte{s7DownloadEnd, 0, 0, 0, 0, 0, 0, 0, 9, '_'}, block...)
	return s.message(b, s7Job, append(p, 'P'), nil)
}

// DownloadEndAnswer confirms the end.
func (s S7) DownloadEndAnswer(b []byte) []byte {
	return s.message(b, s7Ack, []byte{s7DownloadEnd}, nil)
}

// StartUpload asks for a block of the controller.
func (s S7) StartUpload(b []byte, block string) []byte {
	p := append([]byte{s7UploadStart, 0, 0, 0, 0, 0, 0, 0, 9, '_'}, block...)
	return s.message(b, s7Job, append(p, 'A'), nil)
}

// StartUploadAnswer gives the upload a number and says its size.
func (s S7) StartUploadAnswer(b []byte, id uint32, size int) []byte {
	p := binary.BigEndian.AppendUint32([]byte{s7UploadStart, 0, 1, 0}, id)
	p = append(p, 7)
	return s.message(b, s7Ack, append(p, fmt.Sprintf("%07d", size)...), nil)
}

// Upload asks for the next part.
func (s S7) Upload(b []byte, id uint32) []byte {
	return s.message(b, s7Job, binary.BigEndian.AppendUint32([]byte{s7UploadBlock, 0, 0, 0}, id), nil)
}

// UploadAnswer carries a part.
func (s S7) UploadAnswer(b, part []byte, more bool) []byte {
	return s.part(b, s7UploadBlock, part, more)
}

// EndUpload ends it.
func (s S7) EndUpload(b []byte, id uint32) []byte {
	return s.message(b, s7Job, binary.BigEndian.AppendUint32([]byte{s7UploadEnd, 0, 0, 0}, id), nil)
}

// EndUploadAnswer confirms the end.
func (s S7) EndUploadAnswer(b []byte) []byte { return s.message(b, s7Ack, []byte{s7UploadEnd}, nil) }

func (s S7) part(b []byte, function uint8, part []byte, more bool) []byte {
	status := byte(0)
	if more {
		status = 1
	}
	at := len(b)
	b = append(s.Begin(b, s7Ack), function, status)
	data := len(b)
	b = append(b, byte(len(part)>>8), byte(len(part)), 0, 0xfb)
	return S7End(append(b, part...), at, data)
}
