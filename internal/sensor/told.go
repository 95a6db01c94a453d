package sensor

import (
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/eventlog"
)

// stamp is a traffic time as files and records write it.
func stamp(t int64) string { return eventlog.Time(t) }

const (
	// refresh is how long what only counts on (packets, last seen) may be untold.
	refresh = time.Minute
	// maxToldStatements is how many statements of a conversation a record carries:
	// the first learned ones. The files of a replay hold all.
	maxToldStatements = 1000
)

// told remembers what was told of a thing, so that only news leaves the edge.
type told struct {
	sum  uint64 // of what matters at once
	all  uint64 // of everything
	when time.Time
	seen uint64 // round in which it was there
}

// teller makes records of what there is: round by round, and of a round only as
// much at a time as nobody has to wait for.
type teller struct {
	sensor string
	things map[string]told // by kind and key
	round  uint64
	put    func(firedoor.Record) bool // false: there is no room

	// Where the round under way is: assets, then conversations lane by lane, then
	// programs, then process values.
	asset, lane, conv, program int
	points                     toldPoints
	under                      bool
}

// tellFor is how long telling may keep everything else waiting at a time.
const tellFor = 20 * time.Millisecond

func newTeller(sensor string, put func(firedoor.Record) bool) *teller {
	return &teller{sensor: sensor, things: map[string]told{}, put: put}
}

// busy tells whether a round is under way.
func (t *teller) busy() bool { return t.under }

// some goes on with the round, or begins the next, for tellFor. Nothing may be
// under way.
func (t *teller) some(r *Result, now time.Time) error {
	return t.until(r, now, time.Now().Add(tellFor))
}

// all finishes the round under way and does another, in which nothing is put off.
func (t *teller) all(r *Result, now time.Time) error {
	never := time.Now().Add(time.Hour)
	if t.under {
		if err := t.until(r, now, never); err != nil {
			return err
		}
	}
	t.points.last = true
	return t.until(r, now, never)
}

// until tells everything of which there is news, and at the end of a round what is
// gone. The first round tells everything, between a begin and an end: what a crash
// took away from this sensor is gone for others too then.
func (t *teller) until(r *Result, now, until time.Time) error {
	if !t.under {
		t.round++
		t.asset, t.lane, t.conv, t.program, t.under = 0, 0, 0, 0, true
		t.points.begin()
		t.mark(firedoor.RoundBegin)
	}
	for _, some := range []func(*Result, time.Time, time.Time) (bool, error){t.assets, t.conversations, t.programs, t.values} {
		if over, err := some(r, now, until); err != nil || !over {
			return err
		}
	}
	t.under = false
	t.mark(firedoor.RoundEnd)
	for name, x := range t.things {
		if x.seen != t.round {
			kind, key, _ := strings.Cut(name, " ")
			if t.put(firedoor.Record{Sensor: t.sensor, Kind: firedoor.RecordKind(kind), Key: key, Gone: true}) {
				delete(t.things, name)
			}
		}
	}
	return nil
}

