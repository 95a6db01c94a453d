package score

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant/truth"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The small world of these tests: two lines with the same addresses behind a
// router each, an engineering workstation, and a laptop that is nobody's.
var (
	began   = truth.At(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	plc1    = host("mixer-1-plc", "target", "00:80:f4:00:00:10", "192.168.0.10", "10.20.30.110")
	plc2    = host("mixer-2-plc", "target", "00:80:f4:00:00:20", "192.168.0.10", "10.20.30.120")
	hmi1    = host("mixer-1-hmi", "witness", "00:0a:f7:00:00:11", "192.168.0.20")
	station = host("engineering", "actor", "00:0a:f7:00:00:50", "10.20.30.50")
	router  = host("line-1-router", truth.RoleRouter, "00:00:0c:00:00:01", "192.168.0.1", "10.20.30.101")
	laptop  = host("laptop", truth.Attacker, "8c:16:45:00:00:77", "192.168.0.77")
)

func host(name, role, mac string, ips ...string) truth.Host {
	return truth.Host{Name: name, Role: role, IPs: ips, MACs: []string{mac}}
}

func as(h truth.Host, role string) truth.Host {
	h.Role = role
	return h
}

func file(entries ...*truth.Entry) *truth.File {
	return &truth.File{
		Format: truth.Format, Plant: "standard", Seed: 7, Start: began, End: began.Add(12 * time.Hour), Assets: 60,
		Hosts: []truth.Host{plc1, plc2, hmi1, station, router}, Entries: entries,
	}
}

func entry(id string, class truth.Class, from, to time.Duration, hosts ...truth.Host) *truth.Entry {
	e := &truth.Entry{ID: id, Kind: id, Class: class, Words: id, Start: began.Add(from), End: began.Add(to), Hosts: hosts}
	if class == truth.Malicious {
		e.Scenario, e.Techniques = id, []string{"T0836", "T0855"}
	}
	return e
}

func end(h truth.Host) *firedoor.Address {
	return &firedoor.Address{IP: h.IPs[0], Port: 502, MAC: h.MACs[0]}
}

func alert(id string, at time.Duration, severity string, client, server *firedoor.Address) firedoor.AlertLine {
	return firedoor.AlertLine{
		ID: id, Time: began.Add(at).String(), Kind: "new-writer", Severity: severity, Sentence: "Sentence of " + id + ".",
		Client: client, Server: server, Techniques: []string{"T0855"},
	}
}

func scored(t *testing.T, f *truth.File, o Options, alerts ...firedoor.AlertLine) *Report {
	t.Helper()
	r, err := Score(f, alerts, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.True+r.Informational+r.False != r.Alerts || r.Alerts != len(alerts) {
		t.Fatalf("%d true, %d informational and %d false of %d alerts", r.True, r.Informational, r.False, r.Alerts)
	}
	return r
}

const hour, minute = time.Hour, time.Minute

// One attack from 1:00 to 1:10 by the laptop on the first mixer.
func attack() *truth.Entry {
	return entry("setpoint-write", truth.Malicious, hour, hour+10*minute, laptop, plc1, hmi1)
}

func TestWhetherAnAlertBelongsToAnAttack(t *testing.T) {
	behind := &firedoor.Address{IP: "10.20.30.110", MAC: router.MACs[0]} // the first mixer through its router
	spoofed := &firedoor.Address{IP: plc1.IPs[0], MAC: laptop.MACs[0]}
	forged := &firedoor.Address{IP: "192.168.0.99", MAC: "02:00:00:00:00:99"}
	everybody := &firedoor.Address{IP: "255.255.255.255", MAC: "ff:ff:ff:ff:ff:ff"}
	for _, c := range []struct {
		name           string
		at             time.Duration
		client, server *firedoor.Address
		want           bool
	}{
		{"attacker and target", hour + minute, end(laptop), end(plc1), true},
		{"attacker and somebody who is not in the entry", hour + minute, end(laptop), end(plc2), true},
		{"attacker alone", hour + minute, end(laptop), nil, true},
		{"attacker by MAC only", hour + minute, &firedoor.Address{MAC: laptop.MACs[0]}, nil, true},
		{"attacker under the target's address", hour + minute, nil, spoofed, true},
		{"target alone", hour + minute, nil, end(plc1), true},
		{"witness reads the target", hour + minute, end(hmi1), end(plc1), true},
		{"target behind its router", hour + minute, nil, behind, true},
		{"forged address and target", hour + minute, forged, end(plc1), true},
		{"target tells everybody", hour + minute, end(plc1), everybody, true},
		{"the last moment", hour + 10*minute, end(laptop), end(plc1), true},
		{"the last moment of the grace", hour + 20*minute, end(laptop), end(plc1), true},
		{"after the grace", hour + 20*minute + 1, end(laptop), end(plc1), false},
		{"before it began", hour - 1, end(laptop), end(plc1), false},
		{"somebody honest and the target", hour + minute, end(station), end(plc1), false},
		{"the same address on the other line", hour + minute, nil, end(plc2), false},
		{"the other line behind the first one's router", hour + minute, nil, &firedoor.Address{IP: "10.20.30.120", MAC: router.MACs[0]}, false},
		{"somebody else", hour + minute, end(station), nil, false},
		{"a stranger alone", hour + minute, forged, nil, false},
		{"nobody, but a technique that fits", hour + minute, nil, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := scored(t, file(attack()), Options{}, alert("a1", c.at, "high", c.client, c.server))
			if got := r.Findings[0].Detected(); got != c.want || (r.False == 0) != c.want {
				t.Errorf("detected %t with %d false, want %t", got, r.False, c.want)
			}
		})
	}
	none := alert("a1", hour+minute, "high", nil, nil)
	none.Techniques = []string{"T0814"}
	if r := scored(t, file(attack()), Options{}, none); r.Findings[0].Detected() {
		t.Error("an alert without hosts and with another technique found the attack")
	}
}

func TestAnEntryWithoutHostsThatActIsFoundByThoseThatSeeIt(t *testing.T) {
	hot := entry("too-hot", truth.Malicious, hour, 3*hour, plc1, hmi1)
	for name, c := range map[string]struct {
		client, server *firedoor.Address
		want           bool
	}{
		"values between panel and controller": {end(hmi1), end(plc1), true},
		"the controller":                      {nil, end(plc1), true},
		"an engineer who reads there":         {end(station), end(plc1), false},
	} {
		if got := scored(t, file(hot), Options{}, alert("a1", 2*hour, "low", c.client, c.server)).Findings[0].Detected(); got != c.want {
			t.Errorf("%s: detected %t", name, got)
		}
	}
}

func TestWhatIsFalse(t *testing.T) {
	visit := entry("vendor-visit", truth.Notable, 2*hour, 3*hour, station, as(plc1, truth.Target))
	change := entry("shift-change", truth.Routine, 4*hour, 5*hour, station)
	of := func(at time.Duration, severity string) firedoor.AlertLine {
		return alert(severity+at.String(), at, severity, end(station), end(plc1))
	}
	for _, c := range []struct {
		name   string
		alerts []firedoor.AlertLine
		info   int
		want   []Reason
	}{
		{"one informational on what is notable", []firedoor.AlertLine{of(2*hour+minute, "info")}, 1, nil},
		{"a second one", []firedoor.AlertLine{of(2*hour+minute, "info"), of(2*hour+2*minute, "info")}, 1, []Reason{ReasonAgain}},
		{"a grave one", []firedoor.AlertLine{of(2*hour+minute, "low")}, 0, []Reason{ReasonGrave}},
		{"on routine", []firedoor.AlertLine{of(4*hour+minute, "info")}, 0, []Reason{ReasonRoutine}},
		{"on nothing", []firedoor.AlertLine{of(8*hour, "info")}, 0, []Reason{ReasonNothing}},
	} {
		r := scored(t, file(visit, change), Options{}, c.alerts...)
		var got []Reason
		for _, f := range r.FalseAlerts {
			got = append(got, f.Reason)
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] || r.Informational != c.info {
			t.Errorf("%s: %q false and %d informational, want %q and %d", c.name, got, r.Informational, c.want, c.info)
		}
	}
}

// What fits best takes the alert: the host that acts before the one it happens to,
// what is going on before what is over, an attack before honest life.
func TestWhichEntryTakesAnAlert(t *testing.T) {
	download := entry("planned-download", truth.Notable, hour, 2*hour, station, as(plc1, truth.Target))
	drift := entry("calibration-drift", truth.Malicious, 0, 12*hour, plc1)
	r := scored(t, file(drift, download), Options{}, alert("a1", hour+minute, "info", end(station), end(plc1)))
	if r.Findings[0].Detected() || r.Informational != 1 {
		t.Error("the engineer's planned change was taken for the drift of a sensor")
	}
	first := entry("address-scan", truth.Malicious, hour, hour+10*minute, laptop)
	second := entry("setpoint-write", truth.Malicious, hour+15*minute, hour+30*minute, laptop)
	r = scored(t, file(first, second), Options{}, alert("a1", hour+16*minute, "high", end(laptop), nil))
	if r.Findings[0].Detected() || !r.Findings[1].Detected() {
		t.Error("the grace of an attack that is over took the alert of the one that goes on")
	}
	same := entry("rogue-master", truth.Malicious, hour, hour+10*minute, laptop)
	r = scored(t, file(first, same), Options{}, alert("a1", hour+minute, "high", end(laptop), nil))
	if !r.Findings[0].Detected() || !r.Findings[1].Detected() || r.True != 1 {
		t.Error("two attacks at once by one host: both should be found, by one alert")
	}
}

func TestDelayFirstAndGravest(t *testing.T) {
	late := alert("late", hour+5*minute, "high", end(laptop), end(plc1))
	early := alert("early", hour+90*time.Second, "low", end(laptop), nil)
	early.Techniques = []string{"T0846", "T0836"}
	f := scored(t, file(attack()), Options{}, late, early).Findings[0]
	if f.First.ID != "early" || f.Delay() != 90*time.Second || f.Worst.ID != "late" || f.Alerts != 2 {
		t.Errorf("first %v after %s, gravest %v, %d alerts", f.First, f.Delay(), f.Worst, f.Alerts)
	}
	if strings.Join(f.Named, " ") != "T0836 T0855" {
		t.Errorf("named %v", f.Named)
	}
}

func TestWhatBeganWhileLearningOrWasCutIsMarked(t *testing.T) {
	frog := entry("boiling-frog", truth.Malicious, 0, hour, hmi1, plc1)
	open := entry("stuck-sensor", truth.Malicious, 2*hour, 0, plc1)
	open.End = 0
	r := scored(t, file(frog, open), Options{From: began.Add(90 * minute)}, alert("a1", 11*hour, "low", nil, end(plc1)))
	if !r.Findings[0].Learning || r.Findings[0].Cut || r.Findings[1].Learning || !r.Findings[1].Cut {
		t.Errorf("%+v", r.Findings)
	}
	if !r.Findings[1].Detected() {
		t.Error("an entry that is still open was not found")
	}
	if want := 10.5 / 24; r.Days != want || r.AssetDays != want*60 {
		t.Errorf("%v days, %v asset days", r.Days, r.AssetDays)
	}
}

func world() (*truth.File, []firedoor.AlertLine) {
	f := file(attack(),
		entry("too-hot", truth.Malicious, 3*hour, 4*hour, plc2),
		entry("vendor-visit", truth.Notable, 5*hour, 6*hour, station, as(plc1, truth.Target)),
		entry("shift-change", truth.Routine, 8*hour, 8*hour+30*minute, station))
	f.Entries[1].Techniques = nil
	new1 := alert("00000000000000a1", hour+91*time.Second, "low", end(laptop), nil)
	new1.Kind, new1.Sentence, new1.Techniques = "new-device", "Unknown device 192.168.0.77 asked mixer-1-plc 3 different things.", []string{"T0888"}
	return f, []firedoor.AlertLine{
		new1,
		alert("00000000000000a2", hour+2*minute, "high", end(laptop), end(plc1)),
		alert("00000000000000a3", 5*hour+minute, "info", end(station), end(plc1)),
		alert("00000000000000a4", 8*hour+minute, "medium", end(station), end(plc1)),
		alert("00000000000000a5", 9*hour, "low", end(hmi1), end(plc1)),
		alert("00000000000000a6", 9*hour+minute, "low", end(hmi1), end(plc1)),
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it, then go test -update:\n%s", path, got)
	}
}

func TestReportsAreTheGoldenOnes(t *testing.T) {
	f, alerts := world()
	r := scored(t, f, Options{}, alerts...)
	var table, document bytes.Buffer
	if err := r.Write(&table); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&document); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", table.Bytes())
	golden(t, "report.json", document.Bytes())
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document.Bytes(), &members); err != nil {
		t.Error(err)
	}
}

