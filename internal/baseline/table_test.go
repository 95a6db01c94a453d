package baseline

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"firedoor"

	"pgregory.net/rapid"
)

var (
	holding = &firedoor.Space{Name: "holding", Axis: 1}
	tag     = &firedoor.Space{Name: "tag"}
)

func roomy() *Table { return New(Limits{Conversations: 100, Statements: 1000, Ranges: 1000}) }

// TestGroups holds how many groups a conversation keeps, and that what was learned is not added to later.
func TestGroups(t *testing.T) {
	learned, later := Conversation{Learned: true}, Conversation{}
	for i := range firedoor.MAC(MaxGroups + 2) {
		learned.SentToGroup(0x010000000000+i/2, i < 4)
		later.SentToGroup(0x010000000000+i, false)
	}
	if len(learned.Groups) != 2 || learned.MoreGroups {
		t.Errorf("learned: %v, more %t", learned.Groups, learned.MoreGroups)
	}
	if len(later.Groups) != MaxGroups || !later.MoreGroups || later.Groups[0] != 0x010000000000 {
		t.Errorf("later: %v, more %t", later.Groups, later.MoreGroups)
	}
}

func pairOf(i int) *Pair {
	return &Pair{Client: firedoor.IPv4(uint32(i)), Server: firedoor.IPv4(99), Protocol: "modbus", Transport: 6}
}

// open admits conversations 0 ... n-1.
func open(t testing.TB, table *Table, n int, learning bool) {
	t.Helper()
	for i := range n {
		if conv, fresh := table.Converse(pairOf(i), 0, learning); int(conv) != i || !fresh {
			t.Fatalf("conversation %d has the number %d", i, conv)
		}
	}
}

// asking is a key in a form that a map can hold, and what a table should know
// of it.
type asking struct {
	conv     int32
	space    *firedoor.Space
	text     string
	at       [4]uint32
	unit     int64 // -1: none
	code, qt uint32
	item     bool
	verb     firedoor.Verb
	protocol string
}

type counted struct {
	st                  int32
	count, errors, mute uint32
	fine                uint32
	first, last         int64
	learned             bool
}

func drawOperation(t *rapid.T) *firedoor.Operation {
	op := &firedoor.Operation{Verb: firedoor.Verb(rapid.IntRange(1, 8).Draw(t, "verb")), Code: rapid.Uint32Range(0, 2).Draw(t, "code"),
		Unit: rapid.Uint32Range(0, 1).Draw(t, "unit"), HasUnit: rapid.Bool().Draw(t, "has unit"), HasQty: true, Quantity: rapid.Uint32Range(1, 2).Draw(t, "quantity"),
		Protocol: rapid.SampledFrom([]string{"", "cip", "pccc"}).Draw(t, "protocol"), UnitAgreed: rapid.Bool().Draw(t, "agreed"),
		Item: rapid.Uint16Range(0, 2).Draw(t, "item"), Function: "read"}
	switch rapid.IntRange(0, 2).Draw(t, "space") {
	case 0:
		op.Object = firedoor.Object{Space: holding, At: [4]uint32{rapid.Uint32Range(0, 3).Draw(t, "at"), 0, 0, rapid.Uint32Range(0, 1).Draw(t, "last")}}
	case 1:
		op.Object = firedoor.Object{Space: tag, Text: []byte(rapid.SampledFrom([]string{"a", "b", "ab", "a\x00"}).Draw(t, "tag"))}
	}
	return op
}

func keyOf(conv int32, op *firedoor.Operation) asking {
	unit := int64(op.Unit)
	if op.UnitAgreed || !op.HasUnit {
		unit = -1
	}
	return asking{conv, op.Object.Space, string(op.Object.Text), op.Object.At, unit, op.Code, op.Quantity, op.Item > 0, op.Verb, op.Protocol}
}

