package protocoltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"firedoor"
	"firedoor/internal/protocol"
)

// watched stands between a runner and a parser and checks every call.
type watched struct {
	inner  protocol.Parser
	of     *protocol.Protocol
	player *player
	emit   func(*firedoor.Event)
	bound  func(*firedoor.Event)
	dir    firedoor.Direction
	size   int  // of the bytes at hand
	inside bool // Parse is under way
	last   uint32
	open   map[uint32]bool // operations asked and not answered
	reach  *reach
}

// watch returns a copy of a protocol whose parsers are watched.
func (p *player) watch(pr *protocol.Protocol) *protocol.Protocol {
	out := *pr
	reach := reachOf(pr)
	out.New = func() protocol.Parser {
		w := &watched{inner: pr.New(), of: pr, player: p, open: map[uint32]bool{}, reach: reach}
		w.bound = w.check
		p.spoke[p.flow] = append(p.spoke[p.flow], pr.Name)
		return w
	}
	return &out
}

func (w *watched) fail(format string, args ...any) {
	w.player.fail(w.of.Name + ": " + fmt.Sprintf(format, args...))
}

// Receive passes state on; a parser that is given some must want it.
func (w *watched) Receive(state any) {
	rc, ok := w.inner.(protocol.Receiver)
	if !ok {
		w.fail("is handed a state but its parser has no Receive")
		return
	}
	rc.Receive(state)
}

func (w *watched) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	w.player.current = w
	w.emit, w.dir, w.size, w.inside = emit, dir, len(b), true
	n, err := w.inner.Parse(dir, b, w.bound)
	w.inside = false
	switch {
	case n < 0 || n > len(b):
		w.fail("Parse consumed %d of %d bytes", n, len(b))
	case err == nil && len(b)-n > protocol.MaxMessage:
		w.fail("Parse leaves %d bytes unconsumed without an error; a message longer than MaxMessage must be refused or consumed in parts", len(b)-n)
	}
	if err != nil {
		if broken := protocol.Broken(""); !errors.As(err, &broken) {
			w.fail("Parse returned a %T; use protocol.Broken with static text", err)
		}
		if err.Error() == "" {
			w.fail("Parse returned an error that says nothing")
		}
	}
	return n, err
}

func (w *watched) Gap(dir firedoor.Direction, missing int64) bool {
	w.player.current = w
	return w.inner.Gap(dir, missing)
}

// check is the emit of watched parsers.
func (w *watched) check(e *firedoor.Event) {
	if !w.inside {
		w.fail("emits outside Parse")
	}
	if member(e) != 1<<e.Kind {
		w.fail("an event of kind %q must have exactly that member set", e.Kind)
		return
	}
	if e.Kind == firedoor.EventOperation {
		w.operation(e.Operation)
	}
	if e.Kind == firedoor.EventMalformed && e.Malformed.Reason == "" {
		w.fail("a malformed event has no reason")
	}
	if !w.player.damaged {
		if s := leaked(e); s != "" {
			w.fail("an event of kind %q carries the secret %q", e.Kind, s)
		}
	}
	w.player.show(w.of.Name, e.Kind)
	w.emit(e)
}

// member returns a bit for each member that is set, numbered by kind.
func member(e *firedoor.Event) int {
	set := [...]bool{false, e.Operation != nil, e.Sample != nil, e.Identity != nil, e.Lookup != nil, e.Login != nil,
		e.FileTransfer != nil, e.Encrypted != nil, e.Malformed != nil, e.Expect != nil, e.HandOver != nil}
	out := 0
	for kind, on := range set {
		if on {
			out |= 1 << kind
		}
	}
	return out
}

