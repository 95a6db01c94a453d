package judge

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"firedoor/internal/protocol/protocoltest"
)

// updating tells whether -update was given, which the suite of protocols defines.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// judgedFields are what is compared of every operation.
const judgedFields = "time, frames, unit, function, object, quantity, item, values, outcome"

// belowAim are the protocols of which fewer operations agree than leastShare, with the
// reason: the coverage sheet quotes it. One that is not below any more has no place here.
var belowAim = map[string]string{}

// leastShare is how many of a hundred operations must agree, missing and extra
// ones counted.
const leastShare = protocoltest.LeastShare

// demandShare fails where too few operations agree.
func demandShare(t *testing.T, protocol string, s *score) {
	t.Helper()
	share := 100 * float64(s.agree) / float64(s.operations+s.extra)
	t.Logf("%-8s operations %6d  agree %6d (%.3f %%)  differ %d  missing %d  extra %d", protocol, s.operations, s.agree, share, s.differ, s.missing, s.extra)
	switch reason := belowAim[protocol]; {
	case share < leastShare && reason == "":
		t.Errorf("%s: %.3f %% of the operations agree, must be %.1f %%", protocol, share, leastShare)
	case share >= leastShare && reason != "":
		t.Errorf("%s: %.3f %% of the operations agree, which is enough: take it out of belowAim", protocol, share)
	}
}

// keepJudged writes down what the judge said of a protocol or, without -update,
// demands that it says what is written down: the coverage sheet quotes it.
func keepJudged(t *testing.T, protocol string, s *score, fields string) {
	t.Helper()
	keepWithOwn(t, protocol, s, &score{}, fields)
}

// keepWithOwn is keepJudged where captures of the product's own were compared, too.
func keepWithOwn(t *testing.T, protocol string, s, own *score, fields string) {
	t.Helper()
	path := filepath.Join("..", "..", "internal", "protocol", "all", protocoltest.JudgedFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]protocoltest.Judged{}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	said := protocoltest.Judged{Judge: "tshark", From: foldersOf(s.of), Compared: s.operations, Agree: s.agree, Extra: s.extra, Fields: fields,
		Own: namesOf(own.of), OwnCompared: own.operations, OwnAgree: own.agree, Below: belowAim[protocol]}
	if reflect.DeepEqual(all[protocol], said) || wholeJudged() {
		return
	}
	if !updating() {
		t.Errorf("%s: the judge said %+v, and the coverage sheet quotes %+v: run this test with -update, then go test ./internal/protocol/all -run TestCoverageSheet -update",
			protocol, said, all[protocol])
		return
	}
	all[protocol] = said
	if b, err = json.MarshalIndent(all, "", "  "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