// TestAskLikeAMap compares a table with a map under any sequence of operations:
// equal keys share a row, different ones never do, whether the row was guessed
// or found; at the limit what is known stays known and the rest is counted.
func TestAskLikeAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const convs = 3
		limit := rapid.SampledFrom([]int{5, 40, 2000}).Draw(t, "limit")
		table := New(Limits{Conversations: convs, Statements: limit, Ranges: 10})
		for i := range convs {
			table.Converse(pairOf(i), 0, true)
		}
		rows := map[asking]*counted{}
		var order []asking
		var refused uint64
		var operations [convs]uint64
		var learned [convs]uint16
		cycle := []*firedoor.Operation{}
		for range rapid.IntRange(1, 6).Draw(t, "cycle") {
			cycle = append(cycle, drawOperation(t))
		}
		for now := range int64(rapid.IntRange(1, 150).Draw(t, "steps")) {
			op := cycle[int(now)%len(cycle)] // polling, with something else in between
			if rapid.IntRange(0, 3).Draw(t, "else") == 0 {
				op = drawOperation(t)
			}
			conv := int32(rapid.IntRange(0, convs-1).Draw(t, "conversation"))
			learning := rapid.Bool().Draw(t, "learning")
			st, fresh := table.Ask(conv, op, now, learning)
			k := keyOf(conv, op)
			want, known := rows[k]
			if learning && st >= 0 {
				learned[conv] |= 1 << op.Verb
			}
			switch {
			case !known && len(rows) == limit:
				refused++
				if st != -1 || fresh {
					t.Fatalf("row %d beyond the limit", st)
				}
				continue
			case !known:
				want = &counted{st: int32(len(rows)), first: now, learned: learning}
				rows[k] = want
				order = append(order, k)
			}
			if st != want.st || fresh == known {
				t.Fatalf("row %d fresh %v, want %d %v", st, fresh, want.st, !known)
			}
			want.count++
			want.last = now
			operations[conv]++
			outcome := firedoor.OutcomeKind(rapid.IntRange(1, 3).Draw(t, "outcome"))
			news, again := table.Answer(conv, st, outcome)
			failed, done := want.errors+want.mute > 0, want.fine > 0
			first := outcome == firedoor.OutcomeError && want.errors == 0 ||
				outcome == firedoor.OutcomeNoResponse && !failed && !done || outcome == firedoor.OutcomeOK && failed && !done
			if changes := op.Verb.Changes(); news != (changes && first) || again != (changes && (failed || done)) {
				t.Fatalf("outcome %d of %+v: news %v again %v", outcome, want, news, again)
			}
			switch outcome {
			case firedoor.OutcomeError:
				want.errors++
			case firedoor.OutcomeNoResponse:
				want.mute++
			default:
				want.fine++
			}
		}
		if table.Statements() != len(rows) || table.StatementsNoRoom != refused {
			t.Fatalf("%d rows and %d refused, want %d and %d", table.Statements(), table.StatementsNoRoom, len(rows), refused)
		}
		for k, w := range rows {
			s := table.Statement(w.st)
			want := Statement{First: w.first, Last: w.last, Count: w.count, Errors: w.errors, NoResponse: w.mute, Learned: w.learned,
				NewVerb: learned[k.conv]&(1<<k.verb) == 0}
			if s != want {
				t.Fatalf("%+v, want %+v", s, want)
			}
			op := table.Operation(w.st)
			if op.Item = 0; k.item {
				op.Item = 1
			}
			if keyOf(k.conv, &op) != k {
				t.Fatalf("%+v does not say what was asked: %+v", op, k)
			}
		}
		for conv := range int32(convs) {
			var want, got []int32
			for _, k := range order {
				if k.conv == conv {
					want = append(want, rows[k].st)
				}
			}
			table.Each(conv, func(st int32) { got = append(got, st) })
			if !slices.Equal(got, want) {
				t.Fatalf("conversation %d has the rows %v, want %v", conv, got, want)
			}
			if c := table.Conversation(conv); c.Operations != operations[conv] {
				t.Fatalf("%d operations, want %d", c.Operations, operations[conv])
			}
		}
	})
}

