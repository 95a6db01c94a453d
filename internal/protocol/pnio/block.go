package pnio

import (
	"encoding/binary"

	"firedoor"
)

// block is one block of a DCP frame.
type block struct {
	option, sub byte
	qualifier   uint16 // of a set; the block's information in an answer
	at          int    // where it starts in the blocks
	data        []byte // behind the qualifier
}

// walk goes through the blocks of a frame. Blocks are padded to an even length
// (DCP-UC-PDU, DCP-MC-PDU); a get request lists options only.
type walk struct {
	b       []byte
	pos     int
	service byte
	answer  bool
	bad     string
}

func (w *walk) next(k *block) bool {
	left := w.b[min(w.pos, len(w.b)):]
	head := 4
	if w.service == serviceGet && !w.answer {
		head = 2
	}
	if len(left) == 0 {
		return false
	}
	if len(left) < head {
		w.bad = "DCP block shorter than its header"
		return false
	}
	*k = block{option: left[0], sub: left[1], at: w.pos}
	if head == 2 {
		w.pos += 2
		return true
	}
	n := int(binary.BigEndian.Uint16(left[2:]))
	if n > len(left)-head {
		w.bad = "DCP block longer than the message"
		return false
	}
	k.data = left[head : head+n : head+n]
	if w.qualified(k) {
		if n < 2 {
			w.bad = "DCP block without its qualifier"
			return false
		}
		k.qualifier, k.data = binary.BigEndian.Uint16(k.data), k.data[2:]
	}
	w.pos += head + n + n&1
	return true
}

// qualified tells whether the data begin with a qualifier or information: those
// of filters and of results do not.
func (w *walk) qualified(k *block) bool {
	switch {
	case w.service == serviceIdentify && !w.answer:
		return false
	case w.answer && k.option == optionControl && k.sub == controlResponse:
		return false
	}
	return true
}

// object names what a block is about. A name that is looked for or given is part
// of it: another name is another thing to do.
func (k *block) object() firedoor.Object {
	o := firedoor.Object{Space: &blocks, At: [4]uint32{uint32(k.option), uint32(k.sub)}}
	if k.option == optionDevice && (k.sub == deviceName || k.sub == deviceAlias) {
		o.Text = cut(k.data)
	}
	return o
}

// values gives the numbers of a block.
func (k *block) values() firedoor.Values {
	u16, u32 := firedoor.U16, firedoor.U32
	switch {
	case len(k.data) == 0:
	case k.option == optionIP && (k.sub == ipParameter || k.sub == ipSuite):
		return firedoor.Values{Type: u32, Count: len(k.data) / 4, Raw: k.data}
	case k.option == optionDevice && k.sub == deviceID, k.option == optionControl && k.sub == controlSignal,
		k.option == optionInitiative:
		return firedoor.Values{Type: u16, Count: len(k.data) / 2, Raw: k.data}
	case k.option == optionDevice && k.sub == deviceRole && len(k.data) > 0:
		return firedoor.Values{Type: firedoor.U8, Count: 1, Raw: k.data[:1]}
	}
	return firedoor.Values{}
}

// lasting tells whether a set is to outlive a restart (coding of BlockQualifier).
func (k *block) lasting() bool {
	return k.option != optionControl && k.qualifier&1 == 1
}

// verb says what setting a block does to the device.
func (k *block) verb() firedoor.Verb {
	if k.option != optionControl {
		return firedoor.VerbConfigure
	}
	switch k.sub {
	case controlStart, controlEnd:
		return firedoor.VerbSession
	case controlSignal:
		return firedoor.VerbControl
	}
	return firedoor.VerbConfigure // reset to factory: name and address are gone
}
