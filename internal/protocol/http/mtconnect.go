package http

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// An MTConnect agent (ANSI/MTC1.4, part 1) is asked over HTTP and answers in XML. Its
// answers are known by the name of their first element, whatever the port; from
// then on its requests are known by their path. Operations are of "mtconnect".
const (
	maxDocument = 4096 // bytes of a document that are looked at: its header and first device
	maxRoot     = 1024 // bytes in which its first element must begin
	maxLabel    = 160  // bytes of a fact that is put together
)

// ask is what an agent is asked for.
type ask uint8

const (
	noAsk ask = iota
	askProbe
	askCurrent
	askSample
	askAsset
)

// Codes of operations: 0 and 1 are those of adapters.
const codeBase = 1

var asks = [...]struct {
	word string
	verb firedoor.Verb
}{
	askProbe:   {"probe", firedoor.VerbIdentify},
	askCurrent: {"current", firedoor.VerbRead},
	askSample:  {"sample", firedoor.VerbRead},
	askAsset:   {"asset", firedoor.VerbRead},
}

// askOf reads the path of a request: the last part is what is asked for, or the one
// before it where the last has numbers of assets. A device alone asks for a probe,
// and so does nothing at all; of these only the second is told from others.
func askOf(method, target []byte) ask {
	if string(method) != "GET" {
		return noAsk
	}
	if at := bytes.IndexByte(target, '?'); at >= 0 {
		target = target[:at]
	}
	target = bytes.Trim(target, "/")
	if len(target) == 0 {
		return askProbe
	}
	for range 2 {
		at := bytes.LastIndexByte(target, '/')
		switch last := target[at+1:]; string(last) {
		case "probe":
			return askProbe
		case "current":
			return askCurrent
		case "sample":
			return askSample
		case "asset", "assets":
			return askAsset
		}
		target = target[:max(at, 0)]
	}
	return noAsk
}

// agent is what is known of a server that may be an agent. A flow has one from its
// first body that may be XML on.
type agent struct {
	known   bool // it has answered as one
	reading bool // the body at hand may be a document
	req     request
	status  int
	last    uint32
	told    uint64 // sum of what was said last
	n       int
	b       [maxDocument]byte
	text    [maxLabel]byte
	op      firedoor.Operation
	event   firedoor.Event
}

// askedAgent emits a request to a server that is known to be an agent.
func (p *parser) askedAgent(s *side, emit func(*firedoor.Event)) {
	a := p.agent
	if a == nil || !a.known || s.req.ask == noAsk || s.headEnd == 0 {
		return
	}
	a.last++
	s.req.id = a.last
	p.sayAgent(s.req.ask, firedoor.Operation{ID: a.last, Phase: firedoor.Asked, Span: firedoor.Span{Start: int64(s.headStart), End: int64(s.headEnd)}}, emit)
}

func (p *parser) sayAgent(what ask, o firedoor.Operation, emit func(*firedoor.Event)) {
	a := p.agent
	a.op = o
	a.op.Protocol, a.op.Code, a.op.Function, a.op.Verb = "mtconnect", codeBase+uint32(what), asks[what].word, asks[what].verb
	a.event = firedoor.Event{Kind: firedoor.EventOperation, Operation: &a.op}
	emit(&a.event)
}

// answeredAgent emits the answer to a request; the first one stands alone, because
// nobody knew that the server is an agent.
func (p *parser) answeredAgent(req *request, outcome firedoor.Outcome, emit func(*firedoor.Event)) {
	o := firedoor.Operation{ID: req.id, Phase: firedoor.Answered, Outcome: outcome}
	if req.id == 0 {
		p.agent.last++
		o.ID, o.Partial = p.agent.last, true
	}
	p.sayAgent(req.ask, o, emit)
}

// beginDocument gets ready for the body of an answer.
func (p *parser) beginDocument(req *request, s *side, body bool, emit func(*firedoor.Event)) {
	a := p.agent
	if a != nil {
		a.reading = false
	}
	switch {
	case req.ask == noAsk:
	case body && s.xml && s.state != toClose:
		if a == nil {
			a = &agent{}
			p.agent = a
		}
		a.reading, a.n, a.req, a.status = true, 0, *req, s.status
	case req.id != 0:
		p.answeredAgent(req, httpOutcome(s.status), emit)
	}
}

