package plant

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// Host is one device on the wire. VLAN 0 means untagged; TTL 0 means 64. A host
// behind a router is written as the router's MAC with the far host's IP.
type Host struct {
	Name string
	MAC  firedoor.MAC
	IP   netip.Addr
	VLAN uint16
	TTL  uint8
}

// Errors of Net.Close.
var (
	errFamily = errors.New("plant: the two hosts have addresses of different families")
	errSize   = errors.New("plant: payload larger than an IP packet can carry")
)

// Ethernet types and IP protocol numbers as IANA lists them.
const (
	etherIPv4 = 0x0800
	etherVLAN = 0x8100
	etherIPv6 = 0x86dd

	ipTCP = 6
	ipUDP = 17
)

// frameGap is how far every frame moves the clock: the time of one full frame
// on 1 Gbit/s and a switch's store-and-forward, rounded.
const frameGap = 20 * time.Microsecond

const minFrame = 60 // Ethernet's 64 bytes without the check sequence (IEEE 802.3, 3.2.8)

// Net writes frames to a classic little-endian pcap. Its clock moves only by
// Wait and by frames; it is not safe for concurrent use.
type Net struct {
	pcap *Pcap
	now  int64             // ns since 1970
	ids  map[*Host]*uint16 // IPv4 identification, counted per sender as most devices do
	rnd  chance.Random
	buf  []byte
}

// NewNet starts a capture with microsecond times.
func NewNet(w io.Writer, start time.Time) (*Net, error) { return newNet(w, start, false) }

// NewNetNano starts a capture with nanosecond times.
func NewNetNano(w io.Writer, start time.Time) (*Net, error) { return newNet(w, start, true) }

func newNet(w io.Writer, start time.Time, nano bool) (*Net, error) {
	n := &Net{
		pcap: NewPcap(w, nano), now: start.UnixNano(),
		ids: map[*Host]*uint16{}, rnd: chance.New(uint64(start.UnixNano())),
		buf: make([]byte, 0, 2048),
	}
	return n, n.pcap.Failed()
}

// Now is the time the next frame will carry.
func (n *Net) Now() time.Time { return time.Unix(0, n.now).UTC() }

// Frames is how many frames were written.
func (n *Net) Frames() uint64 { return n.pcap.Frames() }

// Wait moves the clock; a negative d moves it back, as a clock step does.
func (n *Net) Wait(d time.Duration) { n.now += int64(d) }

// At moves the clock forward to t; it never moves it back.
func (n *Net) At(t time.Time) { n.now = max(n.now, t.UnixNano()) }

// Frame writes a raw frame at the current time. It adds no padding.
func (n *Net) Frame(b []byte) {
	n.pcap.Frame(n.now, b)
	n.now += int64(frameGap)
}

func (n *Net) fail(err error) { n.pcap.fail(err) }

// Close flushes and returns the first error of the capture's life.
func (n *Net) Close() error { return n.pcap.Close() }

// Ethernet writes an Ethernet II frame, tagged unless vlan is 0 and padded to
// the minimum size. An etherType below 0x600 is an IEEE 802.3 length: the payload
// then starts with LLC.
func (n *Net) Ethernet(src, dst firedoor.MAC, vlan, etherType uint16, payload []byte) {
	b := appendLink(n.buf[:0], src, dst, vlan, etherType)
	n.finish(append(b, payload...))
}

// finish pads what was built in the scratch buffer and writes it.
func (n *Net) finish(b []byte) {
	for len(b) < minFrame {
		b = append(b, 0)
	}
	n.buf = b
	n.Frame(b)
}

func appendLink(b []byte, src, dst firedoor.MAC, vlan, etherType uint16) []byte {
	b = appendMAC(appendMAC(b, dst), src)
	if vlan != 0 {
		b = binary.BigEndian.AppendUint16(b, etherVLAN)
		b = binary.BigEndian.AppendUint16(b, vlan&0xfff)
	}
	return binary.BigEndian.AppendUint16(b, etherType)
}

func appendMAC(b []byte, m firedoor.MAC) []byte {
	return append(b, byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

// UDP writes one datagram from src to dst in one frame (never a fragment, even
// above the MTU: offloading senders are captured that way).
func (n *Net) UDP(src, dst *Host, sport, dport uint16, payload []byte) {
	b, sum := n.appendIP(src, dst, ipUDP, 8+len(payload))
	if b == nil {
		return
	}
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, sport)
	b = binary.BigEndian.AppendUint16(b, dport)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(b, 0, 0)
	b = append(b, payload...)
	c := ^fold(addSum(sum, b[at:]))
	if c == 0 {
		c = 0xffff // zero would mean "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(b[at+6:], c)
	n.finish(b)
}

// IP writes one packet of any IP protocol (ICMP, fragments of a test) as given.
func (n *Net) IP(src, dst *Host, proto uint8, payload []byte) {
	b, _ := n.appendIP(src, dst, proto, len(payload))
	if b != nil {
		n.finish(append(b, payload...))
	}
}

// appendIP starts a frame with link and IP header in the scratch buffer and
// returns it with the pseudo-header's sum; nil when the packet cannot exist.
func (n *Net) appendIP(src, dst *Host, proto uint8, length int) ([]byte, uint64) {
	if src.IP.Is4() != dst.IP.Is4() {
		n.fail(errFamily)
		return nil, 0
	}
	if length > 65515 {
		n.fail(errSize)
		return nil, 0
	}
	if src.IP.Is4() {
		return n.appendIPv4(src, dst, proto, length)
	}
	return n.appendIPv6(src, dst, proto, length)
}

func (n *Net) appendIPv4(src, dst *Host, proto uint8, length int) ([]byte, uint64) {
	b := appendLink(n.buf[:0], src.MAC, dst.MAC, src.VLAN, etherIPv4)
	at := len(b)
	id := n.id(src)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+length))
	b = binary.BigEndian.AppendUint16(b, *id)
	*id++
	b = append(b, 0x40, 0, ttl(src), proto, 0, 0) // don't fragment
	s, d := src.IP.As4(), dst.IP.As4()
	b = append(append(b, s[:]...), d[:]...)
	binary.BigEndian.PutUint16(b[at+10:], ^fold(addSum(0, b[at:at+20])))
	return b, addSum(uint64(proto)+uint64(length), b[at+12:at+20])
}

func (n *Net) appendIPv6(src, dst *Host, proto uint8, length int) ([]byte, uint64) {
	b := appendLink(n.buf[:0], src.MAC, dst.MAC, src.VLAN, etherIPv6)
	at := len(b)
	b = append(b, 0x60, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	b = append(b, proto, ttl(src))
	s, d := src.IP.As16(), dst.IP.As16()
	b = append(append(b, s[:]...), d[:]...)
	return b, addSum(uint64(proto)+uint64(length), b[at+8:at+40])
}

func ttl(h *Host) uint8 {
	if h.TTL == 0 {
		return 64
	}
	return h.TTL
}

func (n *Net) id(h *Host) *uint16 {
	p := n.ids[h]
	if p == nil {
		p = new(uint16)
		*p = uint16(n.rnd.Next())
		n.ids[h] = p
	}
	return p
}

// addSum adds b as big-endian 16-bit words, 32 bits at a time; fold makes the
// Internet checksum of it (RFC 1071).
func addSum(sum uint64, b []byte) uint64 {
	for len(b) >= 8 {
		v := binary.BigEndian.Uint64(b)
		sum += v>>32 + v&0xffffffff
		b = b[8:]
	}
	for len(b) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
