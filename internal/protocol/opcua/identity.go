package opcua

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Sources of facts.
const (
	fromName        = "opcua application name"
	fromProduct     = "opcua product uri"
	fromApplication = "opcua application uri"
	fromPolicies    = "opcua security policy"
	fromBuild       = "opcua build info"
	fromCertificate = "opcua certificate"
)

// How sure a fact is: 90 where a machine speaks of itself, 80 where its server says
// who built it, which on a computer is not who built the computer, and 50 where a
// certificate or a directory speaks.
const (
	said    = 90
	builder = 80
	hearsay = 50
)

func (p *parser) fact(kind firedoor.FactKind, confidence uint8, source string, value []byte) {
	if !p.dry {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: kind, Confidence: confidence, Source: source, Value: value})
	}
}

func (p *parser) applicationFacts(a *wire.UAApplication, confidence uint8) {
	p.fact(firedoor.FactSoftware, confidence, fromName, a.Name)
	p.fact(firedoor.FactSoftware, confidence, fromProduct, a.Product)
	p.fact(firedoor.FactComment, confidence, fromApplication, a.URI)
}

// endpoints reads a list of endpoints. All of them are the same server's: what it
// is is told once, and each policy it offers.
func (p *parser) endpoints(r *walk) {
	offered := uint32(0)
	n := r.List()
	for i := 0; i < n && !r.Failed(); i++ {
		one := r.Endpoint()
		if r.Failed() {
			return
		}
		if i == 0 {
			p.applicationFacts(&one.Server, said)
			if len(one.Certificate) > 0 {
				p.certificate(one.Certificate)
			}
		}
		p.offers(one.Policy, &offered)
	}
}

// offers tells a policy, unless it is among those already told.
func (p *parser) offers(uri []byte, told *uint32) {
	name := uri[bytes.LastIndexByte(uri, '#')+1:]
	for i := range policies {
		if bit := uint32(1) << i; string(name) == policies[i].name && *told&bit == 0 {
			*told |= bit
			p.fact(firedoor.FactService, said, fromPolicies, name)
		}
	}
}

func answerEndpoints(p *parser, q *request, r *walk) {
	p.replyAll(q)
	p.endpoints(r)
}

// answerServers reads the servers that a server knows. If it is one it is itself,
// or the only one behind a directory: then it is hearsay.
func answerServers(p *parser, q *request, r *walk) {
	p.replyAll(q)
	n := r.List()
	for i := 0; i < n && !r.Failed(); i++ {
		if a := r.Application(); n == 1 && !r.Failed() {
			p.applicationFacts(&a, hearsay)
		}
	}
}

// askRegisterServer reads what a server tells a directory of itself.
func askRegisterServer(p *parser, q *request, r *walk) {
	a := wire.UAApplication{URI: r.Text(), Product: r.Text()}
	names := r.List()
	for i := 0; i < names && !r.Failed(); i++ {
		if name := r.Localized(); i == 0 {
			a.Name = name
		}
	}
	r.Skip(4)
	r.Text()
	r.Texts()
	r.Text()
	r.Skip(1)
	if q.code == codeRegister2 {
		for n := r.List(); n > 0 && !r.Failed(); n-- {
			r.Extension()
		}
	}
	if !r.Failed() {
		p.ask()
		p.applicationFacts(&a, said)
	}
}

const codeRegister2 = 12211

func askCreateSession(p *parser, _ *request, r *walk) {
	a := r.Application()
	r.Text() // server
	r.Text() // URL
	r.Text() // name of the session
	r.Text() // nonce
	certificate := r.Text()
	r.Skip(8 + 4)
	if r.Failed() {
		return
	}
	p.ask()
	p.applicationFacts(&a, said)
	if len(certificate) > 0 {
		p.certificate(certificate)
	}
}

// answerCreateSession passes over the token that stands for the session.
func answerCreateSession(p *parser, q *request, r *walk) {
	p.replyAll(q)
	r.NodeID()
	r.NodeID()
	r.Skip(8)
	r.Text()
	r.Text() // certificate: it is in the endpoints as well
	p.endpoints(r)
	p.pairs(r)
	r.Text()
	r.Text()
	r.Skip(4)
}

