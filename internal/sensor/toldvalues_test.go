package sensor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/point"
	"firedoor/internal/protocol/all"
)

// toldPointLines gives the process values of records as points.json has them.
func toldPointLines(t *testing.T, k *taken) (lines []string) {
	t.Helper()
	for key, body := range k.of(firedoor.RecordPoints) {
		var told firedoor.Points
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		if n := len(told.Values); n == 0 || n > point.PieceSize {
			t.Errorf("%s has %d values", key, n)
		}
		for _, v := range told.Values {
			line, err := json.Marshal(&firedoor.Point{Segment: told.Segment, Server: told.Server, Protocol: told.Protocol, Unit: told.Unit, PointValue: v})
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(line))
		}
	}
	slices.Sort(lines)
	return lines
}

// fileLines gives the elements of an array that stands one a line.
func fileLines(file string) (lines []string) {
	for line := range strings.Lines(file) {
		if line = strings.TrimRight(line, ",\n"); line != "[" && line != "]" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// watchFrames runs a watch with these frames as its whole input.
func watchFrames(t *testing.T, dir string, frames []packet.Frame, names *point.Names) (*Watch, *taken) {
	t.Helper()
	var k taken
	w := watchOnce(t, WatchOptions{Learn: Learning{For: time.Minute}, Points: true, Names: names, Dir: dir, Publish: k.publish,
		input: func(f *feed, b *book) input {
			if len(f.read) == 0 {
				f.read = make([]fileRead, 1)
			}
			return &script{feed: f, book: b, steps: cut(frames, 5, nil)}
		}})
	return w, &k
}

// TestValuesTold: what a watch tells of process values and programs is what the
// files say, and the same when it was stopped and started in between.
func TestValuesTold(t *testing.T) {
	const plantMap = "server,object,name,type,scale,measure\n192.168.0.10,holding:40,Setpoint,u16,0.1,%\n"
	names, err := point.ReadNames("plant.csv", strings.NewReader(plantMap))
	if err != nil {
		t.Fatal(err)
	}
	frames := sampleFrames(t)
	w, whole := watchFrames(t, "", frames, names)
	var points, programs bytes.Buffer
	if err := w.p.view().WritePoints(&points); err != nil {
		t.Fatal(err)
	}
	if err := w.p.view().WritePrograms(&programs); err != nil {
		t.Fatal(err)
	}
	told := toldPointLines(t, whole)
	if !slices.ContainsFunc(told, func(line string) bool { return strings.Contains(line, `"name":"Setpoint","measure":"%"`) }) {
		t.Error("no value that the map names was told")
	}
	if want := fileLines(points.String()); len(want) < 100 || !slices.Equal(told, want) {
		t.Errorf("%d values told, %d in points.json", len(told), len(want))
	}
	if want := fileLines(programs.String()); len(want) == 0 || !slices.Equal(slices.Sorted(maps.Values(whole.of(firedoor.RecordProgram))), want) {
		t.Errorf("programs told are not those of programs.json: %v", want)
	}
	// Cyclic data belongs to a connection, and which ones are open is not stored.
	keep := func(body string) bool { return !strings.Contains(body, `"protocol":"cip"`) }
	dir, cut := t.TempDir(), quietest(frames)
	_, before := watchFrames(t, dir, frames[:cut], names)
	_, started := watchFrames(t, dir, nil, names)
	sameTold(t, before, started, func(string) bool { return true })
	_, rest := watchFrames(t, dir, frames[cut:], names)
	sameTold(t, whole, rest, keep)
}

// quietest is the frame before which there is the longest silence of the middle third.
func quietest(frames []packet.Frame) (at int) {
	longest := int64(0)
	for i := len(frames) / 3; i < 2*len(frames)/3; i++ {
		if gap := frames[i].Time - frames[i-1].Time; gap > longest {
			at, longest = i, gap
		}
	}
	return at
}

func sameTold(t *testing.T, one, two *taken, of func(body string) bool) {
	t.Helper()
	for _, kind := range []firedoor.RecordKind{firedoor.RecordPoints, firedoor.RecordProgram} {
		a, b := one.of(kind), two.of(kind)
		if len(a) == 0 || len(a) != len(b) {
			t.Errorf("%d records of %s in one run, %d after a restart", len(a), kind, len(b))
		}
		for key, body := range a {
			if of(body) && b[key] != body {
				t.Errorf("%s %s\nin one run  %s\nin two runs %s", kind, key, body, b[key])
			}
		}
	}
}

// TestValuesArePaced: values that change all the time are told once in pointsEvery,
// and within pointsRate; each has its turn.
func TestValuesArePaced(t *testing.T) {
	w, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Publish: (&taken{}).publish, Points: true, Shards: 1,
		input: func(f *feed, b *book) input { return &script{feed: f, book: b} }}, all.List)
	if err != nil {
		t.Fatal(err)
	}
	row := &firedoor.Space{Name: "holding", Axis: 1}
	const devices, each = 600, 200 // some 20 MB of JSON, far more than goes in one round
	change := func(value byte) {
		raw := bytes.Repeat([]byte{0, value}, each)
		for d := range uint64(devices) {
			from := point.Origin{Server: firedoor.IP{Hi: 1, Lo: d}, Protocol: "modbus", Proven: true}
			w.p.lane(int(d%lanes)).points.See(&from, &point.Seen{Object: &firedoor.Object{Space: row}, Time: int64(value),
				Values: &firedoor.Values{Type: firedoor.U16, Count: each, Raw: raw}})
		}
	}
	told, size := map[string]int{}, 0
	w.teller.put = func(r firedoor.Record) bool {
		if r.Kind == firedoor.RecordPoints {
			told[r.Key]++
			size += len(r.Body)
		}
		return true
	}
	now := time.Unix(1e9, 0)
	round := func() {
		t.Helper()
		if err := w.teller.until(w.p.view(), now, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	change(0)
	round()
	if len(told) != devices {
		t.Fatalf("the first round told %d of %d", len(told), devices)
	}
	first := size
	size = 0
	clear(told)
	now = now.Add(pointsEvery / 2)
	change(1)
	round()
	if len(told) != 0 {
		t.Errorf("%d records were told again after %s", len(told), pointsEvery/2)
	}
	rounds := 0
	for ; len(told) < devices && rounds < 1000; rounds++ {
		now = now.Add(time.Second)
		change(byte(2 + rounds))
		round()
	}
	least, most := devices, 0
	for _, n := range told {
		least, most = min(least, n), max(most, n)
	}
	t.Logf("%d bytes in all, %d in %d rounds", first, size, rounds)
	record := first / devices
	if limit := pointsRate*(rounds+int(pointsEvery/time.Second)) + (rounds+1)*record; size > limit || len(told) < devices || most > least+1 {
		t.Errorf("%d bytes in %d rounds, at most %d may be; %d devices told, between %d and %d times", size, rounds, limit, len(told), least, most)
	}
	if err := w.teller.all(w.p.view(), now); err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprint(told)
	if err := w.teller.all(w.p.view(), now); err != nil || fmt.Sprint(told) != before {
		t.Errorf("after the last round something was still untold: %v", err)
	}
}
