package sensor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"log/slog"
	"time"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/journal"
)

// runEvery is how often reads are told as runs, in traffic time.
const runEvery = int64(300e9)

// book writes the journal of a watch. Without one it does nothing.
type book struct {
	j     *journal.Journal
	log   *slog.Logger
	lines bytes.Buffer // event lines of the epoch under way

	// Where telling runs is.
	under    bool
	lane, st int
	runsTold
}

// runsTold is what is stored of a book: what was told of each statement.
type runsTold struct {
	Told [lanes][]toldRun
	Next int64 // traffic time of the next runs
}

// toldRun is where the last run of a statement ended.
type toldRun struct {
	Count   uint32
	Partial uint32
	Last    int64
	Period  int64
}

// begin starts the book: the sensor began, or goes on from its stored state.
func (b *book) begin(w *Watch, goesOn bool) {
	b.j, b.log = w.o.Journal, w.o.Log
	b.write(journal.Start, 0, struct {
		Sensor  string   `json:"sensor"`
		Version string   `json:"version"`
		Sources []string `json:"sources"`
		GoesOn  bool     `json:"goes_on"`
	}{w.o.Name, w.o.Version, w.memory.Sources, goesOn})
}

func (b *book) write(k journal.Kind, time int64, v any) {
	if b.j == nil {
		return
	}
	body, err := json.Marshal(v)
	if err != nil { // text and numbers: it cannot
		b.log.Error("an entry of the journal cannot be written", "kind", k, "problem", err)
		return
	}
	b.j.Append(k, time, body)
}

// epoch takes over the lines of an epoch, whose traffic time is now.
func (b *book) epoch(now int64) {
	if b.j != nil && b.lines.Len() > 0 {
		b.j.AppendLines(now, b.lines.Bytes())
	}
	b.lines.Reset()
}

func (b *book) flush() {
	if b.j != nil {
		b.j.Flush()
	}
}

// journalled is an alert in the journal: for people, and as the board takes it in
// again.
type journalled struct {
	Alert firedoor.AlertLine `json:"alert"`
	State detect.Raised      `json:"state"`
}

func (b *book) alert(r *detect.Raised, sources []string) {
	b.write(journal.Alert, r.Alert.Time, journalled{alertLine(&r.Alert, sources), *r})
}

// silence is a tick without a frame: a replay of the frames needs it to come to
// the same.
func (b *book) silence(now int64, after firedoor.FrameRef) {
	b.write(journal.Tick, now, struct {
		After firedoor.FrameRef `json:"after"`
	}{after})
}

// stage is a change of what the sensor makes of the traffic.
func (b *book) stage(now int64, s firedoor.Stage, reason string) {
	b.write(journal.Order, now, struct {
		Stage  firedoor.Stage `json:"stage"`
		Reason string         `json:"reason,omitempty"`
	}{s, reason})
}

// order is what somebody ordered, in the words of the order, and when by the
// machine's clock.
func (b *book) order(now int64, what string) {
	b.write(journal.Order, now, struct {
		Order string `json:"order"`
		Wall  string `json:"wall_time"`
	}{what, stamp(time.Now().UnixNano())})
}

// run is reads of one kind since the run before. Period is the mean time between
// two of them in it, in nanoseconds, 0 for a single one; Before is that of the run
// before where it was clearly another: the rhythm changed.
type run struct {
	Conversation string  `json:"conversation"`
	Segment      string  `json:"segment"`
	Client       string  `json:"client"`
	Server       string  `json:"server"`
	ClientMAC    string  `json:"client_mac,omitempty"`
	ServerMAC    string  `json:"server_mac,omitempty"`
	ServerPort   uint16  `json:"server_port,omitempty"`
	SentTo       string  `json:"sent_to,omitempty"`
	Protocol     string  `json:"protocol"`
	Unit         *uint32 `json:"unit,omitempty"`
	Function     string  `json:"function"`
	Code         uint32  `json:"code"`
	Object       string  `json:"object,omitempty"`
	Quantity     *uint32 `json:"quantity,omitempty"`
	Count        uint32  `json:"count"`
	Partial      uint32  `json:"partial,omitempty"` // of them: only the answer was seen
	Start        string  `json:"start"`
	End          string  `json:"end"`
	Period       int64   `json:"period_ns"`
	Before       int64   `json:"period_before_ns,omitempty"`
	Jitter       *int64  `json:"jitter_ns,omitempty"` // longest less shortest time between two, of every sixteenth; none looked at: missing
	Errors       uint32  `json:"errors"`              // of all so far
	NoResponse   uint32  `json:"no_response"`
}

