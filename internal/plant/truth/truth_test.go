package truth

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedoor"
)

var began = At(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))

// example is a file in which every member has a value.
func example() *File {
	unit := uint32(1)
	r := NewRecorder(File{
		Plant: "standard", Seed: 1<<64 - 1, Start: began, Assets: 64, Mirrors: []string{"line-1-switch"},
		Hosts: []Host{{Name: "mixer-1-plc", Role: "plc", IPs: []string{"192.168.0.10", "10.20.30.110"}, MACs: []string{"00:80:f4:00:00:10"}}},
	})
	laptop := HostOf("laptop", Attacker, []netip.Addr{netip.MustParseAddr("192.168.0.77"), {}, netip.MustParseAddr("fe80::1%eth0")}, []firedoor.MAC{0x8c1645000077, 0})
	e := r.Begin(Entry{
		Scenario: "setpoint-write", Kind: "setpoint-write", Class: Malicious, Words: "a <laptop> & \"more\"", Start: began.Add(time.Hour),
		Hosts: []Host{laptop}, Techniques: []string{"T0836"}, WorkOrder: "WO-1",
		Variables: []Variable{{"mixer-1-plc", "TIC101.SP", "mixer temperature setpoint", "150.0 instead of 62.0"}},
	})
	r.Operation(e, Operation{
		Time: began.Add(time.Hour + 1), Protocol: "modbus", Client: firedoor.Address{IP: "192.168.0.77", Port: 50000, MAC: "8c:16:45:00:00:77"},
		Server: firedoor.Address{IP: "192.168.0.10", Port: 502}, Unit: &unit, Verb: "write", Function: "write single register", Object: "holding:40",
		Values: []int64{1500}, Type: "u16", Tag: "TIC101.SP", Engineering: []float64{150},
	})
	r.End(e, began.Add(2*time.Hour))
	r.Begin(Entry{Kind: "shift-change", Class: Routine, Words: "the early shift begins", Start: began, Hosts: []Host{{Name: "scada-1", Role: Actor}}})
	return r.File(began.Add(8 * time.Hour))
}

func written(t *testing.T, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenComesBack(t *testing.T) {
	f := example()
	b := written(t, f)
	back, err := Parse("truth.json", b)
	if err != nil {
		t.Fatal(err)
	}
	if again := written(t, back); !bytes.Equal(again, b) {
		t.Errorf("written again it differs:\n%s\n%s", b, again)
	}
	if back.Seed != f.Seed || len(back.Entries) != 2 || !back.Entries[0].Open() || back.Entries[1].End != began.Add(2*time.Hour) {
		t.Errorf("%+v", back)
	}
	if !reflect.DeepEqual(back.Entries[1], f.Entries[1]) {
		t.Errorf("%+v, want %+v", back.Entries[1], f.Entries[1])
	}
	if got := back.Entries[1].Hosts[0].IPs; !reflect.DeepEqual(got, []string{"192.168.0.77", "fe80::1"}) {
		t.Errorf("addresses %v", got)
	}
}

// The writer goes through the members by hand. A member of the types that it
// forgets would be lost silently; here each must be in the text.
func TestTheWriterForgetsNoMember(t *testing.T) {
	b := written(t, example())
	for _, of := range []any{File{}, Host{}, Entry{}, Operation{}, Variable{}, firedoor.Address{}} {
		for _, name := range memberNames(reflect.TypeOf(of)) {
			if !bytes.Contains(b, []byte(`"`+name+`":`)) {
				t.Errorf("%T: member %s is not written", of, name)
			}
		}
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		t.Error(err)
	}
}

func TestTheFileIsTheGoldenOne(t *testing.T) {
	got := written(t, example())
	path := filepath.Join("testdata", "truth.json")
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", path, got)
	}
}

func TestEntriesStandInOrderWhateverTheirBeginning(t *testing.T) {
	r := NewRecorder(File{Start: began})
	r.Begin(Entry{ID: "b", Kind: "x", Class: Routine, Start: began.Add(5)})
	r.Begin(Entry{ID: "a", Kind: "x", Class: Routine, Start: began.Add(5)})
	r.Happened(Entry{ID: "c", Kind: "x", Class: Routine, Start: began.Add(1)}, began)
	var ids []string
	for _, e := range r.File(began.Add(9)).Entries {
		ids = append(ids, e.ID)
	}
	if strings.Join(ids, "") != "cab" {
		t.Errorf("order %v", ids)
	}
	if e := r.Entry("c"); e.End != e.Start {
		t.Errorf("an end before the start was kept: %s", e.End)
	}
}

