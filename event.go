package firedoor

// Direction tells who sent the bytes at hand.
type Direction uint8

// The two directions of a flow. What is sent to a group of Ethernet and in one-way
// datagram protocols is FromClient.
const (
	FromClient Direction = iota
	FromServer
)

// Other returns the opposite direction.
func (d Direction) Other() Direction { return d ^ 1 }

// EventKind names the member of Event that is set.
type EventKind uint8

// The event vocabulary. Expect and HandOver are requests to whoever runs the
// parser; nothing learns or judges them.
const (
	EventOperation EventKind = iota + 1
	EventSample
	EventIdentity
	EventLookup
	EventLogin
	EventFileTransfer
	EventEncrypted
	EventMalformed
	EventExpect
	EventHandOver
)

var eventNames = [...]string{"", "operation", "sample", "identity", "lookup", "login",
	"file-transfer", "encrypted", "malformed", "expect", "hand-over"}

// String is the word used in files and tests.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// Event is what a parser says. It is borrowed: the Event, what it points to and
// every slice in it are valid only until emit returns, so a parser reuses one
// of each and a receiver copies what it keeps. Exactly the member named by Kind
// is set.
type Event struct {
	Kind         EventKind
	Operation    *Operation
	Sample       *Sample
	Identity     *Identity
	Lookup       *Lookup
	Login        *Login
	FileTransfer *FileTransfer
	Encrypted    *Encrypted
	Malformed    *Malformed
	Expect       *Expect
	HandOver     *HandOver
}

// Sample is unsolicited or cyclic process data: values nobody asked for with a
// request of its own (CIP class 1, PROFINET RT, reports).
type Sample struct {
	Protocol string // static; "" is the flow's protocol
	Function string // static words, e.g. "class 1 input"
	Code     uint32
	HasUnit  bool
	Unit     uint32
	Object   Object
	Values   Values
	Texts    [][]byte // as of Operation
}

// Lookup is a name that was asked for or announced on the way to a peer.
type Lookup struct {
	Kind    string // static: "dns", "mdns", "nbns", "tls-sni", "http-host"
	Name    []byte
	Answer  IP     // zero while it is only a question
	Outcome string // static: "" (question), "ok", "no-such-name", ...
}

// Login is an attempt to authenticate. It never carries a secret: Secret is
// only a salted fingerprint, zero when none was sent.
type Login struct {
	User    []byte
	Outcome string // static: "", "ok", "failed"
	Secret  uint64
}

// FileTransfer is a file, block, program or firmware on its way: told when it
// begins and again, with Done set, when it ends.
type FileTransfer struct {
	Protocol string // static; "" is the flow's protocol
	Name     []byte
	Kind     string // static: "file", "block", "program", "project", "firmware"; "" is "file"
	Unit     uint32 // whose it is of those behind the server's address, as of operations
	HasUnit  bool
	Upload   bool  // towards the client (theft) instead of towards the server
	Bytes    int64 // of content so far
	Done     bool  // the protocol said that it is complete
	// Whole: from the first byte to the last nothing was missed, and Sum is the
	// SHA-256 of the content in its order. Only ever set together with Done.
	Whole bool
	Sum   [32]byte
}

// Encrypted says that from here on the content cannot be read.
type Encrypted struct {
	Protocol string // static: "tls", ...
	Version  string // static: "1.3", ...
	// Inside is the protocol that is presumably sealed in it and By what says so, both
	// static and empty where the parser knows nothing. Told again when more is known.
	Inside, By string
}

// Malformed says that bytes broke the rules of their protocol. Reason is
// static text, so that hostile input cannot make us allocate or print it.
type Malformed struct {
	Protocol string // static; "" is the flow's protocol
	Reason   string
	Offset   int // in the bytes at hand
	// Lost: nobody knows where the next message begins, or what stood here (protocol.Guarded). Set
	// by the runner, and by a parser of which what it says decides what passes.
	Lost bool
}

// Expect announces a related flow. Zero members match anything.
type Expect struct {
	Protocol   string // static name of a registered protocol
	UDP        bool
	ServerIP   IP // zero: this flow's server
	ServerPort uint16
	ClientIP   IP // zero: this flow's client
	ClientPort uint16
	// Here: at the port of this flow's server, which a parser does not know; nothing is
	// announced where this flow is on another transport.
	Here bool
	// State is handed to the new parser if it is a Receiver. A parser that
	// expects several flows gives each its own value.
	State any
}

// HandOver gives the rest of the stream, from the first byte not consumed, to
// another protocol in both directions.
type HandOver struct {
	Protocol string // static name of a registered protocol
	State    any    // handed to the new parser if it is a Receiver
}
