package sensor

import (
	"time"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/detect/all"
	"firedoor/internal/flow"
	"firedoor/internal/inventory"
	"firedoor/internal/recovery"
)

// site folds what crosses conversations: the inventory, the peers and the
// detectors. It sees records in the order of the packets, whatever the number
// of shards.
type site struct {
	inventory *inventory.Inventory
	board     *detect.Board
	peers     peers
	programs  recovery.Programs
	changes   []firedoor.AssetChange // of the call to the inventory under way
	learned   bool                   // something was learned from
	armed     bool                   // and learning is over
	frames    [2]firedoor.FrameRef
	// acquaintance is how long, in traffic time, a device is new; 0: for good.
	acquaintance int64
	acquainted   int64 // when it was last looked who is not new any more
	interrupted  bool  // learning is not over, though frames are not learned from
	relearned    int64 // when learning began again, in traffic time; 0: it is the first time
}

// acquaintEvery is how often it is looked who is not new any more.
const acquaintEvery = int64(time.Minute)

func newSite(o *Options, scopes *flow.Scopes) *site {
	s := &site{peers: newPeers()}
	s.inventory = inventory.New(inventory.Config{
		SegmentName: scopes.Name,
		CaptureName: o.nameOf,
		Industrial:  industrial,
		Changed:     func(c *firedoor.AssetChange) { s.changes = append(s.changes, *c) },
	})
	s.board = detect.NewBoard(all.List, s)
	return s
}

// fold takes one record.
func (s *site) fold(r *record) {
	s.turn(r.learning)
	m := firedoor.Moment{Time: r.time, Frame: r.frames[0]}
	if r.returns && r.kind != recSight {
		r.client, r.server = s.inventory.Returned(r.client), s.inventory.Returned(r.server)
	}
	switch r.kind {
	case recSight:
		if r.returns {
			s.inventory.SightReturning(m, r.client)
			break
		}
		s.inventory.Sight(m, r.client, r.routed)
	case recFact:
		s.inventory.Learn(m, r.client, r.fact)
	case recTalk:
		if r.spoken != "" {
			s.inventory.Speak(m, r.client, r.server, r.spoken, 0)
			s.changed(r.learning, r.protocol)
		}
		if r.fresh && s.armed && !r.learning {
			o := s.observe(r, detect.NewConversation)
			s.board.See(&o)
		}
	case recStatement:
		s.statement(m, r)
	case recOutside:
		s.operation(r, detect.ValueOutside)
	case recRefused:
		s.operation(r, detect.Refused)
	case recMalformed:
		o := s.observe(r, detect.Malformed)
		s.board.See(&o)
	case recMoved:
		s.programs.See(&recovery.Transfer{Time: r.time, Frame: r.frames[0], Client: r.client, Server: r.server, Protocol: r.protocol,
			Learning: r.learning, FileTransfer: *r.moved})
	case recFull:
		o := s.observe(r, detect.TableFull)
		s.board.See(&o)
	case recTick:
		s.advance(r.time, r.learning)
		return
	}
	s.changed(r.learning, r.protocol)
}

// turn takes note of whether the traffic under way is learned from.
func (s *site) turn(learning bool) {
	if learning {
		s.learned = true
	} else if s.learned && !s.armed && !s.interrupted {
		s.arm()
	}
}

// advance is a tick: traffic time has come so far.
func (s *site) advance(now int64, learning bool) {
	s.inventory.Advance(now)
	s.changed(learning, "")
	s.board.Clock(now)
	if s.acquaintance > 0 && s.armed && now-s.acquainted >= acquaintEvery {
		s.acquainted = now
		s.inventory.Acquaint(now - s.acquaintance)
	}
}

// over is the end of a capture: what is in dispute is settled.
func (s *site) over(last *item) {
	s.turn(last.Learning)
	s.advance(last.Time, last.Learning)
	s.inventory.Finish()
	s.changed(last.Learning, "")
}

