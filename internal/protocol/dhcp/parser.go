package dhcp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Layout of the message (RFC 2131, 2).
const (
	bootRequest = 1
	bootReply   = 2
	maxHops     = 16
	cookie      = 0x63825363
	cookieAt    = 236
	optionsAt   = 240

	hardwareEthernet = 1
)

// Options (RFC 2132; 81 is RFC 4702). The others are passed over, the
// authentication option (90) among them.
const (
	optPad       = 0
	optRouter    = 3
	optDNS       = 6
	optHostName  = 12
	optRequested = 50
	optLease     = 51
	optType      = 53
	optServer    = 54
	optVendor    = 60
	optClientID  = 61
	optFQDN      = 81
	optEnd       = 255
)

// Message types (RFC 2132, 9.6); none is plain BOOTP.
const (
	none     = 0
	discover = 1
	request  = 3
	ack      = 5
	inform   = 8
)

// Confidence of facts by who says them.
const (
	sure    = 90 // the device about itself, or the server that gave the lease
	hearsay = 50
)

type parser struct {
	voice wire.Voice
	name  [wire.MaxDNSName]byte
}

// message is what the options said.
type message struct {
	kind                                 byte
	lease                                uint32
	requested, server, router, resolver  firedoor.IP
	hostName, vendor, clientID, fullName []byte
}

// options walks an option list; broken is set when an option overruns.
type options struct {
	b      []byte
	at     int
	code   byte
	data   []byte
	broken bool
}

func (o *options) next() bool {
	for o.at < len(o.b) && o.b[o.at] == optPad {
		o.at++
	}
	if o.at >= len(o.b) || o.b[o.at] == optEnd {
		return false
	}
	if o.at+2 > len(o.b) || o.at+2+int(o.b[o.at+1]) > len(o.b) {
		o.broken = true
		return false
	}
	n := int(o.b[o.at+1])
	o.code, o.data = o.b[o.at], o.b[o.at+2:o.at+2+n]
	o.at += 2 + n
	return true
}

// Parse reads one message. Options that overflow into the file and server name
// fields (option 52) are not followed: no name is carried there in practice.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	if len(b) < optionsAt {
		p.voice.Malformed(emit, "shorter than the fixed fields", len(b))
		return len(b), nil
	}
	if binary.BigEndian.Uint32(b[cookieAt:]) != cookie {
		p.voice.Malformed(emit, "no option cookie", cookieAt)
		return len(b), nil
	}
	var m message
	o := options{b: b, at: optionsAt}
	for o.next() {
		if !m.take(o.code, o.data) {
			p.voice.Malformed(emit, "option of a wrong size", o.at)
		}
	}
	if o.broken {
		p.voice.Malformed(emit, "option longer than the message", o.at)
	}
	if b[1] != hardwareEthernet || b[2] != 6 {
		return len(b), nil
	}
	mac := firedoor.MACFrom(b[28:])
	if mac == 0 || mac.IsGroup() {
		p.voice.Malformed(emit, "the client's MAC address is no device's", 28)
		return len(b), nil
	}
	switch b[0] {
	case bootRequest:
		p.client(b, mac, &m, emit)
	case bootReply:
		p.server(b, mac, &m, emit)
	default:
		p.voice.Malformed(emit, "neither request nor reply", 0)
	}
	return len(b), nil
}

// take remembers an option; false when its size is wrong.
func (m *message) take(code byte, data []byte) bool {
	switch code {
	case optHostName:
		m.hostName = data
	case optVendor:
		m.vendor = data
	case optClientID:
		m.clientID = data
	case optFQDN:
		m.fullName = data
		return len(data) >= 3
	case optType:
		if len(data) != 1 {
			return false
		}
		m.kind = data[0]
	case optLease:
		if len(data) != 4 {
			return false
		}
		m.lease = binary.BigEndian.Uint32(data)
	case optRequested:
		return first(&m.requested, data)
	case optServer:
		return first(&m.server, data)
	case optRouter:
		return first(&m.router, data)
	case optDNS:
		return first(&m.resolver, data)
	}
	return true
}