// TestSameCodeOfAnotherProtocol: what travels inside another protocol counts its
// codes for itself, and a row still takes one line of the cache.
func TestSameCodeOfAnotherProtocol(t *testing.T) {
	if size := unsafe.Sizeof(row{}); size != 64 {
		t.Errorf("a row takes %d bytes", size)
	}
	table := roomy()
	open(t, table, 1, true)
	for i := range maxWithin + 2 {
		protocol := []string{"", "cip", "pccc", "p3", "p4", "p5", "p6", "p7", "p8"}[i]
		op := firedoor.Operation{Verb: firedoor.VerbSession, Code: 4, Protocol: protocol}
		st, fresh := table.Ask(0, &op, int64(i), true)
		again, _ := table.Ask(0, &op, int64(i), true)
		if st != again || fresh != (i <= maxWithin) { // the last one shares
			t.Errorf("%q has the rows %d and %d, fresh %v", protocol, st, again, fresh)
		}
		if got := table.Operation(st); got.Verb != op.Verb || fresh && got.Protocol != protocol {
			t.Errorf("%q: %+v", protocol, got)
		}
	}
}

func TestAgreedUnitIsNoStatement(t *testing.T) {
	table := roomy()
	open(t, table, 1, true)
	op := firedoor.Operation{Verb: firedoor.VerbRead, Code: 4, HasUnit: true, UnitAgreed: true, Unit: 2}
	whole, _ := table.Ask(0, &op, 1, true)
	op.HasUnit, op.UnitAgreed, op.Unit = false, false, 0 // the same, and the connection's beginning was not seen
	if midstream, fresh := table.Ask(0, &op, 2, false); fresh || midstream != whole {
		t.Error("a capture from the middle of a connection makes statements new")
	}
	if got := table.Operation(whole); got.HasUnit || got.Unit != 0 {
		t.Errorf("%+v", got)
	}
	op.HasUnit, op.Unit = true, 2
	if _, fresh := table.Ask(0, &op, 3, false); !fresh {
		t.Error("a unit that the request says makes no difference")
	}
}

// TestNoUnitIsNotUnitZero holds that a request that names no unit is another one than that to unit 0, also where an
// earlier version stored it with 0.
func TestNoUnitIsNotUnitZero(t *testing.T) {
	table := roomy()
	open(t, table, 1, true)
	none, _ := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbIdentify, Code: 1}, 1, true)
	table.rows[none].unit = 0
	table.Restored()
	if again, fresh := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbIdentify, Code: 1}, 2, false); fresh || again != none {
		t.Error("what was stored is not known again")
	}
	zero, fresh := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbIdentify, Code: 1, HasUnit: true}, 3, false)
	if !fresh || zero == none {
		t.Fatal("unit 0 is taken for none")
	}
	if got := table.Operation(none); got.HasUnit || got.Unit != 0 {
		t.Errorf("without a unit: %+v", got)
	}
	if got := table.Operation(zero); !got.HasUnit || got.Unit != 0 {
		t.Errorf("of unit 0: %+v", got)
	}
}

func TestVerbsAreRemembered(t *testing.T) {
	table := roomy()
	open(t, table, 1, true)
	table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbRead}, 1, true)
	table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbProgram}, 2, false)
	if c := table.Conversation(0); c.Verbs != 1<<firedoor.VerbRead|1<<firedoor.VerbProgram || c.LearnedVerbs != 1<<firedoor.VerbRead {
		t.Errorf("verbs %b, learned %b", c.Verbs, c.LearnedVerbs)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	table := roomy()
	open(t, table, 1, true)
	long := make([]byte, MaxText+50)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	other := append(append([]byte{}, long[:MaxText]...), "different"...)
	a, _ := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbRead, Object: firedoor.Object{Space: tag, Text: long}}, 1, true)
	b, fresh := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbRead, Object: firedoor.Object{Space: tag, Text: other}}, 2, true)
	if a == b || !fresh {
		t.Error("names that differ behind the cut are one")
	}
	if op := table.Operation(a); string(op.Object.Text) != string(long[:MaxText]) {
		t.Errorf("%d bytes kept", len(op.Object.Text))
	}
	long[0] = '!' // borrowed: the table has its own
	if op := table.Operation(a); op.Object.Text[0] != 'a' {
		t.Error("the table kept borrowed bytes")
	}
}