// document takes bytes of a body until enough is known.
func (p *parser) document(b []byte, emit func(*firedoor.Event)) {
	a := p.agent
	if a == nil || !a.reading {
		return
	}
	for len(b) > 0 && a.reading {
		limit := maxDocument
		if a.n < maxRoot {
			limit = maxRoot
		}
		n := copy(a.b[a.n:limit], b)
		a.n, b = a.n+n, b[n:]
		if a.n == maxRoot && !rooted(a.b[:a.n]) || a.n == maxDocument {
			p.endDocument(emit)
		}
	}
}

// endDocument reads what came of a document: all of it, or as much as is looked at.
func (p *parser) endDocument(emit func(*firedoor.Event)) {
	a := p.agent
	if a == nil || !a.reading {
		return
	}
	a.reading = false
	doc := a.b[:a.n]
	root := rootOf(doc)
	if !bytes.HasPrefix(root, mtconnectPrefix) {
		if a.req.id != 0 {
			p.answeredAgent(&a.req, httpOutcome(a.status), emit)
		}
		return
	}
	outcome := httpOutcome(a.status)
	if string(root) == "MTConnectError" {
		outcome = agentError(attribute(element(doc, "Error"), "errorCode"))
	}
	p.answeredAgent(&a.req, outcome, emit)
	a.known = true
	p.agentFacts(doc, string(root) == "MTConnectDevices", emit)
}

var mtconnectPrefix = []byte("MTConnect")

// agentFacts tells who the agent is, and its first device, when it is news.
func (p *parser) agentFacts(doc []byte, devices bool, emit func(*firedoor.Event)) {
	header := element(doc, "Header")
	version := attribute(header, "version")
	if len(version) > 0 {
		text := append(append(p.agent.text[:0], "MTConnect agent "...), version[:min(len(version), maxLabel/2)]...)
		p.software(firedoor.AboutServer, "mtconnect header", text, &p.toldAgentVersion, emit)
	}
	if !devices {
		return
	}
	device, description := element(doc, "Device"), element(doc, "Description")
	sum := wire.Sum(device) ^ wire.Sum(header[:min(len(header), 8)])
	if sum == p.agent.told {
		return
	}
	p.agent.told = sum
	p.agentFact(firedoor.FactName, "mtconnect header", attribute(header, "sender"), emit)
	if name, uuid := attribute(device, "name"), attribute(device, "uuid"); len(name)+len(uuid) > 0 {
		text := append(append(p.agent.text[:0], "device "...), name[:min(len(name), maxLabel/3)]...)
		text = append(append(text, " uuid "...), uuid[:min(len(uuid), maxLabel/3)]...)
		p.agentFact(firedoor.FactComment, "mtconnect device", text, emit)
	}
	p.agentFact(firedoor.FactVendor, "mtconnect device", attribute(description, "manufacturer"), emit)
	p.agentFact(firedoor.FactModel, "mtconnect device", attribute(description, "model"), emit)
	p.agentFact(firedoor.FactSerial, "mtconnect device", attribute(description, "serialNumber"), emit)
}

// hearsay: an agent speaks for a machine that may be another host.
const hearsay = 50

func (p *parser) agentFact(kind firedoor.FactKind, source string, value []byte, emit func(*firedoor.Event)) {
	p.voice.Fact(emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: hearsay, Source: source, Value: value})
}

func httpOutcome(status int) firedoor.Outcome {
	if status/100 == 2 {
		return firedoor.OK
	}
	return firedoor.Failed(uint32(status), "")
}

// agentErrors are the error codes of the standard, by their number here.
var agentErrors = [...][2]string{
	{"ASSET_NOT_FOUND", "asset-not-found"}, {"INTERNAL_ERROR", "internal-error"}, {"INVALID_REQUEST", "invalid-request"}, {"INVALID_URI", "invalid-uri"},
	{"INVALID_XPATH", "invalid-xpath"}, {"NO_DEVICE", "no-device"}, {"OUT_OF_RANGE", "out-of-range"}, {"QUERY_ERROR", "query-error"},
	{"TOO_MANY", "too-many"}, {"UNAUTHORIZED", "unauthorized"}, {"UNSUPPORTED", "unsupported"},
}

func agentError(code []byte) firedoor.Outcome {
	for i := range agentErrors {
		if string(code) == agentErrors[i][0] {
			return firedoor.Failed(uint32(i+1), agentErrors[i][1])
		}
	}
	return firedoor.Failed(0, "")
}