// pairs passes over certificates and their signatures.
func (p *parser) pairs(r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Text()
		r.Text()
	}
}

// loginKind is how a user proves who it is (7.40).
type loginKind uint8

const (
	loginNone loginKind = iota
	loginUser
	loginCertificate
)

// Types of user token.
const (
	tokenAnonymous   = 321
	tokenUser        = 324
	tokenCertificate = 327
	tokenIssued      = 940
)

// maxUser is how much of a user's name is remembered until the answer.
const maxUser = 64

var (
	tokenWords = [...]struct {
		number uint32
		word   []byte
	}{
		{tokenAnonymous, []byte("anonymous")}, {tokenUser, []byte("user-name")},
		{tokenCertificate, []byte("certificate")}, {tokenIssued, []byte("issued")},
	}
	tokenOther = []byte("other")
)

// askActivateSession reads who activates a session: never what proves it.
func askActivateSession(p *parser, q *request, r *walk) {
	r.Text()
	r.Text()
	p.pairs(r)
	r.Texts()
	kind, body := r.Extension()
	r.Text()
	r.Text()
	if r.Failed() {
		return
	}
	if kind.Null() { // no token is as good as an anonymous one
		kind.Number = tokenAnonymous
	}
	word := tokenOther
	for i := range tokenWords {
		if kind.Is(tokenWords[i].number) {
			word = tokenWords[i].word
		}
	}
	p.op.Object = firedoor.Object{Space: &spaceToken, Text: word}
	p.ask()
	inner := read(body)
	inner.Text() // policy
	name := inner.Text()
	switch {
	case inner.Failed():
		return
	case kind.Is(tokenUser):
		q.login = loginUser
	case kind.Is(tokenCertificate):
		q.login, name = loginCertificate, commonName(name)
	default:
		return
	}
	q.nuser = uint8(copy(q.user[:], name))
}

func answerActivateSession(p *parser, q *request, r *walk) {
	r.Text()
	r.statuses()
	r.DiagnosticsList()
	p.replyAll(q)
}

func (p *parser) loggedIn(q *request) {
	result := "ok"
	if p.op.Outcome.Kind != firedoor.OutcomeOK {
		result = "failed"
	}
	p.voice.Login(p.emit, q.user[:q.nuser], result)
}

// factNode is a node of every server whose value says what it is (OPC 10000-6,
// A.3).
type factNode uint16

const (
	nodeStatus   factNode = 2256
	nodeBuild    factNode = 2260
	nodeProduct  factNode = 2261
	nodeMaker    factNode = 2263
	nodeSoftware factNode = 2264
)

// Types of the structures at two of them.
const (
	typeBuildInfo = 340
	typeStatus    = 864
)

// expectFact remembers that an item of a read will say what the server is.
func (q *request) expectFact(id *wire.UANode, attribute uint32, item int) {
	if id.Kind != wire.UANumber || id.Namespace != 0 || attribute != attributeValue || int(q.ntells) == maxTells {
		return
	}
	switch f := factNode(min(id.Number, 0xffff)); f {
	case nodeStatus, nodeBuild, nodeProduct, nodeMaker, nodeSoftware:
		q.tells[q.ntells] = tell{uint32(item), f}
		q.ntells++
	}
}

// tellFact emits the fact that item i of a read was remembered for.
func (p *parser) tellFact(q *request, v *wire.UAVariant, i int) {
	for _, t := range q.tells[:q.ntells] {
		if t.item != uint32(i) {
			continue
		}
		switch {
		case v.Kind == wire.UATypeText && t.fact == nodeProduct:
			p.fact(firedoor.FactModel, builder, fromBuild, v.Text)
		case v.Kind == wire.UATypeText && t.fact == nodeMaker:
			p.fact(firedoor.FactVendor, builder, fromBuild, v.Text)
		case v.Kind == wire.UATypeText && t.fact == nodeSoftware:
			p.fact(firedoor.FactFirmware, builder, fromBuild, v.Text)
		case v.Kind == wire.UATypeExtension && v.Inner.Is(typeBuildInfo):
			p.buildInfo(read(v.Text))
		case v.Kind == wire.UATypeExtension && v.Inner.Is(typeStatus):
			r := read(v.Text)
			r.Skip(8 + 8 + 4) // start, now, state
			p.buildInfo(r)
		}
	}
}

