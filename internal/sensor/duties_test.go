package sensor

import (
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/journal"
	"firedoor/internal/packet"
	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// arps are n devices that each ask once who has an address.
func arps(n int) (frames []packet.Frame) {
	for i := range n {
		mac := firedoor.MAC(0x001b1b000000 | uint64(i))
		b := binary.BigEndian.AppendUint64(nil, 0xffffffffffff0000|uint64(mac)>>32)
		b = binary.BigEndian.AppendUint32(b, uint32(mac))
		b = append(b, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
		sender := binary.BigEndian.AppendUint64(nil, uint64(mac)<<16)[:6]
		b = append(b, sender...)
		b = binary.BigEndian.AppendUint32(b, 10<<24|uint32(i+1))
		b = append(b, make([]byte, 6)...)
		b = binary.BigEndian.AppendUint32(b, 10<<24|0xfffffe)
		frames = append(frames, packet.Frame{Time: int64(i) * 1e6, Number: uint32(i + 1), Link: packet.LinkEthernet, WireLen: uint32(len(b)), Data: b})
	}
	return frames
}

// TestStopsWithManyDevices: a watch ends although telling all there is takes much
// longer than it may take at a time, and has told all then.
func TestStopsWithManyDevices(t *testing.T) {
	const devices = 8000
	frames := arps(devices)
	var k taken
	watchOnce(t, WatchOptions{Learn: Learning{UntilTold: true}, Publish: k.publish, Dir: t.TempDir(),
		input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b, steps: cut(frames, 1, nil)}
		}})
	if got := len(k.of(firedoor.RecordAsset)); got != devices {
		t.Errorf("%d devices told of %d", got, devices)
	}
	if marks := k.of(firedoor.RecordRound); len(marks) != 2 {
		t.Errorf("the first round is marked by %v", marks)
	}
}

// TestToldWhenThereIsRoom: what found no room in the outbox is told with the next
// round.
func TestToldWhenThereIsRoom(t *testing.T) {
	w, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Publish: (&taken{}).publish, Shards: 1,
		input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b, steps: cut(arps(20), 1, nil)}
		}}, all.List)
	if err != nil {
		t.Fatal(err)
	}
	c := w.p.crew()
	for {
		b := c.take()
		if more, err := w.p.next(reader{w}, b); err != nil || !more {
			break
		}
		c.give(b)
	}
	room, got := 5, map[string]bool{}
	w.teller.put = func(r firedoor.Record) bool {
		if r.Kind == firedoor.RecordAsset {
			if room == 0 {
				return false
			}
			room--
			got[r.Key] = true
		}
		return true
	}
	for range 6 {
		if err := w.teller.all(w.p.view(), time.Now()); err != nil {
			t.Fatal(err)
		}
		room = 5
	}
	if len(got) != 20 {
		t.Errorf("%d devices told of 20", len(got))
	}
}

// TestPauseWhileLearning: a maintenance window takes nothing of the time for
// learning, and does not end it.
func TestPauseWhileLearning(t *testing.T) {
	frames := sampleFrames(t)
	at := func(minute int) int {
		for i := range frames {
			if frames[i].Time-frames[0].Time >= int64(minute)*int64(time.Minute) {
				return i
			}
		}
		return len(frames)
	}
	w, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Publish: (&taken{}).publish, Shards: 1, Learn: Learning{For: 8 * time.Minute},
		input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b}
		}}, all.List)
	if err != nil {
		t.Fatal(err)
	}
	play := func(frames []packet.Frame) {
		s := w.from.(*script)
		s.steps, s.at = cut(frames, 5, nil), 0
		c := w.p.crew()
		for {
			b := c.take()
			if more, err := w.p.next(reader{w}, b); err != nil || !more {
				return
			}
			c.give(b)
		}
	}
	play(frames[:at(2)])
	if err := w.pause("a valve is changed"); err != nil {
		t.Fatal(err)
	}
	play(frames[at(2):at(5)])
	if w.p.site.armed {
		t.Error("the window ended learning")
	}
	if err := w.resume(); err != nil {
		t.Fatal(err)
	}
	play(frames[at(5):at(10)])
	if w.course.Stage != firedoor.Learning {
		t.Errorf("seven minutes were learned of eight, and the stage is %s", w.course.Stage)
	}
	play(frames[at(10):at(12)])
	if w.course.Stage != firedoor.Watching || !w.p.site.armed {
		t.Errorf("nine minutes passed, and the stage is %s", w.course.Stage)
	}
	for _, a := range w.p.site.board.Alerts() {
		if a.Severity > firedoor.Info {
			t.Errorf("told of a plant at peace: %s", a.Sentence)
		}
	}
}

