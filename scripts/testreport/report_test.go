package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	lines := []string{
		`{"Action":"run","Package":"firedoor/a","Test":"TestOne"}`,
		`{"Action":"run","Package":"firedoor/a","Test":"TestOne/x"}`,
		`{"Action":"output","Package":"firedoor/a","Test":"TestOne/x","Output":"    a_test.go:3: got 1\n"}`,
		`{"Action":"fail","Package":"firedoor/a","Test":"TestOne/x"}`,
		`{"Action":"run","Package":"firedoor/a","Test":"TestOne/y"}`,
		`{"Action":"pass","Package":"firedoor/a","Test":"TestOne/y"}`,
		`{"Action":"fail","Package":"firedoor/a","Test":"TestOne"}`,
		`{"Action":"run","Package":"firedoor/a","Test":"TestTwo"}`,
		`{"Action":"output","Package":"firedoor/a","Test":"TestTwo","Output":"=== RUN   TestTwo\n"}`,
		`{"Action":"output","Package":"firedoor/a","Test":"TestTwo","Output":"    a_test.go:9: nothing to read\n"}`,
		`{"Action":"output","Package":"firedoor/a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}`,
		`{"Action":"skip","Package":"firedoor/a","Test":"TestTwo"}`,
		`{"Action":"run","Package":"firedoor/a","Test":"TestLong"}`,
		`{"Action":"run","Package":"firedoor/a","Test":"TestLong/z"}`,
		`{"Action":"pass","Package":"firedoor/a","Test":"TestLong/z","Elapsed":61}`,
		`{"Action":"pass","Package":"firedoor/a","Test":"TestLong","Elapsed":62}`,
		`{"Action":"fail","Package":"firedoor/a","Elapsed":1.5}`,
		`{"ImportPath":"firedoor/b [firedoor/b.test]","Action":"build-output","Output":"b.go:1: undefined: c\n"}`,
		`{"Action":"fail","Package":"firedoor/b","FailedBuild":"firedoor/b [firedoor/b.test]"}`,
		`{"Action":"skip","Package":"firedoor/c"}`,
		"not of the tests",
	}
	var out strings.Builder
	r := newReport(&out)
	if err := r.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	r.close()
	for _, want := range []string{"got 1", "undefined: c", "skipped (1): nothing to read\n       a TestTwo\n", "not of the tests",
		"---- slow:   62.0 s  a TestLong\n2 passed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, out.String())
		}
	}
	if want := "2 passed, 2 failed, 1 skipped\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the report does not end with %q:\n%s", want, out.String())
	}
}
