package nbns

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Operations (RFC 1002 4.2.1.1; 9 is Windows' refresh, 15 multi-homed).
const (
	opQuery        = 0
	opRegistration = 5
	opRefresh      = 8
	opRefreshAlt   = 9
	opMultiHomed   = 15
)

// Record types (RFC 1002, 4.2.1.2 and 4.2.1.3).
const (
	typeNull   = 0x0a
	typeNB     = 0x20
	typeStatus = 0x21
)

const (
	groupFlag  = 0x8000 // of a name (RFC 1002, 4.2.1.3 and 4.2.18)
	nameSize   = 16     // a name's last byte is its suffix: what the name is for
	statusSize = nameSize + 2
	addrSize   = 6 // flags and IPv4 address
	maxNames   = 32
)

// Suffixes whose names name a host or a workgroup.
const (
	suffixWorkstation = 0x00
	suffixServer      = 0x20
	suffixBrowser     = 0x1e
)

// sure: the host speaks for itself.
const sure = 90

type parser struct {
	voice wire.Voice
	name  [nameSize]byte
}

// Parse reads one message.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	d, ok := wire.ReadDNS(b)
	if !ok {
		p.voice.Malformed(emit, "shorter than the header", 0)
		return len(b), nil
	}
	var r wire.Record
	for range maxNames {
		more, ok := d.Next(&r)
		if !ok {
			p.voice.Malformed(emit, "a record breaks the message's format", d.Pos())
		}
		if !more || !ok {
			break
		}
		p.record(&d, &r, emit)
	}
	return len(b), nil
}

func (p *parser) record(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	name, suffix, ok := p.decode(d.Msg, r.Name)
	if !ok {
		p.voice.Malformed(emit, "name is not in its encoding", r.Name)
		return
	}
	switch {
	case r.Section == wire.Question:
		if !d.IsResponse() && d.Opcode() == opQuery && name[0] != '*' {
			p.voice.Lookup(emit, firedoor.Lookup{Kind: "nbns", Name: clean(name)})
		}
	case r.Section == wire.Answer && d.IsResponse():
		p.answer(d, r, name, emit)
	case r.Section == wire.Additional && !d.IsResponse() && registers(d.Opcode()):
		p.registration(d, r, name, suffix, emit)
	}
}

func registers(opcode uint16) bool {
	return opcode == opRegistration || opcode == opRefresh || opcode == opRefreshAlt || opcode == opMultiHomed
}

// answer tells what a positive or negative response says of a name.
func (p *parser) answer(d *wire.DNS, r *wire.Record, name []byte, emit func(*firedoor.Event)) {
	data := d.Msg[r.Data : r.Data+r.Len]
	switch {
	case r.Type == typeStatus:
		p.status(data, r.Data, emit)
	case d.Opcode() != opQuery || name[0] == '*':
	case d.Rcode() != 0:
		p.voice.Lookup(emit, firedoor.Lookup{Kind: "nbns", Name: clean(name), Outcome: outcome(d.Rcode())})
	case r.Type == typeNB:
		if len(data) == 0 || len(data)%addrSize != 0 {
			p.voice.Malformed(emit, "addresses of a wrong size", r.Data)
			return
		}
		for n := 0; len(data) >= addrSize && n < maxNames; n++ {
			ip := firedoor.IPv4(binary.BigEndian.Uint32(data[2:]))
			p.voice.Lookup(emit, firedoor.Lookup{Kind: "nbns", Name: clean(name), Answer: ip, Outcome: "ok"})
			data = data[addrSize:]
		}
	}
}

// registration tells the name a host claims: its own, or its workgroup's.
func (p *parser) registration(d *wire.DNS, r *wire.Record, name []byte, suffix byte, emit func(*firedoor.Event)) {
	data := d.Msg[r.Data : r.Data+r.Len]
	if r.Type != typeNB || len(data) == 0 || len(data)%addrSize != 0 {
		p.voice.Malformed(emit, "addresses of a wrong size", r.Data)
		return
	}
	if r.TTL == 0 && d.Opcode() == opRefresh {
		return
	}
	flags, ip := binary.BigEndian.Uint16(data), firedoor.IPv4(binary.BigEndian.Uint32(data[2:]))
	if ip.IsUnspecified() || ip.IsGroup() {
		return
	}
	p.told(firedoor.AboutAddress, ip, flags, name, suffix, emit)
}

// status tells the names of a node status response: count, names with suffix
// and flags, then statistics (RFC 1002, 4.2.18).
func (p *parser) status(data []byte, at int, emit func(*firedoor.Event)) {
	if len(data) < 1 || len(data) < 1+int(data[0])*statusSize {
		p.voice.Malformed(emit, "node status shorter than its names", at)
		return
	}
	n := min(int(data[0]), maxNames)
	for i := range n {
		e := data[1+i*statusSize:][:statusSize]
		p.told(firedoor.AboutSender, firedoor.IP{}, binary.BigEndian.Uint16(e[nameSize:]), e[:nameSize-1], e[nameSize-1], emit)
	}
}

// told emits a host's or workgroup's name; names of other suffixes repeat them
// or name services and users.
func (p *parser) told(about firedoor.Subject, ip firedoor.IP, flags uint16, name []byte, suffix byte, emit func(*firedoor.Event)) {
	f := firedoor.Identity{About: about, IP: ip, Confidence: sure, Value: clean(name)}
	switch {
	case len(name) > 0 && name[0] < ' ': // the browsers' own group
		return
	case flags&groupFlag == 0 && (suffix == suffixWorkstation || suffix == suffixServer):
		f.Kind, f.Source = firedoor.FactName, "nbns"
	case flags&groupFlag != 0 && (suffix == suffixWorkstation || suffix == suffixBrowser):
		f.Kind, f.Source = firedoor.FactComment, "nbns workgroup"
	default:
		return
	}
	p.voice.Fact(emit, f)
}

// decode reads the first-level encoded name at an offset or behind a pointer:
// two letters for each of 15 bytes and the suffix (RFC 1001, 14.1).
func (p *parser) decode(msg []byte, at int) (name []byte, suffix byte, ok bool) {
	if at+1 < len(msg) && msg[at]&0xc0 == 0xc0 {
		at = int(msg[at]&0x3f)<<8 | int(msg[at+1])
	}
	if !wire.EncodedNetBIOS(msg, at) {
		return nil, 0, false
	}
	for i := range p.name {
		p.name[i] = (msg[at+1+2*i]-'A')<<4 | (msg[at+2+2*i] - 'A')
	}
	return p.name[:nameSize-1], p.name[nameSize-1], true
}

// clean cuts the padding: spaces, or NULs for some senders.
func clean(name []byte) []byte {
	for len(name) > 0 && (name[len(name)-1] == ' ' || name[len(name)-1] == 0) {
		name = name[:len(name)-1]
	}
	return name
}

// outcomes are the response codes in words (RFC 1002, 4.2.6 and 4.2.14).
var outcomes = [...]string{"ok", "format-error", "server-failure", "no-such-name", "not-implemented", "refused", "active", "conflict"}

func outcome(rcode uint16) string {
	if int(rcode) < len(outcomes) {
		return outcomes[rcode]
	}
	return "error"
}

// Gap: messages stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
