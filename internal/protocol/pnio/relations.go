package pnio

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits of what two stations settle. What is behind them is not kept, and frames
// of it are told as they stand.
const (
	maxRelations = 8    // between two stations; those that nobody agreed to, or that ended, make room
	maxChannels  = 4    // of a relation: one each way, and some to spare
	maxParts     = 1024 // submodules in all frames of two stations
	maxExpected  = 1024 // submodules that a connect describes
)

// relations is what two stations settled by context management on UDP: which
// submodule's data stand where in their cyclic frames. It is plain data.
type relations struct {
	List  []relation
	parts [2]wire.RPCParts `snapshot:"-"` // of messages under way, by side
	views [2]view          `snapshot:"-"`
}

// relation is an application relation (AR). It holds once the device agreed, and
// behind its end too: frames that are still sent are laid out as they were.
type relation struct {
	UUID     wire.UUID
	Side     int // of who connects
	Agreed   bool
	Ended    bool
	Channels []channel
}

// channel is a communication relation (IOCR): the frames of one way.
type channel struct {
	Kind      uint16
	Reference uint16
	ID        uint16 // frame id
	Length    int    // of the data, with all status and padding
	Known     bool   // how long each part is, and that it fits
	HasData   bool
	Parts     []part
}

// part is a submodule's share of a frame: data, and behind them the provider's status.
type part struct {
	API           uint32
	Slot, Subslot uint16
	At, Size      uint16
	Status        uint8 // bytes of status; 0 is none
	Known         bool
	Safety        bool // F-Parameters were written to the submodule
}

// Kinds of communication relation.
const (
	inputCR  = 1 // from the device
	outputCR = 2
)

// Operations that settle something.
const (
	opConnect = 0
	opRelease = 1
	opWrite   = 3
)

var beside = protocol.Beside{Concerns: concerns, New: func() protocol.Listener { return &relations{} }}

// concerns tells whether a datagram is a connect or its answer, a release, or a
// record that is written. It is asked of every datagram.
func concerns(b []byte) bool {
	if len(b) < wire.RPCHeader || b[0] != 4 || b[1] != wire.RPCRequest && b[1] != wire.RPCResponse {
		return false
	}
	var m wire.RPC
	if !m.Read(b) || !wire.ProfinetInterface(&m.Interface) {
		return false
	}
	return m.Opnum == opConnect || m.Kind == wire.RPCRequest && (m.Opnum == opRelease || m.Opnum == opWrite)
}

// Hear takes a datagram that concerns the two stations, sent by a side.
func (r *relations) Hear(side int, b []byte) {
	var m wire.RPC
	if !m.Read(b) || m.Short {
		return
	}
	body := r.parts[side].Join(&m)
	if len(body) < wire.ProfinetArguments {
		return
	}
	blocks := body[wire.ProfinetArguments:]
	if n := m.U32(body[4:]); int64(n) < int64(len(blocks)) {
		blocks = blocks[:n]
	}
	switch {
	case m.Kind == wire.RPCResponse:
		if m.U32(body) == 0 {
			r.agree(side, blocks)
		}
	case m.Opnum == opConnect:
		r.connect(side, blocks)
	case m.Opnum == opRelease:
		r.release(blocks)
	default:
		r.wrote(blocks)
	}
	if m.Part {
		r.parts[side] = wire.RPCParts{} // it comes once in months
	}
}

// For gives the parser of the stations' frames its view.
func (r *relations) For(client int) any {
	r.views[client] = view{of: r, client: client}
	return &r.views[client]
}

// view is what a parser sees of what was settled, knowing senders by direction.
type view struct {
	of     *relations
	client int // its side
}

// channel finds what a frame carries; nil if nobody settled it, or otherwise than the
// frame is.
func (v *view) channel(dir firedoor.Direction, id uint16, length int) *channel {
	if v == nil {
		return nil
	}
	side := v.client ^ int(dir)
	for i := range v.of.List {
		r := &v.of.List[i]
		if !r.Agreed {
			continue
		}
		for k := range r.Channels {
			c := &r.Channels[k]
			if c.ID == id && c.Length == length && c.Known && c.HasData && r.sender(c) == side {
				return c
			}
		}
	}
	return nil
}