func (w *watched) operation(o *firedoor.Operation) {
	if o.Object.Space != nil && !slices.Contains(w.of.Spaces, o.Object.Space) {
		w.fail("an operation touches %q, which is not among the protocol's Spaces: what is learned of it could not be stored", o.Object.Space.Name)
	}
	if o.Function == "" || o.Verb == 0 {
		w.fail("operation %d has no function or no verb", o.ID)
	}
	w.reach.holds(w, o)
	switch o.Phase {
	case firedoor.Asked:
		w.asked(o)
	case firedoor.Answered:
		w.answered(o)
	default:
		w.fail("operation %d is neither asked nor answered", o.ID)
	}
}

func (w *watched) asked(o *firedoor.Operation) {
	w.count(o)
	w.open[o.ID] = !o.NoAnswer
	if o.Partial || o.Outcome.Kind != firedoor.OutcomePending {
		w.fail("asked operation %d is partial or has an outcome", o.ID)
	}
	s := o.Span
	if s.Start < 0 || s.End <= s.Start || s.End > int64(w.size) {
		w.fail("asked operation %d spans %d-%d of %d bytes", o.ID, s.Start, s.End, w.size)
		return
	}
	for i := range o.Refusals {
		r := &o.Refusals[i]
		if r.Name == "" || r.Len < 1 || int(r.Len) > len(r.Bytes) || r.Offset < 0 || int64(r.Offset)+int64(r.Len) > s.End-s.Start {
			w.fail("refusal %q of operation %d does not lie in its span", r.Name, o.ID)
		}
	}
}

func (w *watched) answered(o *firedoor.Operation) {
	if o.Outcome.Kind == firedoor.OutcomePending {
		w.fail("answered operation %d has no outcome", o.ID)
	}
	if len(o.Refusals) > 0 {
		w.fail("answered operation %d carries refusals", o.ID)
	}
	if o.Partial {
		w.count(o)
		return
	}
	answerable, known := w.open[o.ID]
	switch {
	case !known:
		w.fail("operation %d is answered but was not asked, or twice; an answer without a request is partial and has an id of its own", o.ID)
	case !answerable:
		w.fail("operation %d is answered although it was asked with NoAnswer", o.ID)
	}
	delete(w.open, o.ID)
}

func (w *watched) count(o *firedoor.Operation) {
	if o.ID != w.last+1 {
		w.fail("operation %d follows operation %d: ids count up by one", o.ID, w.last)
	}
	w.last = o.ID
}

// Secrets: captures use these as passwords, keys and community strings, and no
// event may show them, whatever the protocol wraps them in.
var secrets = secretForms("S3cr3t", "hunter2")

func secretForms(words ...string) [][]byte {
	var out [][]byte
	for _, w := range words {
		out = append(out, []byte(w), []byte(hex.EncodeToString([]byte(w))))
		for shift := range 3 { // Base64 writes a word in three ways, by where it starts
			b := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), w...))
			first := (8*shift + 5) / 6 // characters that hold bits of what stands before
			last := 8 * (shift + len(w)) / 6
			out = append(out, []byte(b[first:last]))
		}
	}
	return out
}

// leaked returns the secret an event shows, "" if none.
func leaked(e *firedoor.Event) string {
	var fields [][]byte
	switch e.Kind {
	case firedoor.EventOperation:
		fields = append(append(fields, e.Operation.Object.Text, e.Operation.Values.Raw), e.Operation.Texts...)
	case firedoor.EventSample:
		fields = append(append(fields, e.Sample.Object.Text, e.Sample.Values.Raw), e.Sample.Texts...)
	case firedoor.EventIdentity:
		fields = append(fields, e.Identity.Value)
	case firedoor.EventLookup:
		fields = append(fields, e.Lookup.Name)
	case firedoor.EventLogin:
		fields = append(fields, e.Login.User)
	case firedoor.EventFileTransfer:
		fields = append(fields, e.FileTransfer.Name)
	}
	fields = append(fields, []byte(describe(e, true)))
	for _, f := range fields {
		for _, s := range secrets {
			if bytes.Contains(f, s) {
				return string(s)
			}
		}
	}
	return ""
}
