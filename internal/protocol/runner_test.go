package protocol_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

// The toy protocol: '!', the length of the body as a byte, the body. A body of
// "next NAME" hands over to NAME, "bad" is malformed; anything but '!' where a
// message should start is a framing error.
type toy struct {
	name    string
	state   any
	regain  bool // Gap's answer
	op      firedoor.Operation
	hand    firedoor.HandOver
	wrong   firedoor.Malformed
	opE     firedoor.Event
	handE   firedoor.Event
	wrongE  firedoor.Event
	nothing bool // consumes nothing and hands over at once
}

func newToy(name string) *toy {
	t := &toy{name: name, regain: true}
	t.opE = firedoor.Event{Kind: firedoor.EventOperation, Operation: &t.op}
	t.handE = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &t.hand}
	t.wrongE = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &t.wrong}
	return t
}

func (p *toy) Receive(state any) { p.state = state }

func (p *toy) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	pos := 0
	for len(b)-pos >= 2 {
		if b[pos] != '!' {
			return pos, protocol.Broken("no exclamation mark")
		}
		n := 2 + int(b[pos+1])
		if n == 257 {
			return pos, nil // a length of 255 waits for a message that never ends
		}
		if len(b)-pos < n {
			break
		}
		body := b[pos+2 : pos+n]
		p.op = firedoor.Operation{Phase: firedoor.Asked, Protocol: p.name, Span: firedoor.Span{Start: int64(pos), End: int64(pos + n)},
			Object: firedoor.Object{Text: body}, Code: uint32(dir)}
		pos += n
		if len(body) > 5 && string(body[:5]) == "next " {
			p.hand = firedoor.HandOver{Protocol: string(body[5:]), State: p.name}
			emit(&p.handE)
			return pos, nil
		}
		if string(body) == "bad" {
			p.wrong = firedoor.Malformed{Reason: "bad body"}
			emit(&p.wrongE)
			continue
		}
		emit(&p.opE)
	}
	if p.nothing && pos == 0 && len(b) > 0 {
		p.hand = firedoor.HandOver{Protocol: string(p.name[1]) + string(p.name[0])}
		emit(&p.handE)
	}
	return pos, nil
}

func (p *toy) Gap(firedoor.Direction, int64) bool { return p.regain }

func msg(body string) string { return "!" + string(rune(len(body))) + body }

func probeToy(b []byte) protocol.Match {
	switch {
	case len(b) == 0:
		return protocol.More
	case b[0] != '!':
		return protocol.No
	case len(b) < 2:
		return protocol.More
	default:
		return protocol.Yes
	}
}

func always(m protocol.Match) func([]byte) protocol.Match {
	return func([]byte) protocol.Match { return m }
}

// bench is a host with one runner under test.
type bench struct {
	host   *protocol.Host
	runner protocol.Runner
	log    []string
	made   []*toy
}

func (b *bench) protocol(name string, ports ...uint16) *protocol.Protocol {
	return &protocol.Protocol{Name: name, TCP: ports, UDP: ports, Probe: probeToy, New: func() protocol.Parser {
		t := newToy(name)
		b.made = append(b.made, t)
		return t
	}}
}

func newBench(flow protocol.Flow, edit ...func(b *bench, list []*protocol.Protocol) []*protocol.Protocol) *bench {
	b := &bench{}
	list := []*protocol.Protocol{b.protocol("toy", 700)}
	for _, e := range edit {
		list = e(b, list)
	}
	b.host = protocol.NewHost(list, b.take)
	b.runner.Begin(b.host, flow)
	return b
}

func (b *bench) take(e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventOperation:
		o := e.Operation
		b.log = append(b.log, fmt.Sprintf("%s %d %s %d-%d", o.Protocol, o.Code, o.Object.Text, o.Span.Start, o.Span.End))
	case firedoor.EventMalformed:
		b.log = append(b.log, "malformed "+e.Malformed.Reason)
	default:
		b.log = append(b.log, e.Kind.String())
	}
}

func (b *bench) bytes(side int, s string) { b.runner.Bytes(b.host, side, []byte(s)) }

func (b *bench) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(b.log, lines) {
		t.Errorf("events:\n%s\nwant:\n%s", strings.Join(b.log, "\n"), strings.Join(lines, "\n"))
	}
}

var onPort = protocol.Flow{Ports: [2]uint16{40000, 700}}