// TestJournalOfABurst: a burst of writes, thousands in one epoch, stands in the
// journal whole, and reads that were told are not told again after a restart.
func TestJournalOfABurst(t *testing.T) {
	dir := t.TempDir()
	var file strings.Builder
	n, err := plant.NewNet(&file, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	c := n.Dial(panel, controller, 50_001, plant.PortModbus)
	const requests, each = 600, 100
	for i := range requests {
		var all []byte
		for k := range each {
			all = plant.Modbus{Transaction: uint16(i*each + k), Unit: 1}.Words(all, plant.ModbusWriteRegister, uint16(k), uint16(i))
		}
		c.Client(all)
		n.Wait(time.Millisecond)
		c.Server(all) // which repeats what it did
		n.Wait(time.Millisecond)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	frames := framesOf(t, []byte(file.String()))
	j, err := journal.Open(journal.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	watchOnce(t, WatchOptions{Journal: j, input: func(f *feed, b *book) input {
		f.read = make([]fileRead, 1)
		var steps []step
		for len(frames) > 0 {
			k := min(epoch, len(frames))
			steps, frames = append(steps, step{frames: frames[:k]}), frames[k:]
		}
		return &script{feed: f, book: b, steps: steps}
	}})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	writes := 0
	if err := journal.Read(dir, journal.Position{}, func(e *journal.Entry) error {
		if e.Kind == journal.Lines {
			writes += strings.Count(string(e.Body), `"verb":"write"`)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if writes != requests*each {
		t.Errorf("%d writes in the journal of %d", writes, requests*each)
	}
}

// TestToldOnceMore: when its time has come, all alerts go to the outbox again.
func TestToldOnceMore(t *testing.T) {
	w := watchOnce(t, WatchOptions{Captures: []string{sampleCapture}, Learn: Learning{Percent: 60}})
	d := w.duties()
	d.do(time.Now())
	before := w.out.stats().Waiting
	d.retell = time.Now()
	d.do(time.Now())
	if got, want := w.out.stats().Waiting-before, w.p.site.board.Len(); got != want || want == 0 {
		t.Errorf("%d alerts wait to be told again, want %d", got, want)
	}
	d.writers.Wait()
}

// TestOpenConnectionsCount: the packets of a connection that stays open are counted
// for its conversation and its devices while it lasts, and once.
func TestOpenConnectionsCount(t *testing.T) {
	var file strings.Builder
	n, err := plant.NewNet(&file, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	c := n.Dial(panel, controller, 50_001, plant.PortModbus)
	pollModbus(n, c, 60, time.Second)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	frames := framesOf(t, []byte(file.String()))
	w := watchOnce(t, WatchOptions{Learn: Learning{UntilTold: true}, input: func(f *feed, b *book) input {
		f.read = make([]fileRead, 1)
		return &script{feed: f, book: b, steps: cut(frames, 9, nil)}
	}})
	var packets uint64
	for a := range w.p.site.inventory.Assets {
		packets += a.Packets
	}
	if all := uint64(len(frames)); packets > all || packets < all*3/4 {
		t.Errorf("%d packets are counted of %d in a connection that is open", packets, all)
	}
	for i := range lanes {
		w.p.lane(i).out = &output{}
		w.p.lane(i).flush(&w.p.final)
		for _, x := range w.p.lane(i).out.traffic {
			w.p.site.addTraffic(&x)
		}
	}
	packets = 0
	for a := range w.p.site.inventory.Assets {
		packets += a.Packets
	}
	if packets != uint64(len(frames)) {
		t.Errorf("%d packets are counted in the end of %d", packets, len(frames))
	}
}

// TestRuns: polling stands in the journal as runs, with its period in each, and
// where the rhythm changed the one before.
func TestRuns(t *testing.T) {
	var file strings.Builder
	n, err := plant.NewNet(&file, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	c := n.Dial(panel, controller, 50_001, plant.PortModbus)
	pollModbus(n, c, 600, time.Second)
	pollModbus(n, c, 300, 3*time.Second)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	frames := framesOf(t, []byte(file.String()))
	dir := t.TempDir()
	j, err := journal.Open(journal.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWatch(WatchOptions{Name: "test", Log: slog.New(slog.DiscardHandler), Publish: (&taken{}).publish, Shards: 1, Journal: j,
		input: func(f *feed, b *book) input {
			f.read = make([]fileRead, 1)
			return &script{feed: f, book: b, steps: cut(frames, 3, nil)}
		}}, all.List)
	if err != nil {
		t.Fatal(err)
	}
	crew := w.p.crew()
	for {
		b := crew.take()
		if more, err := w.p.next(reader{w}, b); err != nil || !more {
			break
		}
		crew.give(b)
		w.book.someRuns(w.p.view(), w.feed.clock.now)
	}
	w.book.allRuns(w.p.view(), w.feed.clock.now)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	var runs []run
	total := uint32(0)
	if err := journal.Read(dir, journal.Position{}, func(e *journal.Entry) error {
		if e.Kind != journal.Run {
			return nil
		}
		var x run
		err := json.Unmarshal(e.Body, &x)
		runs, total = append(runs, x), total+x.Count
		return err
	}); err != nil {
		t.Fatal(err)
	}
	turns := 0
	for _, x := range runs {
		if x.Count >= 32 && x.Before == 0 && (x.Jitter == nil || *x.Jitter > int64(3*time.Second)) {
			t.Errorf("the jitter of %+v", x)
		}
		if x.Before > 0 {
			turns++
		}
	}
	last := runs[len(runs)-1]
	if total != 900 || turns == 0 || last.Period < int64(2900*time.Millisecond) || last.Period > int64(3100*time.Millisecond) {
		t.Errorf("%d reads in %d runs, %d changes of rhythm, the last %+v", total, len(runs), turns, last)
	}
}
