package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/protocol/protocoltest"
)

// updating tells whether -update was given, which the suite of protocols defines.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// judgedFields are what is compared of every operation.
const judgedFields = "time, frames, unit, function, object, quantity, item, values, outcome"

// keepJudged writes down what the judge said of a protocol or, without -update,
// demands that it says what is written down: the coverage sheet quotes it.
func keepJudged(t *testing.T, protocol string, s *score, fields string) {
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
	said := protocoltest.Judged{Judge: "tshark", Captures: s.captures, Compared: s.operations, Agree: s.agree, Fields: fields}
	if all[protocol] == said {
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
