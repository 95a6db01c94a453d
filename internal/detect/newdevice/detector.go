package newdevice

import (
	"strconv"

	"firedoor"
	"firedoor/internal/detect"
)

// Kinds of alert.
const (
	KindDevice  = "new-device"  // one that asked something
	KindDevices = "new-devices" // those that did nothing but be there
	KindFlood   = "flood"       // more than anybody can look at
)

// Detector tells of new devices.
var Detector = detect.Detector{
	Name:  "newdevice",
	Doc:   "Devices that were not there when learning ended: one alert for each that asks something, one for all that stay quiet, one for a flood.",
	Kinds: []string{KindDevice, KindDevices, KindFlood},
	New:   func(w detect.World) detect.Judge { return newJudge(w) },
}

const (
	// Hold is how long, in traffic time, a newcomer is looked at before it is
	// told: a flood that begins within it takes the newcomer in. It is longer
	// than the minute in which the inventory counts newcomers.
	Hold = int64(90e9)
	// FloodOver is how long nothing may come from devices that nobody told of
	// before a flood is over.
	FloodOver = int64(60e9)
	// MaxNewcomers is how many are told apart; beyond, newcomers are only
	// counted, as quiet ones.
	MaxNewcomers = 4096
	// fewAsked: a newcomer with an alert for what it changed is told for itself
	// only if it asked more than this, or more than one device.
	fewAsked = 12
	// manyServers is from how many devices on asking is a search.
	manyServers = 3
)

// newcomer is one new device.
type newcomer struct {
	at         detect.Evidence
	since      int64
	held       bool // its alert is not decided yet
	told       bool
	explained  bool // another alert says why it is there, or what it did
	industrial bool
	searching  bool // identify or diagnose
	asked      int  // operations that change nothing
	askedTold  int  // asked when last told
	servers    detect.Names
	functions  detect.Functions
}

// quiet is the newcomers of a segment that did nothing.
type quiet struct {
	at    detect.Evidence
	names detect.Names
	more  int // not told apart
}

type key struct {
	segment firedoor.Segment
	ip      firedoor.IP
	mac     firedoor.MAC
}

type judge struct {
	world    detect.World `snapshot:"-"`
	known    map[key]*newcomer
	held     []*newcomer // oldest first
	segments map[firedoor.Segment]*quiet
	order    []*quiet
	flood    flood
	now      int64
}

func newJudge(w detect.World) *judge {
	return &judge{world: w, known: map[key]*newcomer{}, segments: map[firedoor.Segment]*quiet{}}
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	switch {
	case o.Learning:
		return
	case o.Kind == detect.Flood: // also without a baseline
		j.flood.begin(o, j.swallow(o), raise)
		return
	case !o.Armed:
		return
	}
	switch o.Kind { // before the clock tells those that were held long enough
	case detect.DeviceReplaced, detect.AddressContradiction:
		j.explain(o.Client)
	}
	j.clock(o.Time, raise)
	switch o.Kind {
	case detect.NewDevice:
		j.arrive(o)
	case detect.NewConversation:
		if detect.Unknown(j.world, o, o.Client) {
			j.ask(o, raise)
		} else {
			j.explain(o.Server) // newconversation says so
		}
	case detect.NewOperation, detect.Malformed:
		if detect.Unknown(j.world, o, o.Client) {
			j.ask(o, raise)
		}
	case detect.TableFull:
		j.flood.full(o, raise)
	}
}

// clock tells what was held long enough. Time that runs back is another capture.
func (j *judge) clock(now int64, raise func(*detect.Finding)) {
	back := now < j.now
	j.now = now
	for len(j.held) > 0 && (back || now-j.held[0].since >= Hold) {
		n := j.held[0]
		j.held = j.held[1:]
		j.release(n, raise)
	}
	j.flood.clock(now, back, raise)
}

// Clock implements detect.Clocker.
func (j *judge) Clock(now int64, raise func(*detect.Finding)) { j.clock(now, raise) }

func (j *judge) arrive(o *detect.Observation) {
	if j.find(o.Client) == nil {
		j.admit(o)
	}
}

func (j *judge) admit(o *detect.Observation) *newcomer {
	if len(j.known) >= MaxNewcomers {
		j.quiet(&detect.Evidence{Time: o.Time, Client: o.Client}).more++
		return nil
	}
	at := detect.Evidence{Time: o.Time, Frames: append([]firedoor.FrameRef(nil), o.Frames...), Client: o.Client}
	n := &newcomer{at: at, since: o.Time, held: true}
	j.known[keyOf(o.Client)] = n
	j.held = append(j.held, n)
	return n
}

func keyOf(e firedoor.Endpoint) key {
	if e.IP.IsZero() {
		return key{segment: e.Segment, mac: e.MAC}
	}
	return key{segment: e.Segment, ip: e.IP}
}

// find finds a newcomer by its address. One that was first seen without an
// address is known by its MAC until it uses its first.
func (j *judge) find(e firedoor.Endpoint) *newcomer {
	if n := j.known[keyOf(e)]; n != nil || e.IP.IsZero() || e.MAC == 0 {
		return n
	}
	n := j.known[key{segment: e.Segment, mac: e.MAC}]
	if n == nil || !n.at.Client.IP.IsZero() {
		return nil
	}
	n.at.Client.IP = e.IP
	if len(j.known) < 2*MaxNewcomers {
		j.known[keyOf(e)] = n
	}
	return n
}

// explain: another alert says what is to be said of this newcomer.
func (j *judge) explain(e firedoor.Endpoint) {
	if n := j.find(e); n != nil {
		n.explained = true
	}
}

