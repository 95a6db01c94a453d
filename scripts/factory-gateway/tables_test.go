package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestTablesInTheDocument holds the tables of docs/GATEWAY.md against what was measured
// last, and that by the words of the issue: nothing forbidden reached a controller, nothing
// honest was stopped in peace, and as many good parts were made as without.
func TestTablesInTheDocument(t *testing.T) {
	b, err := os.ReadFile("measured.json")
	if err != nil {
		t.Fatal(err)
	}
	var m measured
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/GATEWAY.md")
	if err != nil {
		t.Fatal(err)
	}
	var tables strings.Builder
	m.tables(&tables)
	for table := range strings.SplitSeq(tables.String(), "\n\n") {
		if !strings.Contains(string(document), strings.TrimSpace(table)) {
			t.Errorf("docs/GATEWAY.md does not have this table:\n%s", table)
		}
	}
	tried := 0
	for _, f := range m.Attacks {
		if tried += f.Total; f.Reached > 0 || f.Lost > 0 {
			t.Errorf("%s: %d reached a controller, %d are lost", f.Kind, f.Reached, f.Lost)
		}
		if sum := f.Refused + f.Dropped + f.Reached + f.Alike + f.Idle + f.Lost; sum != f.Total {
			t.Errorf("%s: %d tried, and of %d it is said what became of them", f.Kind, f.Total, sum)
		}
	}
	p := &m.Peace
	if tried < 900 || p.With.Touched > 0 || p.With.Done != p.With.Wanted || p.With.PerHour < p.Without.PerHour*0.99 || p.With.Wanted == 0 {
		t.Errorf("%d attempts; in peace %+v", tried, p)
	}
}
