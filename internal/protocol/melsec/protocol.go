package melsec

import (
	"strings"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is the MC protocol, SLMP and MELSOFT. Controllers have no fixed ports
// for the first two: these are those of manuals and defaults.
var Protocol = &protocol.Protocol{
	Name:       "melsec",
	TCP:        []uint16{5000, 5001, 5002, 5006, 5007, 5010, 5562},
	UDP:        []uint16{5000, 5001, 5002, 5006, 5007, 5010, 5560},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Mitsubishi MC protocol, SLMP and MELSOFT", Holds: "for each of 32 requests that wait 192 items of 48 bytes; three lists of 192 of these that are monitored; 8 files, which flows of the same two ends share, and of which a lane keeps those of 256 such pairs when their flows are over", Depth: protocol.Deep, Own: []protocol.OwnPart{{Name: "the frames 1E, 3E and 4E of the MC protocol and SLMP", Has: func(words string) bool { return !strings.HasPrefix(words, "melsoft ") }}}, By: "SH-080008 (MELSEC Communication Protocol), SLMP BAP-C2006; MELSOFT from captures and published descriptions",
		Unread: []string{"monitored values where what was entered was not seen, or is more than 192 devices", "the station of a tool's first call to everybody (MELSOFT over broadcast)", "most MELSOFT functions: number only"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    spaces(),
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventFileTransfer, firedoor.EventExpect, firedoor.EventMalformed,
	},
}

// probe wants a whole frame with a command that exists, and behind it nothing or
// the beginning of another.
func probe(b []byte) protocol.Match {
	var f frame
	switch m := f.read(b); m {
	case protocol.No:
		return protocol.No
	case protocol.More:
		if len(b) >= protocol.MaxProbe || f.variant == variantOld && !f.toOwn(b) {
			return protocol.No
		}
		return protocol.More
	}
	if !f.certain(b) || fieldBasic(b) {
		return protocol.No
	}
	var next frame
	if f.size < len(b) && (f.variant == variantOld || f.variant == variantLink || next.read(b[f.size:]) == protocol.No) {
		return protocol.No
	}
	return protocol.Yes
}

// fieldBasic tells what CC-Link IE Field Basic says in the same frames: a request by
// its command; an answer to cyclic data by its inner offset, to a node search by the size of the
// address in it or the command that failed, to the setting of an address by its length.
func fieldBasic(b []byte) bool {
	const cyclic, found, set, failed = 59, 66, 21, 24
	switch {
	case b[0] == 0x54 && len(b) > 16:
		return b[16] == 0x0e && (b[15] == 0x30 || b[15] == 0x31)
	case b[0] == 0xd0 && len(b) >= cyclic:
		return b[15] == 40 && b[16] == 0
	case b[0] == 0xd4 && len(b) == found:
		return b[21] == 4
	case b[0] == 0xd4 && len(b) == set:
		return true
	case b[0] == 0xd4 && len(b) == failed:
		return b[21] == 0x0e && (b[20] == 0x30 || b[20] == 0x31)
	}
	return false
}

// certain asks more of a whole frame than that it can be read.
func (f *frame) certain(b []byte) bool {
	switch f.variant {
	case variantMC:
		if f.answers {
			return f.end == 0 || f.end >= 0x4000 && (len(f.data.b) == 0 || f.failed)
		}
		return find(commands, uint16(f.code)) != nil && subcommand(f.sub) && f.fits()
	case variantOld:
		return f.oldCertain(b)
	}
	return true
}

// subcommand tells whether a subcommand exists.
func subcommand(sub uint32) bool {
	return sub <= 4 || sub == 8 || sub == 0x40 || sub >= 0x80 && sub <= 0x83
}

// fits tells whether the data of the commands that are asked most have the size
// that they say.
func (f *frame) fits() bool {
	if f.sub > 3 {
		return true
	}
	r := f.data
	switch f.code {
	case 0x0401:
		r.device(f.sub)
		n := r.u16()
		return !r.failed && len(r.b) == 0 && n > 0 && n <= 8192
	case 0x1401:
		r.device(f.sub)
		n := int(r.u16())
		size := 2 * n
		if f.sub&1 != 0 {
			size = (n + 1) / 2
		}
		if f.ascii {
			size *= 2
			if f.sub&1 != 0 {
				size = n
			}
		}
		return !r.failed && len(r.b) == size
	case 0x0101:
		return len(r.b) == 0
	}
	return true
}

// toOwn tells whether a request of 1E, or as much of it as there is, is for the station that is
// connected.
func (f *frame) toOwn(b []byte) bool {
	if f.ascii {
		return len(b) < 3 || b[2] == 'F' && (len(b) < 4 || b[3] == 'F')
	}
	return len(b) < 2 || b[1] == ownPC
}

// oldCertain wants of 1E a device that exists, a number that it can have, and the
// zero behind the count: there is little else to go by.
func (f *frame) oldCertain(b []byte) bool {
	const maxTimer, maxNumber = 0x2800, 1 << 24
	r := oldFields(b, f.ascii)
	code, pc, timer := r.u8(), r.u8(), r.u16()
	if code > 3 || pc != ownPC || timer >= maxTimer {
		return false
	}
	at, n, zero := r.oldDevice(), r.u8(), r.u8()
	return !r.failed && at.space != others && at.at[0] < maxNumber && n > 0 && zero == 0 && f.size == len(b)
}

// orient takes who asks for the client; who sends on demand is the server.
func orient(b []byte) protocol.Orientation {
	var f frame
	switch m := f.read(b); {
	case m != protocol.Yes:
		return protocol.OrientUnknown
	case f.answers || f.variant == variantMC && f.code == 0x2101:
		return protocol.SentByServer
	default:
		return protocol.SentByClient
	}
}
