package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// office is when a recording must begin for the office to be at work.
const office = "2026-03-02T08:00:00Z"

// Recordings that several tests read. The hour has an attack in its middle.
func plantHour(t testing.TB) recording {
	return recorded(t, "--seed", "1", "--start", office, "--duration", "1h", "--scenario", "setpoint-write@30m")
}

// plantAttacked is a recording of every scenario of the list, the last of them at work for
// some minutes.
func plantAttacked(t testing.TB) recording {
	return recorded(t, "--seed", "3", "--start", office, "--duration", "90m", "--scenario", "all")
}

// recording is what plant record wrote.
type recording struct {
	capture, truth string // paths
	said           string
}

// recorded runs plant record once for all tests that ask for the same words.
func recorded(t testing.TB, words ...string) recording {
	t.Helper()
	name := fmt.Sprintf("plant-%x", sha256.Sum256([]byte(strings.Join(words, " "))))[:20]
	dir := filepath.Join(shared, name)
	once, _ := made.LoadOrStore(dir, sync.OnceValue(func() outcome {
		return run(t, append([]string{"plant", "record", "--out", dir}, words...)...)
	}))
	o := once.(func() outcome)()
	if o.status != exitOK || o.err != "" {
		t.Fatalf("firedoor plant record %s: exit status %d, want 0 without a message:\n%s", strings.Join(words, " "), o.status, o.err)
	}
	return recording{filepath.Join(dir, "capture.pcap"), filepath.Join(dir, "truth.json"), o.stdout}
}

