package guardian

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"firedoor/internal/datapath"
)

// FDLink is the file that a process of the guardian's finds its connection at.
const FDLink = 3

// Client is the guardian as a control process sees it. Its methods may be called from
// anywhere.
type Client struct {
	Hello Hello
	link  *Link
	told  func(worker uint32, body []byte)
	event func(*Event)

	backlog *backlog // of told and event, so that an answer never waits for them

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan *Reply
	reports *Reports
	gone    chan struct{}
	why     error
}

// MaxAnswer is how long control waits for the guardian.
const MaxAnswer = time.Minute

// Connect takes over the connection that a process was started with. told is given what
// workers say, and event what happened, both from a goroutine of their own.
func Connect(told func(worker uint32, body []byte), event func(*Event)) (*Client, error) {
	f := os.NewFile(FDLink, "guardian")
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, errors.New("only a gateway starts this")
	}
	_ = f.Close() // conn has its own
	return ConnectBy(conn, told, event)
}

// ConnectBy is Connect by a connection.
func ConnectBy(conn net.Conn, told func(uint32, []byte), event func(*Event)) (*Client, error) {
	c := &Client{link: NewLink(conn, MaxMessage), told: told, event: event, backlog: newBacklog(), waiting: map[uint64]chan *Reply{}, gone: make(chan struct{})}
	kind, body, err := c.link.Receive()
	if err == nil && kind != KindHello {
		err = errors.New("only a gateway starts this")
	}
	if err == nil {
		c.Hello, err = read[Hello](body)
	}
	if err != nil {
		return nil, err
	}
	go c.listen()
	go c.tell()
	return c, nil
}

// Gone is closed when the guardian is no more.
func (c *Client) Gone() <-chan struct{} { return c.gone }

// Close ends the connection.
func (c *Client) Close() { _ = c.link.Close() }

func (c *Client) listen() {
	for {
		kind, body, err := c.link.Receive()
		if err == nil {
			err = c.hear(kind, body)
		}
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.why = err
			close(c.gone)
			if c.reports != nil {
				c.reports.end()
			}
			return
		}
	}
}

// tell hands on what was heard, in its order.
func (c *Client) tell() {
	for {
		select {
		case <-c.gone:
			return
		case <-c.backlog.wake:
		}
		for _, m := range c.backlog.all() {
			if m.kind == KindTold && len(m.body) >= 4 && c.told != nil {
				c.told(binary.LittleEndian.Uint32(m.body), m.body[4:])
			}
			if e, err := read[Event](m.body); m.kind == KindEvent && err == nil && c.event != nil {
				c.event(&e)
			}
		}
	}
}

// Missed is how much of what was heard had no room to wait.
func (c *Client) Missed() uint64 { return c.backlog.missed() }

func (c *Client) hear(kind Kind, body []byte) error {
	switch kind {
	case KindTold, KindEvent:
		c.backlog.put(kind, body)
	case KindReport:
		return c.hearReport(body)
	case KindReply:
		r, err := read[Reply](body)
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if to := c.waiting[r.ID]; to != nil {
			to <- &r
			delete(c.waiting, r.ID)
		}
	}
	return nil
}

// ask has the guardian do something.
func (c *Client) ask(r Request) (*Reply, error) {
	answer := make(chan *Reply, 1)
	c.mu.Lock()
	c.last++
	r.ID = c.last
	c.waiting[r.ID] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, r.ID)
		c.mu.Unlock()
	}()
	if err := c.link.SendJSON(KindRequest, &r); err != nil {
		return nil, err
	}
	select {
	case reply := <-answer:
		if reply.Error != "" {
			return nil, errors.New(reply.Error)
		}
		return reply, nil
	case <-c.gone:
		return nil, ErrGone
	case <-time.After(MaxAnswer):
		return nil, errors.New("the guardian does not answer")
	}
}

// ErrGone is that the guardian is no more.
var ErrGone = errors.New("the guardian is gone")

// Set brings an order for workers and tables for the kernel into force. conduits are those of the
// order, in the order of their numbers in the tables.
func (c *Client) Set(number uint32, order []byte, tables *datapath.Tables, conduits []Conduit) error {
	_, err := c.ask(Request{What: WantSet, Number: number, Order: json.RawMessage(order), Tables: tables, Conduits: conduits})
	return err
}

// Quarantine holds a place at once.
func (c *Client) Quarantine(held datapath.Held) error {
	_, err := c.ask(Request{What: WantHold, Held: &held})
	return err
}

// SetBypass lets everything pass, or judges again.
func (c *Client) SetBypass(on bool) error {
	_, err := c.ask(Request{What: WantBypass, On: on})
	return err
}

// Unbar has workers judge a client again on whose frames workers died.
func (c *Client) Unbar(client netip.Addr) error {
	_, err := c.ask(Request{What: WantUnbar, Client: client})
	return err
}

// Login is the user who logged in before a process became somebody else's, 0 where nobody did or root.
func (c *Client) Login(pid int32) (uint32, error) {
	r, err := c.ask(Request{What: WantLogin, PID: pid})
	if err != nil {
		return 0, err
	}
	return r.Login, nil
}

// Upgrade has the guardian run the program that lies now where it was started from. Once
// that is sure to work, which it is, all processes are replaced, this one too: farewell from now on.
func (c *Client) Upgrade() (Program, error) {
	r, err := c.ask(Request{What: WantUpgrade})
	if err != nil {
		return Program{}, err
	}
	return r.Program, nil
}

// Look tells how all is.
func (c *Client) Look() (*Look, error) {
	r, err := c.ask(Request{What: WantLook})
	if err != nil {
		return nil, err
	}
	if r.Look == nil {
		return nil, errors.New("the guardian tells nothing")
	}
	return r.Look, nil
}

// Losses gives who lost frames, as datapath.Datapath does. What is lost on the way, because
// this process ends, is told without its pairs.
func (c *Client) Losses() (lost []datapath.Lost, now uint32, err error) {
	r, err := c.ask(Request{What: WantLosses})
	if err != nil {
		return nil, 0, err
	}
	return r.Lost, r.Turn, nil
}

// Generation is that of the tables in force, 0 where it cannot be asked for.
func (c *Client) Generation() uint32 {
	l, err := c.Look()
	if err != nil {
		return 0
	}
	return l.Generation
}

// Forget drops the counters of a generation, as datapath.Datapath does.
func (c *Client) Forget(generation uint32) error {
	_, err := c.ask(Request{What: WantForget, Number: generation})
	return err
}

// Totals gives what came in.
func (c *Client) Totals() (t datapath.Totals, err error) {
	l, err := c.Look()
	if err != nil {
		return t, err
	}
	return l.Totals, nil
}