func TestMergeAddsUp(t *testing.T) {
	f, alerts := world()
	one := scored(t, f, Options{}, alerts...)
	other := *f
	other.Seed = 8
	two := scored(t, &other, Options{}, alerts[4:]...) // nothing found, two false
	sum, err := Merge(one, two)
	if err != nil {
		t.Fatal(err)
	}
	if sum.False != one.False+two.False || sum.Days != one.Days+two.Days || sum.Alerts != one.Alerts+two.Alerts || len(sum.Seeds) != 2 {
		t.Errorf("%+v", sum)
	}
	counted := 0
	for _, k := range sum.FalseKinds {
		counted += k.Count
	}
	if counted != sum.False || len(sum.FalseAlerts) != sum.False {
		t.Errorf("%d of %d false alerts are in the kinds, %d in the list", counted, sum.False, len(sum.FalseAlerts))
	}
	s := sum.Scenarios()
	if len(s) != 2 || s[0].Name != "setpoint-write" || s[0].N != 2 || s[0].Detected != 1 || s[0].Delay != 91*time.Second {
		t.Errorf("%+v", s)
	}
	for _, k := range sum.Techniques() {
		if named := map[string]int{"T0836": 0, "T0855": 1}[k.Name]; k.N != 2 || k.Detected != 1 || k.Named != named {
			t.Errorf("%+v", k)
		}
	}
	before := one.False
	if _, err := Merge(one, one); err != nil || one.False != before {
		t.Errorf("merging changed what it merged: %v", err)
	}
	if _, err := Merge(one, scored(t, f, Options{Grace: hour})); err == nil {
		t.Error("different graces were merged")
	}
	var table bytes.Buffer
	if err := sum.Write(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "merged.txt", table.Bytes())
}

