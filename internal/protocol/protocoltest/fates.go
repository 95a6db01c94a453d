package protocoltest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// fate is what a gate does about a function.
type fate struct {
	over     [3]bool // what carries it
	stopped  int     // flows in which a rule for it let none through
	through  []string
	link     bool // some of it comes in frames that keep a link alive
	byServer bool // a server asks it of its client
	refused  bool
}

// stops tells whether a rule holds wherever the function is asked by a client.
func (f *fate) stops() bool { return f.stopped > 0 && len(f.through) == 0 }

// fates are those of everything in the captures of the protocols.
type fates struct {
	gates *gates
	of    map[question]*fate
	whole map[string]*fate // of a rule for all of a protocol, by its name
}

// most is in how many flows it is tried to stop all of a protocol.
const most = 3

func newFates(list []*protocol.Protocol) *fates {
	return &fates{gates: newGates(list), of: map[question]*fate{}, whole: map[string]*fate{}}
}

// take tries everything in a capture of a protocol.
func (x *fates) take(t *testing.T, pr *protocol.Protocol, st *sight, p *player) {
	for _, tr := range trials(st, p) {
		if tr.gap || tr.flow.kind == overTCP && !tr.flow.sure || len(tr.frames) == 0 {
			continue
		}
		if slices.Contains(tr.speaks, pr.Name) {
			x.all(t, pr.Name, tr)
		}
		var tried []question
		for _, a := range tr.asked {
			f := x.of[a.question]
			if f == nil {
				f = &fate{}
				x.of[a.question] = f
			}
			if !a.client {
				f.byServer = true
			} else if !slices.Contains(tried, a.question) {
				tried = append(tried, a.question)
				x.one(t, tr, a.question, f)
			}
		}
	}
}

// rule is one for a function at a port.
func (q question) rule(says firedoor.Action, port policy.Port) policy.Rule {
	m := policy.Match{Protocols: []string{q.protocol}, Codes: []uint32{q.code}, Ports: []policy.Port{port}}
	if q.words != "" {
		m.Functions = []string{q.words}
	}
	if q.verb != 0 {
		m.Verbs = []firedoor.Verb{q.verb}
	}
	return policy.Rule{Verdict: says, Match: m}
}

// one tries a function in a flow.
func (x *fates) one(t *testing.T, tr *trial, q question, f *fate) {
	f.over[tr.flow.kind] = true
	b, err := x.gates.run(tr, q.rule(firedoor.Drop, tr.port()))
	if err != nil {
		t.Fatal(err)
	}
	through, refusable := false, false
	for _, a := range tr.asked {
		if a.question == q && a.client {
			through, refusable = through || b.on[a.frame], refusable || a.refusable
		}
	}
	if through {
		f.through = once(f.through, tr.capture)
		return
	}
	f.stopped++
	if !refusable || f.refused {
		return
	}
	if b, err = x.gates.run(tr, q.rule(firedoor.Refuse, tr.port())); err != nil {
		t.Fatal(err)
	}
	for _, a := range tr.asked {
		f.refused = f.refused || a.question == q && a.client && b.on[a.frame] && b.changed[a.frame]
	}
}

// all tries to stop all of a protocol in a flow: what comes last must not go on.
func (x *fates) all(t *testing.T, name string, tr *trial) {
	said := tr.said()
	f := x.whole[name]
	if f == nil {
		f = &fate{}
		x.whole[name] = f
	}
	if len(said) == 0 || f.stopped >= most && f.over[tr.flow.kind] {
		return
	}
	f.over[tr.flow.kind] = true
	b, err := x.gates.run(tr, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{name}, Ports: []policy.Port{tr.port()}}})
	if err != nil {
		t.Fatal(err)
	}
	if b.on[said[len(said)-1]] {
		f.through, f.link = once(f.through, tr.capture), f.link || tr.flow.kind == overEthernet
	} else {
		f.stopped++
	}
}

// row counts what a line of the sheet says: what a gate stops and has refused, and what
// carries it.
func (x *fates) row(name string, functions []*function) (stopped, refused int, over [3]bool) {
	for _, fn := range functions {
		f := x.of[question{name, fn.code, fn.words, fn.verb}]
		if f == nil {
			continue
		}
		stopped, refused = stopped+one(f.stops()), refused+one(f.refused)
		for i := range over {
			over[i] = over[i] || f.over[i]
		}
	}
	return stopped, refused, over
}

// What goes with a request that is dropped.
const (
	goesConnection   = "connection"
	goesDatagram     = "datagram"
	goesConversation = "conversation"
	goesNothing      = "nothing"
)

// goes is what goes with a request that is dropped, or in the place of one.
func (x *fates) goes(name string, functions []*function) string {
	stopped, _, over := x.row(name, functions)
	whole := x.whole[name]
	var words []string
	if stopped > 0 && over[overTCP] {
		words = append(words, goesConnection)
	}
	if stopped > 0 && over[overUDP] {
		words = append(words, goesDatagram)
	}
	switch {
	case len(words) > 0 && whole != nil && whole.link:
		words = append(words, goesNothing)
	case len(words) > 0:
	case whole == nil || whole.stopped == 0:
		words = append(words, goesNothing)
	default:
		words = append(words, goesConversation)
	}
	return strings.Join(words, ", ")
}

// tell says of a protocol what the line in the table cannot.
func (x *fates) tell(name string, functions []*function, list func(what string, words []string)) {
	of := func(fits func(f *fate) bool) []string {
		return wordsOf(functions, func(fn *function) bool {
			f := x.of[question{name, fn.code, fn.words, fn.verb}]
			return f != nil && fits(f)
		})
	}
	list("Refused in the line", of(func(f *fate) bool { return f.refused }))
	list("Not told apart in the line", of(func(f *fate) bool { return f.over[overEthernet] && len(f.through) > 0 }))
	where := []string{}
	passes := of(func(f *fate) bool {
		if f.over[overEthernet] || len(f.through) == 0 {
			return false
		}
		for _, capture := range f.through {
			where = once(where, capture)
		}
		return true
	})
	slices.Sort(where)
	list("Passes in spite of a rule, in the capture "+strings.Join(where, " and "), passes)
	list("Asked by servers alone, which no rule stops", of(func(f *fate) bool { return f.byServer && f.over == [3]bool{} }))
}

// eachSight reads each capture of a protocol's own.
func eachSight(t testing.TB, pr *protocol.Protocol, f func(st *sight)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folderOf(pr), "testdata", "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		st, err := readSight(path)
		if err != nil {
			t.Fatal(err)
		}
		f(st)
	}
}
