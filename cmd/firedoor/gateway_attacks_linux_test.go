package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ruse is a way to get a forbidden write past a gateway, or an honest client cut off.
type ruse struct {
	name string
	run  func(a *assault)
	// harmless attacks write nothing even without a gateway: they are after the clients.
	harmless bool
}

// attacks are tried one by one, against a bridge too: there each must succeed, or it
// would be no attack.
var attacks = []ruse{
	{name: "each function that writes", run: (*assault).eachFunction},
	{name: "a byte at a time", run: (*assault).bytewise},
	{name: "split at every byte", run: (*assault).splitEverywhere},
	{name: "segments in every order", run: (*assault).reordered},
	{name: "overlapping segments", run: (*assault).overlapping},
	{name: "sent again with other content", run: (*assault).sentAgain},
	{name: "a decoy that the controller throws away", run: (*assault).decoys},
	{name: "a decoy that announces a long message", run: (*assault).longDecoys},
	{name: "an end that the controller does not believe, within a message", run: (*assault).falseEnds},
	{name: "a new beginning that the controller does not believe, within a message", run: (*assault).falseBeginnings},
	{name: "two beginnings before the controller answers", run: (*assault).twoBeginnings},
	{name: "taken twice, the second time behind a request", run: (*assault).takenTwice},
	{name: "begun anew with the old number, and a decoy", run: (*assault).begunAnew},
	{name: "in the controller's name as well", run: (*assault).answersItself},
	{name: "fragments of IP", run: (*assault).fragments},
	{name: "fragments that overlap", run: (*assault).overlappingFragments},
	{name: "many requests in a segment", run: (*assault).pipelined},
	{name: "odd headers", run: (*assault).oddHeaders},
	{name: "urgent bytes", run: (*assault).urgent},
	{name: "numbers that wrap", run: (*assault).wraps},
	{name: "from the port of Modbus", run: (*assault).fromItsPort},
	{name: "over IPv6", run: (*assault).overSix},
	{name: "answers of UDP that nobody asked for", run: (*assault).unasked},
	{name: "in a priority tag", run: (*assault).inTag},
	{name: "to the controller's other address", run: (*assault).behindRouter},
	{name: "a flood, and a write in it", run: (*assault).floodAndWrite},
	{name: "the worker is killed within a message", run: (*assault).crashWithin},
	{name: "the worker is stopped within a message", run: (*assault).hangWithin},
	{name: "the policy is loaded anew within a message", run: (*assault).reloadWithin},
	{name: "the gateway is started anew within a message", run: (*assault).restartWithin},
	{name: "isolated and released within a message", run: (*assault).isolateWithin},
	{name: "in the name of each client", run: (*assault).forgedNames, harmless: true},
	{name: "ends in the name of each client", run: (*assault).forgedEnds, harmless: true},
	{name: "a client opens all connections there are", run: (*assault).exhausted, harmless: true},
}

// assault is one attack under way.
type assault struct {
	*siege
	t    *testing.T
	port uint16
	rest []*forger
}

func (a *assault) next() uint16 {
	a.port++
	return a.port
}

// connected gives a connection of eng to the controller.
func (a *assault) connected(change ...func(f *forger)) *forger {
	a.t.Helper()
	f := a.prepared()
	for _, c := range change {
		c(f)
	}
	if err := f.connect(); err != nil {
		a.t.Fatalf("%v\n%s", err, a.log)
	}
	return f
}

func (a *assault) prepared() *forger {
	f := newForger(a.t, a.bed, netip.AddrPortFrom(addrEng, a.next()), netip.AddrPortFrom(a.bed.Server.IP4, 502))
	a.rest = append(a.rest, f)
	return f
}

func behind(f *forger) { f.it = netip.AddrPortFrom(netip.MustParseAddr("10.98.0.2"), 502) }

func (a *assault) close() {
	for _, f := range a.rest {
		f.close()
	}
}

