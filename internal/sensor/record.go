package sensor

import (
	"bytes"

	"firedoor"
	"firedoor/internal/recovery"
)

// recordKind says what a lane hands to the merge stage.
type recordKind uint8

const (
	recSight     recordKind = iota + 1 // a sender, at its first packet in this lane or with another MAC
	recFact                            // an identity
	recTalk                            // a conversation, at its first flow and when a device at its ends changes
	recStatement                       // an operation asked for the first time
	recOutside                         // a written value outside what was learned
	recMalformed
	recRefused // what became of a change that was told, where it was not simply done
	recFull    // a limit was hit
	recMoved   // a program, a block or a file began or ended its way
	recTick    // traffic time went on
)

// record is what crosses from a lane to the folds over the whole site: novelty
// only, so that polling costs nothing here. It owns all it points to.
type record struct {
	place
	kind recordKind

	learning bool
	fresh    bool // recTalk: the conversation was not known
	first    bool // recStatement: the conversation's first use of this verb since learning
	covered  bool // recStatement: within learned ranges
	outside  bool // recRefused: of a value outside, not of a new statement
	again    bool // recRefused: the statement had another outcome before
	returns  bool // its protocol's frames come back to their sender
	routed   bool // recSight: told by what the sender forwards, not by ARP
	time     int64
	frames   [2]firedoor.FrameRef // the frame, and the one where the flow began (or zero)
	client   firedoor.Endpoint    // or the subject
	server   firedoor.Endpoint
	protocol string
	spoken   string // recTalk: the protocol that tells what the ends are for, or ""
	reason   string
	fact     *firedoor.Identity
	op       *firedoor.Operation
	moved    *firedoor.FileTransfer
	got      float64
	low      float64
	high     float64
}

// keep copies a borrowed operation: its numbers, its text, its first values.
// The copies lie end to end and go with the epoch.
func (o *output) keep(op *firedoor.Operation) *firedoor.Operation {
	o.ops = append(o.ops, *op)
	c := &o.ops[len(o.ops)-1]
	c.Refusals, c.Texts = nil, nil
	c.Object.Text = o.bytes(op.Object.Text)
	if op.Values.Type != firedoor.NoValue {
		c.Values.Raw = o.bytes(op.Values.Raw[:min(len(op.Values.Raw), maxKept)])
	} else {
		c.Values.Raw = nil
	}
	return c
}

// maxKept is how many bytes of an operation's values are kept.
const maxKept = 256

// bytes copies b behind what was copied before.
func (o *output) bytes(b []byte) []byte {
	from := len(o.copies)
	o.copies = append(o.copies, b...)
	return o.copies[from:len(o.copies):len(o.copies)]
}

func keepTransfer(f *firedoor.FileTransfer) *firedoor.FileTransfer {
	c := *f
	c.Name = bytes.Clone(f.Name[:min(len(f.Name), recovery.MaxName)])
	return &c
}

func keepIdentity(id *firedoor.Identity) *firedoor.Identity {
	c := *id
	c.Value = bytes.Clone(id.Value)
	return &c
}

// lineEnd marks one finished event line in a shard's output.
type lineEnd struct {
	place
	end int
}

// output is what a shard made of one epoch, in the order of places.
type output struct {
	records []record
	ops     []firedoor.Operation // what records point to
	copies  []byte               // and their text and values
	lines   []byte
	ends    []lineEnd
	traffic []traffic // of flows that ended
}

func (o *output) reset() {
	clear(o.records)
	o.records, o.ops, o.copies = o.records[:0], o.ops[:0], o.copies[:0]
	o.lines, o.ends, o.traffic = o.lines[:0], o.ends[:0], o.traffic[:0]
}

// traffic is the packets one end sent in a flow that is over.
type traffic struct {
	place
	learning    bool
	returns     bool
	end         firedoor.Endpoint
	first, last int64
	packets     uint64
	bytes       uint64
}
