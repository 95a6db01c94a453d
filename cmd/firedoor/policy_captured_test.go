package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readAsked is what one of our captures is read to ask.
type readAsked struct {
	protocols []string // those of its flow, or that of what travels inside
	code      uint32
	words     string
	object    string
}

// readInCaptures are the operations of our captures, as their golden files have them.
func readInCaptures(t *testing.T) (out []readAsked) {
	t.Helper()
	files, err := filepath.Glob("../../internal/protocol/*/testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	flow := regexp.MustCompile(`(?m)^flow (\d+) \S+ \S+ > \S+ (.+)$`)
	operation := regexp.MustCompile(`(?m)^(\d+) \S+ operation asked (.*function=.*)$`)
	inside, code, words, object := regexp.MustCompile(`protocol="([^"]+)"`), regexp.MustCompile(` code=(\d+)`), regexp.MustCompile(`function="([^"]+)"`), regexp.MustCompile(` object=("[^"]*"|\S+)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]string{}
		for _, m := range flow.FindAllStringSubmatch(string(text), -1) {
			of[m[1]] = m[2]
		}
		for _, m := range operation.FindAllStringSubmatch(string(text), -1) {
			r := readAsked{protocols: strings.Fields(of[m[1]])}
			if p := inside.FindStringSubmatch(m[2]); p != nil {
				r.protocols = p[1:]
			}
			if slices.Contains(r.protocols, "template") {
				continue
			}
			if n := code.FindStringSubmatch(m[2]); n != nil {
				number, _ := strconv.ParseUint(n[1], 10, 32)
				r.code = uint32(number)
			}
			r.words = words.FindStringSubmatch(m[2])[1]
			if o := object.FindStringSubmatch(m[2]); o != nil {
				r.object = o[1]
			}
			out = append(out, r)
		}
	}
	if len(out) < 1000 {
		t.Fatalf("%d operations in %d files", len(out), len(files))
	}
	return out
}

// TestFunctionsThatAreReadAreKnown holds that each function that our captures are read to have may be
// named by a rule, as a draft does, and is not told as one that nobody knows.
func TestFunctionsThatAreReadAreKnown(t *testing.T) {
	k, untold := known(), map[string]bool{}
	for _, r := range readInCaptures(t) {
		if !slices.ContainsFunc(r.protocols, func(p string) bool { return k.Extent(p).Told(r.words) }) {
			untold[strings.Join(r.protocols, " ")+": "+r.words] = true
		}
	}
	for _, one := range slices.Sorted(maps.Keys(untold)) {
		t.Error(one)
	}
}

// TestFunctionsOfOneCodeAreAlike holds that a draft names no function where requests with one code for one
// object have several: what is learned is told apart by those two, and has the function of the first. Not
// where one of them does more harm than another: then the draft stops the others, and a person lets them pass.
func TestFunctionsOfOneCodeAreAlike(t *testing.T) {
	type asked struct {
		protocol, object string
		code             uint32
	}
	apart := map[string]bool{"s7comm-plus 1266": true /* stop and start */, "ecat 5": true /* read and write */, "modbus 43": true, "pnio 4": true /* no IP */}
	first, mixed, same := map[asked]string{}, map[string]bool{}, sameCode()
	for _, r := range readInCaptures(t) {
		k := asked{r.protocols[len(r.protocols)-1], r.object, r.code}
		words, _, _ := strings.Cut(r.words, " asked of the client")
		words = strings.TrimSuffix(words, ",")
		if was, seen := first[k]; seen && was != words && !same(k.protocol, k.code) && !apart[k.protocol+" "+strconv.Itoa(int(k.code))] {
			mixed[k.protocol+" "+strconv.Itoa(int(k.code))+": "+was+", "+words] = true
		}
		first[k] = words
	}
	for _, one := range slices.Sorted(maps.Keys(mixed)) {
		t.Error(one)
	}
}
