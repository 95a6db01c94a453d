package opcua

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// policy is how a channel is secured (OPC 10000-7, 6.6).
type policy struct {
	known     bool
	hidden    bool   // messages turned out to be encrypted
	shown     bool   // messages turned out to be readable
	told      bool   // the encryption was told of
	unread    uint8  // messages in a row that could not be read
	name      string // as it stands behind the last # of its URI
	signature int    // bytes that end each chunk
}

// policies are the known ones by name, with the size of their signatures.
var policies = [...]policy{
	{name: "None"},
	{name: "Basic128Rsa15", signature: 20},
	{name: "Basic256", signature: 20},
	{name: "Basic256Sha256", signature: 32},
	{name: "Aes128_Sha256_RsaOaep", signature: 32},
	{name: "Aes256_Sha256_RsaPss", signature: 32},
	{name: "ECC_nistP256", signature: 32},
	{name: "ECC_nistP384", signature: 48},
	{name: "ECC_brainpoolP256r1", signature: 32},
	{name: "ECC_brainpoolP384r1", signature: 48},
	{name: "ECC_curve25519", signature: 16},
	{name: "ECC_curve448", signature: 16},
}

// unknownPolicy stands for one that is not in the list.
var unknownPolicy = policy{name: "unknown", signature: 32}

func policyOf(uri []byte) policy {
	found := unknownPolicy
	name := uri[bytes.LastIndexByte(uri, '#')+1:]
	for i := range policies {
		if string(name) == policies[i].name {
			found = policies[i]
		}
	}
	found.known = true
	return found
}

// keyOpen is the key of the request to open a channel: there is one at a time, and
// its number is not readable where it is encrypted.
const keyOpen = 1 << 40

// leastBelief is how many messages must be unreadable before a channel whose
// beginning was not seen, or that lost some bytes, is taken for encrypted.
const leastBelief = 4

// asks tells whether the sender of the bytes at hand is who calls services: the
// one that connected, unless that was a server that asks to be called (7.1.3).
func (p *parser) asks() bool { return (p.dir == firedoor.FromClient) != p.reversed }

// handshake reads the messages of the transport itself (7.1.2). None of them is a
// service: they are checked, and an error ends the request that it answers.
func (p *parser) handshake(k kind, chunk []byte) {
	r := protocol.Read(chunk[headerSize:])
	switch k {
	case kindHello:
		r.Skip(helloSize - headerSize - 4)
		if n := r.U32LE(); n != wire.UANull && int64(n) != int64(r.Len()) {
			p.complain("URL does not fit its message")
		}
	case kindReverse:
		p.reversed = p.dir == firedoor.FromClient
		for range 2 {
			if n := r.U32LE(); n != wire.UANull {
				r.Skip(int(n))
			}
		}
		if r.Failed() || r.Len() > 0 {
			p.complain("URL does not fit its message")
		}
	case kindError:
		p.failed(r.U32LE())
	}
}

// failed ends the newest request with an error of the transport: the other side
// closes the connection over it.
func (p *parser) failed(status uint32) {
	q := p.asked.Take(p.newest)
	if q == nil {
		return
	}
	p.begin(q.service, q.code)
	p.op.Outcome = outcome(status | statusBad)
	p.replyAll(q)
}

// openChannel reads a message that opens a channel or renews it (6.7.2.3).
func (p *parser) openChannel(chunk []byte) {
	r := &p.walk
	*r = read(chunk[headerSize+4:])
	uri, certificate := r.Text(), r.Text()
	r.Text() // whose key it is encrypted with
	if r.Failed() {
		p.complain("security header longer than its message")
		return
	}
	secured := policyOf(uri)
	name := uri[bytes.LastIndexByte(uri, '#')+1:]
	if len(certificate) > 0 {
		p.certificate(certificate)
	}
	if secured.signature == 0 {
		p.policy = secured
		p.openPlain(r, name)
		return
	}
	if p.policy.name != secured.name {
		p.policy = secured
	}
	if p.asks() {
		p.askOpen(name)
	} else {
		p.answerOpen(firedoor.OK)
	}
}

func (p *parser) askOpen(name []byte) {
	q := p.asked.Put(keyOpen)
	*q = request{id: p.last + 1, ops: 1, items: 1, code: codeOpen, service: &openService}
	p.newest = keyOpen
	p.begin(&openService, codeOpen)
	p.op.Object = firedoor.Object{Space: &spacePolicy, Text: name}
	p.refusable = false
	p.ask()
}

func (p *parser) answerOpen(o firedoor.Outcome) {
	q := p.asked.Take(keyOpen)
	p.begin(&openService, codeOpen)
	p.op.Outcome = o
	p.reply(q, 0, 1)
}

// openPlain reads the body of a message that opens a channel without security.
func (p *parser) openPlain(r *walk, name []byte) {
	r.Skip(8) // sequence number, request
	code, ok := r.serviceCode()
	switch {
	case !ok || code != codeOpen && code != codeOpen+3 && code != codeFault:
		p.complain(reasonService)
		return
	case code == codeOpen:
		p.askOpen(name)
		r.requestHeader()
		r.Skip(4 + 4 + 4) // version, issue or renew, mode
		r.Text()          // nonce
		r.Skip(4)
	default:
		status, _ := r.responseHeader()
		p.answerOpen(outcome(status))
		if code != codeFault {
			r.Skip(4 + 4 + 4 + 8 + 4) // version, channel, token, time, life
			r.Text()
		}
	}
	p.cut, p.incomplete = false, false
	p.finish(r)
}

// closeChannel reads a message that closes the channel: it gets no answer.
func (p *parser) closeChannel() {
	if !p.asks() {
		return // some servers answer it all the same
	}
	p.begin(&closeService, codeClose)
	p.op.NoAnswer, p.refusable = true, false
	p.ask()
}

// encrypted tells whether a chunk cannot be read, and tells of it once. Where the
// policy may encrypt or is not known, a readable service at the place where one
// must be decides: chance makes that in one of many millions.
func (p *parser) encrypted(s *side, chunk []byte) bool {
	c := &p.policy
	if c.shown || c.known && c.signature == 0 {
		return false
	}
	if !c.hidden {
		if _, _, ok := serviceAt(chunk[bodyAt:]); ok {
			c.shown = true
			return false
		}
		if c.unread++; (s.fresh || !c.known) && c.unread < leastBelief {
			return true
		}
		c.hidden = true
	}
	s.fresh = false
	if !c.told {
		c.told = true
		p.voice.Encrypted(p.emit, "opcua", c.name)
	}
	return true
}
