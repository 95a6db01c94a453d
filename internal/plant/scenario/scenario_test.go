package scenario

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor/internal/written"
)

// file is a scenario that is right, with these steps.
func file(steps ...string) string {
	return `name: test
title: A title
words: Some words.
techniques: [T0836]
lasts: 1h
hosts:
  - {name: laptop, kind: windows, network: line-1, address: 192.168.0.77, mac: "8c:16:45:00:00:77"}
steps:
  - {at: 0s, do: join, host: laptop}
` + "  - {" + strings.Join(steps, "}\n  - {") + "}\n"
}

func parsed(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryBuiltInScenarioIsRightAndNamedAsItsFile(t *testing.T) {
	all := Builtin()
	if len(all) != len(builtin) || len(all) < 18 {
		t.Fatalf("%d scenarios", len(all))
	}
	entries, err := os.ReadDir("files")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(builtin) {
		t.Errorf("%d files, %d names in list.go", len(entries), len(builtin))
	}
	for i, s := range all {
		if s.Name != builtin[i] {
			t.Errorf("files/%s.yaml calls itself %s", builtin[i], s.Name)
		}
		if s.Class == Malicious && len(s.Techniques) == 0 && s.Name != "too-hot" {
			t.Errorf("%s: an attack without a technique", s.Name)
		}
		if s.Class == Notable && s.WorkOrder == "" {
			t.Errorf("%s: an honest exercise without a work order", s.Name)
		}
	}
}

// What the product promises to be able to play.
func TestTheAttacksThatArePromisedAreThere(t *testing.T) {
	for verb, name := range map[Verb]string{
		ScanAddresses: "address-scan", ScanFunctions: "function-scan", Write: "setpoint-write", Toggle: "fast-toggle", Stop: "controller-stop",
		Mode: "mode-change", Download: "program-download", Upload: "program-upload", Poll: "rogue-master", Replace: "rogue-device", Flood: "controller-flood",
		Spoof: "man-in-the-middle", Sensor: "calibration-drift", Break: "too-hot", Bypass: "safety-bypass", Freeze: "frozen-vision", Ramp: "boiling-frog",
	} {
		s, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.ContainsFunc(s.Steps, func(st Step) bool { return st.Do == verb }) {
			t.Errorf("%s does not %s", name, verb)
		}
	}
	drift, _ := Load("calibration-drift")
	if st := drift.Steps[0]; st.By != (Amount{0.5, Sigma}) || st.Over != 30*Day || st.End(drift.Lasts) != 30*Day {
		t.Errorf("%+v", st)
	}
	fast, _ := Load("machine-speed")
	if last := fast.Steps[len(fast.Steps)-1]; last.At >= time.Minute {
		t.Errorf("its last act is at %s", last.At)
	}
	if frog, _ := Load("boiling-frog"); !frog.Learning {
		t.Error("the baseline is not poisoned while it is learned")
	}
	if hot, _ := Load("too-hot"); len(hot.Steps) != 1 || hot.Steps[0].Do != Break {
		t.Error("the machine that gets too hot has a cause in the network")
	}
}

func TestEveryVerbIsRead(t *testing.T) {
	for _, c := range []struct {
		step string
		want Step
	}{
		{"at: 1m, do: leave, host: laptop", Step{Do: Leave, Host: "laptop"}},
		{"at: 1m, do: scan-addresses, from: laptop", Step{Do: ScanAddresses, From: "laptop", Method: "arp"}},
		{"at: 1m, do: scan-addresses, from: laptop, network: control, ports: [502], pace: 40ms", Step{Do: ScanAddresses, From: "laptop", Network: "control", Ports: []uint16{502}, Method: "tcp", Pace: 40 * time.Millisecond}},
		{"at: 1m, do: scan-ports, from: laptop, to: plc, ports: [502, 102], repeat: 3, every: 1m", Step{Do: ScanPorts, From: "laptop", To: "plc", Ports: []uint16{502, 102}, Repeat: 3, Every: time.Minute}},
		{"at: 1m, do: scan-functions, from: laptop, to: plc", Step{Do: ScanFunctions, From: "laptop", To: "plc"}},
		{"at: 1m, do: identify, from: laptop, to: plc", Step{Do: Identify, From: "laptop", To: "plc"}},
		{"at: 1m, do: read, from: laptop, to: plc, tags: [A.PV, B.PV]", Step{Do: Read, From: "laptop", To: "plc", Tags: []string{"A.PV", "B.PV"}}},
		{"at: 1m, do: write, from: hmi, to: plc, tag: A.SP, value: -1.5e2", Step{Do: Write, From: "hmi", To: "plc", Tag: "A.SP", Value: -150}},
		{"at: 1m, do: write, from: hmi, to: plc, tags: [A, B], values: [1, 2.5]", Step{Do: Write, From: "hmi", To: "plc", Tags: []string{"A", "B"}, Values: []float64{1, 2.5}}},
		{"at: 1m, do: toggle, from: hmi, to: plc, tag: A, values: [0, 1], every: 200ms, for: 3m", Step{Do: Toggle, From: "hmi", To: "plc", Tag: "A", Values: []float64{0, 1}, Every: 200 * time.Millisecond, For: 3 * time.Minute}},
		{"at: 1m, do: poll, from: laptop, to: plc, tag: A, every: 1s", Step{Do: Poll, From: "laptop", To: "plc", Tag: "A", Every: time.Second}},
		{"at: 1m, do: ramp, from: hmi, to: plc, tag: A, begin: 0, value: 9, over: 10m, every: 1m", Step{Do: Ramp, From: "hmi", To: "plc", Tag: "A", Begin: new(float64), Value: 9, Over: 10 * time.Minute, Every: time.Minute}},
		{"at: 1m, do: stop, from: laptop, to: plc", Step{Do: Stop, From: "laptop", To: "plc"}},
		{"at: 1m, do: start, from: laptop, to: plc", Step{Do: Start, From: "laptop", To: "plc"}},
		{"at: 1m, do: mode, from: laptop, to: plc, mode: program", Step{Do: Mode, From: "laptop", To: "plc", Mode: "program"}},
		{"at: 1m, do: download, from: laptop, to: plc, program: 1, block: OB1", Step{Do: Download, From: "laptop", To: "plc", Program: 1, Block: "OB1"}},
		{"at: 1m, do: upload, from: laptop, to: plc", Step{Do: Upload, From: "laptop", To: "plc"}},
		{"at: 1m, do: flood, from: laptop, to: plc, with: connections, rate: 500, for: 1m, port: 502", Step{Do: Flood, From: "laptop", To: "plc", With: "connections", Rate: 500, For: time.Minute, Port: 502}},
		{"at: 1m, do: spoof, from: laptop, between: [hmi, plc], replay: 2m, for: 10m", Step{Do: Spoof, From: "laptop", Between: [2]string{"hmi", "plc"}, Replay: 2 * time.Minute, For: 10 * time.Minute}},
		{`at: 1m, do: forge, from: laptop, to: plc, port: 502, protocol: tcp, messages: ["00 01", "ff"]`, Step{Do: Forge, From: "laptop", To: "plc", Port: 502, Protocol: "tcp", Messages: [][]byte{{0, 1}, {255}}}},
		{`at: 1m, do: forge, from: laptop, to: plc, port: 69, protocol: udp, messages: "0001"`, Step{Do: Forge, From: "laptop", To: "plc", Port: 69, Protocol: "udp", Messages: [][]byte{{0, 1}}}},
		{"at: 1m, do: sensor, controller: plc, tag: A, fault: stuck", Step{Do: Sensor, Controller: "plc", Tag: "A", Fault: Stuck}},
		{`at: 1m, do: sensor, controller: plc, tag: A, fault: gain, by: "-3 %", over: 5m, for: 10m`, Step{Do: Sensor, Controller: "plc", Tag: "A", Fault: Gain, By: Amount{-3, Percent}, Over: 5 * time.Minute, For: 10 * time.Minute}},
		{"at: 1m, do: sensor, controller: plc, tag: A, fault: offset, by: 2.5", Step{Do: Sensor, Controller: "plc", Tag: "A", Fault: Offset, By: Amount{2.5, Engineering}}},
		{"at: 1m, do: break, breakage: cooling, for: 5m", Step{Do: Break, Breakage: "cooling", For: 5 * time.Minute}},
		{"at: 1m, do: bypass, from: laptop, to: plc, state: on", Step{Do: Bypass, From: "laptop", To: "plc", On: true, Tag: BypassTag}},
		{"at: 1m, do: bypass, controller: plc, by-hand: true, state: off, tag: X", Step{Do: Bypass, Controller: "plc", ByHand: true, Tag: "X"}},
		{"at: 1m, do: freeze, controller: box", Step{Do: Freeze, Controller: "box"}},
		{"at: 1m, do: wait, for: 5m", Step{Do: Wait, For: 5 * time.Minute}},
	} {
		got := parsed(t, file(c.step)).Steps[1]
		c.want.At, c.want.Line, c.want.Repeat = time.Minute, 10, max(1, c.want.Repeat)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s\n got %+v\nwant %+v", c.step, got, c.want)
		}
	}
	replaced := parsed(t, strings.Replace(file("at: 9m, do: wait"), "join, host: laptop", "replace, host: laptop, to: plc, for: 5m", 1))
	if st := replaced.Steps[0]; st.Do != Replace || st.To != "plc" || st.End(time.Hour) != 5*time.Minute {
		t.Errorf("%+v", st)
	}
}

