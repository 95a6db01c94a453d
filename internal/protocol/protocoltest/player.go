package protocoltest

import (
	"cmp"

	"firedoor"
	"firedoor/internal/protocol"
)

// record is one event as it came, copied.
type record struct {
	flow    *flow
	chunk   int // index of the chunk that brought it
	dir     firedoor.Direction
	kind    firedoor.EventKind
	framing bool // the runner's word for an error of Parse
	text    string
	bare    string
	parser  string // name of the protocol whose parser spoke
	phase   firedoor.Phase
	agreed  bool // the operation's unit
	span    firedoor.Span
	refusal []firedoor.Refusal
	asked   question // of an operation
}

// player feeds chunks to runners as a sensor does, keeps what comes out and
// watches that every parser keeps the contract.
type player struct {
	host    *protocol.Host
	runners map[*flow]*protocol.Runner
	spoke   map[*flow][]string // protocols of a flow in order
	expects []expectation
	list    []*protocol.Protocol // watched
	heard   map[stations]protocol.Listener
	settles map[*flow]bool // flows that were heard beside others
	records []record
	shown   map[string]map[firedoor.EventKind]bool // protocol -> kinds seen
	broke   []string                               // contract violations
	forced  map[*flow]start
	damaged bool // the bytes were changed: a secret may stand where a name should
	quiet   bool // keep no records
	sheet   *sheet

	flow    *flow
	chunk   int
	current *watched
}

// start makes a flow speak a protocol from its first byte.
type start struct {
	protocol string
	client   int
}

type expectation struct {
	firedoor.Expect
	server, client firedoor.IP // of the flow that expects
}

func newPlayer(list []*protocol.Protocol) *player {
	p := &player{
		runners: map[*flow]*protocol.Runner{},
		spoke:   map[*flow][]string{},
		shown:   map[string]map[firedoor.EventKind]bool{},
		heard:   map[stations]protocol.Listener{},
		settles: map[*flow]bool{},
	}
	watchedList := make([]*protocol.Protocol, len(list))
	for i, pr := range list {
		watchedList[i] = p.watch(pr)
	}
	p.list = watchedList
	p.host = protocol.NewHost(watchedList, p.take)
	return p
}

// play feeds all chunks and ends the runners.
func (p *player) play(chunks []chunk) {
	for i := range chunks {
		p.feed(i, &chunks[i])
	}
}

func (p *player) feed(i int, c *chunk) {
	p.beside(c)
	r := p.runner(c)
	p.flow, p.chunk, p.current = c.flow, i, nil
	if c.flow.kind != overTCP {
		r.Datagram(p.host, c.side, c.data, c.truncated)
		return
	}
	if c.missing > 0 {
		r.Gap(p.host, c.side, int64(c.missing))
	}
	if len(c.data) > 0 {
		r.Bytes(p.host, c.side, c.data)
	}
}

// runner finds or begins the runner of a flow.
func (p *player) runner(c *chunk) *protocol.Runner {
	f := c.flow
	if r := p.runners[f]; r != nil {
		return r
	}
	r := &protocol.Runner{}
	p.runners[f] = r
	how := protocol.Flow{
		UDP:    f.kind == overUDP,
		Ports:  [2]uint16{f.ends[0].Port, f.ends[1].Port},
		Client: uint8(c.side),
		Sure:   f.sure,
	}
	if f.sure {
		how.Client = uint8(f.client)
	}
	if x, client := p.expected(c); x != nil {
		r.Begin(p.host, how)
		p.announce(r, f, x, client)
		return r
	}
	if s, ok := p.forced[f]; ok {
		how.Client, how.Sure = uint8(s.client), true
		r.Begin(p.host, how)
		p.become(r, f, s.protocol, nil)
		p.settled(f, r, p.host.ByName(s.protocol))
		return r
	}
	r.Begin(p.host, how)
	if f.kind == overEthernet {
		if pr := p.host.Ethernet(f.etherType); pr != nil {
			how.Client = uint8(ethernetClient(pr, c))
			r.Begin(p.host, how)
			p.flow = f
			r.Become(p.host, pr, nil)
			p.settled(f, r, pr)
		} else {
			r.End(p.host)
		}
	}
	return r
}

// ethernetClient tells who is the client of a flow that begins with a chunk. The
// sides of test flows are not in the order of addresses.
func ethernetClient(pr *protocol.Protocol, c *chunk) int {
	from, to := c.flow.ends[c.side].MAC, c.flow.ends[1-c.side].MAC
	lower := 0
	if to < from {
		lower = 1
	}
	client := pr.EthernetClient(c.data, lower, to.IsGroup())
	return client ^ lower ^ c.side
}