func TestRunnerFindsProtocolByteByByte(t *testing.T) {
	b := newBench(onPort)
	for _, c := range msg("one") + msg("two") {
		b.bytes(0, string(c))
	}
	b.want(t, "toy 0 one 0-5", "toy 0 two 5-10")
	if p := b.runner.Protocol(); p == nil || p.Name != "toy" || b.runner.Undecided() {
		t.Error("the protocol is not known after its first message")
	}
}

func TestRunnerFindsProtocolOnAnyPort(t *testing.T) {
	b := newBench(protocol.Flow{Ports: [2]uint16{40000, 41000}})
	b.bytes(0, msg("one"))
	b.want(t, "toy 0 one 0-5")
}

// undecided adds a protocol whose probe always gives m, named by port.
func undecided(m protocol.Match, port uint16) func(*bench, []*protocol.Protocol) []*protocol.Protocol {
	return func(b *bench, list []*protocol.Protocol) []*protocol.Protocol {
		p := b.protocol("undecided", port)
		p.Probe = always(m)
		return append([]*protocol.Protocol{p}, list...)
	}
}

func TestRunnerWaitsForProtocolOfThePort(t *testing.T) {
	b := newBench(protocol.Flow{Ports: [2]uint16{40000, 800}}, undecided(protocol.More, 800))
	b.bytes(0, msg("one"))
	if len(b.log) > 0 || !b.runner.Undecided() {
		t.Fatal("did not wait for the protocol whose port is in use")
	}
	rest := strings.Repeat(msg("two"), protocol.MaxProbe/5)
	b.bytes(0, rest)
	if len(b.log) != 1+protocol.MaxProbe/5 {
		t.Errorf("got %d events after MaxProbe bytes, want %d", len(b.log), 1+protocol.MaxProbe/5)
	}
}

// TestRunnerBelievesBothSides: the protocol of the port wants more of either side, and both speak another
// one as it stands.
func TestRunnerBelievesBothSides(t *testing.T) {
	b := newBench(protocol.Flow{Ports: [2]uint16{40000, 800}, Client: 0, Sure: true}, undecided(protocol.More, 800))
	b.bytes(0, msg("request"))
	b.want(t)
	b.bytes(1, msg("answer"))
	b.want(t, "toy 0 request 0-9", "toy 1 answer 0-8")
	b.bytes(0, msg("next"))
	b.want(t, "toy 0 request 0-9", "toy 1 answer 0-8", "toy 0 next 9-15")

	b = newBench(protocol.Flow{Ports: [2]uint16{40000, 800}, Client: 0, Sure: true}, undecided(protocol.More, 800))
	b.bytes(0, msg("request"))
	b.bytes(1, "something else")
	if b.want(t); !b.runner.Undecided() {
		t.Error("believed one side alone, where the protocol of the port may be yet to come")
	}
}

func TestRunnerDoesNotWaitForOthers(t *testing.T) {
	b := newBench(onPort, undecided(protocol.More, 800))
	b.bytes(0, msg("one"))
	b.want(t, "toy 0 one 0-5")
}

func TestRunnerPrefersThePort(t *testing.T) {
	b := newBench(onPort, undecided(protocol.Yes, 800))
	b.bytes(0, msg("one"))
	b.want(t, "toy 0 one 0-5")
}

func TestRunnerTakesDatagramsAsTheyAre(t *testing.T) {
	f := protocol.Flow{UDP: true, Ports: [2]uint16{40000, 800}}
	b := newBench(f, undecided(protocol.More, 800))
	b.runner.Datagram(b.host, 0, []byte(msg("one")), false)
	b.want(t, "toy 0 one 0-5") // no more bytes will come of a datagram
}

