package truth

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestThePageNamesEveryMember(t *testing.T) {
	b, err := os.ReadFile("../../../docs/formats/truth.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{File{}, Host{}, Entry{}, Operation{}, Variable{}} {
		for _, name := range memberNames(reflect.TypeOf(of)) {
			if !strings.Contains(string(b), "`"+name+"`") {
				t.Errorf("docs/formats/truth.md does not name %s of %T", name, of)
			}
		}
	}
	for _, word := range []string{string(Malicious), string(Notable), string(Routine), Attacker, Actor, Target, Witness, RoleRouter} {
		if !strings.Contains(string(b), "`"+word+"`") {
			t.Errorf("docs/formats/truth.md does not name %s", word)
		}
	}
}