// sender is the side that sends a channel's frames.
func (r *relation) sender(c *channel) int {
	if c.Kind == outputCR {
		return r.Side
	}
	return 1 - r.Side
}

// agree takes the answer of the device on a side: it chooses the frame ids of outputs. What was
// settled before for the same frames is no more.
func (r *relations) agree(side int, blocks []byte) {
	at := -1
	w := wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		switch {
		case kind == blockARReply && len(b) >= relationUUIDAt+16:
			if at = r.find(b[relationUUIDAt:], false); at >= 0 && r.List[at].Side == side {
				return
			}
		case kind == blockIOCRReply && len(b) >= iocrReplySize && at >= 0:
			r.List[at].number(be.Uint16(b[6:]), be.Uint16(b[8:]), be.Uint16(b[10:]))
		}
	}
	if at < 0 {
		return
	}
	agreed := r.List[at]
	agreed.Agreed = true
	kept := r.List[:0]
	for i := range r.List {
		if old := r.List[i]; old.UUID != agreed.UUID {
			old.yield(&agreed)
			kept = append(kept, old)
		}
	}
	r.List = append(kept, agreed)
}

// number gives a channel its frame id.
func (r *relation) number(kind, reference, id uint16) {
	for i := range r.Channels {
		if c := &r.Channels[i]; c.Kind == kind && c.Reference == reference {
			c.ID = id
		}
	}
}

// yield takes away the channels whose frames are another relation's now.
func (r *relation) yield(to *relation) {
	if !r.Agreed {
		return
	}
	for i := range r.Channels {
		for k := range to.Channels {
			if c, o := &r.Channels[i], &to.Channels[k]; c.ID == o.ID && r.sender(c) == to.sender(o) {
				c.Known = false
			}
		}
	}
}

// find gives the place of a relation, -1 if it is not known.
func (r *relations) find(uuid []byte, agreed bool) int {
	for i := range r.List {
		if r.List[i].Agreed == agreed && string(r.List[i].UUID[:]) == string(uuid[:16]) {
			return i
		}
	}
	return -1
}

// release ends a relation.
func (r *relations) release(blocks []byte) {
	w := wire.ProfinetBlocks{B: blocks}
	kind, b := w.Next()
	if kind != blockRelease || len(b) < relationUUIDAt+16 {
		return
	}
	if i := r.find(b[relationUUIDAt:], true); i >= 0 {
		r.List[i].Ended = true
	}
}

// wrote looks for F-Parameters among records that are written: the submodule that
// they are for speaks PROFIsafe.
func (r *relations) wrote(blocks []byte) {
	if len(blocks) < wire.ProfinetRecord || be.Uint16(blocks) != wire.ProfinetWrite {
		return
	}
	b := blocks
	if be.Uint16(b[wire.ProfinetRecordIndexAt:]) == wire.ProfinetMultipleWrite {
		b = b[wire.ProfinetRecord:]
	}
	w := wire.ProfinetRecords{B: b, Want: wire.ProfinetWrite, Data: true}
	for head, data := w.Next(); head != nil; head, data = w.Next() {
		if i := r.find(head[wire.ProfinetRecordUUIDAt:], true); i >= 0 && !w.Bad && wire.IsProfisafe(data) {
			r.List[i].safe(be.Uint32(head[wire.ProfinetRecordAPIAt:]), be.Uint16(head[wire.ProfinetRecordSlotAt:]), be.Uint16(head[wire.ProfinetRecordSlotAt+2:]))
		}
	}
}

func (r *relation) safe(api uint32, slot, subslot uint16) {
	for i := range r.Channels {
		for k := range r.Channels[i].Parts {
			if p := &r.Channels[i].Parts[k]; p.API == api && p.Slot == slot && p.Subslot == subslot {
				p.Safety = true
			}
		}
	}
}

var be = binary.BigEndian