// TestRunnerOrdersRequestBeforeAnswer: the request was too short to tell, the
// answer tells; the request is still parsed first.
func TestRunnerOrdersRequestBeforeAnswer(t *testing.T) {
	b := newBench(protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 0, Sure: true})
	b.bytes(0, "!")
	b.bytes(1, msg("answer"))
	b.bytes(0, msg("request")[1:])
	b.want(t, "toy 1 answer 0-8", "toy 0 request 0-9")

	late := func(b *bench, list []*protocol.Protocol) []*protocol.Protocol {
		list[0].Probe = func(b []byte) protocol.Match {
			if len(b) < 8 {
				return protocol.More
			}
			return protocol.Yes
		}
		return list
	}
	b = newBench(protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 0, Sure: true}, late)
	b.bytes(0, msg("ask"))
	b.bytes(1, msg("answer"))
	b.want(t, "toy 0 ask 0-5", "toy 1 answer 0-8")

	// What was under way begins with the answer to a request that nobody saw: it is none
	// of the next one.
	b = newBench(protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 0, Sure: true}, late)
	b.bytes(1, msg("ago"))
	b.bytes(0, msg("request"))
	b.want(t, "toy 1 ago 0-5", "toy 0 request 0-9")
}

// TestRunnerKnowsAnExchange: neither side says enough alone, both together do.
func TestRunnerKnowsAnExchange(t *testing.T) {
	pair := func(b *bench, list []*protocol.Protocol) []*protocol.Protocol {
		list[0].Probe = always(protocol.More)
		list[0].Exchange = func(request, answer []byte) bool {
			return string(request) == msg("ask") && string(answer) == msg("answer")
		}
		list[0].Orient = func([]byte) protocol.Orientation { return protocol.SentByServer }
		return list
	}
	flow := protocol.Flow{Ports: [2]uint16{40000, 41000}, Client: 1}
	b := newBench(flow, pair)
	b.bytes(0, msg("ask"))
	b.bytes(1, msg("answer")[:3])
	b.want(t)
	b.bytes(1, msg("answer")[3:])
	b.want(t, "toy 0 ask 0-5", "toy 1 answer 0-8")

	for _, other := range [][2]string{{msg("ask"), msg("answers")}, {msg("asks"), msg("answer")}, {msg("answer"), msg("ask")}} {
		b = newBench(flow, pair)
		b.bytes(0, other[0])
		b.bytes(1, other[1])
		if b.want(t); !b.runner.Undecided() {
			t.Errorf("%q is taken for an exchange", other)
		}
	}
}

func TestRunnerOrientation(t *testing.T) {
	orient := func(o protocol.Orientation) func(*bench, []*protocol.Protocol) []*protocol.Protocol {
		return func(_ *bench, list []*protocol.Protocol) []*protocol.Protocol {
			list[0].Orient = func([]byte) protocol.Orientation { return o }
			return list
		}
	}
	for _, c := range []struct {
		name   string
		flow   protocol.Flow
		sender int
		orient protocol.Orientation
		want   uint8
	}{
		{"handshake over content", protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 0, Sure: true}, 0, protocol.SentByServer, 0},
		{"content over port", protocol.Flow{Ports: [2]uint16{700, 40000}, Client: 1}, 0, protocol.SentByClient, 0},
		{"server's content", protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 0}, 0, protocol.SentByServer, 1},
		{"port over guess", protocol.Flow{Ports: [2]uint16{700, 40000}, Client: 0}, 0, protocol.OrientUnknown, 1},
		{"port over guess, other side", protocol.Flow{Ports: [2]uint16{40000, 700}, Client: 1}, 0, protocol.OrientUnknown, 0},
		{"both ports: the guess", protocol.Flow{Ports: [2]uint16{700, 700}, Client: 1}, 0, protocol.OrientUnknown, 1},
		{"no port: the guess", protocol.Flow{Ports: [2]uint16{1, 2}, Client: 1}, 1, protocol.OrientUnknown, 1},
	} {
		b := newBench(c.flow, orient(c.orient))
		b.bytes(c.sender, msg("one"))
		if got := b.runner.Client(); got != c.want {
			t.Errorf("%s: client is side %d, want %d", c.name, got, c.want)
		}
		dir := c.sender ^ int(c.want)
		b.want(t, fmt.Sprintf("toy %d one 0-5", dir))
	}
}

func TestRunnerPicksUpInTheMiddle(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, "tail of something")
	b.bytes(0, "more of it")
	b.bytes(0, msg("one"))
	b.want(t, "toy 0 one 27-32")
}