func TestAMomentIsWrittenWithNineDecimals(t *testing.T) {
	if got := began.Add(120).String(); got != "2026-03-02T06:00:00.000000120Z" {
		t.Error(got)
	}
	for text, ok := range map[string]bool{
		"2026-03-02T06:00:00Z": true, "2026-03-02T06:00:00.5Z": true, "2026-03-02T06:00:00+01:00": false, "2026-03-02": false, "": false,
		"0001-01-01T00:00:00Z": false, "9999-01-01T00:00:00Z": false,
	} {
		if _, err := ParseMoment(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOperationsBeyondTheLimitAreCounted(t *testing.T) {
	r := NewRecorder(File{Start: began})
	e := r.Begin(Entry{Kind: "flood", Class: Malicious, Start: began})
	values := []int64{7}
	for range MaxOperations + 3 {
		r.Operation(e, Operation{Time: began, Values: values})
	}
	values[0] = 8 // the caller's buffer goes on to be used
	if len(e.Operations) != MaxOperations || e.OperationsTotal != MaxOperations+3 || e.Operations[0].Values[0] != 7 {
		t.Errorf("%d kept, %d counted, value %d", len(e.Operations), e.OperationsTotal, e.Operations[0].Values[0])
	}
}

func TestALongLifeLeavesRoomForAttacks(t *testing.T) {
	r := NewRecorder(File{Start: began})
	for range MaxEntries + 2 {
		r.Happened(Entry{Kind: "poll", Class: Routine, Start: began}, began)
	}
	e := r.Begin(Entry{Kind: "controller-stop", Class: Malicious, Start: began})
	f := r.File(began)
	if f.Unkept != 2 || r.Len() != MaxEntries+1 || r.Entry(e.ID) != e {
		t.Errorf("%d unkept, %d kept", f.Unkept, r.Len())
	}
	lost := r.Begin(Entry{Kind: "poll", Class: Notable, Start: began})
	r.Operation(lost, Operation{}) // must not fall over
	r.End(lost, began)
}

func TestGoingOnWithAFileIsAsIfItHadNotEnded(t *testing.T) {
	whole := NewRecorder(File{Plant: "standard", Start: began})
	half := NewRecorder(File{Plant: "standard", Start: began})
	act := func(r *Recorder, from, to int) {
		for i := from; i < to; i++ {
			r.Begin(Entry{Kind: "batch", Class: Routine, Words: strconv.Itoa(i), Start: began.Add(time.Duration(i))})
			if i%2 == 1 {
				r.End(r.Entry("batch-"+strconv.Itoa(i)), began.Add(time.Duration(i+5)))
			}
		}
	}
	act(whole, 0, 20)
	act(half, 0, 11)
	back, err := Parse("t", written(t, half.File(began.Add(11))))
	if err != nil {
		t.Fatal(err)
	}
	half = Resume(back)
	act(half, 11, 20)
	if a, b := written(t, whole.File(began.Add(30))), written(t, half.File(began.Add(30))); !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestFilesThatAreNotRightAreRefusedWithThePlace(t *testing.T) {
	good := string(written(t, example()))
	swap := func(old, now string) string {
		out := strings.Replace(good, old, now, 1)
		if out == good {
			t.Fatalf("nothing to replace: %s", old)
		}
		return out
	}
	for _, c := range []struct{ name, text, want string }{
		{"unknown member", swap(`"plant"`, `"plants"`), "t.json:3: plants: unknown member; known here: format, plant, seed"},
		{"unknown member inside", swap(`"verb"`, `"Verb"`), ":42: entries[1].operations[0].Verb: unknown member"},
		{"twice", swap(`"seed"`, `"plant"`), ":4: plant: stands twice"},
		{"no JSON", swap(`"seed":`, `"seed"`), ":4: "},
		{"cut", good[:len(good)/2], ""},
		{"empty", "", "ends too early"},
		{"something behind", good + "{}", "something stands behind the end"},
		{"a text as number", swap(`"assets": 64`, `"assets": "many"`), ":7: assets: is a JSON string"},
		{"a time", swap(`T06:00:00.000000000Z`, `T06:00:00.000000000+01:00`), ":5: start: \"2026-03-02T06:00:00.000000000+01:00\" is no time"},
		{"format", swap(`"format": 1`, `"format": 2`), "t.json: format: is 2; this program reads 1"},
		{"class", swap(`"malicious"`, `"evil"`), "entries[1] (setpoint-write-1): class: evil is none; it is malicious, notable or routine"},
		{"technique", swap(`"T0836"`, `"0836"`), "entries[1] (setpoint-write-1): techniques[0]: 0836 is no id"},
		{"mac", swap(`8c:16:45:00:00:77`, `8C:16:45:00:00:77`), "hosts[0].macs[0]: 8C:16:45:00:00:77 is no MAC"},
		{"ip", swap(`"10.20.30.110"`, `"10.20.30"`), "hosts[0].ips[1]: 10.20.30 is no IP address"},
		{"end before start", swap(`"end": "2026-03-02T08`, `"end": "2026-03-02T01`), "end: 2026-03-02T01:00:00.000000000Z is before start"},
		{"total", swap(`"operations_total": 1`, `"operations_total": 0`), "operations_total: is 0, but 1 operations are listed"},
		{"id twice", swap(`"id": "setpoint-write-1"`, `"id": "shift-change-1"`), "id shift-change-1 stands twice"},
		{"null entry", swap(`"entries": [`, `"entries": [null,`), "entries[0]: is null"},
		{"no id", swap(`"id": "setpoint-write-1"`, `"id": ""`), "id: is missing"},
		{"deep", `{"mirrors":` + strings.Repeat("[", 100), "too deep"},
		{"control characters", swap(`"plant"`, `"\u001b[2J"`), `"\x1b[2J": unknown member`},
	} {
		_, err := Parse("t.json", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "t.json:") {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestWriteFileAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "truth.json")
	if err := example().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err != nil {
		t.Error(err)
	}
	if err := example().WriteFile(filepath.Join(path, "below")); err == nil {
		t.Error("written into a file as if it were a folder")
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := example().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":1,"start":"2026-03-02T06:00:00Z","end":"2026-03-02T06:00:00Z","entries":[{}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := Parse("fuzz", in)
		if err != nil {
			return
		}
		out := written(t, file)
		again, err := Parse("again", out)
		if err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if !bytes.Equal(written(t, again), out) {
			t.Fatal("not the same bytes")
		}
	})
}
