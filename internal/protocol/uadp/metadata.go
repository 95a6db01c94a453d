package uadp

import (
	"encoding/binary"

	"firedoor/internal/protocol/wire"
)

// Limits of what is kept of descriptions. Data sets beyond are told by numbers, and
// so are fields beyond.
const (
	maxSets   = 16
	maxFields = 64
	maxNames  = 1024 // bytes of names of one data set
	maxName   = 64   // bytes of one name
)

// description is what metadata said of a data set.
type description struct {
	publisher uint64
	writer    uint16
	major     uint32
	all       bool // every field is in fields
	fields    []fieldKind
	names     []byte
}

// fieldKind is what is known of a field. Its name ends at end and begins where that
// of the field before ends.
type fieldKind struct {
	end     uint16
	builtIn byte
	rank    uint8  // dimensions, 0: one value
	room    uint32 // bytes of a raw field with its padding, 0: nobody said
}

func (d *description) clear() {
	d.major, d.all, d.fields, d.names = 0, false, d.fields[:0], d.names[:0]
}

func (d *description) add(name []byte, kind fieldKind) {
	if len(d.fields) == maxFields {
		d.all = false
		return
	}
	name = wire.Text(name)
	name = name[:min(len(name), maxName)]
	if len(d.names)+len(name) <= maxNames {
		d.names = append(d.names, name...)
	}
	kind.end = uint16(len(d.names))
	d.fields = append(d.fields, kind)
}

// name is the name of field i, nil if it is not known.
func (d *description) name(i int) []byte {
	if d == nil || i >= len(d.fields) {
		return nil
	}
	begin := 0
	if i > 0 {
		begin = int(d.fields[i-1].end)
	}
	return d.names[begin:d.fields[i].end]
}

// find returns what is known of a writer's data set.
func (p *parser) find(publisher uint64, writer uint16) *description {
	for i := range p.known {
		if d := &p.known[i]; d.publisher == publisher && d.writer == writer {
			return d
		}
	}
	return nil
}

// describe returns a place for the description of a data set, nil if all are taken.
func (p *parser) describe(publisher uint64, writer uint16) *description {
	d := p.find(publisher, writer)
	if d == nil {
		if len(p.known) == maxSets {
			return nil
		}
		p.known = append(p.known, description{publisher: publisher, writer: writer})
		d = &p.known[len(p.known)-1]
	}
	d.clear()
	return d
}

// readMetadata reads a DataSetMetaDataType (6.2.3.2.3) into d, which may be nil, and
// returns the name of the data set and its version.
func readMetadata(r *wire.UA, d *description) (name, version []byte) {
	r.Texts() // namespaces
	dataTypes(r)
	name = r.Text()
	r.Localized()
	if d != nil {
		d.all = true
	}
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		field := r.Text()
		r.Localized()
		r.Skip(2) // flags
		builtIn := r.U8()
		r.NodeID()
		rank := int32(r.U32LE())
		dimensions, longest := list32(r), r.U32LE()
		r.Skip(16)
		properties(r)
		if d != nil && !r.Failed() {
			d.add(field, kindOf(builtIn, rank, dimensions, longest))
		}
	}
	r.Skip(16) // class
	version = r.Bytes(8)
	if d != nil && !r.Failed() {
		v := wire.ReadUA(version)
		d.major = v.U32LE()
	}
	return name, version
}

// Of value ranks (OPC 10000-3, 5.6.2): what is no list, and the most dimensions that
// are looked at.
const (
	scalarRank = -1
	mostRank   = 4
)

// Built-in types whose raw fields are filled up to their longest value.
const (
	builtInText  = 12
	builtInBytes = 15
	maxRoom      = 1 << 16 // a message holds no more
)

// kindOf tells how a raw field lies in its data set (7.2.4.5.11): texts are filled up to
// the longest, lists to their dimensions, behind the number of elements of each.
func kindOf(builtIn byte, rank int32, dimensions []byte, longest uint32) fieldKind {
	k := fieldKind{builtIn: builtIn}
	size, _ := wire.UAPlain(builtIn)
	if (builtIn == builtInText || builtIn == builtInBytes) && longest > 0 && longest < maxRoom {
		size = lengthSize + int(longest)
	}
	if rank == scalarRank {
		k.room = uint32(size)
		return k
	}
	if rank < 1 || rank > mostRank || len(dimensions) != 4*int(rank) {
		k.rank = mostRank
		return k
	}
	k.rank = uint8(rank)
	room := uint64(size)
	for ; len(dimensions) > 0 && room < maxRoom; dimensions = dimensions[4:] {
		room *= uint64(binary.LittleEndian.Uint32(dimensions))
	}
	if room > 0 && room < maxRoom {
		k.room = uint32(room) + lengthSize*uint32(rank)
	}
	return k
}

// lengthSize is what the length of a text or a dimension takes.
const lengthSize = 4

// dataTypes passes over descriptions of structures, enumerations and simple types
// (OPC 10000-5, 12.31 and after).
func dataTypes(r *wire.UA) {
	for n := r.List(); n > 0 && !r.Failed(); n-- { // structures
		r.NodeID()
		r.Qualified()
		r.NodeID()
		r.NodeID()
		r.Skip(4) // kind
		for fields := r.List(); fields > 0 && !r.Failed(); fields-- {
			r.Text()
			r.Localized()
			r.NodeID()
			r.Skip(4)
			list32(r)
			r.Skip(4 + 1)
		}
	}
	for n := r.List(); n > 0 && !r.Failed(); n-- { // enumerations
		r.NodeID()
		r.Qualified()
		for fields := r.List(); fields > 0 && !r.Failed(); fields-- {
			r.Skip(8)
			r.Localized()
			r.Localized()
			r.Text()
		}
		r.Skip(1)
	}
	for n := r.List(); n > 0 && !r.Failed(); n-- { // simple types
		r.NodeID()
		r.Qualified()
		r.NodeID()
		r.Skip(1)
	}
}
