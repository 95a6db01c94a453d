package codesys

import (
	"encoding/binary"

	"firedoor/internal/protocol"
)

// Messages of the channel layer, by their first byte.
const (
	channelBlock     = 0x01
	channelAck       = 0x02
	channelAlive     = 0x03
	channelOpened    = 0x83
	channelInfo      = 0xc2
	channelOpen      = 0xc3
	channelClose     = 0xc4
	blockHeader      = 12 // kind, flags, channel (2), number (4), acknowledged number (4)
	firstBlockHeader = 20 // and length (4) and checksum (4) of the whole service
	wideChannel      = 4  // since version 1.2 a number of four bytes follows the channel, which is a token then

	flagFirst  = 0x01
	flagClient = 0x80
)

// sizeOf is the length of a message that has always the same, 0 of another.
func sizeOf(kind byte) int {
	switch kind {
	case channelAlive:
		return 4
	case channelAck:
		return 8
	case channelClose:
		return 12
	case channelOpen:
		return 20
	case channelOpened:
		return 24
	}
	return 0
}

// fitsChannel tells whether b is a message that says enough to know the protocol by.
func fitsChannel(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch b[0] {
	case channelOpen:
		return len(b) == sizeOf(b[0])
	case channelOpened, channelClose:
		return len(b) == sizeOf(b[0]) || len(b) == sizeOf(b[0])+wideChannel
	case channelBlock:
		_, ok := readService(b)
		return ok
	}
	return false
}

func orientChannel(b []byte) protocol.Orientation {
	if len(b) < 2 {
		return protocol.OrientUnknown
	}
	switch b[0] {
	case channelBlock:
		if b[1]&flagClient != 0 {
			return protocol.SentByClient
		}
		return protocol.SentByServer
	case channelOpen, channelInfo:
		return protocol.SentByClient
	case channelOpened:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}

// Protocols of the service layer.
const (
	plainServices  = 0xcd55
	secureServices = 0x7557
)

// call is a service as the first block of a message shows it.
type call struct {
	protocol uint16
	channel  uint32
	wide     int // bytes that the block's head is longer: 0 or wideChannel
	group    byte
	answer   bool
	command  uint16
	tags     []byte
	whole    bool // tags are all that the message has
}

// readService reads the first block of a service: protocol, length of the header
// behind this number, group with the answer's bit, command, session, length of
// the tags. Of which version the block's head is nobody says: it is the one behind
// which a service begins.
func readService(b []byte) (c call, ok bool) {
	if len(b) < firstBlockHeader+2 || b[1]&flagFirst == 0 {
		return c, false
	}
	if c, ok = readCall(b[firstBlockHeader:]); !ok && len(b) >= firstBlockHeader+wideChannel+2 {
		c, ok = readCall(b[firstBlockHeader+wideChannel:])
		c.wide = wideChannel
	}
	c.channel = channelOf(b, c.wide)
	return c, ok
}

// channelOf is the channel of a block.
func channelOf(b []byte, wide int) uint32 {
	if wide == 0 {
		return uint32(binary.LittleEndian.Uint16(b[2:]))
	}
	return binary.LittleEndian.Uint32(b[wide:])
}

// readCall reads a service without the head of its block.
func readCall(b []byte) (c call, ok bool) {
	if len(b) < 2 {
		return c, false
	}
	c.protocol = binary.LittleEndian.Uint16(b)
	if c.protocol == secureServices {
		return c, true
	}
	if c.protocol != plainServices || len(b) < 16 {
		return c, false
	}
	header := 4 + int(binary.LittleEndian.Uint16(b[2:]))
	if header < 16 || header > len(b) {
		return c, false
	}
	c.group, c.answer = b[4]&0x7f, b[4]&0x80 != 0
	c.command = binary.LittleEndian.Uint16(b[6:])
	size := binary.LittleEndian.Uint32(b[12:])
	c.tags = b[header:]
	if c.whole = uint64(len(c.tags)) >= uint64(size); c.whole {
		c.tags = c.tags[:size]
	}
	return c, true
}

// tag is a tag and its value: number and length with seven bits in a byte, the
// lowest first, and the value.
type tag struct {
	id    uint32
	value []byte
}

func number(b []byte) (v uint32, rest []byte, ok bool) {
	for i := 0; i < len(b) && i < 5; i++ {
		v |= uint32(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, b[i+1:], true
		}
	}
	return 0, nil, false
}

// next reads a tag and returns what follows it.
func next(b []byte) (t tag, rest []byte, ok bool) {
	var size uint32
	if t.id, b, ok = number(b); !ok {
		return t, nil, false
	}
	if size, b, ok = number(b); !ok || uint64(size) > uint64(len(b)) {
		return t, nil, false
	}
	t.value = b[:size]
	return t, b[size:], true
}

// find returns the value of the first tag with a number, nil if there is none.
func find(b []byte, id uint32) []byte {
	for len(b) > 0 {
		t, rest, ok := next(b)
		if !ok {
			return nil
		}
		if t.id == id {
			return t.value
		}
		b = rest
	}
	return nil
}

// sound tells whether tags fill their bytes.
func sound(b []byte) bool {
	for len(b) > 0 {
		_, rest, ok := next(b)
		if !ok {
			return false
		}
		b = rest
	}
	return true
}
