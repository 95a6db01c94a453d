package pnio

import (
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Types of block of a connect and its answer, and of a release. Blocks of relations
// and of a release have the relation's UUID two bytes behind their header.
const (
	blockAR        = 0x0101
	blockIOCR      = 0x0102
	blockExpected  = 0x0104
	blockRelease   = 0x0114
	blockARReply   = 0x8101
	blockIOCRReply = 0x8102

	relationUUIDAt = wire.ProfinetBlock + 2
	iocrReplySize  = wire.ProfinetBlock + 6 // type, reference, frame id
)

// IOCRBlockReq: type 2, reference 2, Ethernet type 2, properties 4, length of the
// data 2, frame id 2, and numbers up to the count of applications.
const (
	iocrLengthAt = wire.ProfinetBlock + 10
	iocrIDAt     = wire.ProfinetBlock + 12
	iocrAppsAt   = wire.ProfinetBlock + 38
	iocrHead     = iocrAppsAt + 2
)

// connect keeps what a controller asks for until the device agrees.
func (r *relations) connect(side int, blocks []byte) {
	fresh := relation{Side: side}
	known := false
	w := wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		switch {
		case kind == blockAR && len(b) >= relationUUIDAt+16:
			known = true
			copy(fresh.UUID[:], b[relationUUIDAt:])
		case kind == blockIOCR && len(b) >= iocrHead:
			fresh.channel(b)
		}
	}
	if w.Bad || !known {
		return
	}
	left := maxExpected
	w = wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		if kind == blockExpected {
			fresh.expected(b, &left)
		}
	}
	for i := range fresh.Channels {
		fresh.Channels[i].settle()
	}
	r.keep(fresh)
}

// keep puts a relation that nobody agreed to yet in its place: that of the same one
// asked for before, a free one, or that of the first that does not hold.
func (r *relations) keep(fresh relation) {
	n := fresh.size()
	at := r.find(fresh.UUID[:], false)
	for i := range r.List {
		n += r.List[i].size()
		if at < 0 && (!r.List[i].Agreed || r.List[i].Ended) && len(r.List) == maxRelations {
			at = i
		}
	}
	if at >= 0 {
		n -= r.List[at].size()
		r.List = append(r.List[:at], r.List[at+1:]...)
	}
	if n > maxParts || len(r.List) == maxRelations {
		return
	}
	r.List = append(r.List, fresh)
}

func (r *relation) size() (n int) {
	for i := range r.Channels {
		n += len(r.Channels[i].Parts)
	}
	return n
}

// channel reads an IOCRBlockReq: of each application its number 4, then data objects
// and consumers' status, with a count 2 each, and of each slot 2, subslot 2, offset 2.
func (r *relation) channel(b []byte) {
	c := channel{Kind: be.Uint16(b[wire.ProfinetBlock:]), Reference: be.Uint16(b[wire.ProfinetBlock+2:]),
		Length: int(be.Uint16(b[iocrLengthAt:])), ID: be.Uint16(b[iocrIDAt:])}
	if c.Kind != inputCR && c.Kind != outputCR || len(r.Channels) == maxChannels {
		return
	}
	rd := protocol.Read(b[iocrAppsAt:])
	for apps := rd.U16(); apps > 0 && !rd.Failed(); apps-- {
		api := rd.U32()
		for n := rd.U16(); n > 0 && !rd.Failed() && len(c.Parts) <= maxParts; n-- {
			c.Parts = append(c.Parts, part{API: api, Slot: rd.U16(), Subslot: rd.U16(), At: rd.U16()})
		}
		rd.Skip(6 * int(rd.U16()))
	}
	if !rd.Failed() && len(c.Parts) <= maxParts {
		r.Channels = append(r.Channels, c)
	}
}

// Properties of a submodule (coding of the field SubmoduleProperties).
const (
	propertyBoth    = 3 // mask of the kind, and inputs and outputs
	propertyReduced = 8 // inputs of no length; shifted by one, outputs
	propertyBare    = 1 << 5
)

// expected reads how long the data of submodules are (ExpectedSubmoduleBlockReq): of
// each application its number 4, slot 2, module 4, properties 2, and of each
// submodule subslot 2, ident 4, properties 2, and one or two descriptions.
func (r *relation) expected(b []byte, left *int) {
	rd := protocol.Read(b[wire.ProfinetBlock:])
	for n := rd.U16(); n > 0 && !rd.Failed(); n-- {
		at := part{API: rd.U32(), Slot: rd.U16()}
		rd.Skip(6)
		for subs := rd.U16(); subs > 0 && !rd.Failed(); subs-- {
			at.Subslot = rd.U16()
			rd.Skip(4)
			properties := rd.U16()
			descriptions := 1
			if properties&propertyBoth == propertyBoth {
				descriptions = 2
			}
			for ; descriptions > 0; descriptions-- {
				kind := rd.U16()
				at.Size = rd.U16()
				rd.Skip(1) // length of the consumer's status
				at.Status = rd.U8()
				if properties&(propertyReduced/2<<kind) != 0 && kind <= outputCR {
					at.Size = 0
				}
				if properties&propertyBare != 0 {
					at.Status = 0
				}
				if *left--; *left < 0 || rd.Failed() {
					return
				}
				r.describe(kind, &at)
			}
		}
	}
}

// describe tells the part of a submodule how long it is. A description's kind is that
// of the channel that it is for.
func (r *relation) describe(kind uint16, as *part) {
	for i := range r.Channels {
		c := &r.Channels[i]
		if c.Kind != kind {
			continue
		}
		for k := range c.Parts {
			if p := &c.Parts[k]; p.Slot == as.Slot && p.Subslot == as.Subslot && p.API == as.API {
				p.Size, p.Status, p.Known = as.Size, as.Status, true
			}
		}
	}
}

// settle tells whether all parts of a channel are known and within its frames.
func (c *channel) settle() {
	c.Known = len(c.Parts) > 0
	for i := range c.Parts {
		p := &c.Parts[i]
		c.Known = c.Known && p.Known && int(p.At)+int(p.Size)+int(p.Status) <= c.Length
		c.HasData = c.HasData || p.Size > 0
	}
}