// changed tells whether a period is clearly another: by more than a fifth.
func changed(before, now int64) bool {
	return before > 0 && now > 0 && (5*now > 6*before || 6*now < 5*before)
}

// busy tells whether telling runs is under way.
func (b *book) busy() bool { return b.under }

// someRuns tells reads as runs, when it is time for it, for tellFor. Nothing may
// be under way.
func (b *book) someRuns(r *Result, now int64) {
	if b.j == nil || now < b.Next && !b.under {
		return
	}
	b.runsUntil(r, now, time.Now().Add(tellFor))
}

// allRuns tells all runs now.
func (b *book) allRuns(r *Result, now int64) {
	if b.j != nil {
		b.runsUntil(r, now, time.Now().Add(time.Hour))
	}
}

func (b *book) runsUntil(r *Result, now int64, until time.Time) {
	if !b.under {
		b.under, b.lane, b.st = true, 0, 0
	}
	for ; b.lane < len(r.lanes); b.lane, b.st = b.lane+1, 0 {
		l := r.lanes[b.lane]
		for ; b.st < l.table.Statements(); b.st++ {
			if b.st&0x3f == 0 && time.Now().After(until) {
				return
			}
			b.runOf(r, l, b.st, now)
		}
	}
	b.under, b.Next = false, now+runEvery
}

// runOf tells the reads of a statement since the run before.
func (b *book) runOf(r *Result, l *lane, st int, now int64) {
	told := &b.Told[b.lane]
	for st >= len(*told) {
		*told = append(*told, toldRun{})
	}
	t := &(*told)[st]
	s := l.table.Statement(int32(st))
	if s.Count <= t.Count {
		return
	}
	n, start := s.Count-t.Count, t.Last
	gaps := int64(n)
	if t.Count == 0 {
		start, gaps = s.First, gaps-1
	}
	period := int64(0)
	if gaps > 0 {
		period = max(s.Last-start, 0) / gaps
	}
	b.readRun(r, l, int32(st), run{Count: n, Partial: s.Partial - min(t.Partial, s.Partial), Start: stamp(min(start, s.Last)), End: stamp(s.Last), Period: period}, t.Period, now)
	*t = toldRun{s.Count, s.Partial, s.Last, period}
}

// skip takes all reads so far for told: statements have other numbers now.
func (b *book) skip(lanes []*lane) {
	b.under = false
	for i, l := range lanes {
		b.Told[i] = b.Told[i][:0]
		for st := range l.table.Statements() {
			s := l.table.Statement(int32(st))
			b.Told[i] = append(b.Told[i], toldRun{Count: s.Count, Partial: s.Partial, Last: s.Last})
		}
	}
}

func (b *book) readRun(r *Result, l *lane, st int32, x run, before, now int64) {
	op := l.table.Operation(st)
	if op.Verb != firedoor.VerbRead {
		return
	}
	conv := l.table.Owner(st)
	c := l.table.Conversation(conv)
	s := statement(conversationRef{l, conv}, st)
	x.Segment = r.scopes.Name(c.Segment)
	client, server := address(c.Client, c.ClientMAC, c.Transport, 0), address(c.Server, c.ServerMAC, c.Transport, c.ServerPort)
	x.Conversation, x.Client, x.Server = conversationKey(x.Segment, &c.Pair), cmp.Or(client.IP, client.MAC), cmp.Or(server.IP, server.MAC)
	x.ClientMAC, x.ServerMAC, x.ServerPort, x.SentTo = client.MAC, server.MAC, c.ServerPort, sentTo(&c.Pair)
	if x.Protocol = s.Protocol; x.Protocol == "" {
		x.Protocol = c.Protocol
	}
	x.Unit, x.Function, x.Code, x.Object, x.Quantity = s.Unit, s.Function, s.Code, s.Object, s.Quantity
	x.Errors, x.NoResponse = s.Errors, s.NoResponse
	if spread, looked := l.table.Jitter(st); looked > 0 {
		x.Jitter = &spread
	}
	if changed(before, x.Period) {
		x.Before = before
	}
	b.write(journal.Run, now, x)
}

// adopt takes in the alerts that were told after the state at hand was stored:
// nobody is told one of them again as another.
func (w *Watch) adopt() {
	if w.o.Journal == nil {
		return
	}
	err := journal.Read(w.o.Journal.Dir(), w.memory.Journal, func(e *journal.Entry) error {
		var a journalled
		if e.Kind == journal.Alert && json.Unmarshal(e.Body, &a) == nil && a.State.Alert.ID != "" {
			w.p.site.board.Adopt(&a.State)
		}
		return nil
	})
	if err != nil {
		w.o.Log.Warn("the journal cannot be read whole: alerts told just before the sensor stopped may be told again", "problem", err)
	}
}
