package factory

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// between is somebody who stands between two devices: both take its address for
// the other's, and what they say goes through its hands.
type between struct {
	act      *act
	attacker *unit
	client   *unit
	server   *unit
	learning bool
	heard    map[int][]byte // what the server said, by its length
}

// spoofEvery is how often the lie is told again, so that it outlives every cache.
const spoofEvery = 2 * time.Second

// maxHeard bounds the answers that are kept to be replayed.
const maxHeard = 64

// ARP asks who has an address, and is answered (RFC 826).
const (
	opARPRequest = 1
	opARPReply   = 2

	broadcastMAC firedoor.MAC = 0xffffffffffff
)

// spoof puts somebody between two devices, and lets it replay what it heard.
func (a *act) spoof(step *scenario.Step) {
	b := &between{act: a, attacker: a.unit(step.From), client: a.unit(step.Between[0]), server: a.unit(step.Between[1]), heard: map[int][]byte{}}
	if b.client.image != nil && b.server.image == nil {
		b.client, b.server = b.server, b.client
	}
	b.attacker.host.Promiscuous(b.pass)
	length := step.For
	if length == 0 {
		length = a.s.Lasts - step.At
	}
	end := a.f.world.Now() + int64(length)
	a.pace(end, spoofEvery, b.lie)
	if step.Replay > 0 {
		b.learning = true
		a.f.after(step.Replay, func() {
			b.learning = false
			a.variable(truth.Variable{Controller: b.server.name, Tag: "*", Words: "what " + b.client.name + " is shown", Effect: "replayed from before"})
		})
	}
	a.f.after(length, b.leave)
}

// lie tells both that the other one's address is the attacker's.
func (b *between) lie() {
	b.claim(b.client, b.server.ip())
	b.claim(b.server, b.client.ip())
}

func (b *between) claim(to *unit, ip netip.Addr) {
	b.attacker.host.SendARP(opARPReply, b.attacker.mac, ip, to.mac, to.ip(), to.mac)
}

// leave tells the truth, as careful attackers do, and goes.
func (b *between) leave() {
	h := b.attacker.host
	h.SendARP(opARPReply, b.server.mac, b.server.ip(), b.client.mac, b.client.ip(), b.client.mac)
	h.SendARP(opARPReply, b.client.mac, b.client.ip(), b.server.mac, b.server.ip(), b.server.mac)
	b.act.f.after(time.Second, func() { h.Promiscuous(nil) })
}

// pass sees every frame between the two. What the server says is remembered at
// first; later the client is told that again instead.
func (b *between) pass(frame []byte) (drop bool) {
	src, data, ok := payloadOf(frame)
	if !ok || len(data) == 0 || src != b.server.ip() {
		return false
	}
	old := b.heard[len(data)]
	if b.learning && (old != nil || len(b.heard) < maxHeard) {
		b.heard[len(data)] = append(old[:0], data...)
		return false
	}
	if b.learning || old == nil {
		return false
	}
	at, n := b.server.image.dialect.reference()
	if len(data) < at+n {
		return false
	}
	copy(old[at:at+n], data[at:at+n]) // it must fit the question
	copy(data, old)
	b.attacker.host.Forward(frame)
	b.act.probe(b.attacker, netip.AddrPortFrom(b.client.ip(), 0), b.server.image.dialect.protocol(), "answers with what was said before")
	return true
}

// reference is where a message has the number that an answer shares with its
// question.
func (d dialect) reference() (at, n int) {
	switch d {
	case step7:
		return 11, 2 // TPKT 4, COTP 3, and 4 into the header
	case logix:
		return 12, 8 // sender context
	}
	return 0, 2
}

// payloadOf finds the payload of a TCP segment in an untagged frame.
func payloadOf(frame []byte) (src netip.Addr, data []byte, ok bool) {
	const link, least = 14, 14 + 20 + 20
	if len(frame) < least || binary.BigEndian.Uint16(frame[12:]) != 0x0800 || frame[link+9] != 6 {
		return src, nil, false
	}
	length := int(binary.BigEndian.Uint16(frame[link+2:]))
	tcp := link + int(frame[link]&15)*4
	if link+length > len(frame) || tcp+20 > link+length {
		return src, nil, false
	}
	at := tcp + int(frame[tcp+12]>>4)*4
	if at > link+length {
		return src, nil, false
	}
	return netip.AddrFrom4([4]byte(frame[link+12 : link+16])), frame[at : link+length], true
}