// adu is a Modbus request.
func adu(id uint16, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(body)))
	return append(append(b, 1), body...)
}

// forbiddenWrite and aRead have one length, so that one can hide the other.
func forbiddenWrite() []byte { return adu(7, 6, 0, 40, 0x12, 0x34) }
func aRead() []byte          { return adu(7, 3, 0, 40, 0, 1) }

// twofold are the two parts of a stream with two meanings: as a whole it is a forbidden
// mask write; the second part by itself, as somebody sees it who does not know of the first,
// is a read.
func twofold() (first, second []byte) {
	return []byte{0, 1, 0, 0, 0, 8, 1}, []byte{22, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 4}
}

// TestAttacks holds that no attack gets a forbidden write past the gateway or cuts off a
// client, and that each of them that writes does write where no gateway stands.
func TestAttacks(t *testing.T) {
	beside, guarded := newSiege(t, true), newSiege(t, false)
	safe := beginSafety(t, guarded.line, beside.line)
	for i, k := range attacks {
		t.Run(k.name, func(t *testing.T) {
			if !k.harmless {
				if done := beside.under(t, &k, i); len(done) == 0 {
					t.Error("the attack writes nothing where no gateway stands: it shows nothing")
				}
			}
			done := guarded.under(t, &k, i)
			polls, wrong, longest := 0, []string(nil), time.Duration(0)
			for _, p := range guarded.panels {
				n, l, w := p.seen()
				polls, longest, wrong = polls+n, max(longest, l), append(wrong, w...)
			}
			t.Logf("%d forbidden writes were done; %d polls of honest clients meanwhile, the longest took %s", len(done), polls, longest.Round(100*time.Microsecond))
			if len(done)+len(wrong) == 0 {
				return
			}
			t.Errorf("forbidden writes that were done: %.300q; what operators saw: %.500q\n%.2000s", done, wrong, guarded.log)
		})
	}
	safe.held(t, true)
}

// proven is how long a forbidden write may take on a bridge, where it must be done; it is soon.
const proven = 30 * time.Second

// under has a siege suffer an attack and returns what forbidden writes were done.
func (s *siege) under(t *testing.T, k *ruse, number int) []string {
	t.Helper()
	for _, p := range s.panels {
		p.seen()
	}
	s.victim.done()
	a := &assault{siege: s, t: t, port: 20_000 + uint16(number)*100}
	defer a.close()
	s.t, t = t, s.t
	defer func() { s.t = t }()
	k.run(a)
	if s.bridge {
		for end := time.Now().Add(proven); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if done := s.victim.done(); len(done) > 0 {
				return done
			}
		}
		return nil
	}
	time.Sleep(300 * time.Millisecond) // for what waits somewhere
	return s.victim.done()
}

func (a *assault) eachFunction() {
	f, at := a.connected(), 0
	for i, body := range [][]byte{
		{5, 0, 18, 0xff, 0}, {6, 0, 40, 0, 1}, {6, 0, 5, 0, 101}, {15, 0, 17, 0, 2, 1, 3}, {16, 0, 0, 0, 1, 2, 0, 1}, {22, 0, 0, 0, 0, 0, 1}, {23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 1},
	} {
		b := adu(uint16(i), body...)
		f.say(at, b)
		at += len(b)
		f.has(at, 200*time.Millisecond)
	}
}

func (a *assault) bytewise() {
	f, w := a.connected(), forbiddenWrite()
	for i := range w {
		f.say(i, w[i:i+1])
		time.Sleep(20 * time.Millisecond)
	}
}

func (a *assault) splitEverywhere() {
	f, w, at := a.connected(), forbiddenWrite(), 0
	for i := 1; i < len(w); i++ {
		f.say(at, w[:i])
		f.has(at+i, 100*time.Millisecond)
		f.say(at+i, w[i:])
		at += len(w)
		if !f.has(at, 200*time.Millisecond) {
			f, at = a.connected(), 0
		}
	}
}

