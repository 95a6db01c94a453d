package enip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// systemAddress reads a PLC-5 address and names it. A logical binary address is a
// mask of the levels that follow (area, file, element, sub-element), each one
// byte, or 0xff and two; it does not say the file's type. A logical text begins
// with 0 and '$' and ends with 0: "N7:0".
func systemAddress(r *protocol.Reader) firedoor.Object {
	const text, levels = 0, 4
	mask := r.U8()
	if mask == text {
		return textAddress(r)
	}
	var at [levels]uint32
	for i := range levels {
		if mask>>i&1 != 0 {
			at[i] = addressField(r)
		}
	}
	for i := levels; i < 8; i++ {
		if mask>>i&1 != 0 {
			addressField(r)
		}
	}
	return firedoor.Object{Space: &fileSpace, At: [4]uint32{fileUntold, at[1], at[2], at[3]}}
}

func textAddress(r *protocol.Reader) firedoor.Object {
	const longest = 64
	if r.U8() != '$' {
		return firedoor.Object{}
	}
	rest := *r
	n := 0
	for ; n < longest; n++ {
		if c := rest.U8(); c < ' ' || c > '~' {
			break
		}
	}
	name := r.Bytes(n)
	r.Skip(1)
	return firedoor.Object{Space: &fileSpace, Text: name}
}

// range5 reads a PLC-5 range: offset and size of all that is moved, address, and
// how much of it is in this packet. Word ranges count words, the size of a read
// bytes.
func (it *item) range5(f *pcccFunction, r *protocol.Reader) {
	it.pccc.later = r.U16LE() != 0
	total := uint32(r.U16LE())
	o := systemAddress(r)
	if r.Failed() || o.Space == nil {
		return
	}
	it.object, it.hasQty, it.quantity = o, true, total
	it.pccc.words = f.form == formWords
	if f.verb != firedoor.VerbWrite {
		return
	}
	if f.form == formWords {
		it.values = it.pccc.part(typed(firedoor.U16, r.Rest()))
		return
	}
	it.values = it.pccc.part(described(r.Rest()))
}

// masks reads an address and the bits to keep and to set; several may follow.
func (it *item) masks(r *protocol.Reader) {
	if o := systemAddress(r); !r.Failed() && o.Space != nil {
		const both = 4
		b := r.Rest()
		it.object, it.values = o, typed(firedoor.U16, b[:min(both, len(b))])
	}
}

// described reads data with a type in front. The first byte holds type and size in
// a nibble each, or, where a nibble's highest bit is set, in how many of the next
// bytes it stands. An array (type 9, its size in bytes) has the type of its
// elements in front of them.
func described(b []byte) firedoor.Values {
	const integer, float, array = 4, 8, 9
	kind, size, rest, ok := descriptor(b)
	if ok && kind == array {
		if size < uint32(len(rest)) {
			rest = rest[:size]
		}
		kind, size, rest, ok = descriptor(rest)
	}
	switch {
	case !ok:
		return firedoor.Values{}
	case kind == integer && size == 2:
		return typed(firedoor.I16, rest)
	case kind == integer && size == 4:
		return typed(firedoor.I32, rest)
	case kind == float && size == 4:
		return typed(firedoor.F32, rest)
	}
	return raw(rest)
}

func descriptor(b []byte) (kind, size uint32, rest []byte, ok bool) {
	const widest = 4
	r := protocol.Read(b)
	flag := r.U8()
	field := func(nibble uint8) (v uint32) {
		if nibble&8 == 0 {
			return uint32(nibble)
		}
		var wide [widest]byte
		n := int(nibble & 7)
		if n > widest {
			r.Skip(len(b) + 1)
			return 0
		}
		copy(wide[:], r.Bytes(n))
		return binary.LittleEndian.Uint32(wide[:])
	}
	kind = field(flag >> 4)
	size = field(flag & 0x0f)
	return kind, size, r.Rest(), !r.Failed()
}

// gravest is the function in Execute Multiple Commands whose verb weighs most: a
// count, and of each command length, function and the rest.
func gravest(b []byte) firedoor.Verb {
	verb := firedoor.VerbDiagnose
	r := protocol.Read(b)
	for range r.U8() {
		one := r.Bytes(int(r.U8()))
		if r.Failed() {
			break
		}
		if len(one) > 0 {
			verb = max(verb, pcccOf(0x0f00|uint16(one[0])).verbOf(protocol.Read(one[1:])))
		}
	}
	return verb
}

// learnPCCC takes facts and transfers from an answered command.
func (p *parser) learnPCCC(it *item) {
	switch it.code {
	case pcccDiagnosticStatus:
		if !it.slot.known {
			p.pcccModel(it.reply)
		}
	case pcccOpenFile, pcccCloseFile, pcccFileRead, pcccFileWrite:
		p.openFile(it)
	case pcccUploadAll, pcccDownloadAll, pcccUploaded, pcccDownloaded, pcccReadMemory, pcccWriteMemory:
		p.memory(it)
	}
}

// openFile follows a file that was opened: it is read or written by its tag, at an
// offset in words, until it is closed. What is hashed is what was moved in between.
func (p *parser) openFile(it *item) {
	r := protocol.Read(it.pccc.body)
	switch it.code {
	case pcccOpenFile: // protection, file, type; answer: tag
		file := it.pccc.body
		if len(file) < 3 || len(it.reply) < 2 {
			return
		}
		number := uint32(file[1])
		if len(file) > 3 {
			number |= uint32(file[2]) << 8
		}
		tag := uint32(binary.LittleEndian.Uint16(it.reply))
		o := firedoor.Object{Space: &fileSpace, At: [4]uint32{uint32(file[len(file)-1]), number}}
		p.text = o.AppendTo(p.text[:0])
		p.begin(byOpen, true, it.slot, [2]uint32{0, tag}, "file", p.text, false)
	case pcccCloseFile:
		if t := p.find(byOpen, true, it.slot, [2]uint32{0, uint32(r.U16LE())}); t != nil {
			p.done(t)
		}
	default: // size, tag, offset, type
		r.Skip(1)
		tag, offset := uint32(r.U16LE()), int64(r.U16LE())*2
		r.Skip(1)
		t := p.find(byOpen, true, it.slot, [2]uint32{0, tag})
		if t == nil || r.Failed() {
			return
		}
		if it.code == pcccFileWrite {
			t.upload = false
			t.At(offset, r.Rest())
		} else {
			t.At(offset, it.reply)
		}
	}
}

// memory follows the memory of a PLC-5 between the request for all of it and its
// completion, in the order in which it is moved.
func (p *parser) memory(it *item) {
	upload := it.code == pcccUploadAll || it.code == pcccUploaded || it.code == pcccReadMemory
	switch t := p.find(byMemory, upload, it.slot, [2]uint32{}); {
	case it.code == pcccUploadAll || it.code == pcccDownloadAll:
		p.begin(byMemory, upload, it.slot, [2]uint32{}, "program", append(p.text[:0], "memory"...), false)
	case t == nil:
	case it.code == pcccUploaded || it.code == pcccDownloaded:
		p.done(t)
	case it.code == pcccReadMemory:
		t.Add(it.reply)
	case len(it.pccc.body) > 4: // address, content
		t.Add(it.pccc.body[4:])
	}
}