func TestFilesThatAreNotRightAreToldWithThePlace(t *testing.T) {
	const write = "at: 1m, do: write, from: laptop, to: plc, tag: A, value: 1"
	good := file(write)
	swap := func(old, now string) string {
		out := strings.Replace(good, old, now, 1)
		if out == good {
			t.Fatalf("nothing to replace: %s", old)
		}
		return out
	}
	step := func(s string) string { return file(s) }
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", swap("title:", "titel:"), "test.yaml:2: titel: unknown key; a scenario has: name, title"},
		{"missing key", swap("title: A title\n", ""), "test.yaml:1: title: is missing"},
		{"key twice", swap("words: Some", "title: Some"), "test.yaml:3: title: stands twice"},
		{"no YAML", swap("lasts: 1h", "lasts: [1h"), "is not YAML"},
		{"tab", swap("lasts: 1h", "\tlasts: 1h"), "is indented with a tab"},
		{"empty", "", "test.yaml: holds no scenario"},
		{"comment only", "# nothing\n", "holds no scenario"},
		{"a list", "- 1\n", "test.yaml:1: must be a scenario: keys and values"},
		{"two documents", good + "---\nname: b\n", "a second document begins here"},
		{"not UTF-8", "name: \xff", "is no UTF-8 text"},
		{"too large", good + strings.Repeat("#", MaxFile), "is larger than 64 KiB"},
		{"alias", swap("title: A title", "title: *x"), "is not YAML"},
		{"anchor", swap("title: A title", "title: &x A title"), "anchors (&) are not allowed"},
		{"tagged", swap("title: A title", "title: !!str A title"), "tags of YAML (!) are not allowed"},
		{"no value", swap("title: A title", "title:"), "test.yaml:2: title: has no value"},
		{"name", swap("name: test", "name: My Test"), `test.yaml:1: name: "My Test" is no name`},
		{"number as name", swap("name: test", "name: 12"), `name: "12" must be text: put it in quotes`},
		{"class", swap("lasts:", "class: evil\nlasts:"), `class: "evil" must be one of malicious, notable, routine`},
		{"technique", swap("T0836", "0836"), `test.yaml:4: techniques[0]: "0836" is no id of ATT&CK for ICS`},
		{"technique twice", swap("T0836", "T0836, T0836"), `techniques[1]: "T0836" stands twice`},
		{"duration", swap("lasts: 1h", "lasts: an hour"), `test.yaml:5: lasts: "an hour" is no time: write it like 40ms`},
		{"no unit", swap("lasts: 1h", "lasts: 60"), `lasts: "60" needs a unit: write it like 60s or 60m`},
		{"too long", swap("lasts: 1h", "lasts: 401d"), `is too long: at most 400d`},
		{"no time at all", swap("lasts: 1h", "lasts: 0s"), `is too short`},
		{"host key", swap("kind: windows", "sort: windows"), "test.yaml:7: hosts[0].sort: unknown key; a host has: name, kind, network, address, mac"},
		{"host lacks", swap("kind: windows, ", ""), "hosts[0].kind: is missing"},
		{"host kind", swap("kind: windows", "kind: toaster"), `hosts[0].kind: "toaster" must be one of windows,`},
		{"address", swap("192.168.0.77", "192.168.0.777"), "hosts[0].address: \"192.168.0.777\" is no IP address"},
		{"group address", swap("192.168.0.77", "224.0.0.1"), "is no address of one device"},
		{"mac", swap("8c:16:45:00:00:77", "8c:16:45:00:00"), "hosts[0].mac: \"8c:16:45:00:00\" is no MAC of a device"},
		{"group mac", swap("8c:16:45", "01:16:45"), "is no MAC of a device"},
		{"host twice", swap("steps:", "  - {name: laptop, kind: linux, network: line-1, address: 192.168.0.78, mac: \"8c:16:45:00:00:78\"}\nsteps:"), "test.yaml:8: hosts[1].name: laptop stands twice; first in line 7"},
		{"host without a step", swap("steps:", "  - {name: box, kind: linux, network: line-1, address: 192.168.0.78, mac: \"8c:16:45:00:00:78\"}\nsteps:"), "test.yaml:8: hosts[1].name: no step uses box"},
		{"unknown verb", step("at: 1m, do: explode, from: laptop, to: plc"), `test.yaml:10: steps[1].do: "explode" is no verb; verbs are: join, leave, scan-addresses`},
		{"no verb", step("at: 1m, from: laptop"), "test.yaml:10: steps[1]: has no do"},
		{"no step", step("at: 1m, do: wait}\n  - {at: 2m"), "test.yaml:11: steps[2]: has no do"},
		{"a word as step", swap("  - {"+write+"}", "  - write"), "steps[1]: must be a step"},
		{"no at", step("do: stop, from: laptop, to: plc"), "test.yaml:10: steps[1]: has no at"},
		{"key of another verb", step("at: 1m, do: stop, from: laptop, to: plc, tag: A"), "test.yaml:10: steps[1].tag: unknown key; a step that does stop has: at, do, from, to, repeat, every, honest"},
		{"lacks a key", step("at: 1m, do: stop, from: laptop"), "steps[1]: stop needs to"},
		{"lacks a group", step("at: 1m, do: write, from: laptop, to: plc"), "write needs tag with value, or tags with values"},
		{"lacks half a group", step("at: 1m, do: write, from: laptop, to: plc, tag: A"), "write needs value"},
		{"both groups", step("at: 1m, do: write, from: laptop, to: plc, tag: A, value: 1, tags: [B]"), "steps[1].tags: does not go with the other keys"},
		{"value", step("at: 1m, do: write, from: laptop, to: plc, tag: A, value: high"), `steps[1].value: "high" must be a number`},
		{"no number", step("at: 1m, do: write, from: laptop, to: plc, tag: A, value: 1e13"), `is too large a number`},
		{"not a number", step("at: 1m, do: write, from: laptop, to: plc, tag: A, value: .nan"), `".nan" must be a number`},
		{"list as value", step("at: 1m, do: write, from: laptop, to: plc, tag: A, value: [1]"), `must be one value`},
		{"uneven lists", step("at: 1m, do: write, from: laptop, to: plc, tags: [A, B], values: [1]"), "steps[1].values: are 1 for 2 tags"},
		{"tag", step(`at: 1m, do: write, from: laptop, to: plc, tag: "A B", value: 1`), "is no name of a tag"},
		{"port", step("at: 1m, do: scan-ports, from: laptop, to: plc, ports: [0]"), `steps[1].ports[0]: "0" must be from 1 to 65535`},
		{"no list", step("at: 1m, do: scan-ports, from: laptop, to: plc, ports: 5"), "must be a list"},
		{"empty list", step("at: 1m, do: scan-ports, from: laptop, to: plc, ports: []"), "is an empty list"},
		{"long list", step("at: 1m, do: read, from: laptop, to: plc, tags: [" + strings.Repeat("A, ", MaxList) + "A]"), "is too long a list: at most 64"},
		{"mode", step("at: 1m, do: mode, from: laptop, to: plc, mode: fast"), "must be one of run, program, test, stop"},
		{"fault", step("at: 1m, do: sensor, controller: plc, tag: A, fault: odd"), "must be one of stuck, zero, junk"},
		{"drift without size", step("at: 1m, do: sensor, controller: plc, tag: A, fault: drift, over: 5m"), "steps[1].by: is missing"},
		{"drift without time", step("at: 1m, do: sensor, controller: plc, tag: A, fault: drift, by: 1"), "steps[1].over: is missing"},
		{"stuck with size", step("at: 1m, do: sensor, controller: plc, tag: A, fault: stuck, by: 1"), "does not go with fault: stuck"},
		{"amount", step("at: 1m, do: sensor, controller: plc, tag: A, fault: offset, by: much"), `"much" is no amount`},
		{"gain in sigmas", step(`at: 1m, do: sensor, controller: plc, tag: A, fault: gain, by: "1 sigma"`), "gain is in percent"},
		{"hex", step(`at: 1m, do: forge, from: laptop, to: plc, port: 5, protocol: tcp, messages: ["0g"]`), "messages[0]: \"0g\" must be pairs of hexadecimal digits"},
		{"hex as number", step(`at: 1m, do: forge, from: laptop, to: plc, port: 5, protocol: tcp, messages: [0001]`), "put the hexadecimal digits in quotes"},
		{"long message", step(`at: 1m, do: forge, from: laptop, to: plc, port: 5, protocol: tcp, messages: "` + strings.Repeat("00", MaxMessage+1) + `"`), "is too long: at most 1400 bytes"},
		{"one of two", step("at: 1m, do: spoof, from: laptop, between: [hmi]"), "steps[1].between: must be two different hosts"},
		{"in its own middle", step("at: 1m, do: spoof, from: laptop, between: [hmi, laptop]"), "must be two other hosts than from"},
		{"never answers", step("at: 1m, do: spoof, from: laptop, between: [hmi, plc], replay: 5m, for: 5m"), "it would never answer"},
		{"same values", step("at: 1m, do: toggle, from: hmi, to: plc, tag: A, values: [1, 1], every: 1s, for: 1m"), "must be two different ones"},
		{"too many requests", step("at: 1m, do: flood, from: laptop, to: plc, with: requests, rate: 100000, for: 10m"), "makes more than 10000000 requests"},
		{"rate", step("at: 1m, do: flood, from: laptop, to: plc, with: requests, rate: 0, for: 10m"), "must be from 1 to 100000"},
		{"slow toggle", step("at: 1m, do: toggle, from: hmi, to: plc, tag: A, values: [1, 2], every: 2m, for: 1m"), "is longer than the whole step"},
		{"repeat alone", step(write + ", repeat: 5"), "steps[1].repeat: needs every"},
		{"every alone", step(write + ", every: 5s"), "steps[1].every: needs repeat"},
		{"repeat too often", step(write + ", repeat: 1001, every: 1s"), "must be from 1 to 1000"},
		{"overlap", step("at: 1m, do: flood, from: laptop, to: plc, with: requests, rate: 1, for: 2m, repeat: 3, every: 1m"), "one time would begin before the one before is over"},
		{"by hand over the network", step("at: 1m, do: bypass, controller: plc, by-hand: false, state: on"), "by-hand: must be true"},
		{"no bool", step("at: 1m, do: bypass, controller: plc, by-hand: maybe, state: on"), "must be true or false"},
		{"to itself", step("at: 1m, do: stop, from: plc, to: plc"), "is the same host as from"},
		{"order", step("at: 1m, do: wait}\n  - {at: 30s, do: wait"), "test.yaml:11: steps[2].at: is before the step above, at 1m"},
		{"too late", step("at: 59m, do: wait, for: 2m"), "test.yaml:10: steps[1].at: the step is over after 1h1m, the scenario lasts 1h"},
		{"repeats too late", step(write + ", repeat: 100, every: 1m"), "the step is over after 1h40m"},
		{"acts unplugged", strings.Replace(good, "  - {at: 0s, do: join, host: laptop}\n", "", 1), "steps[0].from: laptop is never plugged in"},
		{"acts before it is there", swap("{at: 0s, do: join, host: laptop}\n  - {"+write+"}", "{"+write+"}\n  - {at: 2m, do: join, host: laptop}"), "steps[0].from: laptop is not plugged in at 1m"},
		{"leaves too early", step("at: 1m, do: poll, from: laptop, to: plc, tag: A, every: 1s, for: 10m}\n  - {at: 5m, do: leave, host: laptop"), "laptop leaves at 5m, before this step is over at 11m"},
		{"plugged in twice", step("at: 1m, do: join, host: laptop"), "steps[1].host: laptop is plugged in already"},
		{"leaves twice", step("at: 1m, do: leave, host: laptop}\n  - {at: 2m, do: leave, host: laptop"), "steps[2].host: laptop is not plugged in"},
		{"control characters", swap("title: A title", `title: "a\u001b[2J"`), "holds characters that cannot be shown"},
		{"key of control characters", swap("title:", `"\u001b[2J":`), `"\x1b[2J": unknown key`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse("test.yaml", []byte(c.text))
			var problems written.Problems
			if s != nil || !errors.As(err, &problems) {
				t.Fatalf("%+v, %v", s, err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.yaml") {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllProblemsAreToldUpToTheLimit(t *testing.T) {
	var problems written.Problems
	_, err := Parse("test.yaml", []byte(file("at: 1m, do: explode", "at: x, do: wait", "at: 2m, do: stop")))
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Errorf("%v", err)
	}
	_, err = Parse("test.yaml", []byte(file(strings.TrimSuffix(strings.Repeat("do: x}\n  - {", 200), "}\n  - {"))))
	if !errors.As(err, &problems) || len(problems) != written.MaxProblems+1 || !strings.Contains(err.Error(), "there are more problems") {
		t.Errorf("%d problems", len(problems))
	}
}

func TestRepeatsAndEnds(t *testing.T) {
	s := parsed(t, file("at: 1m, do: identify, from: laptop, to: plc, repeat: 4, every: 30s"))
	st := s.Steps[1]
	if st.Times() != 4 || st.When(3) != 150*time.Second || st.End(s.Lasts) != 150*time.Second {
		t.Errorf("%d times, the last at %s", st.Times(), st.When(3))
	}
	s = parsed(t, file("at: 1m, do: poll, from: laptop, to: plc, tag: A, every: 1s", "at: 30m, do: leave, host: laptop"))
	if end := s.Steps[1].End(s.Lasts); end != time.Hour {
		t.Errorf("what goes on without an end ends at %s", end)
	}
	if got := s.Names(); !slices.Equal(got, []string{"laptop", "plc"}) {
		t.Errorf("names %v", got)
	}
	if s.Host("laptop") == nil || s.Host("plc") != nil {
		t.Error("the hosts of its own are confused with the plant's")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"40ms": 40 * time.Millisecond, "90s": 90 * time.Second, "1m30s": 90 * time.Second, "30d": 30 * Day, "1d12h": 36 * time.Hour, "0s": 0, "400d": 400 * Day, "0d": 0,
	} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
		if again, err := ParseDuration(FormatDuration(want)); err != nil || again != want {
			t.Errorf("%s is written %s, which is read as %s, %v", text, FormatDuration(want), again, err)
		}
	}
	for _, text := range []string{"", "-5s", "+5s", "5", "0", "5x", "d", "1.5d", "400d1s", "99999d", "9600h1s", "1d-2h", "999999999h"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

func TestWhatACommandLineSaysIsCut(t *testing.T) {
	for text, want := range map[string]struct {
		name  string
		start time.Duration
		ok    bool
	}{
		"stuck-sensor": {"stuck-sensor", 0, true}, "stuck-sensor@2h": {"stuck-sensor", 2 * time.Hour, true}, "./a@b/c.yaml@1d": {"./a@b/c.yaml", Day, true},
		"stuck-sensor@": {"", 0, false}, "stuck-sensor@soon": {"", 0, false},
	} {
		name, start, timed, err := Cut(text)
		if name != want.name || start != want.start || (err == nil) != want.ok || timed != strings.Contains(text, "@") {
			t.Errorf("%s: %s at %s, %v", text, name, start, err)
		}
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load("no-such-thing"); err == nil || !strings.Contains(err.Error(), "built in are: address-scan, ") {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(path, []byte(file("at: 1m, do: wait")), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(path); err != nil || s.Name != "test" || s.File != path {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{filepath.Join(dir, "none.yaml"), dir + "/", "none.yaml"} {
		var problems written.Problems
		if _, err := Load(bad); !errors.As(err, &problems) || !strings.HasPrefix(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestTheListIsATableOfAll(t *testing.T) {
	var b bytes.Buffer
	if err := List(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(builtin)+1 {
		t.Fatalf("%d lines", len(lines))
	}
	at := strings.Index(lines[0], "WHAT HAPPENS")
	for i, s := range Builtin() {
		if l := lines[i+1]; !strings.HasPrefix(l, s.Name+" ") || l[at:] != s.Title {
			t.Errorf("%q", l)
		}
	}
}

// ground is a plant of a few names.
type ground struct{}

func (ground) HasHost(name string) bool     { return name == "plc" || name == "hmi" }
func (ground) HasTag(host, tag string) bool { return host == "plc" && (tag == "A" || tag == "B") }
func (ground) HasNetwork(name string) bool  { return name == "line-1" }
func (ground) HasBreakage(name string) bool { return name == "cooling" }

func TestCheckAgainstAPlant(t *testing.T) {
	for step, want := range map[string]string{
		"at: 1m, do: read, from: laptop, to: plc, tags: [A, B]":      "",
		"at: 1m, do: break, breakage: cooling":                       "",
		"at: 1m, do: leave, host: plc":                               "",
		"at: 1m, do: read, from: laptop, to: plcc, tag: A":           "test.yaml:10: steps[1].to: neither the plant nor this file has a host plcc",
		"at: 1m, do: read, from: nobody, to: plc, tag: A":            "steps[1].from: neither",
		"at: 1m, do: read, from: laptop, to: plc, tags: [A, C]":      "steps[1].tags[1]: plc has no tag C",
		"at: 1m, do: write, from: laptop, to: hmi, tag: A, value: 1": "steps[1].tag: hmi has no tag A",
		"at: 1m, do: bypass, from: laptop, to: plc, state: on":       "plc has no tag BYPASS",
		"at: 1m, do: sensor, controller: plc, tag: Z, fault: zero":   "plc has no tag Z",
		"at: 1m, do: sensor, controller: box, tag: A, fault: zero":   "steps[1].controller: neither",
		"at: 1m, do: spoof, from: laptop, between: [hmi, ghost]":     "steps[1].between: neither",
		"at: 1m, do: leave, host: ghost":                             "steps[1].host: neither",
		"at: 1m, do: scan-addresses, from: laptop, network: line-9":  "steps[1].network: the plant has no network line-9",
		"at: 1m, do: break, breakage: cable":                         "steps[1].breakage: nothing in the plant breaks by the name cable",
		"at: 1m, do: leave, host: laptop}\n  - {at: 2m, do: replace, host: laptop, to: plc}\n  - {at: 3m, do: read, from: hmi, to: laptop, tag: A": "",
	} {
		err := parsed(t, file(step)).Check(ground{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", step, err, want)
		}
	}
	s := parsed(t, strings.ReplaceAll(strings.ReplaceAll(file("at: 1m, do: wait"), "laptop", "hmi"), "line-1", "line-2"))
	err := s.Check(ground{})
	if err == nil || !strings.Contains(err.Error(), "test.yaml:7: hosts[0].name: the plant has a hmi of its own") || !strings.Contains(err.Error(), "hosts[0].network: the plant has no network line-2") {
		t.Errorf("%v", err)
	}
}

// What is read must be bounded and may not fall over, whatever the file holds.
func FuzzParse(f *testing.F) {
	for _, name := range builtin {
		b, err := files.ReadFile("files/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(file(`at: 1m, do: forge, from: laptop, to: plc, port: 502, protocol: tcp, messages: ["00 01", "ff"]`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse("fuzz.yaml", b)
		if (s == nil) == (err == nil) {
			t.Fatalf("%v and %v", s, err)
		}
		if err != nil {
			var problems written.Problems
			if !errors.As(err, &problems) || len(problems) == 0 || len(problems) > written.MaxProblems+1 {
				t.Fatalf("%d problems: %v", len(problems), err)
			}
			return
		}
		if len(s.Steps) == 0 || len(s.Steps) > MaxSteps || len(s.Hosts) > MaxHosts || s.Lasts > MaxLasts {
			t.Fatalf("%+v", s)
		}
		for i := range s.Steps {
			st := &s.Steps[i]
			if st.At < 0 || st.End(s.Lasts) > s.Lasts || st.End(s.Lasts) < st.At || ruleOf(st.Do) == nil {
				t.Fatalf("%+v", st)
			}
		}
		_ = s.Check(ground{})
	})
}