// buildInfo reads a BuildInfo (OPC 10000-5, 12.4).
func (p *parser) buildInfo(r walk) {
	product, maker, name, version := r.Text(), r.Text(), r.Text(), r.Text()
	if r.Failed() {
		return
	}
	p.fact(firedoor.FactSoftware, said, fromProduct, product)
	p.fact(firedoor.FactVendor, builder, fromBuild, maker)
	p.fact(firedoor.FactModel, builder, fromBuild, name)
	p.fact(firedoor.FactFirmware, builder, fromBuild, version)
}

// certificate tells what a certificate says of the machine that sends it: the name
// of its application, its URI and its host names (OPC 10000-6, 6.2.2). What does
// not parse is passed over.
func (p *parser) certificate(b []byte) {
	body, subject, issuer := certificateParts(b)
	p.fact(firedoor.FactSoftware, hearsay, fromCertificate, nameIn(subject))
	if !subject.Failed() {
		p.fact(firedoor.FactIssuer, hearsay, fromCertificate, nameIn(issuer))
	}
	names := alternativeNames(body)
	for range maxNames {
		tag, text := names.Any()
		switch {
		case names.Failed() || tag == 0:
			return
		case tag == tagURI:
			p.fact(firedoor.FactComment, hearsay, fromCertificate, text)
		case tag == tagDNS:
			p.fact(firedoor.FactName, hearsay, fromCertificate, text)
		}
	}
}

// Parts of certificates (RFC 5280, 4.1 and 4.2.1.6).
const (
	tagVersion     = 0xa0
	tagExtensions  = 0xa3
	tagBool        = 0x01
	tagDNS         = 0x82
	tagURI         = 0x86
	oidCommonName  = "\x55\x04\x03"
	oidAlternative = "\x55\x1d\x11"
	maxNames       = 16
)

// certificateParts walks to a certificate's issuer and subject; body is what follows it.
func certificateParts(b []byte) (body, subject, issuer wire.BER) {
	r := wire.ReadBER(b)
	outer := r.Into(wire.TagSequence)
	body = outer.Into(wire.TagSequence)
	if tag, _ := body.Any(); tag == tagVersion {
		body.Take(wire.TagInteger)
	}
	body.Take(wire.TagSequence) // algorithm
	issuer = body.Into(wire.TagSequence)
	body.Take(wire.TagSequence) // validity
	subject = body.Into(wire.TagSequence)
	return body, subject, issuer
}

func commonName(certificate []byte) []byte {
	_, subject, _ := certificateParts(certificate)
	return nameIn(subject)
}

func nameIn(subject wire.BER) []byte {
	for range maxNames {
		if subject.Failed() || subject.Len() == 0 {
			break
		}
		set := subject.Into(wire.TagSet)
		pair := set.Into(wire.TagSequence)
		oid := pair.Take(wire.TagOID)
		_, text := pair.Any()
		if !pair.Failed() && string(oid) == oidCommonName {
			return text
		}
	}
	return nil
}

// alternativeNames finds the other names of a certificate's subject.
func alternativeNames(body wire.BER) wire.BER {
	for range maxNames {
		tag, content := body.Any()
		if body.Failed() || tag == 0 {
			break
		}
		if tag != tagExtensions {
			continue
		}
		outer := wire.ReadBER(content)
		all := outer.Into(wire.TagSequence)
		for !all.Failed() && all.Len() > 0 {
			one := all.Into(wire.TagSequence)
			oid := one.Take(wire.TagOID)
			tag, value := one.Any()
			if tag == tagBool {
				tag, value = one.Any()
			}
			if string(oid) == oidAlternative && tag == wire.TagOctetString {
				names := wire.ReadBER(value)
				return names.Into(wire.TagSequence)
			}
		}
	}
	return wire.BER{}
}
