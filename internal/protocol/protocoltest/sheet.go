package protocoltest

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

// sheet gathers what captures show of every protocol.
type sheet struct {
	of    map[string]*shown
	words map[string]map[wording]bool // of the tables of functions, by protocol
	fates *fates
}

// wording is what a table calls something, and what it takes it for.
type wording struct {
	words string
	verb  firedoor.Verb
}

// table notes the words of a protocol's table.
func (s *sheet) table(pr *protocol.Protocol) {
	if pr.Functions == nil {
		return
	}
	pr.Functions(func(f protocol.Function) {
		name := cmp.Or(f.Protocol, pr.Name)
		if f = byNumber(f); f.Words == "" || f.Verb == 0 {
			return
		}
		if s.words[name] == nil {
			s.words[name] = map[wording]bool{}
		}
		s.words[name][wording{f.Words, f.Verb}] = true
	})
}

// shown is what the captures of one protocol show.
type shown struct {
	functions []*function
	samples   []*function
	facts     []string
	errors    []string
	others    map[firedoor.EventKind]bool
}

// function is one function of a protocol, as far as captures show it.
type function struct {
	code                              uint32
	words                             string
	verb                              firedoor.Verb
	object, values, outcome, refusals bool
}

func (s *sheet) protocol(name string) *shown {
	p := s.of[name]
	if p == nil {
		p = &shown{others: map[firedoor.EventKind]bool{}}
		s.of[name] = p
	}
	return p
}

func (s *sheet) take(parser string, e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventOperation:
		op := e.Operation
		p := s.protocol(cmp.Or(op.Protocol, parser))
		f := find(&p.functions, op.Code, op.Function, op.Verb)
		f.object = f.object || op.Object.Space != nil
		f.values = f.values || op.Values.Type != firedoor.NoValue || len(op.Texts) > 0
		f.outcome = f.outcome || op.Phase == firedoor.Answered
		f.refusals = f.refusals || len(op.Refusals) > 0
		if o := op.Outcome; o.Kind == firedoor.OutcomeError && o.Name != "" {
			p.errors = once(p.errors, o.Name)
		}
	case firedoor.EventSample:
		p := s.protocol(cmp.Or(e.Sample.Protocol, parser))
		f := find(&p.samples, 0, e.Sample.Function, 0)
		f.object, f.values = f.object || e.Sample.Object.Space != nil, f.values || e.Sample.Values.Type != firedoor.NoValue || len(e.Sample.Texts) > 0
	case firedoor.EventIdentity:
		p := s.protocol(parser)
		p.facts = once(p.facts, e.Identity.Kind.String())
	default:
		s.protocol(parser).others[e.Kind] = true
	}
}

func find(all *[]*function, code uint32, words string, verb firedoor.Verb) *function {
	for _, f := range *all {
		if f.code == code && f.words == words && f.verb == verb {
			return f
		}
	}
	f := &function{code: code, words: words, verb: verb}
	*all = append(*all, f)
	return f
}

func once(all []string, word string) []string {
	if slices.Contains(all, word) {
		return all
	}
	return append(all, word)
}