func TestNothingWatchedGivesNoRate(t *testing.T) {
	f := file()
	f.End = f.Start
	r := scored(t, f, Options{})
	if _, ok := r.PerDay(); ok {
		t.Error("a rate of no time")
	}
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"false_per_day": null`) {
		t.Error(b.String())
	}
}

func TestFalseAlertsAreCountedBeyondTheList(t *testing.T) {
	alerts := make([]firedoor.AlertLine, MaxListed+5)
	for i := range alerts {
		alerts[i] = alert("a", hour, "low", end(station), nil)
	}
	if r := scored(t, file(), Options{}, alerts...); r.False != MaxListed+5 || len(r.FalseAlerts) != MaxListed || r.FalseKinds[0].Count != MaxListed+5 {
		t.Errorf("%d false, %d listed", r.False, len(r.FalseAlerts))
	}
}

func TestAlertsThatAreNotRightAreRefused(t *testing.T) {
	good := `{"id":"a1","time":"2026-03-02T06:00:00.000000000Z","kind":"flood","severity":"low","sentence":"s","client":null,"server":{"ip":"10.0.0.1","port":5,"mac":"00:00:00:00:00:01"},"protocol":"","techniques":[],"capture":"","frames":[1]}`
	for name, c := range map[string]struct{ text, want string }{
		"good":            {"[\n" + good + "\n]", ""},
		"unknown member":  {"[\n" + good + ",\n" + strings.Replace(good, `"id"`, `"identity"`, 1) + "]", ":3: [1].identity: unknown member"},
		"severity":        {"[" + strings.Replace(good, `"low"`, `"awful"`, 1) + "]", `alerts[0]: severity: "awful" is none; it is one of info, low, medium, high`},
		"time":            {"[" + strings.Replace(good, `2026-03-02T`, `2026-13-02T`, 1) + "]", "alerts[0]: time: "},
		"no id":           {"[" + strings.Replace(good, `"a1"`, `""`, 1) + "]", "alerts[0]: id: is missing"},
		"no kind":         {"[" + strings.Replace(good, `"flood"`, `""`, 1) + "]", "alerts[0]: kind: is missing"},
		"cut":             {"[\n" + good, "ends too early"},
		"a number as ip":  {"[" + strings.Replace(good, `"10.0.0.1"`, `10`, 1) + "]", "ip: is a JSON number"},
		"an object":       {`{"id":1}`, "is a JSON object"},
		"something after": {"[]\n[]", ":2: something stands behind the end"},
	} {
		path := filepath.Join(t.TempDir(), "alerts.json")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadAlerts(path)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	bad := alert("a", hour, "awful", nil, nil)
	if _, err := Score(file(), []firedoor.AlertLine{bad}, Options{}); err == nil {
		t.Error("an alert with an unknown severity was scored")
	}
}
