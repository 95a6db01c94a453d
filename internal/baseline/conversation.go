package baseline

import (
	"slices"
	"unsafe"

	"firedoor"
	"firedoor/internal/near"
)

// Pair names a conversation: who asks whom in which protocol. Client and server
// are IP addresses, or MAC addresses in the low word where there is no IP.
// Port is the server's port where nothing but the port names the protocol.
type Pair struct {
	Client, Server firedoor.IP
	Protocol       string // static, or interned by the caller
	Segment        firedoor.Segment
	Port           uint16
	Transport      uint8 // IP protocol number, 0 without IP
	ToAll          bool  // both ends send to everybody, and are known from each other
}

// Conversation is what was seen of a Pair. Counts are without duplicates;
// Packets and Bytes are by sender, client first.
type Conversation struct {
	Pair
	ClientMAC, ServerMAC firedoor.MAC
	ServerPort           uint16 // as first seen

	// Every operation touches these.
	Learned      bool   // first seen while learning
	Proven       bool   // both ends were seen to speak; set by the caller
	Verbs        uint16 // bit per firedoor.Verb asked
	LearnedVerbs uint16 // those asked while learning
	asked        int32  // statement asked last
	guess        int32  // what followed it last time, -1 when nothing did
	Operations   uint64

	Flows          uint32
	OneWay         uint32 // flows of which one direction was never seen
	Encrypted      uint32 // flows whose content could not be read
	Malformed      uint32
	Errors         uint64
	NoResponse     uint64
	Partial        uint64 // answers whose request was not seen
	Samples        uint64
	Packets, Bytes [2]uint64
	First, Last    int64
	// Ports are further ones of the server at which it was found while learning, in the order
	// of first sight, at most MaxPorts; those beyond are not kept.
	Ports []uint16
	// Rhythm is that of its flow that spoke most of those that nobody could read, or of
	// many short ones together; nil without one.
	Rhythm *Rhythm
	// Inside is what its encrypted flows presumably hold.
	Inside []Inside

	strange uint16 // statements that Covered found to be new
	live    uint32 // flows that still point here
	newest  int32  // head of the chain of statements
}

// Inside is a protocol that is presumably sealed in an encrypted one, and what says
// so: static words, or nothing but the port.
type Inside struct {
	Protocol, By string
	Port         uint16 // where By is ByPort
}

// ByPort is the reason of an Inside that only its port suggests.
const ByPort = "port"

// maxInside is how many statements of what is inside a conversation keeps, those of
// first sight: a pair speaks few protocols.
const maxInside = 4

// Presume notes what an encrypted flow presumably holds.
func (c *Conversation) Presume(in Inside) {
	if len(c.Inside) < maxInside && !slices.Contains(c.Inside, in) {
		c.Inside = append(c.Inside, in)
	}
}

// MaxPorts is how many further ports of a server a conversation keeps: a service that moves does
// so a few times.
const MaxPorts = 16

// FoundAt notes a port of the server.
func (c *Conversation) FoundAt(port uint16) {
	if port != c.ServerPort && len(c.Ports) < MaxPorts && !slices.Contains(c.Ports, port) {
		c.Ports = append(c.Ports, port)
	}
}

// maxSearch is how many rows are looked at for one that can be given up.
const maxSearch = 64

// Converse finds the conversation of a new flow, or admits it (fresh). It
// returns -1 when there is no room, counted in Refused: conversations that
// carried no operation make room for new ones; those learned, in use or with
// operations never do. The caller Leaves it when the flow ends.
func (t *Table) Converse(p *Pair, now int64, learning bool) (conv int32, fresh bool) {
	i, known := t.pairs[*p]
	if !known {
		if i = t.place(); i < 0 {
			t.Refused++
			return -1, false
		}
		t.conversations[i] = Conversation{Pair: *p, First: now, Last: now, Learned: learning, asked: -1, guess: -1, newest: -1}
		t.pairs[*p] = i
	}
	c := &t.conversations[i]
	c.Flows++
	c.live++
	return i, !known
}

// Known tells whether there is a conversation of the pair.
func (t *Table) Known(p *Pair) bool {
	_, known := t.pairs[*p]
	return known
}

// Find is the conversation of the pair, -1 if there is none.
func (t *Table) Find(p *Pair) int32 {
	if i, known := t.pairs[*p]; known {
		return i
	}
	return -1
}

// Near asks the processor for what an operation of a conversation touches first, as one
// is likely to come soon. conv may be -1.
func (t *Table) Near(conv int32) {
	if conv >= 0 {
		near.Line(unsafe.Pointer(&t.conversations[conv].Operations))
	}
}

// Leave says that a flow of the conversation ended.
func (t *Table) Leave(conv int32) {
	if conv >= 0 {
		t.conversations[conv].live--
	}
}

// Conversation gives the row; it is valid until the next Converse.
func (t *Table) Conversation(conv int32) *Conversation { return &t.conversations[conv] }

// Rejoin says that a flow of the conversation goes on: the opposite of Leave.
func (t *Table) Rejoin(conv int32) {
	if conv >= 0 {
		t.conversations[conv].live++
	}
}

// Newest is the statement of a conversation that was admitted last, -1 without any.
func (t *Table) Newest(conv int32) int32 { return t.conversations[conv].newest }

// Conversations is how many there are.
func (t *Table) Conversations() int { return len(t.conversations) }

func (t *Table) place() int32 {
	if len(t.conversations) < t.limits.Conversations {
		t.conversations = append(t.conversations, Conversation{})
		return int32(len(t.conversations) - 1)
	}
	for range min(maxSearch, len(t.conversations)) {
		t.hand++
		if int(t.hand) >= len(t.conversations) {
			t.hand = 0
		}
		c := &t.conversations[t.hand]
		if !c.Learned && c.Operations == 0 && c.Samples == 0 && c.live == 0 {
			delete(t.pairs, c.Pair)
			t.Forgotten++
			return t.hand
		}
	}
	return -1
}