// announce tells a runner what another flow expects of its own.
func (p *player) announce(r *protocol.Runner, f *flow, x *expectation, client int) {
	pr := p.host.ByName(x.Protocol)
	if pr == nil {
		p.fail("a flow is expected to speak " + x.Protocol + ", which is not in the list")
		r.End(p.host)
		return
	}
	was := p.flow
	p.flow = f
	r.Expected(p.host, pr, x.State, client)
	p.flow = was
}

func (p *player) become(r *protocol.Runner, f *flow, name string, state any) {
	pr := p.host.ByName(name)
	if pr == nil {
		p.fail("a flow is expected to speak " + name + ", which is not in the list")
		r.End(p.host)
		return
	}
	p.flow = f
	r.Become(p.host, pr, state)
}

// expected finds who announced the flow, and the side of its client.
func (p *player) expected(c *chunk) (*expectation, int) {
	if c.flow.kind == overEthernet {
		return nil, 0
	}
	for i := len(p.expects) - 1; i >= 0; i-- { // the newest announcement counts
		for _, client := range [2]int{c.side, 1 - c.side} {
			if x := &p.expects[i]; x.fits(c.flow, client) {
				return x, client
			}
		}
	}
	return nil, 0
}

// fits tells whether the announced flow is f with its client on a side.
func (x *expectation) fits(f *flow, side int) bool {
	client, server := f.ends[side], f.ends[1-side]
	wantServer, wantClient := x.ServerIP, x.ClientIP
	if wantServer.IsZero() {
		wantServer = x.server
	}
	if wantClient.IsZero() {
		wantClient = x.client
	}
	return x.UDP == (f.kind == overUDP) && server.IP == wantServer && client.IP == wantClient &&
		(x.ServerPort == 0 || server.Port == x.ServerPort) && (x.ClientPort == 0 || client.Port == x.ClientPort)
}

// take is the host's sink.
func (p *player) take(e *firedoor.Event) {
	if p.quiet {
		return
	}
	rec := record{flow: p.flow, chunk: p.chunk, kind: e.Kind, text: describe(e, false), bare: describe(e, true)}
	if w := p.current; w != nil {
		rec.parser, rec.dir = w.of.Name, w.dir
		rec.framing = !w.inside
		p.show(w.of.Name, e.Kind)
	}
	if p.sheet != nil {
		p.sheet.take(rec.parser, e)
	}
	switch e.Kind {
	case firedoor.EventOperation:
		rec.phase, rec.span, rec.agreed = e.Operation.Phase, e.Operation.Span, e.Operation.UnitAgreed
		rec.refusal = append(rec.refusal, e.Operation.Refusals...)
		rec.asked = question{cmp.Or(e.Operation.Protocol, rec.parser), e.Operation.Code, e.Operation.Function, e.Operation.Verb}
	case firedoor.EventExpect:
		client := p.runners[p.flow].Client()
		x := expectation{*e.Expect, p.flow.ends[1-client].IP, p.flow.ends[client].IP}
		if x.Here {
			x.ServerPort = p.flow.ends[1-client].Port
		}
		if !x.Here || x.UDP == (p.flow.kind == overUDP) {
			p.expect(x)
		}
	}
	p.records = append(p.records, rec)
}

// expect keeps an announcement and passes it to the flow if that is under way.
func (p *player) expect(x expectation) {
	p.expects = append(p.expects, x)
	for f, r := range p.runners {
		for side := range 2 {
			if f.kind != overEthernet && x.fits(f, side) {
				p.announce(r, f, &x, side)
				break
			}
		}
	}
}

func (p *player) show(name string, k firedoor.EventKind) {
	if p.shown[name] == nil {
		p.shown[name] = map[firedoor.EventKind]bool{}
	}
	p.shown[name][k] = true
}

// maxBroken is how many violations one run reports.
const maxBroken = 5

func (p *player) fail(s string) {
	if len(p.broke) < maxBroken {
		p.broke = append(p.broke, s)
	}
}

// spokeFirst is the protocol a flow was found to speak, "" if none.
func (p *player) spokeFirst(f *flow) string {
	if s := p.spoke[f]; len(s) > 0 {
		return s[0]
	}
	return ""
}

// speaks tells whether a flow spoke the protocol at any time.
func (p *player) speaks(f *flow, name string) bool {
	for _, s := range p.spoke[f] {
		if s == name {
			return true
		}
	}
	return false
}

// ofFlow returns the records of one flow, in order.
func (p *player) ofFlow(f *flow) []record {
	var out []record
	for _, r := range p.records {
		if r.flow == f {
			out = append(out, r)
		}
	}
	return out
}
