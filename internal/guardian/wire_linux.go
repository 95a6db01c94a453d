package guardian

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"firedoor/internal/datapath"
)

// Kind says what a message between the processes is.
type Kind uint8

// Messages. Each is a kind, three zero bytes, the length of its body, and the body.
const (
	KindOrder   Kind = iota + 1 // to a worker: MTU (uint32) and what control wrote for it
	KindBegin                   // to a worker: it is its turn (Turn)
	KindEnd                     // to a worker: end after the frame at hand; of a worker: it has
	KindReady                   // of a worker: number (uint32) of the order by which it judges, or will when it begins
	KindTold                    // of a worker, for control
	KindPace                    // of a worker: how long frames took (Pace)
	KindRequest                 // of control (Request)
	KindReply                   // to control (Reply)
	KindHello                   // to control (Hello)
	KindEvent                   // to control (Event)
	KindReport                  // to control: a frame that the kernel dropped (datapath.Report)
	lastKind
)

// Limits of messages. One that is longer ends the connection, and so the process at its other
// end.
const (
	MaxMessage  = 128 << 20 // a policy and its tables
	MaxTold     = 1 << 20   // of a worker
	headSize    = 8
	writeWithin = 2 * time.Second // a process that does not read that long is ended
)

// Link is one end of a connection between two processes. Send may be called from
// anywhere, Receive from one goroutine.
type Link struct {
	conn   net.Conn
	most   int
	paused atomic.Bool

	mu   sync.Mutex
	head [headSize]byte
	in   []byte
}

// NewLink takes over a connection; most is how long a message may be that comes in.
func NewLink(conn net.Conn, most int) *Link { return &Link{conn: conn, most: most} }

// Send sends a message of parts that are put together.
func (l *Link) Send(kind Kind, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > MaxMessage {
		return fmt.Errorf("a message of %d bytes: at most %d", n, MaxMessage)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	b := make([]byte, headSize, headSize+n)
	b[0] = byte(kind)
	binary.LittleEndian.PutUint32(b[4:], uint32(n))
	for _, p := range parts {
		b = append(b, p...)
	}
	_, err := l.conn.Write(b)
	return err
}

// SendJSON sends a value.
func (l *Link) SendJSON(kind Kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.Send(kind, b)
}

// errPaused is that somebody wants to stop listening for a while.
var errPaused = errors.New("paused")

// Pause makes Receive end with errPaused between two messages.
func (l *Link) Pause() {
	l.paused.Store(true)
	_ = l.conn.SetReadDeadline(time.Unix(1, 0)) // a connection that is closed ends Receive too
}

// Resume ends a pause.
func (l *Link) Resume() {
	l.paused.Store(false)
	_ = l.conn.SetReadDeadline(time.Time{})
}

// fill reads all of b. Within a message a pause waits.
func (l *Link) fill(b []byte, within bool) error {
	for n := 0; n < len(b); {
		k, err := l.conn.Read(b[n:])
		n += k
		if err == nil || n == len(b) {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if n == 0 && !within {
			return errPaused
		}
		if err := l.conn.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// Receive waits for the next message. Its body is borrowed until the next one.
func (l *Link) Receive() (Kind, []byte, error) {
	if l.paused.Load() {
		return 0, nil, errPaused
	}
	if err := l.fill(l.head[:], false); err != nil {
		return 0, nil, err
	}
	kind, n := Kind(l.head[0]), int64(binary.LittleEndian.Uint32(l.head[4:]))
	if kind == 0 || kind >= lastKind || n > int64(l.most) {
		return 0, nil, fmt.Errorf("a message of kind %d and %d bytes cannot be: at most %d", kind, n, l.most)
	}
	if int64(cap(l.in)) < n || cap(l.in) > 1<<20 && n < 1<<16 { // a large one is not kept for small ones
		l.in = make([]byte, n)
	}
	l.in = l.in[:n]
	return kind, l.in, l.fill(l.in, true)
}

// file gives the connection as a file of its own.
func (l *Link) file() (*os.File, error) {
	c, ok := l.conn.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, errors.New("a connection that is no file")
	}
	return c.File()
}

// Close ends the connection.
func (l *Link) Close() error { return l.conn.Close() }

// Request is what control wants. What says which other members count.
type Request struct {
	ID   uint64
	What string // one of those below

	Number   uint32           `json:",omitempty"` // set: of the order; forget: a generation
	Order    json.RawMessage  `json:",omitempty"` // set: for workers, handed on as it is
	Tables   *datapath.Tables `json:",omitempty"` // set: for the kernel
	Conduits []Conduit        `json:",omitempty"` // set: of the order
	Held     *datapath.Held   `json:",omitempty"` // hold
	On       bool             `json:",omitempty"` // bypass
	Client   netip.Addr       `json:",omitzero"`  // unbar
	PID      int32            `json:",omitempty"` // login
}

// What control wants.
const (
	WantSet     = "set"     // bring an order and tables into force
	WantHold    = "hold"    // quarantine a place at once
	WantBypass  = "bypass"  // let everything pass, or judge again
	WantUpgrade = "upgrade" // run the program that lies now where this one came from
	WantForget  = "forget"  // drop the counters of the generation Number
	WantLook    = "look"    // tell how all is (Look)
	WantUnbar   = "unbar"   // have workers judge Client again
	WantLosses  = "losses"  // tell who lost frames since the last time
	WantLogin   = "login"   // tell who logged in before he became the user of a process
)

// Reply is the answer to a request.
type Reply struct {
	ID    uint64
	Error string          `json:",omitempty"`
	Look  *Look           `json:",omitempty"`
	Lost  []datapath.Lost `json:",omitempty"`
	Turn  uint32          `json:",omitempty"` // with Lost, as datapath.Datapath.Losses has it
	Login uint32          `json:",omitempty"` // 0: nobody did, or root
	Program
}

// Program is the one that is to take over, which a process without rights cannot read.
type Program struct {
	File   string `json:",omitempty"`
	SHA256 string `json:",omitempty"` // in hexadecimal digits
}

// Hello is what a control process is told first: what is in force, where an earlier one left
// something.
type Hello struct {
	Number uint32          `json:",omitempty"` // of the order in force; 0: nothing is
	Order  json.RawMessage `json:",omitempty"`
	Bypass bool            `json:",omitempty"`
	Starts int             // of control, with this one
}

// Event is something that happened, for people.
type Event struct {
	Time   time.Time `json:"time"`
	What   string    `json:"what"`             // a word: "worker-ended", "shed", ...
	Name   string    `json:"name,omitempty"`   // of a conduit
	Client string    `json:"client,omitempty"` // an address
	Text   string    `json:"text"`
}

// Look is how all is.
type Look struct {
	Inside, Outside string
	Generation      uint32
	Number          uint32
	Bypass          bool
	Active          bool
	Standby         bool // somebody stands by and is ready
	Silent          time.Duration
	Workers         int // started so far
	Controls        int // control processes started so far
	Upgrades        int // of the program, so far
	Shed            []Shed
	Barred          []Barred
	Lost            uint64
	NoLink, Taken   []string // ports without a link, and those that are down for that
	Amiss           []string // what else became of ports
	Counters        []datapath.Explained
	Totals          datapath.Totals
}

// read reads a body strictly.
func read[T any](body []byte) (v T, err error) {
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("a message that cannot be read: %w", err)
	}
	return v, nil
}