func (a *assault) reordered() {
	w := append(aRead(), forbiddenWrite()...)
	cuts := [][2]int{{0, 7}, {7, 14}, {14, 24}}
	for _, order := range [][]int{{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		f := a.connected()
		for _, i := range order {
			f.say(cuts[i][0], w[cuts[i][0]:cuts[i][1]])
		}
		f.has(len(w), 200*time.Millisecond)
	}
}

// overlapping sends two versions of the same bytes, of which a receiver takes one.
func (a *assault) overlapping() {
	r, w := aRead(), forbiddenWrite()
	type piece struct {
		from, to int
		of       []byte
	}
	for _, pieces := range [][]piece{
		{{4, 12, w}, {0, 6, r}}, {{6, 12, w}, {0, 12, r}}, {{6, 12, r}, {0, 12, w}}, {{7, 12, r}, {3, 12, w}, {0, 5, r}}, {{7, 12, w}, {3, 12, r}, {0, 5, w}},
		{{0, 7, r}, {5, 12, w}}, {{0, 6, w}, {9, 12, r}, {4, 12, w}}, {{1, 12, r}, {1, 12, w}, {0, 1, r}}, {{1, 12, w}, {1, 12, r}, {0, 1, r}},
	} {
		f := a.connected()
		for _, p := range pieces {
			f.say(p.from, p.of[p.from:p.to])
		}
		f.has(len(r), 100*time.Millisecond)
	}
}

// sentAgain sends a read, and its bytes again as a write, before and after the
// controller may have them.
func (a *assault) sentAgain() {
	r, w := aRead(), forbiddenWrite()
	f := a.connected()
	f.say(0, w) // declined, and then as it is
	f.say(0, w)
	f.has(len(w), 200*time.Millisecond)
	f.say(0, w)
	f = a.connected()
	f.say(0, r[:8])
	f.say(0, w)
	f.has(len(w), 200*time.Millisecond)
	f.say(0, w)
	f = a.connected()
	f.say(4, r[4:])
	f.say(4, w[4:])
	f.say(0, r[:4])
	f.has(len(w), 200*time.Millisecond)
}

// ignored are ways to make a segment that a gateway sees and a controller ignores.
var ignored = []struct {
	name   string
	of     func(f *forger)
	change func(s *segment)
	not    byte // flags with which a controller does not ignore it
}{
	{"wrong checksum", nil, func(s *segment) { s.badSum = true }, 0},
	{"wrong checksum of IP", nil, func(s *segment) { s.badIPSum = true }, 0},
	{"dies at the router", behind, func(s *segment) { s.ttl = 1 }, 0},
	{"longer than it is", nil, func(s *segment) { s.longer = 40 }, 0},
	{"acknowledges what was never sent", nil, func(s *segment) { s.ack += 1 << 20 }, flagRST},
	{"without acknowledgement", nil, func(s *segment) { s.flags, s.ack = flagPSH, 0 }, 0},
	{"no flags at all", nil, func(s *segment) { s.flags, s.ack = 0, 0 }, 0},
	{"a signature", nil, func(s *segment) { s.tcpOptions = append([]byte{1, 1, 19, 18}, make([]byte, 16)...) }, 0},
	{"an old time stamp", func(f *forger) { f.stamps = true }, func(s *segment) { s.tcpOptions = stamp(uint32(time.Now().UnixMilli()) - 1e6) }, flagRST},
	{"a source route", nil, func(s *segment) { s.ipOptions = []byte{131, 7, 4, 10, 97, 0, 9, 1} }, 0},
	{"to another card", nil, func(s *segment) { s.dst = net.HardwareAddr{2, 0, 0, 97, 0, 99} }, 0},
	{"in another VLAN", nil, func(s *segment) { s.tag = []byte{0x81, 0, 0, 7} }, 0},
}

// ignorable gives a connection for each of them that may have flags, and how to say what is ignored.
func (a *assault) ignorable(flags byte, use func(f *forger, decoy func(at int, data []byte, flags byte))) {
	for _, g := range ignored {
		if g.not&flags != 0 {
			continue
		}
		f := a.prepared()
		if g.of != nil {
			g.of(f)
		}
		if err := f.connect(); err != nil {
			a.t.Fatal(err)
		}
		use(f, func(at int, data []byte, flags byte) {
			s := f.segment(at, data)
			if s.flags |= flags; flags&flagSYN != 0 {
				s.flags = flagSYN
			}
			g.change(s)
			f.r.send(s)
		})
		if got := a.waited(); a.bridge && len(got) == 0 {
			a.t.Errorf("%s: nothing is written where no gateway stands", g.name)
		} else if !a.bridge && len(got) > 0 {
			a.t.Logf("%s: %q", g.name, got)
			a.kept(got)
		}
	}
	if a.bridge {
		a.kept([]string{"each of them"})
	}
}

// waited is what forbidden writes were done in a while.
func (a *assault) waited() []string {
	wait := 60 * time.Millisecond
	if a.bridge {
		wait = proven
	}
	for end := time.Now().Add(wait); ; time.Sleep(2 * time.Millisecond) {
		if got := a.victim.done(); len(got) > 0 || time.Now().After(end) {
			return got
		}
	}
}

// kept puts back what was done, for the test to see.
func (a *assault) kept(list []string) {
	a.victim.mu.Lock()
	defer a.victim.mu.Unlock()
	a.victim.forbidden = append(a.victim.forbidden, list...)
}

func (a *assault) decoys() {
	a.ignorable(0, func(f *forger, decoy func(int, []byte, byte)) {
		decoy(0, aRead(), 0)
		f.say(0, forbiddenWrite())
	})
}

func (a *assault) longDecoys() {
	a.ignorable(0, func(f *forger, decoy func(int, []byte, byte)) {
		decoy(0, []byte{0, 7, 0, 0, 0, 250, 1, 3, 0, 40, 0, 1}, 0)
		f.say(0, forbiddenWrite())
	})
}

// within sends the first part of a stream with two meanings, has something done, and
// sends the rest.
func (a *assault) within(f *forger, do func(at int)) {
	first, second := twofold()
	f.say(0, first)
	f.has(len(first), 200*time.Millisecond)
	do(len(first))
	f.say(len(first), second)
}

func (a *assault) falseEnds() {
	a.ignorable(flagRST, func(f *forger, decoy func(int, []byte, byte)) {
		a.within(f, func(at int) { decoy(at, nil, flagRST) })
	})
	for _, off := range []int{1 << 20, -1000, 1} { // out of the window, old, not the next
		f := a.connected()
		a.within(f, func(int) {
			s := f.segment(7+off, nil)
			s.flags = flagRST
			f.r.send(s)
			s = f.segment(6, nil)
			s.flags, s.ack = flagSYN, 0
			f.r.send(s)
		})
		if got := a.waited(); len(got) > 0 {
			a.t.Logf("an end %d bytes off: %q", off, got)
			a.kept(got)
		}
	}
}

func (a *assault) falseBeginnings() {
	a.ignorable(flagRST, func(f *forger, decoy func(int, []byte, byte)) {
		a.within(f, func(at int) {
			decoy(at, nil, flagRST)
			decoy(at-1, nil, flagSYN)
			decoy(at, nil, flagFIN)
		})
	})
	for _, off := range []int{-1, -500, 500, 1 << 20} { // SYNs within a connection (RFC 5961, 4)
		f := a.connected()
		a.within(f, func(at int) {
			s := f.segment(at+off, nil)
			s.flags, s.ack = flagSYN, 0
			f.r.send(s)
		})
		if got := a.waited(); len(got) > 0 {
			a.t.Logf("a beginning %d bytes off: %q", off, got)
			a.kept(got)
		}
	}
}

// twoBeginnings begins twice before the controller answers: it took the first one, for
// the second one is spoilt, and a gateway may think that it took the second.
func (a *assault) twoBeginnings() {
	for _, off := range []int{1000, 1 << 20, -1000, 1} {
		for range 3 {
			a.beginTwice(off).say(0, forbiddenWrite())
		}
		if got := a.waited(); len(got) > 0 {
			a.t.Logf("beginnings %d bytes apart: %q", off, got)
			a.kept(got)
		}
	}
}

// beginTwice gives a connection that the controller took; what began it may have been dropped
// while this machine stood still.
func (a *assault) beginTwice(off int) *forger {
	a.t.Helper()
	for range 20 {
		f := a.prepared()
		one := f.segment(-1, nil)
		one.flags, one.ack = flagSYN, 0
		two := f.segment(-1+off, nil)
		two.flags, two.ack, two.badSum = flagSYN, 0, true
		f.r.send(one)
		f.r.send(two)
		if f.until(2*time.Second, func() bool { return f.heard }) {
			return f
		}
	}
	a.t.Fatal("the controller does not answer")
	return nil
}

// sendParts sends a segment in fragments that begin at the given places of its TCP part.
func (f *forger) sendParts(s *segment, from ...int) {
	content, id := s.tcp(), uint16(rand.Uint32())
	for i, at := range from {
		end := len(content)
		if i+1 < len(from) {
			end = from[i+1]
		}
		f.r.put(f.r.ethernet(s, s.packet(content[at:end], id, at, end < len(content))))
	}
}

func (a *assault) fragments() {
	for _, cut := range [][]int{{0, 8}, {0, 16}, {0, 24}, {0, 8, 16, 24}} {
		f := a.connected()
		f.sendParts(f.segment(0, forbiddenWrite()), cut...)
		f = a.connected()
		f.say(0, aRead())
		f.sendParts(f.segment(12, append(aRead(), forbiddenWrite()...)), cut...)
	}
}

// overlappingFragments hides a write behind a read that overlaps it, in parts of IP;
// one that overlaps nothing comes last, so that the attack writes at all.
func (a *assault) overlappingFragments() {
	f := a.connected()
	s, w := f.segment(0, aRead()), f.segment(0, forbiddenWrite())
	for _, first := range []*segment{s, w} {
		second := w
		if first == w {
			second = s
		}
		one, two := first.tcp(), second.tcp()
		id := uint16(rand.Uint32())
		f.r.put(f.r.ethernet(s, s.packet(one[:24], id, 0, true)))
		f.r.put(f.r.ethernet(s, s.packet(one[16:], id, 16, false)))
		f.r.put(f.r.ethernet(s, s.packet(two[24:], id, 24, false)))
	}
	f.sendParts(w, 0, 24)
}

func (a *assault) pipelined() {
	f := a.connected()
	var stream []byte
	for i := range 40 {
		if i%13 == 7 {
			stream = append(stream, forbiddenWrite()...)
		} else {
			stream = append(stream, aRead()...)
		}
	}
	for at := 0; at < len(stream); {
		n := min(len(stream)-at, 50+at%37)
		f.say(at, stream[at:at+n])
		at += n
		f.has(at, 100*time.Millisecond)
	}
}

func (a *assault) oddHeaders() {
	for _, change := range []func(s *segment){
		func(s *segment) { s.ipOptions = []byte{1, 1, 1, 1} },
		func(s *segment) { s.ipOptions = []byte{7, 7, 4, 0, 0, 0, 0, 0} },
		func(s *segment) { s.tcpOptions = []byte{1, 1, 1, 0} },
		func(s *segment) { s.tcpOptions = append([]byte{253, 20}, make([]byte, 18)...) },
		func(s *segment) { s.flags |= 0x40 | 0x80 }, // congestion
		func(s *segment) { s.flags |= flagFIN },
		func(s *segment) { s.flags |= flagURG },
		func(s *segment) { s.ttl = 2 },
	} {
		f := a.connected()
		s := f.segment(0, forbiddenWrite())
		change(s)
		f.r.send(s)
		f.has(12, 50*time.Millisecond)
	}
}

// urgent puts a byte into a request that the receiver takes out again.
func (a *assault) urgent() {
	w := forbiddenWrite()
	for _, at := range []int{1, 7, 8, 11} {
		f := a.connected()
		data := slices.Insert(slices.Clone(w), at, byte(3))
		s := f.segment(0, data)
		s.flags, s.urgent = s.flags|flagURG, uint16(at+1)
		f.r.send(s)
		f.has(len(data), 50*time.Millisecond)
	}
}

func (a *assault) wraps() {
	for _, back := range []uint32{5, 12, 18} {
		f := a.connected(func(f *forger) { f.base = -back })
		f.say(0, aRead())
		f.has(12, 100*time.Millisecond)
		w := forbiddenWrite()
		f.say(12, w[:6])
		f.say(18, w[6:])
		f.has(24, 100*time.Millisecond)
	}
}

func (a *assault) fromItsPort() {
	f := a.connected(func(f *forger) { f.me = netip.AddrPortFrom(addrEng, 502) })
	f.say(0, forbiddenWrite())
}

func (a *assault) overSix() {
	var c net.Conn
	dial := net.Dialer{Timeout: 500 * time.Millisecond}
	err := a.bed.Client.Do(func() (err error) {
		c, err = dial.Dial("tcp", "["+a.bed.Server.IP6.String()+"]:502")
		return err
	})
	if err != nil {
		return // nobody may come that way
	}
	defer c.Close()
	_, _ = askModbus(c, 1, 500*time.Millisecond, 6, 0, 40, 0, 1)
}

func (a *assault) inTag() {
	f := a.connected()
	first, second := twofold()
	f.say(0, first)
	f.has(len(first), 200*time.Millisecond)
	s := f.segment(len(first), second)
	s.tag = []byte{0x81, 0, 0xe0, 0}
	f.r.send(s)
	f = a.connected()
	s = f.segment(0, forbiddenWrite())
	s.tag = []byte{0x81, 0, 0xe0, 0}
	f.r.send(s)
}

func (a *assault) behindRouter() {
	f := a.connected(behind)
	f.say(0, forbiddenWrite())
}

// floodAndWrite sends beginnings of connections from everywhere, as fast as it can, with
// writes in between.
func (a *assault) floodAndWrite() {
	f := a.connected()
	r := newRaw(a.t, a.bed)
	defer r.close()
	at, w := 0, forbiddenWrite()
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); {
		for i := range 1000 {
			from := netip.AddrFrom4([4]byte{10, 97, byte(rand.Uint32()), byte(5 + rand.Uint32()%200)})
			if i%10 == 0 {
				from = addrEng
			}
			r.send(&segment{from: netip.AddrPortFrom(from, uint16(rand.Uint32())|1<<15), to: f.it, seq: rand.Uint32(), flags: flagSYN, ttl: 64})
		}
		f.say(at, w)
		if f.has(at+len(w), 20*time.Millisecond) {
			at += len(w)
		}
	}
}

