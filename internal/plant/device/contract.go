package device

import (
	"errors"
	"net/netip"
)

// Server is what stands behind one TCP port.
type Server interface {
	// Accept takes a connection from peer; nil refuses it (the caller resets).
	Accept(peer netip.Addr) Session
}

// Session is one connection of a server.
type Session interface {
	// Receive takes bytes as they come, however they are cut, and appends what
	// the device answers to out. now is in nanoseconds since 1970. An incomplete
	// message is kept, up to the protocol's largest. keep is false when the
	// device closes the connection once the answer is sent.
	Receive(now int64, b, out []byte) (answer []byte, keep bool)
	// Close tells that the connection is gone, also after Receive wanted that. It
	// must be called, or the place is taken for ever; twice does no harm.
	Close()
}

// Datagrams is what stands behind one UDP port. Receive appends the answer to
// out; an answer of no bytes is none.
type Datagrams interface {
	Receive(now int64, from netip.AddrPort, b, out []byte) []byte
}

// Cyclic is something that sends by itself, without being asked.
type Cyclic interface {
	// Next is when something is due, in nanoseconds since 1970; Never when
	// nothing is planned.
	Next(now int64) (due int64)
	// Produce hands out every datagram that is due at now. The bytes are borrowed.
	Produce(now int64, out func(to netip.AddrPort, b []byte))
}

// Never is the time of what is not planned.
const Never = int64(1<<63 - 1)

// Verb is what a client is to do, without the protocol's words.
type Verb uint8

// Verbs of a Request. Which protocol knows which is told by ErrUnsupported.
const (
	// Read reads Points; the reply has Values in their order.
	Read Verb = iota + 1
	// Write writes Values to Points.
	Write
	// Identify asks who the device is; the reply has Texts.
	Identify
	// Stop stops the controller's program.
	Stop
	// Start starts it (S7: warm restart; CIP: run).
	Start
	// Mode sets the controller to the mode in Code: 0 program, 1 run.
	Mode
	// Download loads Program into the controller as Block and makes it part of
	// the running program.
	Download
	// Upload fetches Block; the reply has it in Data.
	Upload
	// ListBlocks asks what the program consists of (S7: blocks; CIP: tags); the
	// reply has Texts.
	ListBlocks
	// ReadClock asks the time; the reply has it in Time.
	ReadClock
	// SetClock sets it to Time.
	SetClock
	// Raw sends Data with the protocol's function Code as they are: what scanners
	// do. The reply has the answer's bytes in Data, and is OK unless the device
	// refused. See each client for the shape.
	Raw
	// Connect opens cyclic exchange (CIP class 1); Disconnect ends it.
	Connect
	// Disconnect ends what Connect began.
	Disconnect
)

var verbNames = [...]string{
	"", "read", "write", "identify", "stop", "start", "mode", "download", "upload",
	"list blocks", "read clock", "set clock", "raw", "connect", "disconnect",
}

// String is the verb in words.
func (v Verb) String() string {
	if int(v) < len(verbNames) {
		return verbNames[v]
	}
	return "unknown"
}

// Area is where in a controller's memory a point lies.
type Area uint8

// The areas of all protocols.
const (
	Coil     Area = iota + 1 // Modbus, 1 bit, read and write
	Discrete                 // Modbus, 1 bit, read only
	Holding                  // Modbus, 16 bits, read and write
	Register                 // Modbus input registers, 16 bits, read only
	Block                    // S7 data block Number
	Inputs                   // S7 process inputs
	Outputs                  // S7 process outputs
	Flags                    // S7 flags (M)
	Tag                      // CIP symbol Name
)

// Point is the address of one Value as a client needs it, for any protocol.
type Point struct {
	Area    Area
	Number  uint16 // S7: the data block
	Address uint32 // Modbus: register or coil counted from 0; S7: byte
	Bit     uint8  // S7: 0 to 7 where Kind is Bool
	Name    string // CIP: the tag
	Kind    Kind
	Scale   float64 // raw = round(engineering*Scale) for integer kinds; 0 is 1
}

// Request is one thing to ask. Its slices are borrowed until the reply is there.
type Request struct {
	Verb    Verb
	Code    uint8 // Raw: the protocol's function; Mode: see there
	Points  []Point
	Values  []float64
	Block   string // S7: "OB1", "DB12"; CIP: file name
	Program []byte
	Data    []byte
	Time    int64 // ns since 1970
}

// Reply is what became of a request. Its slices belong to the client and are
// good until the next call.
type Reply struct {
	Request Request
	OK      bool
	Error   string // the protocol's words for a refusal, static text
	Code    uint32 // the protocol's number for it
	Values  []float64
	Data    []byte
	Texts   []string
	Time    int64
}

// Client speaks one connection's protocol: what to send on opening, what an
// answer means. It knows no time: who waits too long calls Abandon, or closes
// the connection and takes a new client.
type Client interface {
	// Open appends what is said first once the connection stands; may be nothing.
	Open(out []byte) []byte
	// Ready tells that the session is set up and nothing is being asked.
	Ready() bool
	// Ask appends the first message of a request. One request at a time.
	Ask(r Request, out []byte) ([]byte, error)
	// Receive takes bytes however cut. It may have more to say by itself (set-up,
	// the next part of a long request): that is appended to out. An error means
	// that the other side does not speak the protocol or refused the session:
	// close the connection.
	Receive(b, out []byte) (answer []byte, replies []Reply, err error)
	// Abandon forgets the request under way; its answer, if it comes, is ignored.
	Abandon()
}

// Errors of clients.
var (
	// ErrBusy: a request is under way, or the session is not set up.
	ErrBusy = errors.New("device: not ready for a request")
	// ErrUnsupported: the protocol has no such verb, area or kind.
	ErrUnsupported = errors.New("device: the protocol cannot do that")
	// ErrRequest: the request contradicts itself, or is too large for the protocol.
	ErrRequest = errors.New("device: a request that makes no sense")
	// ErrProtocol: the other side sent what no peer of this protocol sends.
	ErrProtocol = errors.New("device: the peer does not speak the protocol")
	// ErrRefused: the other side refuses the session, or a machine an order.
	ErrRefused = errors.New("device: refused")
)