func TestRunnerGivesUpTheUnknown(t *testing.T) {
	b := newBench(onPort)
	for range 4 {
		b.bytes(0, "?????")
		b.bytes(1, "?????")
	}
	if !b.runner.GivenUp() {
		t.Error("still probing after four tries of both sides")
	}
	b.bytes(0, msg("late"))
	b.want(t)

	b = newBench(onPort)
	for range 4 + 4*protocol.MaxProbe/512 {
		b.bytes(0, strings.Repeat("?", 512))
	}
	if !b.runner.GivenUp() {
		t.Error("one silent side keeps an unknown flow alive")
	}

	b = newBench(protocol.Flow{UDP: true, Ports: [2]uint16{40000, 700}})
	for range 4 {
		b.runner.Datagram(b.host, 0, []byte("????"), false)
	}
	if !b.runner.GivenUp() {
		t.Error("still probing after four datagrams")
	}
}

// second adds a protocol that is only handed to.
func second(name string, edit func(*toy)) func(*bench, []*protocol.Protocol) []*protocol.Protocol {
	return func(b *bench, list []*protocol.Protocol) []*protocol.Protocol {
		p := b.protocol(name)
		p.Probe = nil
		made := p.New
		p.New = func() protocol.Parser {
			t := made().(*toy)
			if edit != nil {
				edit(t)
			}
			return t
		}
		return append(list, p)
	}
}

func TestRunnerHandsOver(t *testing.T) {
	b := newBench(onPort, second("inner", nil))
	b.bytes(0, msg("one")+msg("next inner")+msg("two"))
	b.bytes(1, msg("three"))
	b.want(t, "toy 0 one 0-5", "inner 0 two 17-22", "inner 1 three 0-7")
	if got := b.made[1].state; got != "toy" {
		t.Errorf("the new parser received %v, want the state of the hand-over", got)
	}
	if got := b.runner.Protocol().Name; got != "inner" {
		t.Errorf("the flow speaks %s, want inner", got)
	}
}

func TestRunnerHandsOverPendingBytes(t *testing.T) {
	b := newBench(onPort, second("inner", nil))
	b.bytes(0, msg("one"))
	b.bytes(1, msg("three")[:4])
	b.bytes(0, msg("next inner"))
	b.bytes(1, msg("three")[4:])
	b.want(t, "toy 0 one 0-5", "inner 1 three 0-7")
}

func TestRunnerHandsOverInADatagram(t *testing.T) {
	b := newBench(protocol.Flow{UDP: true, Ports: [2]uint16{40000, 700}}, second("inner", nil))
	b.runner.Datagram(b.host, 0, []byte(msg("next inner")+msg("two")), false)
	b.runner.Datagram(b.host, 1, []byte(msg("three")), false)
	b.want(t, "inner 0 two 12-17", "inner 1 three 0-7")
}

func TestRunnerGivesUpWhenNobodyTakesOver(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, msg("next nobody")+msg("two"))
	b.want(t)
	if !b.runner.GivenUp() {
		t.Error("the flow goes on without a protocol")
	}
}

func TestRunnerEndsEndlessHandOver(t *testing.T) {
	nothing := func(p *toy) { p.nothing = true }
	b := newBench(onPort, second("ab", nothing), second("ba", nothing))
	b.bytes(0, msg("next ab")+"!")
	if !b.runner.GivenUp() {
		t.Error("two protocols that hand the same byte to each other go on")
	}
	b = newBench(protocol.Flow{UDP: true, Ports: [2]uint16{40000, 700}}, second("ab", nothing), second("ba", nothing))
	b.runner.Datagram(b.host, 0, []byte(msg("next ab")+"!"), false)
	if !b.runner.GivenUp() {
		t.Error("two protocols that hand the same byte to each other go on in a datagram")
	}
}

func TestRunnerGap(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, msg("one")+"!")
	b.runner.Gap(b.host, 0, 100)
	b.bytes(0, msg("two"))
	b.want(t, "toy 0 one 0-5", "toy 0 two 106-111")

	b = newBench(onPort)
	b.bytes(0, msg("one"))
	b.made[0].regain = false
	b.runner.Gap(b.host, 0, 1)
	b.bytes(0, msg("two"))
	b.want(t, "toy 0 one 0-5")
	if !b.runner.GivenUp() {
		t.Error("goes on although the parser gave up")
	}
}

func TestRunnerGapWhileProbing(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, "!")
	b.runner.Gap(b.host, 0, 9)
	b.bytes(0, msg("one"))
	b.want(t, "toy 0 one 10-15")
}