// again does something to the gateway, and what is written goes on some moments later.
func (a *assault) moments(what func()) {
	for _, pause := range []time.Duration{0, 3 * time.Millisecond, 15 * time.Millisecond, 200 * time.Millisecond} {
		f := a.connected()
		a.within(f, func(int) {
			if !a.bridge {
				what()
			}
			time.Sleep(pause)
		})
		got := a.waited()
		f.say(0, aRead())               // what is sent before is told by nobody any more
		if len(got) == 0 || !a.bridge { // a bridge has shown what it had to
			got = append(got, a.waited()...)
		}
		if len(got) > 0 {
			a.t.Logf("%s after it: %q", pause, got)
			a.kept(got)
		}
		g := a.connected()
		g.say(0, forbiddenWrite())
	}
}

func (a *assault) crashWithin() {
	a.moments(func() { _ = syscall.Kill(a.worker(), syscall.SIGKILL) })
}

func (a *assault) hangWithin() {
	a.moments(func() { _ = syscall.Kill(a.worker(), syscall.SIGSTOP) })
}

func (a *assault) reloadWithin() {
	a.moments(func() { works(a.t, "reload", "--data", a.data) })
}

func (a *assault) restartWithin() {
	a.moments(func() {
		a.stop()
		a.start()
	})
}