// ask is an unknown device that does something.
func (j *judge) ask(o *detect.Observation, raise func(*detect.Finding)) {
	changes := o.Kind == detect.NewOperation && o.Operation.Verb.Changes()
	n := j.find(o.Client)
	if n == nil {
		if changes {
			return
		}
		if j.flood.on {
			j.flood.add(o, raise)
			return
		}
		if o.Kind == detect.NewConversation { // it was not even announced
			return
		}
		if n = j.admit(o); n == nil {
			return
		}
	}
	n.see(o, changes)
	if n.told && (n.asked >= 2*n.askedTold || len(n.at.Frames) < detect.MaxFrames) {
		j.tell(n, raise)
	} else if !n.held && !n.told && n.worth() {
		j.tell(n, raise)
	}
}

func (n *newcomer) see(o *detect.Observation, changes bool) {
	if n.at.Client.Port == 0 {
		n.at.Client.Port = o.Client.Port
	}
	n.at.Server, n.at.Protocol = o.Server, o.Protocol
	frames := o.Frames
	if o.Kind == detect.NewConversation {
		frames = detect.Began(o).Frames
	}
	for _, f := range frames {
		if len(n.at.Frames) < detect.MaxFrames {
			n.at.Frames = append(n.at.Frames, f)
		}
	}
	if changes || o.Kind == detect.Malformed {
		n.explained = true
		return
	}
	n.industrial = n.industrial || o.Industrial
	if detect.ToAll(o) {
		return
	}
	n.servers.Add(detect.Address(o.Server))
	if o.Kind == detect.NewConversation {
		return
	}
	n.asked++
	n.functions.Add(o)
	v := o.Operation.Verb
	n.searching = n.searching || v == firedoor.VerbIdentify || v == firedoor.VerbDiagnose
}

// worth tells whether the newcomer gets an alert of its own.
func (n *newcomer) worth() bool {
	switch {
	case n.explained:
		return n.servers.Len() > 1 || n.asked > fewAsked
	case n.asked > 0:
		return true
	default:
		return n.industrial && n.servers.Len() > 0
	}
}

// release decides on a newcomer.
func (j *judge) release(n *newcomer, raise func(*detect.Finding)) {
	if !n.held {
		return
	}
	n.held = false
	switch {
	case n.worth():
		j.tell(n, raise)
	case !n.explained:
		q := j.quiet(&n.at)
		q.names.Add(detect.Address(n.at.Client))
		q.tell(raise, n.at.Frames)
	}
}

func (j *judge) quiet(at *detect.Evidence) *quiet {
	s := at.Client.Segment
	q := j.segments[s]
	if q == nil {
		q = &quiet{at: detect.Evidence{Time: at.Time, Client: at.Client}}
		j.segments[s] = q
		j.order = append(j.order, q)
	}
	return q
}

func (q *quiet) tell(raise func(*detect.Finding), frames []firedoor.FrameRef) {
	n := q.names.Len() + q.more
	if n == 0 {
		return
	}
	verb := " that were not there while learning appeared: "
	if n == 1 {
		verb = " that was not there while learning appeared: "
	}
	at := q.at
	at.Frames = frames[:min(len(frames), 1)]
	raise(&detect.Finding{Kind: KindDevices, Cause: "quiet", Severity: firedoor.Low, At: &at,
		Sentence: detect.Count(n, "device") + verb + q.names.String() + ". So far no request was seen from there that reads or changes a device."})
}

// tell raises or renews a newcomer's own alert.
func (j *judge) tell(n *newcomer, raise func(*detect.Finding)) {
	n.told, n.askedTold = true, n.asked
	f := detect.Finding{Kind: KindDevice, Cause: detect.Address(n.at.Client), Severity: firedoor.Low, At: &n.at}
	name := detect.Address(n.at.Client)
	if m := n.at.Client.MAC; m != 0 && !n.at.Client.IP.IsZero() {
		name += " (MAC " + m.String() + ")"
	}
	if n.industrial {
		f.Severity = firedoor.Medium
	}
	text := "Unknown device " + name + ", not there while learning, "
	switch {
	case n.asked > 0:
		things := "one thing"
		if n.asked > 1 {
			things = strconv.Itoa(n.asked) + " different things"
		}
		text += "asked " + detect.Count(n.servers.Len(), "device") + " (" + n.servers.String() + ") " + things + " without changing anything"
	default:
		text += "opened conversations with " + detect.Count(n.servers.Len(), "device") + " (" + n.servers.String() + ")"
	}
	if n.servers.Len() >= manyServers {
		text += ": it looks around"
		f.Techniques = append(f.Techniques, "T0846")
	}
	if n.searching {
		f.Techniques = append(f.Techniques, "T0888")
	}
	if n.functions.Len() > 0 {
		text += " - " + n.functions.String()
	}
	f.Sentence = text + "."
	raise(&f)
}

// swallow gives the newcomers held to a flood: they were its beginning. Those
// that asked more than one thing stay.
func (j *judge) swallow(o *detect.Observation) int {
	count, keep := 0, 0
	for _, n := range j.held {
		if n.asked > 1 || n.explained || o.Time-n.since >= Hold || o.Time < n.since {
			j.held[keep] = n
			keep++
			continue
		}
		count++
		n.held = false
		delete(j.known, keyOf(n.at.Client))
		delete(j.known, key{segment: n.at.Client.Segment, mac: n.at.Client.MAC})
	}
	clear(j.held[keep:])
	j.held = j.held[:keep]
	return count
}

// Close implements detect.Closer.
func (j *judge) Close(raise func(*detect.Finding)) {
	for _, n := range j.held {
		j.release(n, raise)
	}
	j.held = j.held[:0]
	for _, q := range j.order {
		q.tell(raise, nil)
	}
	j.flood.tell(raise)
}
