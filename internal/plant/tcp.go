package plant

import "encoding/binary"

// TCP flags (RFC 9293, 3.1).
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// MSS is the largest TCP payload of one segment: what Ethernet leaves IPv4. IPv6
// peers use 20 bytes less.
const MSS = 1460

// Windows as a desktop system and a small controller announce them.
const (
	clientWindow = 64240
	serverWindow = 16384
)

// Conn is one TCP connection. What one side sends is acknowledged by the other
// side's next segment, or by a bare ACK when a window is full.
type Conn struct {
	net          *Net
	client       side
	server       side
	mss          int
	cport, sport uint16
}

// side is one end: next is the sequence number it sends next, acked how much
// of it the peer has acknowledged.
type side struct {
	host   *Host
	port   uint16
	window uint16
	next   uint32
	acked  uint32
}

// Dial writes the three-way handshake.
func (n *Net) Dial(client, server *Host, cport, sport uint16) *Conn {
	c := n.Midstream(client, server, cport, sport)
	c.client.next--
	c.server.next--
	c.segment(&c.client, &c.server, flagSYN, nil)
	c.segment(&c.server, &c.client, flagSYN|flagACK, nil)
	c.segment(&c.client, &c.server, flagACK, nil)
	return c
}

// Midstream is a connection whose handshake was before the capture: nothing is
// written until somebody sends.
func (n *Net) Midstream(client, server *Host, cport, sport uint16) *Conn {
	c := &Conn{net: n, mss: MSS, cport: cport, sport: sport}
	if !client.IP.Is4() {
		c.mss -= 20
	}
	isn := n.rnd.Next()
	c.client = side{host: client, port: cport, window: clientWindow, next: uint32(isn)}
	c.server = side{host: server, port: sport, window: serverWindow, next: uint32(isn >> 32)}
	c.client.acked, c.server.acked = c.client.next, c.server.next
	return c
}

// Client sends b from the client, cut at the MSS.
func (c *Conn) Client(b []byte) { c.send(&c.client, &c.server, b) }

// Server sends b from the server, cut at the MSS.
func (c *Conn) Server(b []byte) { c.send(&c.server, &c.client, b) }

// AckClient writes a bare ACK from the client.
func (c *Conn) AckClient() { c.segment(&c.client, &c.server, flagACK, nil) }

// AckServer writes a bare ACK from the server.
func (c *Conn) AckServer() { c.segment(&c.server, &c.client, flagACK, nil) }

// Close ends the connection from the client: FIN, FIN, ACK.
func (c *Conn) Close() {
	c.segment(&c.client, &c.server, flagFIN|flagACK, nil)
	c.segment(&c.server, &c.client, flagFIN|flagACK, nil)
	c.segment(&c.client, &c.server, flagACK, nil)
}

// Reset ends the connection with the client's RST.
func (c *Conn) Reset() { c.segment(&c.client, &c.server, flagRST|flagACK, nil) }

// ResetServer ends the connection with the server's RST.
func (c *Conn) ResetServer() { c.segment(&c.server, &c.client, flagRST|flagACK, nil) }

// LoseClient and LoseServer move on as if n bytes had been sent that the
// capture never saw.
func (c *Conn) LoseClient(n int) { c.client.next += uint32(n) }

// LoseServer is LoseClient for the other direction.
func (c *Conn) LoseServer(n int) { c.server.next += uint32(n) }

func (c *Conn) send(from, to *side, b []byte) {
	for len(b) > 0 {
		n := min(len(b), c.mss)
		if from.next-from.acked+uint32(n) > uint32(to.window) {
			c.segment(to, from, flagACK, nil)
		}
		flags := uint8(flagACK)
		if n == len(b) {
			flags |= flagPSH
		}
		c.segment(from, to, flags, b[:n])
		b = b[n:]
	}
}

// segment writes one segment in order and accounts for it.
func (c *Conn) segment(from, to *side, flags uint8, payload []byte) {
	var ack uint32
	if flags&flagACK != 0 {
		ack = to.next
		to.acked = to.next
	}
	c.net.tcp(from, to, from.next, ack, flags, c.mss, payload)
	from.next += uint32(len(payload))
	if flags&(flagSYN|flagFIN) != 0 {
		from.next++
	}
}

// again repeats bytes that ended back bytes before what the side sends next: a
// retransmission, or the late arrival of something the capture overtook.
func (c *Conn) again(from, to *side, back int, payload []byte) {
	c.net.tcp(from, to, from.next-uint32(back), to.next, flagPSH|flagACK, c.mss, payload)
}

// tcp writes one segment.
func (n *Net) tcp(from, to *side, seq, ack uint32, flags uint8, mss int, payload []byte) {
	header := 20
	if flags&flagSYN != 0 {
		header = 24
	}
	b, sum := n.appendIP(from.host, to.host, ipTCP, header+len(payload))
	if b == nil {
		return
	}
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte(header/4)<<4, flags)
	b = binary.BigEndian.AppendUint16(b, from.window)
	b = append(b, 0, 0, 0, 0) // checksum, urgent pointer
	if flags&flagSYN != 0 {
		b = append(b, 2, 4, byte(mss>>8), byte(mss)) // maximum segment size
	}
	b = append(b, payload...)
	binary.BigEndian.PutUint16(b[at+16:], ^fold(addSum(sum, b[at:])))
	n.finish(b)
}
