package detect

import (
	"slices"
	"strconv"
	"testing"

	"firedoor"

	"pgregory.net/rapid"
)

// empty is a World in which nobody is known.
type empty struct{ asked int }

func (w *empty) Describe(e firedoor.Endpoint) (name, role string, known bool) {
	w.asked++
	return Address(e), "", false
}

func (w *empty) Peers(firedoor.Endpoint, firedoor.Endpoint, string, *firedoor.Operation) (same, doing int) {
	return 0, 0
}

// script raises what a test wants, and once more at the end.
type script struct {
	see   func(o *Observation, raise func(*Finding))
	close func(raise func(*Finding))
}

func (s *script) See(o *Observation, raise func(*Finding)) { s.see(o, raise) }
func (s *script) Close(raise func(*Finding)) {
	if s.close != nil {
		s.close(raise)
	}
}

func play(s *script) (*Board, *empty) {
	w := &empty{}
	return NewBoard([]Detector{{Name: "test", New: func(World) Judge { return s }}}, w), w
}

func at(time int64, frames ...uint32) *Observation {
	o := &Observation{Kind: Operation, Time: time, Client: firedoor.Endpoint{IP: firedoor.IPv4(1)}}
	for _, f := range frames {
		o.Frames = append(o.Frames, firedoor.FrameRef{Frame: f})
	}
	return o
}

func TestOneAlertPerCause(t *testing.T) {
	var f Finding
	b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) { raise(&f) }})
	see := func(o *Observation, finding Finding) { f = finding; b.See(o) }
	see(at(1, 10, 11), Finding{Kind: "k", Cause: "a", Severity: firedoor.Medium, Sentence: "First.", Techniques: []string{"T0855"}})
	see(at(2, 11, 12), Finding{Kind: "k", Cause: "a", Severity: firedoor.Low, Sentence: "Milder.", Techniques: []string{"T0855", "T0836"}})
	see(at(3, 13), Finding{Kind: "k", Cause: "a", Severity: firedoor.Medium, Sentence: "As grave, and later."})
	see(at(4, 14), Finding{Kind: "k", Cause: "b", Severity: firedoor.Low, Sentence: "Another cause."})
	see(at(5, 15), Finding{Kind: "other", Cause: "a", Severity: firedoor.Low, Sentence: "Another kind."})
	alerts := b.Alerts()
	if len(alerts) != 3 {
		t.Fatalf("%d alerts, want 3: %+v", len(alerts), alerts)
	}
	a := alerts[0]
	if a.Time != 1 || a.Severity != firedoor.Medium || a.Sentence != "As grave, and later." {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(a.Techniques, []string{"T0855", "T0836"}) {
		t.Errorf("techniques %v", a.Techniques)
	}
	var frames []uint32
	for _, r := range a.Frames {
		frames = append(frames, r.Frame)
	}
	if !slices.Equal(frames, []uint32{11, 10, 12, 13}) {
		t.Errorf("frames %v, want the deciding one of each observation first and none twice", frames)
	}
}

func TestSeverityGrows(t *testing.T) {
	var f Finding
	b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) { raise(&f) }})
	f = Finding{Kind: "k", Severity: firedoor.Low, Sentence: "Mild."}
	b.See(at(1, 1))
	f = Finding{Kind: "k", Severity: firedoor.High, Sentence: "Grave."}
	b.See(at(2, 2))
	f = Finding{Kind: "k", Severity: firedoor.Medium, Sentence: "Between."}
	b.See(at(3, 3))
	if a := b.Alerts()[0]; a.Severity != firedoor.High || a.Sentence != "Grave." {
		t.Errorf("%+v", a)
	}
}

func TestFramesAreBounded(t *testing.T) {
	b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) { raise(&Finding{Kind: "k"}) }})
	for i := range uint32(50) {
		b.See(at(int64(i), 0, i+1)) // frame 0 is no frame
	}
	if fr := b.Alerts()[0].Frames; len(fr) != MaxFrames || fr[0].Frame != 1 || fr[MaxFrames-1].Frame != MaxFrames {
		t.Errorf("%v: want the first %d", fr, MaxFrames)
	}
}

func TestTooManyAlerts(t *testing.T) {
	n := 0
	b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) {
		raise(&Finding{Kind: "k", Cause: strconv.Itoa(n), Severity: firedoor.High, Sentence: "One."})
	}})
	for n = range MaxAlerts + 500 {
		b.See(at(int64(n), uint32(n+1)))
	}
	n = 3 // one that is there still grows
	b.See(at(int64(n), 99_999))
	alerts := b.Alerts()
	if len(alerts) != MaxAlerts || b.Beyond() != 501 {
		t.Fatalf("%d alerts, %d beyond", len(alerts), b.Beyond())
	}
	last := alerts[len(alerts)-1]
	if last.Kind != KindTooMany || last.Severity != firedoor.Medium || last.Sentence == "" || len(last.Frames) == 0 {
		t.Errorf("%+v", last)
	}
	if len(alerts[3].Frames) != 2 {
		t.Errorf("an alert that was there did not grow: %+v", alerts[3])
	}
}