func (a *assault) isolateWithin() {
	a.moments(func() {
		o := works(a.t, "isolate", "hmi-2,plc", "--verb", "no-program", "--for", "10m", "--reason", "a trial", "--data", a.data).stdout
		number := strings.Fields(strings.TrimPrefix(o, "Decision "))[0]
		works(a.t, "release", "--now", strings.TrimSuffix(number, ":"), "--data", a.data)
	})
}

// forgedNames sends what is forbidden in the name of each client, at the port it has or
// at any.
func (a *assault) forgedNames() {
	r := newRaw(a.t, a.bed)
	defer r.close()
	for _, p := range a.panels {
		p.mu.Lock()
		port := p.conn.LocalAddr().(*net.TCPAddr).Port
		p.mu.Unlock()
		for i := range 3000 {
			s := &segment{from: netip.AddrPortFrom(p.from, uint16(port)), to: netip.AddrPortFrom(a.bed.Server.IP4, 502), seq: rand.Uint32(), ack: rand.Uint32(), flags: flagACK | flagPSH, data: forbiddenWrite(), ttl: 64}
			if i%3 == 0 {
				s.from = netip.AddrPortFrom(p.from, uint16(rand.Uint32()))
			}
			if i%7 == 0 { // as if the controller said so
				s.from, s.to = s.to, s.from
			}
			r.send(s)
		}
	}
}