func ask(table *Table, from, quantity uint32, learning bool) int32 {
	st, _ := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbRead, Code: 3, HasQty: true, Quantity: quantity,
		Object: firedoor.Object{Space: holding, At: [4]uint32{from}}}, 0, learning)
	return st
}

// TestCoveredIsTheUnion compares with a set of elements.
func TestCoveredIsTheUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := roomy()
		table.Converse(pairOf(0), 0, true)
		learned := map[uint32]bool{}
		for range rapid.IntRange(0, 7).Draw(t, "ranges") {
			from, quantity := rapid.Uint32Range(0, 20).Draw(t, "from"), rapid.Uint32Range(1, 6).Draw(t, "quantity")
			really := rapid.IntRange(0, 4).Draw(t, "learned") > 0
			before := table.Statements()
			ask(table, from, quantity, really)
			for i := range quantity {
				if really && table.Statements() > before {
					learned[from+i] = true
				}
			}
		}
		from, quantity := rapid.Uint32Range(0, 22).Draw(t, "asked from"), rapid.Uint32Range(1, 12).Draw(t, "asked quantity")
		before := table.Statements()
		st := ask(table, from, quantity, false)
		if table.Statements() == before {
			return // not new
		}
		want := true
		for i := range quantity {
			want = want && learned[from+i]
		}
		if got := table.Covered(st); got != want {
			t.Fatalf("%d+%d covered: %v, want %v of %v", from, quantity, got, want, learned)
		}
	})
}

func TestCoveredNeedsTheSameRight(t *testing.T) {
	base := firedoor.Operation{Verb: firedoor.VerbRead, Code: 3, Unit: 1, HasUnit: true, HasQty: true, Quantity: 10,
		Object: firedoor.Object{Space: holding, At: [4]uint32{0, 5}}}
	for name, c := range map[string]struct {
		change func(op *firedoor.Operation)
		want   bool
	}{
		"a part":              {func(op *firedoor.Operation) { op.Object.At[0], op.Quantity = 3, 2 }, true},
		"as one of several":   {func(op *firedoor.Operation) { op.Item, op.Quantity = 2, 4 }, true},
		"to the end":          {func(op *firedoor.Operation) { op.Object.At[0], op.Quantity = 9, 1 }, true},
		"beyond the end":      {func(op *firedoor.Operation) { op.Object.At[0], op.Quantity = 9, 2 }, false},
		"another unit":        {func(op *firedoor.Operation) { op.Unit, op.Quantity = 2, 4 }, false},
		"another function":    {func(op *firedoor.Operation) { op.Code, op.Quantity = 4, 4 }, false},
		"another verb":        {func(op *firedoor.Operation) { op.Verb, op.Quantity = firedoor.VerbWrite, 4 }, false},
		"another block":       {func(op *firedoor.Operation) { op.Object.At[1], op.Quantity = 6, 4 }, false},
		"another space":       {func(op *firedoor.Operation) { op.Object.Space, op.Quantity = tag, 4 }, false},
		"nothing":             {func(op *firedoor.Operation) { op.Object.At[0], op.Quantity = 30, 0 }, false},
		"no quantity":         {func(op *firedoor.Operation) { op.HasQty, op.Quantity = false, 0 }, false},
		"the end of counting": {func(op *firedoor.Operation) { op.Object.At[0], op.Quantity = 1<<32-1, 1<<32-1 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			table := roomy()
			open(t, table, 2, true)
			table.Ask(0, &base, 0, true)
			op := base
			c.change(&op)
			st, fresh := table.Ask(0, &op, 1, false)
			if got := table.Covered(st); !fresh || got != c.want {
				t.Errorf("fresh %v, covered %v, want %v", fresh, got, c.want)
			}
			other, _ := table.Ask(1, &op, 2, false)
			if table.Covered(other) {
				t.Error("the right was lent to another client")
			}
		})
	}
}