// first reads the first address of a list.
func first(ip *firedoor.IP, data []byte) bool {
	if len(data) < 4 {
		return false
	}
	*ip = firedoor.IPv4(binary.BigEndian.Uint32(data))
	return true
}

// client tells what a client says about itself. Only a renewing client has its
// address already (ciaddr); one that asks for an address may not get it, but a
// capture that misses the answer has nothing better.
func (p *parser) client(b []byte, mac firedoor.MAC, m *message, emit func(*firedoor.Event)) {
	ip := firedoor.IPv4(binary.BigEndian.Uint32(b[12:]))
	if !owned(ip) {
		ip = firedoor.IP{}
	}
	switch {
	case !ip.IsZero() && (m.kind == request || m.kind == inform):
		p.address(emit, mac, ip, 0, sure)
	case m.kind == request && owned(m.requested):
		p.address(emit, mac, m.requested, 0, hearsay)
	}
	if m.kind != discover && m.kind != request && m.kind != inform && m.kind != none {
		return
	}
	p.text(emit, mac, ip, firedoor.FactName, "dhcp host name", m.hostName, sure)
	p.text(emit, mac, ip, firedoor.FactName, "dhcp full name", p.fqdn(m.fullName), sure)
	p.text(emit, mac, ip, firedoor.FactSoftware, "dhcp vendor class", m.vendor, sure)
	if len(m.clientID) > 1 && m.clientID[0] == 0 && printable(m.clientID[1:]) {
		p.text(emit, mac, ip, firedoor.FactComment, "dhcp client identifier", m.clientID[1:], sure)
	}
}

// server tells the lease an ACK (or a BOOTP reply) confirms, the name that goes
// with it, and who serves.
func (p *parser) server(b []byte, mac firedoor.MAC, m *message, emit func(*firedoor.Event)) {
	if m.kind != ack && m.kind != none {
		return
	}
	ip := firedoor.IPv4(binary.BigEndian.Uint32(b[16:]))
	if owned(ip) {
		p.address(emit, mac, ip, m.lease, sure)
		p.text(emit, mac, ip, firedoor.FactName, "dhcp host name", m.hostName, hearsay)
	}
	p.about(emit, m.server, firedoor.FactService, "dhcp", sure)
	p.about(emit, m.router, firedoor.FactRole, "router", hearsay)
	p.about(emit, m.resolver, firedoor.FactService, "dns", hearsay)
}

// owned tells whether one device can have the address.
func owned(ip firedoor.IP) bool { return !ip.IsZero() && !ip.IsUnspecified() && !ip.IsGroup() }

func (p *parser) address(emit func(*firedoor.Event), mac firedoor.MAC, ip firedoor.IP, lease uint32, confidence uint8) {
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: confidence,
		MAC: mac, IP: ip, Source: "dhcp", Lease: lease,
	})
}

func (p *parser) text(emit func(*firedoor.Event), mac firedoor.MAC, ip firedoor.IP, kind firedoor.FactKind, source string, value []byte, confidence uint8) {
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutAddress, Kind: kind, Confidence: confidence,
		MAC: mac, IP: ip, Source: source, Value: value,
	})
}

// about tells what the server says of an address; word is static text.
func (p *parser) about(emit func(*firedoor.Event), ip firedoor.IP, kind firedoor.FactKind, word string, confidence uint8) {
	if !owned(ip) {
		return
	}
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutAddress, Kind: kind, Confidence: confidence,
		IP: ip, Source: "dhcp", Value: append(p.name[:0], word...),
	})
}

// fqdn is the name of option 81: flags, two obsolete codes, and the name in
// DNS form when the E flag is set, else in plain text (RFC 4702, 2).
func (p *parser) fqdn(data []byte) []byte {
	if len(data) <= 3 {
		return nil
	}
	if data[0]&4 == 0 {
		return data[3:]
	}
	name, ok := wire.AppendName(p.name[:0], data[3:], 0)
	if !ok && len(name) == 0 {
		return nil
	}
	return name // a partial name has no end mark
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// Gap: messages stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