// forgedEnds ends and begins the connection of each client in its name, with numbers
// that it does not know.
func (a *assault) forgedEnds() {
	r := newRaw(a.t, a.bed)
	defer r.close()
	for _, p := range a.panels {
		p.mu.Lock()
		port := p.conn.LocalAddr().(*net.TCPAddr).Port
		p.mu.Unlock()
		for i := range 60 {
			s := &segment{from: netip.AddrPortFrom(p.from, uint16(port)), to: netip.AddrPortFrom(a.bed.Server.IP4, 502), seq: rand.Uint32(), ack: rand.Uint32(), ttl: 64}
			s.flags = []byte{flagRST, flagSYN, flagFIN | flagACK, flagRST | flagACK, flagSYN | flagACK}[i%5]
			r.send(s)
			time.Sleep(2 * time.Millisecond)
		}
	}
	time.Sleep(500 * time.Millisecond)
}

// exhausted opens as many connections as there are ports, in the name of one client;
// another one connects anew.
func (a *assault) exhausted() {
	r := newRaw(a.t, a.bed)
	defer r.close()
	for port := range uint16(65_535) {
		from := netip.AddrPortFrom(addrEng, port+1)
		for _, to := range []netip.Addr{a.bed.Server.IP4, netip.MustParseAddr("10.98.0.2")} {
			r.send(&segment{from: from, to: netip.AddrPortFrom(to, 502), seq: 1, flags: flagSYN, ttl: 64})
		}
		if port%64 == 0 { // no faster than a worker reads
			time.Sleep(2 * time.Millisecond)
		}
	}
	time.Sleep(time.Second)
	p := a.panels[1]
	c, err := p.dial(a.t.Context())
	if err == nil {
		_, err = askModbus(c, 1, patience, 3, 0, 40, 0, 1)
		_ = c.Close()
	}
	if err != nil {
		p.mu.Lock()
		p.wrong = append(p.wrong, fmt.Sprintf("%v cannot connect anew: %v", p.from, err))
		p.mu.Unlock()
	}
}