// TestConverseLimits: learned conversations, those in use and those with
// operations are never forgotten; others make room, oldest search first.
func TestConverseLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 8
		table := New(Limits{Conversations: limit, Statements: 100, Ranges: 1})
		type state struct {
			conv int32
			live int
			keep bool
		}
		known := map[int]*state{}
		var refused uint64
		for step := range rapid.IntRange(1, 80).Draw(t, "steps") {
			i := rapid.IntRange(0, 15).Draw(t, "pair")
			s := known[i]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				if s != nil && s.live > 0 {
					table.Leave(s.conv)
					s.live--
				}
				continue
			case 1:
				if s != nil && s.live > 0 {
					table.Ask(s.conv, &firedoor.Operation{Verb: firedoor.VerbRead}, int64(step), false)
					s.keep = true
				}
				continue
			}
			learning := rapid.IntRange(0, 3).Draw(t, "learning") == 0
			conv, fresh := table.Converse(pairOf(i), int64(step), learning)
			switch {
			case conv < 0:
				refused++
				if s != nil {
					t.Fatal("a known conversation was refused")
				}
				for _, o := range known {
					if !o.keep && o.live == 0 {
						t.Fatal("refused, although one could make room")
					}
				}
				continue
			case s != nil && (fresh || conv != s.conv):
				t.Fatalf("conversation %d was known as %d, now %d", i, s.conv, conv)
			case s == nil && !fresh:
				t.Fatalf("conversation %d was not known", i)
			}
			if fresh {
				for j, o := range known {
					if o.conv == conv {
						if o.keep || o.live > 0 {
							t.Fatalf("conversation %d was forgotten", j)
						}
						delete(known, j)
					}
				}
				s = &state{conv: conv, keep: learning}
				known[i] = s
			}
			s.live++
			if got := table.Conversation(conv).Pair; got != *pairOf(i) {
				t.Fatalf("%+v", got)
			}
		}
		if table.Refused != refused || table.Conversations() > limit {
			t.Fatalf("%d refused, want %d; %d rows", table.Refused, refused, table.Conversations())
		}
	})
}

func TestRepeatsTakeNoMemory(t *testing.T) {
	table := roomy()
	open(t, table, 2, true)
	var ops []*firedoor.Operation
	for i := range uint32(50) {
		op := &firedoor.Operation{Verb: firedoor.VerbWrite, Code: 6, HasQty: true, Quantity: 1, Object: firedoor.Object{Space: holding, At: [4]uint32{i}},
			Values: firedoor.Values{Type: firedoor.U16, Count: 1, Raw: []byte{0, byte(i)}}}
		if i%3 == 0 {
			op.Object = firedoor.Object{Space: tag, Text: fmt.Appendf(nil, "tag %d", i)}
		}
		ops = append(ops, op)
	}
	round := func(step int) {
		for i := range ops {
			op := ops[i*step%len(ops)]
			st, _ := table.Ask(int32(i&1), op, 5, true)
			table.Write(st, &op.Values, true)
			table.Write(st, &op.Values, false)
			table.Covered(st)
			table.Answer(int32(i&1), st, firedoor.OutcomeOK)
		}
		conv, _ := table.Converse(pairOf(1), 6, true)
		table.Leave(conv)
	}
	for _, step := range []int{1, 7, 3} {
		round(step)
	}
	for _, step := range []int{1, 7, 3} { // in the usual order, and in others
		if n := testing.AllocsPerRun(20, func() { round(step) }); n != 0 {
			t.Errorf("%.1f allocations a round", n)
		}
	}
}
