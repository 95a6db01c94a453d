package baseline

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/snapshot"
)

var testSpace = &firedoor.Space{Name: "thing"}

var testCodec = snapshot.Codec{Names: []snapshot.Names{{
	Type: reflect.TypeFor[*firedoor.Space](),
	Name: func(p any) (string, bool) { return "thing", p.(*firedoor.Space) == testSpace },
	Find: func(string) (any, bool) { return testSpace, true },
}}}

// told is all that a table says, in order.
func toldBy(t *Table) (out []string) {
	for c := range t.Conversations() {
		t.Each(int32(c), func(st int32) {
			op := t.Operation(st)
			s := t.Statement(st)
			out = append(out, fmt.Sprintf("%d %d %s %+v %v", c, op.Code, op.Object.Text, s, t.Ranges(st)))
		})
	}
	slices.Sort(out)
	return out
}

type question struct {
	conv  int32
	code  uint32
	name  string
	write bool
	value uint16
	learn bool
}

func (q *question) ask(t *Table, now int64) {
	op := firedoor.Operation{Verb: firedoor.VerbRead, Code: q.code, Object: firedoor.Object{Space: testSpace, Text: []byte(q.name)}}
	if q.write {
		op.Verb = firedoor.VerbWrite
		op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: []byte{byte(q.value >> 8), byte(q.value)}}
	}
	st, _ := t.Ask(q.conv, &op, now, q.learn)
	if q.write && st >= 0 {
		t.Write(st, &op.Values, q.learn)
	}
	t.Answer(q.conv, st, firedoor.OutcomeOK)
}

func questions(t *rapid.T, label string) []question {
	names := []string{"", "a", "a tag", string(make([]byte, 300)), string(append(make([]byte, 299), 'x'))}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) question {
		return question{int32(rapid.IntRange(0, 3).Draw(t, "conversation")), uint32(rapid.IntRange(0, 5).Draw(t, "code")), rapid.SampledFrom(names).Draw(t, "name"),
			rapid.Bool().Draw(t, "write"), rapid.Uint16().Draw(t, "value"), rapid.Bool().Draw(t, "learn")}
	}), 0, 60).Draw(t, label)
}

func filled(t *rapid.T, qs []question) *Table {
	tab := New(Limits{Conversations: 10, Statements: 1000, Ranges: 1000})
	for i := range 4 {
		if c, _ := tab.Converse(&Pair{Client: firedoor.IPv4(uint32(i + 1)), Server: firedoor.IPv4(9), Protocol: "p"}, 1, true); c != int32(i) {
			t.Fatal("no room")
		}
	}
	for i := range qs {
		qs[i].ask(tab, int64(i))
	}
	return tab
}

// TestStoredAndRestored: a table that was stored in between ends as one that was not.
func TestStoredAndRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := questions(t, "before"), questions(t, "after")
		one := filled(t, slices.Concat(before, after))
		stored, err := testCodec.Append(nil, filled(t, before))
		if err != nil {
			t.Fatal(err)
		}
		two := New(Limits{Conversations: 10, Statements: 1000, Ranges: 1000})
		if _, err := testCodec.Load(stored, two); err != nil {
			t.Fatal(err)
		}
		two.Restored()
		for i := range after {
			after[i].ask(two, int64(len(before)+i))
		}
		if a, b := toldBy(one), toldBy(two); !slices.Equal(a, b) {
			t.Fatalf("undisturbed\n%v\nstored in between\n%v", a, b)
		}
	})
}

// TestForget: what is forgotten is new again, what is not stays as it was.
func TestForget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		qs := questions(t, "questions")
		tab := filled(t, qs)
		code := uint32(rapid.IntRange(0, 5).Draw(t, "forgotten"))
		var kept []string
		for c := range tab.Conversations() {
			tab.Each(int32(c), func(st int32) {
				if op := tab.Operation(st); op.Code != code {
					kept = append(kept, fmt.Sprintf("%d %d %s %+v %v", c, op.Code, op.Object.Text, tab.Statement(st), tab.Ranges(st)))
				}
			})
		}
		slices.Sort(kept)
		all := tab.Statements()
		n := tab.Forget(func(_, st int32) bool { return tab.Operation(st).Code == code })
		if got := toldBy(tab); !slices.Equal(got, kept) || n != all-len(kept) {
			t.Fatalf("%d forgotten of %d, left\n%v\nwant\n%v", n, all, got, kept)
		}
		for i := range qs {
			op := firedoor.Operation{Verb: firedoor.VerbRead, Code: qs[i].code, Object: firedoor.Object{Space: testSpace, Text: []byte(qs[i].name)}}
			if qs[i].write {
				op.Verb = firedoor.VerbWrite
			}
			if _, fresh := tab.Ask(qs[i].conv, &op, 999, false); fresh && qs[i].code != code {
				t.Fatalf("%+v was not forgotten and is new", qs[i])
			}
		}
	})
}