// readTruth reads truth.json with the strict reader.
func readTruth(t testing.TB, path string) *truth.File {
	t.Helper()
	f, err := truth.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// entriesOf are the entries of a scenario; all that belong to one for "".
func entriesOf(f *truth.File, name string) (out []*truth.Entry) {
	for _, e := range f.Entries {
		if e.Scenario != "" && (name == "" || e.Scenario == name) {
			out = append(out, e)
		}
	}
	return out
}

func TestPlantListTellsAllScenarios(t *testing.T) {
	o := works(t, "plant", "list")
	for _, s := range scenario.Builtin() {
		row := ""
		for line := range strings.Lines(o.stdout) {
			if f := strings.Fields(line); len(f) > 0 && f[0] == s.Name {
				row = line
			}
		}
		for _, want := range append(slices.Clone(s.Techniques), s.Class, s.Title) {
			if !strings.Contains(row, want) {
				t.Errorf("%s: its line lacks %q: %q", s.Name, want, row)
			}
		}
	}
}

// TestPlantRecordingIsInOrder: frames stand in the order of time, within the hour that was asked
// for, and none stands there twice.
func TestPlantRecordingIsInOrder(t *testing.T) {
	r := plantHour(t)
	capture, f := read(t, r.capture), readTruth(t, r.truth)
	start, err := time.Parse(time.RFC3339, office)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Start.Time().Equal(start) || f.End.Sub(f.Start) != time.Hour || f.Seed != 1 {
		t.Errorf("truth.json is about %s to %s, seed %d", f.Start, f.End, f.Seed)
	}
	rs := records(capture)
	if len(rs) < 3600*150 || rs[len(rs)-1].end != len(capture) {
		t.Errorf("%d frames, the last ends at byte %d of %d", len(rs), rs[len(rs)-1].end, len(capture))
	}
	if want := fmt.Sprintf("%d frames", len(rs)); !strings.Contains(r.said, want) {
		t.Errorf("%q does not tell %q", r.said, want)
	}
	before := record{time: int64(f.Start)}
	for i, x := range rs {
		if x.time < before.time || x.time > int64(f.End) {
			t.Fatalf("frame %d stands at %s, behind %s", i+1, truth.Moment(x.time), truth.Moment(before.time))
		}
		if i > 0 && x.time == before.time && bytes.Equal(capture[before.offset+recordHeader:before.end], capture[x.offset+recordHeader:x.end]) {
			t.Fatalf("frame %d stands there twice", i+1)
		}
		before = x
	}
}

// quiet are devices that have nothing to say in an ordinary hour.
var quiet = []string{"backup-server", "jump-host", "vendor-gateway", "patch-server"}

// TestPlantHasManyDevices: the truth names at least sixty devices, and those that belong to a
// network with a mirror are seen in the traffic.
func TestPlantHasManyDevices(t *testing.T) {
	r := plantHour(t)
	f := readTruth(t, r.truth)
	if f.Assets < 60 || len(f.Hosts) < f.Assets {
		t.Errorf("%d devices, %d of them named", f.Assets, len(f.Hosts))
	}
	seen := map[string]bool{}
	eachFrame(read(t, r.capture), func(frame []byte) { seen[firedoor.MACFrom(frame[6:12]).String()] = true })
	names := map[string]bool{}
	for _, h := range f.Hosts {
		if names[h.Name] {
			t.Errorf("%s stands there twice", h.Name)
		}
		names[h.Name] = true
		if h.Role == "outside" || slices.Contains(quiet, h.Name) {
			continue
		}
		if !slices.ContainsFunc(h.MACs, func(m string) bool { return seen[m] }) {
			t.Errorf("%s (%v) says nothing for an hour", h.Name, h.MACs)
		}
	}
}

// eachFrame calls visit with every frame of a capture.
func eachFrame(capture []byte, visit func(frame []byte)) {
	for at := captureHeader; at+recordHeader <= len(capture); {
		end := at + recordHeader + int(binary.LittleEndian.Uint32(capture[at+8:]))
		visit(capture[at+recordHeader : end])
		at = end
	}
}

// TestPlantRecordIsTheSameForTheSameSeed: same words, same bytes of both files; another seed,
// other bytes.
func TestPlantRecordIsTheSameForTheSameSeed(t *testing.T) {
	words := []string{"--duration", "10m", "--scenario", "machine-speed@2m", "--scenario", "man-in-the-middle@4m"}
	var first recording
	for i, seed := range []string{"5", "5", "6"} {
		dir := t.TempDir()
		works(t, append([]string{"plant", "record", "--seed", seed, "--out", dir}, words...)...)
		r := recording{filepath.Join(dir, "capture.pcap"), filepath.Join(dir, "truth.json"), ""}
		if i == 0 {
			first = r
			continue
		}
		for _, pair := range [][2]string{{first.capture, r.capture}, {first.truth, r.truth}} {
			if same := bytes.Equal(read(t, pair[0]), read(t, pair[1])); same != (seed == "5") {
				t.Errorf("seeds 5 and %s: %s is the same: %v", seed, filepath.Base(pair[0]), same)
			}
		}
	}
}

// TestPlantScenarioBeginsWhenToldTo: @ is the time since the start.
func TestPlantScenarioBeginsWhenToldTo(t *testing.T) {
	f := readTruth(t, plantHour(t).truth)
	es := entriesOf(f, "")
	if len(es) != 1 || es[0].Scenario != "setpoint-write" {
		t.Fatalf("%d entries of scenarios, want the one that was asked for", len(es))
	}
	e := es[0]
	if e.Start.Sub(f.Start) != 30*time.Minute || e.Class != truth.Malicious || len(e.Techniques) == 0 || len(e.Variables) == 0 {
		t.Errorf("the entry: start %s, class %s, techniques %v, variables %v", e.Start, e.Class, e.Techniques, e.Variables)
	}
	roles := map[string]bool{}
	for _, h := range e.Hosts {
		roles[h.Role] = true
		if len(h.IPs) == 0 || len(h.MACs) == 0 {
			t.Errorf("%s has no address", h.Name)
		}
	}
	if !roles[truth.Attacker] || !roles[truth.Target] {
		t.Errorf("the entry names neither attacker nor target: %v", e.Hosts)
	}
	if len(e.Operations) == 0 || e.OperationsTotal < len(e.Operations) {
		t.Fatalf("%d operations of %d", len(e.Operations), e.OperationsTotal)
	}
	for _, o := range e.Operations {
		if o.Time < e.Start || o.Time > f.End {
			t.Errorf("an operation at %s, of an attack from %s on", o.Time, e.Start)
		}
	}
}

// saidLine is what an event line says of an operation.
type saidLine struct {
	Time                           string
	Protocol, Verb, Function, Type string
	Client, Server                 firedoor.Address
	Object                         string
	Values                         []int64
}

// act is what truth and event lines are joined by.
type act struct{ protocol, client, server, verb, function, object, values string }

// acts are the verbs that change something.
var acts = []string{"write", "control", "program", "configure"}

// actOf is the act of an operation of the truth.
func actOf(o *truth.Operation) act {
	return act{o.Protocol, o.Client.IP, o.Server.IP, o.Verb, o.Function, o.Object, fmt.Sprint(o.Values, o.Type)}
}

// actsSaid are the acts in a recording as firedoor's event lines have them, with their times.
func actsSaid(t *testing.T, capture string) map[act][]truth.Moment {
	t.Helper()
	out := map[act][]truth.Moment{}
	for line := range strings.Lines(string(read(t, eventsOf(t, capture)))) {
		if strings.Contains(line, `"verb":"read"`) { // most of them are
			continue
		}
		var l saidLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(acts, l.Verb) {
			continue
		}
		at, err := truth.ParseMoment(l.Time)
		if err != nil {
			t.Fatal(err)
		}
		k := act{l.Protocol, l.Client.IP, l.Server.IP, l.Verb, l.Function, l.Object, fmt.Sprint(l.Values, l.Type)}
		out[k] = append(out[k], at)
	}
	return out
}

// eventsOf is the file of a recording's event lines, written once.
func eventsOf(t *testing.T, capture string) string {
	t.Helper()
	path := capture + ".lines"
	if _, known := made.LoadOrStore(path, true); !known {
		works(t, "replay", "--events", path, capture)
	}
	return path
}

// nearby is how far from the truth's time the request may stand in the capture: the way through
// a network with a firewall in it.
const nearby = 5 * time.Millisecond

// TestPlantTruthIsWhatTheWireSays: all that somebody changed according to the truth stands in the capture, as firedoor's
// own event lines tell it: same client, server, function, object and values, at that time.
func TestPlantTruthIsWhatTheWireSays(t *testing.T) {
	for _, r := range []recording{plantHour(t), plantAttacked(t)} {
		said, verbs := actsSaid(t, r.capture), map[string]int{}
		for _, e := range readTruth(t, r.truth).Entries {
			for i := range e.Operations {
				o := &e.Operations[i]
				if !slices.Contains(acts, o.Verb) {
					continue
				}
				verbs[o.Verb]++
				if !slices.ContainsFunc(said[actOf(o)], func(at truth.Moment) bool { return at.Sub(o.Time).Abs() <= nearby }) {
					t.Errorf("%s: nothing on the wire at %s: %+v (at other times %v)", e.ID, o.Time, actOf(o), said[actOf(o)])
				}
			}
		}
		if verbs["write"] < 5 {
			t.Errorf("the truth has %v", verbs)
		}
	}
}

// TestPlantAttacksAreTold: every scenario of the list is in the truth, malicious ones with someone who
// acts or something that is hit, and those that ask controllers for something with what they asked.
func TestPlantAttacksAreTold(t *testing.T) {
	f := readTruth(t, plantAttacked(t).truth)
	for _, s := range scenario.Builtin() {
		es := entriesOf(f, s.Name)
		if len(es) != 1 {
			t.Errorf("%s: %d entries", s.Name, len(es))
			continue
		}
		e := es[0]
		if string(e.Class) != s.Class || !slices.Equal(e.Techniques, s.Techniques) || len(e.Hosts) == 0 {
			t.Errorf("%s: class %s, techniques %v, hosts %v", s.Name, e.Class, e.Techniques, e.Hosts)
		}
		if len(e.Operations)+len(e.Variables) == 0 && len(e.Hosts) < 2 {
			t.Errorf("%s: neither an operation nor a variable nor two hosts", s.Name)
		}
	}
}
