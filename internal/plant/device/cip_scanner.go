package device

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor/internal/plant"
)

// CIPScan describes cyclic exchange with one adapter.
type CIPScan struct {
	Peer netip.Addr // the adapter
	// Configuration, Output and Input are the numbers of the adapter's
	// assemblies: what is sent to it goes to Output.
	Configuration, Output, Input uint8
	// Out are sent, In take what comes.
	Out, In  []*Value
	Interval time.Duration // between two datagrams of either side; 0 is 100 ms
	// Originator is the serial number of the scanning device, Serial the number
	// of the connection.
	Originator uint32
	Serial     uint16
}

// CIPScanner is a client (outside of connections, as NewCIPTool) that can open a
// cyclic connection with the verb Connect and close it with Disconnect. While it
// stands the scanner produces (Cyclic) and takes what comes (Consumer).
type CIPScanner struct {
	*CIPClient
	scan       CIPScan
	io         plant.CIPConnection
	out, in    CIPAssembly
	up         bool
	due, heard int64
	sequence   uint32
	packed     []byte // output data in the making
	datagram   []byte
}

// NewCIPScanner returns a scanner of one adapter.
func NewCIPScanner(s CIPScan) *CIPScanner {
	if s.Interval <= 0 {
		s.Interval = 100 * time.Millisecond
	}
	c := &CIPScanner{CIPClient: NewCIPTool(), scan: s, out: CIPAssembly{Values: s.Out}, in: CIPAssembly{Values: s.In}}
	c.io = plant.CIPConnection{
		ToOriginator: 0x30520000 | uint32(s.Serial), Serial: s.Serial, Vendor: 1, Originator: s.Originator, Class: 1,
		SizeToTarget:     uint16(c.out.size() + cipSequence + cipRunIdle),
		SizeToOriginator: uint16(c.in.size() + cipSequence),
		Interval:         uint32(s.Interval / time.Microsecond),
		Path:             []byte{0x20, cipAssembly, 0x24, s.Configuration, 0x2c, s.Output, 0x2c, s.Input},
	}
	return c
}

// Ask implements Client.
func (c *CIPScanner) Ask(r Request, out []byte) ([]byte, error) {
	if r.Verb != Connect && r.Verb != Disconnect {
		return c.CIPClient.Ask(r, out)
	}
	if !c.Ready() {
		return out, ErrBusy
	}
	c.begin(r)
	if r.Verb == Connect {
		asked := c.io
		asked.ToTarget = 0 // the target chooses
		c.message = asked.Open(c.message[:0])
	} else {
		c.up = false
		c.message = c.io.Close(c.message[:0])
	}
	return c.send(out), nil
}

// Receive implements Client.
func (c *CIPScanner) Receive(b, out []byte) ([]byte, []Reply, error) {
	out, replies, err := c.CIPClient.Receive(b, out)
	for i := range replies {
		if replies[i].Request.Verb == Connect && replies[i].OK {
			d := replies[i].Data
			if len(d) < 4 {
				return out, replies, ErrProtocol
			}
			c.io.ToTarget = binary.LittleEndian.Uint32(d)
			c.up, c.due, c.sequence = true, 0, 0
		}
	}
	return out, replies, err
}

// Connected tells whether cyclic exchange stands.
func (c *CIPScanner) Connected() bool { return c.up }

// timeouts is how many intervals without data end the connection: the
// multiplier that plant.CIPConnection asks for.
const timeouts = 8

// Next implements Cyclic.
func (c *CIPScanner) Next(now int64) int64 {
	if !c.up {
		return Never
	}
	if c.due == 0 { // it has just been opened
		c.due, c.heard = now+int64(c.scan.Interval), now
	}
	return c.due
}

// Produce implements Cyclic. Where the adapter has been silent for eight
// intervals the exchange ends.
func (c *CIPScanner) Produce(now int64, out func(to netip.AddrPort, b []byte)) {
	if c.Next(now) > now {
		return
	}
	if now-c.heard > timeouts*int64(c.scan.Interval) {
		c.up = false
		return
	}
	c.sequence++
	c.packed = c.out.append(append(c.packed[:0], 1, 0, 0, 0)) // run
	c.datagram = plant.ClassIO(c.datagram[:0], c.io.ToTarget, c.sequence, c.packed)
	out(netip.AddrPortFrom(c.scan.Peer, plant.PortIO), c.datagram)
	if c.due += int64(c.scan.Interval); c.due <= now {
		c.due = now + int64(c.scan.Interval)
	}
}

// Consumer is UDP port 2222 of the scanner.
func (c *CIPScanner) Consumer() Datagrams { return cipScanned{c} }

type cipScanned struct{ c *CIPScanner }

// Receive implements Datagrams.
func (s cipScanned) Receive(now int64, from netip.AddrPort, b, out []byte) []byte {
	id, data, ok := classIO(b)
	c := s.c
	if !ok || !c.up || id != c.io.ToOriginator || from.Addr() != c.scan.Peer || len(data) != c.in.size() {
		return out
	}
	c.heard = now
	c.in.take(data)
	return out
}
