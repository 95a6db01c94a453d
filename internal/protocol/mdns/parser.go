package mdns

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxRecords is how many records of one message are told; the rest is passed over.
const maxRecords = 64

// sure: the device speaks for itself.
const sure = 90

type parser struct {
	voice wire.Voice
	name  [wire.MaxDNSName]byte
}

// Parse reads one message. What is asked is told as lookups; only answers and
// additional records of responses are announcements (the authority section of
// a query is a probe for a name not owned yet, RFC 6762 8.2).
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	d, ok := wire.ReadDNS(b)
	if !ok {
		p.voice.Malformed(emit, "shorter than the header", 0)
		return len(b), nil
	}
	if !whole(&d) {
		p.voice.Malformed(emit, "a record breaks the message's format", d.Pos())
		return len(b), nil
	}
	d.Rewind()
	response := d.IsResponse()
	var r wire.Record
	for range maxRecords {
		more, ok := d.Next(&r)
		if !more || !ok {
			break
		}
		switch {
		case !response && r.Section == wire.Question:
			p.lookup(&d, &r, firedoor.IP{}, "", emit)
		case response && r.TTL > 0 && (r.Section == wire.Answer || r.Section == wire.Additional):
			p.announcement(&d, &r, emit)
		}
	}
	return len(b), nil
}

func whole(d *wire.DNS) bool {
	var r wire.Record
	for {
		more, ok := d.Next(&r)
		if !more || !ok {
			return ok
		}
	}
}

func (p *parser) lookup(d *wire.DNS, r *wire.Record, ip firedoor.IP, outcome string, emit func(*firedoor.Event)) {
	if name, ok := wire.AppendName(p.name[:0], d.Msg, r.Name); ok {
		p.voice.Lookup(emit, firedoor.Lookup{Kind: "mdns", Name: name, Answer: ip, Outcome: outcome})
	}
}

// announcement tells the facts of one record.
func (p *parser) announcement(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	switch r.Type {
	case wire.TypeA, wire.TypeAAAA:
		p.address(d, r, emit)
	case wire.TypePTR:
		p.pointer(d, r, emit)
	case wire.TypeSRV:
		p.service(d, r, emit)
	case wire.TypeTXT:
		p.text(d, r, emit)
	case wire.TypeHINFO:
		p.host(d, r, emit)
	}
}

// address tells that a host name has an address.
func (p *parser) address(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	ip := d.IP(r)
	if ip.IsZero() {
		p.voice.Malformed(emit, "address of a wrong size", r.Data)
		return
	}
	p.lookup(d, r, ip, "ok", emit)
	name, ok := wire.AppendName(p.name[:0], d.Msg, r.Name)
	if ok {
		p.named(emit, ip, name)
	}
}

// pointer tells the name of an address; pointers to services are told by their
// SRV records.
func (p *parser) pointer(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	owner, ok := wire.AppendName(p.name[:0], d.Msg, r.Name)
	if !ok {
		return
	}
	ip := wire.ReverseIP(owner)
	if ip.IsZero() {
		return
	}
	if name, ok := wire.AppendName(p.name[:0], d.Msg, r.Data); ok {
		p.named(emit, ip, name)
	}
}

// named tells a host name without the pseudo-domain, so that it is the name
// that other protocols tell.
func (p *parser) named(emit func(*firedoor.Event), ip firedoor.IP, name []byte) {
	const local = ".local"
	if wire.HasSuffix(name, local) {
		name = name[:len(name)-len(local)]
	}
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutAddress, Kind: firedoor.FactName, Confidence: sure,
		IP: ip, Source: "mdns", Value: name,
	})
}

// service tells the service type of an instance: "_http._tcp" of
// "Line 3._http._tcp.local".
func (p *parser) service(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	name, ok := wire.AppendName(p.name[:0], d.Msg, r.Name)
	if ok {
		p.sender(emit, firedoor.FactService, "mdns", serviceType(name))
	}
}

// serviceType is the part of a name from the first label of the type (it
// starts with an underscore) up to the domain; nil when there is none.
func serviceType(name []byte) []byte {
	const domain = ".local"
	if !wire.HasSuffix(name, domain) {
		return nil
	}
	name = name[:len(name)-len(domain)]
	for i := len(name) - 1; i > 0; i-- { // "_tcp" is last, the type is before it
		if name[i] != '_' || name[i-1] != '.' {
			continue
		}
		start := i - 1
		for start > 0 && name[start-1] != '.' {
			start--
		}
		if name[start] == '_' {
			return name[start:]
		}
		return nil
	}
	return nil
}

// text tells the entries that describe the device.
func (p *parser) text(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	b := d.Msg[r.Data : r.Data+r.Len]
	for len(b) > 0 {
		n := int(b[0])
		if n >= len(b) {
			p.voice.Malformed(emit, "text longer than its record", r.Data)
			return
		}
		p.entry(b[1:1+n], emit)
		b = b[1+n:]
	}
}

func (p *parser) entry(b []byte, emit func(*firedoor.Event)) {
	for i, c := range b {
		if c != '=' {
			continue
		}
		for _, t := range &texts {
			if wire.EqualFold(b[:i], t.key) {
				p.sender(emit, t.kind, "mdns text", b[i+1:])
			}
		}
		return
	}
}

// host tells hardware and system (RFC 1035, 3.3.2).
func (p *parser) host(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	b := d.Msg[r.Data : r.Data+r.Len]
	for _, kind := range [2]firedoor.FactKind{firedoor.FactHardware, firedoor.FactSystem} {
		if len(b) == 0 || int(b[0]) >= len(b) {
			p.voice.Malformed(emit, "text longer than its record", r.Data)
			return
		}
		n := int(b[0])
		p.sender(emit, kind, "mdns", b[1:1+n])
		b = b[1+n:]
	}
}

func (p *parser) sender(emit func(*firedoor.Event), kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutSender, Kind: kind, Confidence: sure, Source: source, Value: value,
	})
}

// Gap: messages stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