// CoverageSheet writes docs/COVERAGE.md, from what the captures of every protocol of
// the list show, what its Sheet says and what the judge said: page is where it is, seen from the folder of
// the list. Without -update it fails when the page is not what would be written.
func CoverageSheet(t *testing.T, list []*protocol.Protocol, page string) {
	s := &sheet{of: map[string]*shown{}, words: map[string]map[wording]bool{}, fates: newFates(list)}
	for _, pr := range list {
		eachSight(t, pr, func(st *sight) {
			p := newPlayer(list)
			p.sheet = s
			p.play(st.chunks)
			s.fates.take(t, pr, st, p)
		})
		s.table(pr)
		s.check(t, pr)
		if _, refused, _ := s.fates.row(pr.Name, s.protocol(pr.Name).functions); (refused > 0) != pr.Declines {
			t.Errorf("%s: a gate has %d functions refused in place, and Declines is %v: a policy is checked by that", pr.Name, refused, pr.Declines)
		}
	}
	found := readEvidence(t)
	fresh := s.write(list, &found)
	if *update {
		if err := os.WriteFile(page, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(page); err != nil || string(old) != string(fresh) {
		t.Errorf("%s is not what the captures show (%v): run go test ./internal/protocol/all -run TestCoverageSheet -update and read the difference", page, err)
	}
}

const sheetHead = `# Coverage

What is read of every protocol, and what is not. This page is written from the product's own captures, from what each protocol's folder
says of itself and from the comparisons with an independent judge; a test fails when it is not true any more
(` + "`go test ./internal/protocol/all -run TestCoverageSheet -update`" + ` writes it).

- **deep**: what is asked, of which object, with which values, and what became of it. **recognised**: who asks whom for what.
  **names**: who is who, and which software speaks.
- Functions are counted that the captures show: of these with an object, with values, and refusable: a patch of a few bytes after which the
  device declines by itself.
- **Refused, stopped, with it**: what a [gateway](GATEWAY.md) does about them, tried by giving the captures to its judge with a rule for one
  function at a time, its port named.
  - *refused*: functions that it has the device refuse in place, by an address that is spoiled: the client gets an answer to its own request, and
    the connection goes on. Only where the policy says that this device does so (` + "`refuses`" + `); the others that are refusable it does not spoil.
    Where it is not so, ` + "`refuse`" + ` does what ` + "`instead`" + ` says.
  - *stopped*: functions of which, told to drop or to reset them, it lets none through. What of the others a client asked it lets through stands
    in the protocol's section; the rest was seen only as answers, or on connections of which the beginning is not in the capture.
  - *with it*: what goes with a request that is dropped. Of a *connection* nothing passes any more in either direction; ` + "`reset`" + ` tells both ends
    besides. Of *datagrams* the one alone goes, and ` + "`reset`" + ` does the same. *Conversation*: no request is told apart, because it is encrypted, has
    none, or comes in Ethernet frames, which are judged by their type and two ends; a rule for all of the protocol stops all of it, one for
    functions or verbs nothing. *Nothing*: what keeps a link alive always passes.
  - What a server asks of its client, on a connection that the client began, no rule stops: rules are about who asks whom.
- **State**: bytes that every flow's parser takes, and the most that its unanswered requests can take beyond. What a flow holds beside them
  is bounded too and stands in the protocol's section, but for texts: a flow that told one takes 24 bytes more, one that told several at
  once 408. Half messages wait in at most 128 KiB a direction and 2 MiB in all of a lane's flows.
- **Judged**: operations and samples of captures from elsewhere that were compared one by one with tshark, and how many of them agree;
  the aim is 99.9 of a hundred, missing and extra ones counted. *Own*, what was compared of captures of the product's own: what it knows of the
  protocol is in both sides of those. *Read anew*: tshark has no dissector and only takes the captures apart; a test of ours reads the bytes a second
  time, which finds slips and no misunderstanding. *Not compared*: nobody but this product was asked. Which captures were compared, by folder, and
  why none were, stands in the protocol's section.
- **Elsewhere**: in how many captures from elsewhere the product found the protocol, compared or not; of a folder with much traffic of offices
  what it takes for an industrial protocol is held against tshark flow by flow. *Own bytes*: in none. Such a protocol was read from descriptions and
  tried on what we made ourselves, and so was, of the others, what their sections call so: functions and samples that no capture from elsewhere shows.
- **Golden files read**: of every protocol the captures of its folder have golden files, which say what each message means. That a person held
  them against a source, and which, is said where it was noted; elsewhere nobody claims it.
- **Peers**: programs of others that it talked with, or watched, in tests.

`

// write makes the page.
func (s *sheet) write(list []*protocol.Protocol, found *evidence) []byte {
	var b strings.Builder
	b.WriteString(sheetHead)
	b.WriteString("| protocol | depth | functions | with object | with values | refusable | refused | stopped | with it | samples | state | judged | elsewhere | peers |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	order := slices.Clone(list)
	for _, pr := range list {
		for _, in := range pr.Sheet.Inside {
			order = append(order, &protocol.Protocol{Name: in.Name, Sheet: in.Sheet})
		}
	}
	slices.SortFunc(order, func(a, b *protocol.Protocol) int {
		return cmp.Or(-cmp.Compare(a.Sheet.Depth, b.Sheet.Depth), strings.Compare(a.Name, b.Name))
	})
	for _, pr := range order {
		p := s.protocol(pr.Name)
		var object, values, refusals int
		for _, f := range p.functions {
			object, values, refusals = object+one(f.object), values+one(f.values), refusals+one(f.refusals)
		}
		stopped, refused, _ := s.fates.row(pr.Name, p.functions)
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %d | %d | %d | %d | %d | %d | %s | %d | %s | %s | %s | %s |\n", pr.Name, pr.Name, pr.Sheet.Depth, len(p.functions), object, values, refusals,
			refused, stopped, s.fates.goes(pr.Name, p.functions), len(p.samples), stateText(pr), found.cell(pr), found.elsewhere(pr), strings.Join(pr.Sheet.Peers, ", "))
	}
	for _, pr := range order {
		s.section(&b, pr, found)
	}
	return []byte(b.String())
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stateText is what a flow's parser takes in memory, and the most its unanswered
// requests take.
func stateText(pr *protocol.Protocol) string {
	if pr.New == nil {
		return ""
	}
	t := reflect.TypeOf(pr.New())
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if asked := askedBytes(t); asked > 0 {
		return fmt.Sprintf("%d + %d", t.Size(), asked)
	}
	return fmt.Sprint(t.Size())
}

// askedBytes finds the rings of unanswered requests in a parser.
func askedBytes(t reflect.Type) (bytes uintptr) {
	if t.Kind() != reflect.Struct {
		return 0
	}
	if strings.HasPrefix(t.Name(), "Asked[") {
		slots, _ := t.FieldByName("slots")
		return protocol.MaxAsked * slots.Type.Elem().Size()
	}
	for i := range t.NumField() {
		bytes += askedBytes(t.Field(i).Type)
	}
	return bytes
}

// section is what the page says of one protocol.
func (s *sheet) section(b *strings.Builder, pr *protocol.Protocol, found *evidence) {
	p := s.protocol(pr.Name)
	fmt.Fprintf(b, "\n## %s\n%s. %s.\n\n", pr.Name, pr.Sheet.Title, strings.TrimSuffix(pr.Sheet.By, "."))
	found.tell(b, pr, p)
	list := func(what string, words []string) {
		if len(words) > 0 {
			fmt.Fprintf(b, "- %s: %s.\n", what, strings.Join(words, ", "))
		}
	}
	for _, k := range []struct {
		what string
		fits func(f *function) bool
	}{
		{"With object and values", func(f *function) bool { return f.object && f.values }},
		{"With values, no object", func(f *function) bool { return !f.object && f.values }},
		{"With object", func(f *function) bool { return f.object && !f.values }},
		{"Verb and outcome alone", func(f *function) bool { return !f.object && !f.values }},
	} {
		list(k.what, wordsOf(p.functions, k.fits))
	}
	if all := s.words[pr.Name]; len(all) > 0 {
		seen := map[wording]bool{}
		for _, f := range p.functions {
			f := byNumber(protocol.Function{Code: f.code, Words: f.words, Verb: f.verb})
			if w := (wording{f.Words, f.Verb}); all[w] {
				seen[w] = true
			}
		}
		fmt.Fprintf(b, "- In its table of functions: %d with words and verb of their own, %d of them in captures.\n", len(all), len(seen))
	}
	list("Refusable", wordsOf(p.functions, func(f *function) bool { return f.refusals }))
	s.fates.tell(pr.Name, p.functions, list)
	list("Samples", wordsOf(p.samples, func(*function) bool { return true }))
	slices.Sort(p.facts)
	list("Identity", p.facts)
	slices.Sort(p.errors)
	list("Errors by name", p.errors)
	var others []string
	for _, k := range pr.Events {
		if p.others[k] && k != firedoor.EventMalformed {
			others = append(others, k.String())
		}
	}
	list("Also told", others)
	list("Not read", pr.Sheet.Unread)
	if pr.Sheet.Holds != "" {
		fmt.Fprintf(b, "- Held beside the parser, at most: %s.\n", pr.Sheet.Holds)
	}
}

// wordsOf gives functions as words with their verbs, by code.
func wordsOf(all []*function, fits func(*function) bool) []string {
	some := slices.Clone(all)
	slices.SortFunc(some, func(a, b *function) int {
		return cmp.Or(cmp.Compare(a.code, b.code), strings.Compare(a.words, b.words), cmp.Compare(a.verb, b.verb))
	})
	var words []string
	for _, f := range some {
		if !fits(f) {
			continue
		}
		text := f.words
		if f.verb != 0 {
			text += fmt.Sprintf(" (%s)", f.verb)
		}
		words = once(words, text)
	}
	return words
}