// assets tells some, and whether that was all of the round.
func (t *teller) assets(r *Result, now, until time.Time) (bool, error) {
	for v := r.site.inventory; t.asset < v.Places(); t.asset++ {
		if time.Now().After(until) {
			return false, nil
		}
		if a := v.AssetAt(t.asset); a != nil {
			if err := t.tellAsset(a, now); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func (t *teller) conversations(r *Result, now, until time.Time) (bool, error) {
	for ; t.lane < len(r.lanes); t.lane, t.conv = t.lane+1, 0 {
		for l := r.lanes[t.lane]; t.conv < l.table.Conversations(); t.conv++ {
			if t.conv&0xf == 0 && time.Now().After(until) {
				return false, nil
			}
			if err := t.conversation(r, conversationRef{l, int32(t.conv)}, now); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// mark puts the marks of the first round around what it tells.
func (t *teller) mark(key string) {
	if t.round == 1 {
		t.put(firedoor.Record{Sensor: t.sensor, Kind: firedoor.RecordRound, Key: key})
	}
}

// tell puts a record; one for which there is no room is told with the next round.
func (t *teller) tell(kind firedoor.RecordKind, key string, body []byte) {
	if !t.put(firedoor.Record{Sensor: t.sensor, Kind: kind, Key: key, Body: body}) {
		name := string(kind) + " " + key
		t.things[name] = told{seen: t.round}
	}
}

// due tells whether a thing must be told now, and notes that it is there.
func (t *teller) due(kind firedoor.RecordKind, key string, sum, all uint64, now time.Time) bool {
	name := string(kind) + " " + key
	x, known := t.things[name]
	due := !known || x.sum != sum || x.all != all && now.Sub(x.when) >= refresh
	x.seen = t.round
	if due {
		x.sum, x.all, x.when = sum, all, now
	}
	t.things[name] = x
	return due
}

func (t *teller) tellAsset(a *firedoor.Asset, now time.Time) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if t.due(firedoor.RecordAsset, a.ID.String(), assetSum(a), sumOf(body), now) {
		t.tell(firedoor.RecordAsset, a.ID.String(), body)
	}
	return nil
}

func sumOf(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// assetSum stands for an asset without what goes on counting.
func assetSum(a *firedoor.Asset) uint64 {
	h := fnv.New64a()
	add := func(parts ...string) {
		for _, p := range parts {
			h.Write([]byte(p))
			h.Write([]byte{0})
		}
	}
	add(a.Segment, a.Name, string(a.Role), a.Level, a.Vendor, a.Model, a.Firmware, a.Serial, strconv.FormatBool(a.Known),
		strconv.Itoa(a.HostsBehind), strconv.Itoa(len(a.Aliases)), strconv.Itoa(len(a.Relations)), strconv.Itoa(len(a.History)))
	for i := range a.Identifiers {
		x := &a.Identifiers[i]
		add(x.Kind, x.Value, x.Bond, x.To)
	}
	for i := range a.Facts {
		x := &a.Facts[i]
		add(x.Kind, x.Value, x.Source, strconv.FormatBool(x.Best))
	}
	return h.Sum64()
}

func (t *teller) conversation(r *Result, ref conversationRef, now time.Time) error {
	c := ref.lane.table.Conversation(ref.conv)
	key := conversationKey(r.scopes.Name(c.Segment), &c.Pair)
	sum, all := conversationSums(ref.lane.table, ref.conv)
	if !t.due(firedoor.RecordConversation, key, sum, all, now) {
		return nil
	}
	out := r.conversation(ref)
	out.Statements = out.Statements[:min(len(out.Statements), maxToldStatements)]
	body, err := json.Marshal(&out)
	if err != nil {
		return err
	}
	t.tell(firedoor.RecordConversation, key, body)
	return nil
}

// conversationSums stand for what matters at once of a conversation, and for all
// of it.
func conversationSums(t *baseline.Table, conv int32) (sum, all uint64) {
	c := t.Conversation(conv)
	flag := func(b bool) uint64 {
		if b {
			return 1
		}
		return 0
	}
	h := fnv.New64a()
	add := func(values ...uint64) {
		var b [8]byte
		for _, v := range values {
			binary.LittleEndian.PutUint64(b[:], v)
			h.Write(b[:])
		}
	}
	add(uint64(t.Newest(conv)), uint64(c.Verbs), uint64(c.LearnedVerbs), flag(c.Learned), uint64(c.ClientMAC), uint64(c.ServerMAC), uint64(c.Malformed),
		uint64(c.Encrypted), uint64(len(c.Inside)), flag(c.Errors > 0), flag(c.NoResponse > 0), flag(c.OneWay > 0))
	sum = h.Sum64()
	add(c.Operations, c.Samples, c.Errors, c.NoResponse, c.Partial, uint64(c.Flows), c.Packets[0], c.Packets[1], uint64(c.Last))
	return sum, h.Sum64()
}

// conversationKey names a conversation among those of its sensor.
func conversationKey(segment string, p *baseline.Pair) string {
	b := append([]byte(segment), 0)
	b = append(p.Client.AppendTo(b), 0)
	b = append(p.Server.AppendTo(b), 0)
	b = append(append(b, p.Protocol...), 0)
	b = strconv.AppendUint(b, uint64(p.Port), 10)
	b = strconv.AppendUint(append(b, 0), uint64(p.Transport), 10)
	if p.ToAll {
		b = append(b, 0)
	}
	return "c-" + digest12(b)
}