func TestLearningRaisesNothing(t *testing.T) {
	b, _ := play(&script{see: func(o *Observation, raise func(*Finding)) {
		raise(&Finding{Kind: "k"})
		raise(&Finding{Kind: "held", At: &Evidence{Time: 1}})
	}})
	o := at(1, 1)
	o.Learning = true
	b.See(o)
	if a := b.Alerts(); len(a) != 0 {
		t.Errorf("%+v", a)
	}
}

func TestHeldFindings(t *testing.T) {
	held := true
	b, _ := play(&script{
		see: func(*Observation, func(*Finding)) {},
		close: func(raise func(*Finding)) {
			if held {
				held = false
				raise(&Finding{Kind: "held", Severity: firedoor.Low, Sentence: "It was held.",
					At: &Evidence{Time: 7, Frames: []firedoor.FrameRef{{Frame: 5}, {Frame: 6}}, Protocol: "modbus"}})
			}
			raise(&Finding{Kind: "nowhere"}) // without evidence there is nothing to tell
		}})
	b.See(at(100, 50))
	for range 2 { // asking twice tells nothing twice
		a := b.Alerts()
		if len(a) != 1 || a[0].Time != 7 || a[0].Protocol != "modbus" || len(a[0].Frames) != 2 || a[0].Frames[0].Frame != 5 {
			t.Fatalf("%+v", a)
		}
	}
}

func TestIDs(t *testing.T) {
	run := func(segment firedoor.Segment) []firedoor.Alert {
		b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) { raise(&Finding{Kind: "k", Cause: "c"}) }})
		o := at(1, 1)
		o.Client.Segment = segment
		b.See(o)
		o.Client.Segment = segment + 1 // the same addresses in another line, at the same time
		b.See(o)
		return b.Alerts()
	}
	one, two := run(1), run(4)
	if len(one) != 2 || one[0].ID == one[1].ID || len(one[0].ID) != 16 {
		t.Fatalf("%+v", one)
	}
	for i := range one {
		if one[i].ID != two[i].ID {
			t.Errorf("the id depends on the number of the segment: %s, %s", one[i].ID, two[i].ID)
		}
	}
}

func TestWorldIsAskedOnceForAnEnd(t *testing.T) {
	w := &empty{}
	ask := func(world World) Judge {
		return &script{see: func(o *Observation, _ func(*Finding)) {
			for range 5 {
				world.Describe(o.Client)
				world.Describe(o.Server)
			}
		}}
	}
	b := NewBoard([]Detector{{New: ask}, {New: ask}}, w)
	b.See(at(1, 1))
	if w.asked != 2 {
		t.Errorf("asked %d times", w.asked)
	}
	b.See(at(2, 2))
	if w.asked != 4 {
		t.Errorf("asked %d times: what was said before may be out of date", w.asked)
	}
}

// TestBoardAgainstOracle compares with a board that keeps everything.
func TestBoardAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Finding
		b, _ := play(&script{see: func(_ *Observation, raise func(*Finding)) { raise(&f) }})
		type sum struct {
			first    int64
			severity firedoor.Severity
			sentence string
			frames   []uint32
		}
		oracle := map[string]*sum{}
		for i := range rapid.IntRange(0, 60).Draw(t, "n") {
			cause := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "cause")
			frame := rapid.Uint32Range(1, 20).Draw(t, "frame")
			f = Finding{Kind: "k", Cause: cause, Sentence: strconv.Itoa(i), Severity: firedoor.Severity(rapid.IntRange(0, 3).Draw(t, "severity"))}
			b.See(at(int64(i), frame))
			s := oracle[cause]
			if s == nil {
				s = &sum{first: int64(i)}
				oracle[cause] = s
			}
			if f.Severity >= s.severity {
				s.severity, s.sentence = f.Severity, f.Sentence
			}
			if !slices.Contains(s.frames, frame) {
				s.frames = append(s.frames, frame)
			}
		}
		alerts := b.Alerts()
		if len(alerts) != len(oracle) {
			t.Fatalf("%d alerts, %d causes", len(alerts), len(oracle))
		}
		for _, s := range oracle {
			i := slices.IndexFunc(alerts, func(a firedoor.Alert) bool { return a.Time == s.first })
			if i < 0 || alerts[i].Severity != s.severity || alerts[i].Sentence != s.sentence {
				t.Fatalf("%+v in %+v", s, alerts)
			}
			for k, r := range alerts[i].Frames {
				if r.Frame != s.frames[k] {
					t.Fatalf("%v, want %v", alerts[i].Frames, s.frames)
				}
			}
			if len(alerts[i].Frames) != min(len(s.frames), MaxFrames) {
				t.Fatalf("%v, want %v", alerts[i].Frames, s.frames)
			}
		}
	})
}
