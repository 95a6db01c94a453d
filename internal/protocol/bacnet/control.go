package bacnet

import (
	"encoding/binary"

	"firedoor"
)

// Keys of requests that have no invoke id, by whom they are for.
const (
	keyLink    = 1 << 62
	keyNetwork = 1 << 63
)

// linkMessage reads a function of the virtual link that carries nothing (J.2, U.2).
func (p *parser) linkMessage() {
	l := &p.link
	if l.six && l.function == link6Secure || !l.six && l.function == linkSecure {
		p.sealed()
		return
	}
	if !l.fits() {
		p.complain(reasonLink)
		return
	}
	p.net = network{}
	if l.six {
		p.linkMessage6()
		return
	}
	switch l.function {
	case linkResult:
		p.linkResult(binary.BigEndian.Uint16(l.body))
	case linkReadPeersAck:
		p.linkAnswer(linkReadPeers, firedoor.OK)
	case linkReadForeignAck:
		p.linkAnswer(linkReadForeign, firedoor.OK)
	default:
		p.linkRequest()
	}
}

// linkCode is the operation's code for a function of the virtual link.
func linkCode(function uint8) uint32 { return codeLink + uint32(function) }

// linkRequest reads what is asked of a broadcast manager.
func (p *parser) linkRequest() {
	f, b := p.link.function, p.link.body
	p.begin(&linkFunctions[f], linkCode(f), p.dir)
	p.remember(p.linkKey(f, p.dir), f)
	var o firedoor.Object
	switch f {
	case linkWritePeers:
		o.Space = &peers
		p.op.Quantity, p.op.HasQty = uint32(len(b)/peerSize), true
	case linkReadPeers:
		o.Space = &peers
	case linkReadForeign:
		o.Space = &foreigns
	case linkDeleteForeign:
		o = firedoor.Object{Space: &foreigns, At: [4]uint32{binary.BigEndian.Uint32(b), uint32(binary.BigEndian.Uint16(b[4:])) + 1}}
	case linkRegister:
		p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b}
	}
	p.ask(o)
}

func (p *parser) linkKey(function uint8, asker firedoor.Direction) uint64 {
	return keyLink | uint64(asker)<<8 | uint64(function)
}

// linkResult reads a result, which says what it is of only when that failed.
func (p *parser) linkResult(code uint16) {
	failed := [...]uint8{1: linkWritePeers, 2: linkReadPeers, 3: linkRegister, 4: linkReadForeign, 5: linkDeleteForeign, 6: linkDistribute}
	if n := code >> 4; code != 0 && code&0xf == 0 && int(n) < len(failed) {
		if failed[n] == linkDistribute { // a broadcast was not passed on
			p.begin(&linkFunctions[linkDistribute], linkCode(linkDistribute), p.dir.Other())
			p.q = nil
			p.replyAll(0, linkOutcome(code))
			return
		}
		p.linkAnswer(failed[n], linkOutcome(code))
		return
	}
	asker := p.dir.Other()
	for _, f := range [...]uint8{linkRegister, linkDeleteForeign, linkWritePeers} {
		if p.q = p.asked.Take(p.linkKey(f, asker)); p.q != nil {
			p.linkReply(f, linkOutcome(code))
			return
		}
	}
	p.linkReply(linkResult, linkOutcome(code))
}

func (p *parser) linkAnswer(function uint8, o firedoor.Outcome) {
	p.q = p.asked.Take(p.linkKey(function, p.dir.Other()))
	p.linkReply(function, o)
}

func (p *parser) linkReply(function uint8, o firedoor.Outcome) {
	p.begin(&linkFunctions[function], linkCode(function), p.dir.Other())
	p.replyAll(0, o)
}

// linkMessage6 reads what annex U asks for: registering, and being forgotten.
// Resolving addresses is what every device does.
func (p *parser) linkMessage6() {
	f := p.link.function
	asked := map6(f)
	if asked == 0 {
		return
	}
	if f == linkResult {
		code := binary.BigEndian.Uint16(p.link.body)
		p.q = p.asked.Take(p.linkKey(linkRegister, p.dir.Other()))
		p.begin(&linkFunctions[linkRegister], codeLink6+link6Register, p.dir.Other())
		o := firedoor.OK
		if code != 0 {
			o = firedoor.Failed(uint32(code), "")
		}
		p.replyAll(0, o)
		return
	}
	p.begin(&linkFunctions[asked], codeLink6+uint32(f), p.dir)
	p.remember(p.linkKey(linkRegister, p.dir), asked)
	if f == link6Register {
		p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: p.link.body}
	}
	p.ask(firedoor.Object{})
}

// map6 is the function of annex J that one of annex U stands for, 0 if none.
func map6(function uint8) uint8 {
	switch function {
	case linkResult, link6Register:
		return linkRegister
	case link6Delete:
		return linkDeleteForeign
	}
	return 0
}

// sealed says that the content cannot be read.
func (p *parser) sealed() {
	if !p.encrypted {
		p.encrypted = true
		p.voice.Encrypted(p.emit, "bacnet", "")
	}
}

// networkMessage reads a message between routers (6.4). Announcements of networks
// and refused messages are understood, and told only where they say who is a router.
func (p *parser) networkMessage() {
	kind, b := p.net.kind, p.net.body
	switch {
	case kind >= networkFirstSecure && kind <= networkLastSecure:
		p.sealed()
		return
	case kind == networkIAmRouter:
		p.fact(firedoor.FactRole, sourceRouter, sure, append(p.name[:0], "router"...))
		if len(b)%2 != 0 {
			p.complain(reasonParameters)
		}
		return
	case kind == networkCouldBe || kind == networkReject || kind == networkNumberIs:
		return
	case kind == networkInitialized:
		p.q = p.asked.Take(keyNetwork | uint64(p.dir.Other()))
		p.begin(&networkMessages[networkInitialize], codeNetwork+networkInitialize, p.dir.Other())
		p.replyAll(0, firedoor.OK)
		return
	}
	p.begin(&networkMessages[kind], codeNetwork+uint32(kind), p.dir)
	p.q = nil
	if kind == networkInitialize {
		p.remember(keyNetwork|uint64(p.dir), kind)
		if len(b) > 0 && b[0] == 0 { // no ports: the table is asked for
			p.op.Verb = firedoor.VerbRead
		}
		p.ask(firedoor.Object{})
		return
	}
	p.askNetworks(kind, b)
}

// askNetworks tells one operation for each network that a message is about.
func (p *parser) askNetworks(kind uint8, b []byte) {
	size := 2
	switch kind {
	case networkEstablish: // and for how long
		size = 3
	case networkWhoIsRouter, networkBusy, networkAvailable, networkDisconnect:
	default:
		p.ask(firedoor.Object{})
		return
	}
	p.count = len(b) / size
	if p.count == 0 {
		p.ask(firedoor.Object{})
	}
	for rest := b; len(rest) >= size; rest = rest[size:] {
		p.ask(firedoor.Object{Space: &networks, At: [4]uint32{uint32(binary.BigEndian.Uint16(rest))}})
	}
	if len(b)%size != 0 {
		p.complain(reasonParameters)
	}
}