func TestRunnerFramingErrors(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, msg("one")+"??"+msg("thrown away"))
	b.bytes(0, msg("two"))
	b.bytes(0, msg("bad"))
	b.bytes(1, "??")
	b.bytes(1, "??")
	b.bytes(1, msg("three"))
	b.want(t, "toy 0 one 0-5", "malformed no exclamation mark", "toy 0 two 20-25", "malformed bad body",
		"malformed no exclamation mark", "malformed no exclamation mark")
	if !b.runner.GivenUp() {
		t.Errorf("not given up after %d framing errors", protocol.MaxErrors)
	}
}

func TestRunnerBoundsPendingBytes(t *testing.T) {
	b := newBench(onPort)
	b.bytes(0, msg("one")+"!\xff")
	for range protocol.MaxMessage/1024 + 1 {
		b.bytes(0, strings.Repeat("x", 1024))
	}
	b.want(t, "toy 0 one 0-5", "malformed message longer than the limit")
	if !b.runner.GivenUp() {
		t.Error("more than MaxMessage bytes are kept")
	}
}

func TestRunnerDatagrams(t *testing.T) {
	f := protocol.Flow{UDP: true, Ports: [2]uint16{40000, 700}}
	send := func(b *bench, s string, truncated bool) { b.runner.Datagram(b.host, 0, []byte(s), truncated) }
	b := newBench(f)
	send(b, msg("one")+"!", false)
	send(b, msg("two")+"!", true)
	send(b, msg("three")+"??", true)
	send(b, msg("bad"), true)
	send(b, msg("four"), false)
	b.want(t, "toy 0 one 0-5", "malformed bytes left over in a datagram", "toy 0 two 6-11", "toy 0 three 12-19", "toy 0 four 26-32")

	b = newBench(f)
	send(b, msg("one"), false)
	for range 5 { // never three in a row
		send(b, "??", false)
		send(b, "??", false)
		send(b, msg("two"), false)
	}
	if b.runner.GivenUp() {
		t.Error("given up although good datagrams came between the bad ones")
	}
	for range protocol.MaxErrors {
		send(b, "??", false)
	}
	if !b.runner.GivenUp() {
		t.Error("not given up after MaxErrors bad datagrams in a row")
	}
}

func TestRunnerExpected(t *testing.T) {
	b := newBench(protocol.Flow{UDP: true, Ports: [2]uint16{1, 2}})
	p := b.host.ByName("toy")
	b.runner.Expected(b.host, p, "first", 1)
	b.runner.Datagram(b.host, 0, []byte(msg("one")), false)
	b.want(t, "toy 1 one 0-5")
	b.runner.Expected(b.host, p, "again", 1)
	if len(b.made) != 1 || b.made[0].state != "again" {
		t.Error("a parser at work does not receive the state of a new announcement")
	}
}

func TestHostKnowsItsProtocols(t *testing.T) {
	b := newBench(onPort, func(b *bench, list []*protocol.Protocol) []*protocol.Protocol {
		return append(list, &protocol.Protocol{Name: "frame", Ethernet: []uint16{0x88cc}, New: list[0].New})
	})
	if !b.host.Registered(700, true) || !b.host.Registered(700, false) || b.host.Registered(701, true) {
		t.Error("Registered does not tell the ports of the list")
	}
	if p := b.host.Ethernet(0x88cc); p == nil || p.Name != "frame" || b.host.Ethernet(0x800) != nil {
		t.Error("Ethernet does not tell the types of the list")
	}
	if b.host.ByName("nobody") != nil || b.host.ByName("frame") == nil {
		t.Error("ByName does not tell the names of the list")
	}
}

func TestRunnerSteadyStateAllocatesNothing(t *testing.T) {
	h := protocol.NewHost([]*protocol.Protocol{{Name: "toy", TCP: []uint16{700}, Probe: probeToy, New: func() protocol.Parser { return newToy("toy") }}},
		func(*firedoor.Event) {})
	var r protocol.Runner
	r.Begin(h, onPort)
	whole := []byte(msg("one") + msg("two"))
	feed := func() {
		r.Bytes(h, 0, whole)
		r.Bytes(h, 0, whole[:3])
		r.Bytes(h, 1, whole[:7])
		r.Bytes(h, 0, whole[3:])
		r.Bytes(h, 1, whole[7:])
	}
	feed()
	if n := testing.AllocsPerRun(100, feed); n != 0 {
		t.Errorf("%v allocations for whole and cut messages, want none", n)
	}
}
