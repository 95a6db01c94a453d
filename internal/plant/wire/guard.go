package wire

import (
	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/plant/lan"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// Config says where a guard stands and what it judges by.
type Config struct {
	Name      string // of the guard
	VLAN      uint16 // of the cable; 0 is none
	Plan      *policy.Plan
	Protocols []*protocol.Protocol
	Now       func() int64 // ns since 1970
	Told      func(*Stop)  // of everything that is stopped, held, or would be stopped; may be nil
}

// Guard judges the frames of one cable. What it protects is behind its inside port:
// frames towards it come in at the outside.
type Guard struct {
	Counts Counts

	config  Config
	gate    *inline.Gate
	place   *lan.Place
	kernel  kernel
	tagged  [room]byte
	back    [room]byte
	towards bool // the direction of the frame at hand
	frame   []byte
	passed  []byte // the frame at hand, as it goes on; nil where it does not
	read    bool   // a request of a frame was told, and not yet what becomes of the frame
	stop    Stop
}

// room is that of the longest frame with a tag.
const room = 1600

// Counts are what became of frames: Frames is the sum of those that the kernel's rules
// passed or dropped and those that were asked about.
type Counts struct {
	Frames  uint64 `json:"frames"`
	Passed  uint64 `json:"kernel_passed"`
	Dropped uint64 `json:"kernel_dropped"`
	Asked   uint64 `json:"asked"`
}

// Stop is a request, connection or frame that was stopped, held back, or would have
// been stopped. It is borrowed for the call.
type Stop struct {
	Guard *Guard
	*inline.Stopped
	Held    bool // it waits for what should come before it; Stopped has its ends and nothing else
	Further bool // a further request of a frame that was told of already
}

// New returns a guard that stands nowhere yet.
func New(c Config) *Guard {
	g := &Guard{config: c, kernel: newKernel(c.Plan)}
	g.gate = inline.New(c.Plan, c.Protocols, g.tell)
	g.stop.Guard = g
	return g
}

// Name is the guard's.
func (g *Guard) Name() string { return g.config.Name }

// Plan is the policy that it judges by.
func (g *Guard) Plan() *policy.Plan { return g.config.Plan }

// SetPlan puts another policy in force from the next frame on. Connections go on.
func (g *Guard) SetPlan(plan *policy.Plan) {
	seen := g.kernel.seen
	g.config.Plan, g.kernel = plan, newKernel(plan)
	g.kernel.seen = seen
	g.gate.SetPlan(plan)
}

// Stand tells a guard where it stands, so that it can send frames of its own.
func (g *Guard) Stand(at *lan.Place) { g.place = at }

// Judged are what became of the frames that were asked about.
func (g *Guard) Judged() *inline.Counts { return &g.gate.Counts }

// Pass judges a frame of the cable. It implements lan.Gateway.
func (g *Guard) Pass(towards bool, frame []byte) []byte {
	g.Counts.Frames++
	b := g.tag(frame)
	now, from := g.config.Now(), inline.Inside
	if towards {
		from = inline.Outside
	}
	switch stopped := g.kernel.judge(now, from, b); {
	case stopped == nil:
		g.Counts.Passed++
		return frame
	case stopped != &asked:
		g.Counts.Dropped++
		g.tell(stopped)
		return nil
	}
	g.Counts.Asked++
	g.towards, g.frame, g.passed = towards, b, nil
	waited := g.gate.Counts.Waited
	g.gate.Frame(now, from, b, g.out)
	if g.gate.Counts.Waited > waited {
		g.held(now, from)
	}
	return g.passed
}

// tag copies a frame and gives it the tag of its VLAN, which is the segment that
// policies know it by.
func (g *Guard) tag(frame []byte) []byte {
	if g.config.VLAN == 0 {
		return g.tagged[:copy(g.tagged[:], frame)]
	}
	copy(g.tagged[:], frame[:12])
	g.tagged[12], g.tagged[13] = 0x81, 0x00
	g.tagged[14], g.tagged[15] = byte(g.config.VLAN>>8), byte(g.config.VLAN)
	return g.tagged[:16+copy(g.tagged[16:], frame[12:])]
}

// untag gives a frame back as the cable has it.
func (g *Guard) untag(b []byte) []byte {
	if g.config.VLAN == 0 {
		return g.back[:copy(g.back[:], b)]
	}
	n := copy(g.back[:12], b)
	return g.back[:n+copy(g.back[n:], b[16:])]
}

// out takes what the gate sends: the frame at hand goes on by itself, others are put on
// the cable behind it.
func (g *Guard) out(to inline.Port, b []byte) {
	g.read = false // the frame of what was refused goes on
	towards := to == inline.Inside
	if towards == g.towards && &b[0] == &g.frame[0] {
		g.passed = append([]byte(nil), g.untag(b)...)
		return
	}
	if g.place != nil {
		g.place.Inject(towards, g.untag(b), g.config.VLAN)
	}
}

// tell tells of what the gate says. It tells of the requests of a frame first and then of
// the frame, which is the same stop.
func (g *Guard) tell(s *inline.Stopped) {
	read := g.read
	g.read = s.Operation != nil && (read || s.Done != firedoor.Pass)
	if g.config.Told == nil || read && s.Operation == nil {
		return
	}
	g.stop.Stopped, g.stop.Held, g.stop.Further = s, false, read
	g.config.Told(&g.stop)
}

// held tells of a frame that waits.
func (g *Guard) held(now int64, from inline.Port) {
	if g.config.Told == nil {
		return
	}
	p := &g.kernel.packet
	s := inline.Stopped{Time: now, From: from, Done: firedoor.Pass, Segment: g.kernel.segment, Frame: g.frame,
		Verdict: firedoor.Verdict{Reason: firedoor.ReasonHeld, Rule: -1, Conduit: -1}}
	s.Client, s.Server = ends(p)
	g.stop.Stopped, g.stop.Held, g.stop.Further = &s, true, false
	g.config.Told(&g.stop)
}

// ends are those of a packet.
func ends(p *packet.Packet) (src, dst firedoor.Endpoint) {
	return firedoor.Endpoint{IP: p.SrcIP, MAC: p.SrcMAC, Port: p.SrcPort}, firedoor.Endpoint{IP: p.DstIP, MAC: p.DstMAC, Port: p.DstPort}
}