// arm ends learning: what is known now is kept whatever comes.
func (s *site) arm() {
	if s.relearned > 0 {
		s.inventory.KnowSeenSince(s.relearned)
	} else {
		s.inventory.Freeze()
	}
	s.armed = true
	s.peers.index(s.inventory)
}

func (s *site) statement(m firedoor.Moment, r *record) {
	s.inventory.Speak(m, r.client, r.server, r.protocol, r.op.Verb)
	s.changed(r.learning, r.protocol)
	if r.learning {
		if s.peers.learn(r) { // all that detectors learn from: what is done at all
			s.operation(r, detect.Operation)
		}
		return
	}
	s.operation(r, detect.Operation)
	if s.armed {
		s.operation(r, detect.NewOperation)
	}
}

func (s *site) operation(r *record, kind detect.Kind) {
	o := s.observe(r, kind)
	o.Operation = r.op
	o.Text = string(r.op.Object.AppendTo(nil))
	o.FirstVerb, o.Covered, o.Outside, o.Again = r.first, r.covered, r.outside, r.again
	o.Got, o.Low, o.High = r.got, r.low, r.high
	s.board.See(&o)
}

// observe starts an observation about a record's conversation.
func (s *site) observe(r *record, kind detect.Kind) detect.Observation {
	n := 1
	s.frames = r.frames
	if s.frames[1] != (firedoor.FrameRef{}) && s.frames[1].Capture == s.frames[0].Capture {
		s.frames[0], s.frames[1] = s.frames[1], s.frames[0]
		n = 2
	}
	return detect.Observation{Kind: kind, Armed: s.armed, Learning: r.learning, Time: r.time, Frames: s.frames[:n],
		Client: r.client, Server: r.server, Protocol: r.protocol, Industrial: industrial(r.protocol), Reason: r.reason}
}

// changed shows the detectors what the last call changed in the inventory.
func (s *site) changed(learning bool, protocol string) {
	for i := range s.changes {
		c := &s.changes[i]
		kind, ok := changeKinds[c.Kind]
		if !ok {
			continue
		}
		if (kind == detect.NewDevice) && !s.armed {
			continue
		}
		frames := [2]firedoor.FrameRef{c.Before, c.Frame}
		from := 1
		if c.Before != (firedoor.FrameRef{}) && c.Before.Capture == c.Frame.Capture { // an alert's frames are of one file
			from = 0
		}
		s.board.See(&detect.Observation{Kind: kind, Armed: s.armed, Learning: learning, Time: c.Time, Frames: frames[from:],
			Client: c.At, Protocol: protocol, Reason: c.Reason, Fact: c.Fact, Old: c.Old, New: c.New, Since: c.Since, Former: c.Former})
	}
	s.changes = s.changes[:0]
}

// changeKinds tells which changes of the inventory detectors see, and as what.
var changeKinds = map[firedoor.ChangeKind]detect.Kind{
	firedoor.ChangeNewAsset:      detect.NewDevice,
	firedoor.ChangeIdentity:      detect.IdentityChanged,
	firedoor.ChangeContradiction: detect.AddressContradiction,
	firedoor.ChangeReplaced:      detect.DeviceReplaced,
	firedoor.ChangeAddressMoved:  detect.AddressMoved,
	firedoor.ChangeVirtualMoved:  detect.AddressMoved,
	firedoor.ChangeFlood:         detect.Flood,
}

// addTraffic counts the packets of a flow that ended.
func (s *site) addTraffic(t *traffic) {
	if t.returns {
		t.end = s.inventory.Returned(t.end)
	}
	s.inventory.Traffic(t.end, t.first, t.last, t.packets, t.bytes)
	s.changed(t.learning, "")
}

// Describe implements detect.World.
func (s *site) Describe(e firedoor.Endpoint) (name, role string, known bool) {
	return s.inventory.Describe(e)
}

// Peers implements detect.World.
func (s *site) Peers(client, server firedoor.Endpoint, protocol string, op *firedoor.Operation) (same, doing int) {
	return s.peers.count(s.inventory, client, server, protocol, op)
}
