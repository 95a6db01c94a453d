package pniocm

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Types of block (coding of the field BlockType).
const (
	blockReal       = 0x0013 // RealIdentificationData
	blockIM0        = 0x0020
	blockIM1        = 0x0021
	blockIM3        = 0x0023
	blockAR         = 0x0101
	blockIOCR       = 0x0102
	blockExpected   = 0x0104
	blockControl    = 0x0110 // to 0x0118; with 0x8000 in answers
	blockControlEnd = 0x0118
	answerBit       = 0x8000
	blockInterface  = 0x0240 // PDInterfaceDataReal
	blockMultiple   = 0x0400 // MultipleBlockHeader
	blockDifference = 0x8104 // ModuleDiffBlock
	blockReadReply  = 0x8009
	blockWriteReply = 0x8008
)

// ARBlockReq behind the header: type 2, UUID 16, session key 2, MAC 6, object UUID
// 16, properties 4, timeout 2, port 2, length of the name 2, name.
const (
	arTypeAt   = 6
	arObjectAt = 32
	arNameAt   = 58
)

// IOCRBlockReq behind the header: type 2, reference 2, Ethernet type 2, properties
// 4, and five numbers of two bytes of which four are told.
const (
	iocrTypeAt  = 6
	iocrDataAt  = 16
	iocrNumbers = 4
	iocrEnd     = iocrDataAt + 2*iocrNumbers
)

// connect reads a connect: the relation is one operation, each communication
// relation one.
func (p *parser) connect(c *call, blocks []byte) {
	p.target()
	p.several = countRelations(blocks) > 1
	w := wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		switch {
		case kind == blockAR && len(b) >= arNameAt:
			p.ask(c, item{object: firedoor.Object{Space: &relations, At: [4]uint32{uint32(u16(b[arTypeAt:]))}}})
			p.initiator(b)
		case kind == blockIOCR && len(b) >= iocrEnd:
			it := item{object: firedoor.Object{Space: &communications, At: [4]uint32{uint32(u16(b[iocrTypeAt:])), uint32(u16(b[iocrTypeAt+2:]))}}}
			p.askWith(c, it, firedoor.Values{Type: firedoor.U16, Count: iocrNumbers, Raw: b[iocrDataAt:iocrEnd]})
		case kind == blockAR || kind == blockIOCR:
			p.broken("block of a connect shorter than its fields", 0)
		case kind == blockExpected:
			p.expected(b)
		}
	}
	if w.Bad || len(c.items) == 0 {
		p.broken("connect without whole blocks", 0)
	}
	if len(c.items) == 0 {
		p.ask(c, item{})
	}
}

// countRelations is how many operations a connect gives.
func countRelations(blocks []byte) (n int) {
	w := wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		if kind == blockAR && len(b) >= arNameAt || kind == blockIOCR && len(b) >= iocrEnd {
			n++
		}
	}
	return n
}

// controlSize is a control's or release's block: two bytes, UUID 16, session key
// 2, two bytes, command 2, properties 2.
const controlSize = wire.ProfinetBlock + 26

// controlOf is the type of the block of a control or its answer, without the bit of
// answers; 0 if there is none.
func controlOf(blocks []byte) uint16 {
	w := wire.ProfinetBlocks{B: blocks}
	kind, b := w.Next()
	if kind &^= answerBit; kind < blockControl || kind > blockControlEnd || len(b) < controlSize {
		return 0
	}
	return kind
}

// control reads a control or a release.
func (p *parser) control(c *call, blocks []byte) {
	c.control = controlOf(blocks)
	p.ask(c, item{})
	if c.control == 0 {
		p.broken("control without its block", 0)
		return
	}
	p.differences(blocks)
}
