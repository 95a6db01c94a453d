package factory

import (
	"fmt"
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// trials are what a scan for functions asks a controller, refusals included.
func (d dialect) trials() []device.Request {
	var list []device.Request
	switch d {
	case step7:
		list = append(list, device.Request{Verb: device.Identify}, device.Request{Verb: device.ListBlocks}, device.Request{Verb: device.ReadClock})
	case logix:
		list = append(list, device.Request{Verb: device.Identify}, device.Request{Verb: device.ListBlocks})
	default:
		list = append(list, modbusTrials...)
	}
	return list
}

// modbusTrials ask for every public function that changes nothing, with data that
// fits, and for some that only vendors have.
var modbusTrials = []device.Request{
	trial(1, 0, 0, 0, 1), trial(2, 0, 0, 0, 1), trial(3, 0, 0, 0, 1), trial(4, 0, 0, 0, 1), trial(7), trial(8, 0, 0, 0xa5, 0x37), trial(11), trial(12),
	trial(17), trial(20, 7, 6, 0, 1, 0, 0, 0, 1), trial(24, 0, 0), trial(43, 14, 1, 0), trial(65), trial(66), trial(72), trial(umasFunction, 0, 2), trial(100), trial(110),
}

func trial(code uint8, data ...byte) device.Request {
	return device.Request{Verb: device.Raw, Code: code, Data: data}
}

// download loads a program into a controller.
func (a *act) download(step *scenario.Step) {
	_, to := a.pair(step)
	block, code := programOf(to, step.Block, step.Program)
	a.session(step).ask(device.Request{Verb: device.Download, Block: block, Program: code}, nil)
	a.variable(truth.Variable{Controller: to.name, Tag: block, Words: "program block", Effect: fmt.Sprintf("replaced by program %d", step.Program)})
}

// upload reads programs out of a controller.
func (a *act) upload(step *scenario.Step) {
	_, to := a.pair(step)
	s := a.session(step)
	s.ask(device.Request{Verb: device.ListBlocks}, nil)
	for _, b := range blocksOf(to) {
		if step.Block == "" || step.Block == b {
			s.ask(device.Request{Verb: device.Upload, Block: b}, nil)
		}
	}
}

// flood keeps a controller busy with connections or with requests.
func (a *act) flood(step *scenario.Step) {
	from, to := a.pair(step)
	pause := time.Second / time.Duration(max(1, step.Rate))
	port := step.Port
	if port == 0 && to.image != nil {
		port = to.image.dialect.port()
	}
	target := netip.AddrPortFrom(a.f.addressFrom(from, to), port)
	end := a.f.world.Now() + int64(step.For)
	if step.With == "connections" || to.image == nil {
		a.pace(end, pause, func() {
			a.probe(from, target, "tcp", "connects")
			a.dial(from, target, occupy{})
		})
		return
	}
	w := &water{act: a, from: from, to: to, target: target, client: func() device.Client { return a.f.speaker(from, to.image.dialect) }, ask: device.Request{Verb: device.Read, Points: to.image.groups(everything)[0]}}
	a.pace(end, pause, w.pour)
}

// pace does something again and again until a moment.
func (a *act) pace(end int64, pause time.Duration, do func()) {
	var again func()
	again = func() {
		if a.over || a.f.world.Now() > end {
			return
		}
		do()
		a.f.after(a.f.unsteady(pause), again)
	}
	again()
}

// occupy holds a connection open and says nothing.
type occupy struct{}

func (occupy) Opened(*lan.Conn)           {}
func (occupy) Received(*lan.Conn, []byte) {}
func (occupy) Closed(*lan.Conn, error)    {}

// water sends the same request over and over without waiting for answers.
type water struct {
	act    *act
	from   *unit
	to     *unit
	target netip.AddrPort
	client func() device.Client
	ask    device.Request

	speaker device.Client
	conn    *lan.Conn
	message []byte
}

func (w *water) pour() {
	switch {
	case w.conn == nil:
		w.speaker, w.message = w.client(), nil
		w.conn = w.act.dial(w.from, w.target, w)
	case w.message != nil && w.conn.Send(w.message):
		for _, op := range said(w.to.image, &w.ask) {
			op.Time = truth.Moment(w.act.f.world.Now())
			op.Client = firedoor.Address{IP: w.from.ip().String(), Port: w.conn.Local().Port(), MAC: w.from.mac.String()}
			op.Server = firedoor.Address{IP: w.target.Addr().String(), Port: w.target.Port(), MAC: w.to.mac.String()}
			w.act.f.truth.Operation(w.act.entry, op)
		}
	}
}

// Opened sets the session up.
func (w *water) Opened(c *lan.Conn) {
	if first := w.speaker.Open(nil); len(first) > 0 {
		c.Send(first)
	}
	w.fill()
}

// Received looks at answers only while the session is set up.
func (w *water) Received(c *lan.Conn, b []byte) {
	if w.message != nil {
		return
	}
	out, _, err := w.speaker.Receive(b, nil)
	if err != nil {
		c.Reset()
		w.conn = nil
		return
	}
	if len(out) > 0 {
		c.Send(out)
	}
	w.fill()
}

func (w *water) fill() {
	if w.speaker.Ready() {
		w.message, _ = w.speaker.Ask(w.ask, nil)
	}
}

// Closed begins anew with the next drop.
func (w *water) Closed(c *lan.Conn, _ error) {
	if c == w.conn {
		w.conn = nil
	}
}

// replace puts another device in the place of one: same address, other hardware.
func (a *act) replace(step *scenario.Step) {
	old, rogue := a.unit(step.To), a.unit(step.Host)
	old.host.Unplug()
	rogue.host.SetAddr(old.host.Addr(), addr(a.f.networkOf(old.network).gateway))
	rogue.image = old.image
	rogue.vendor, rogue.model, rogue.firmware = old.vendor, old.model, old.firmware
	if err := a.f.equipAs(rogue, old); err != nil {
		panic("factory: " + err.Error()) // the old one was equipped so
	}
	rogue.host.Plug()
	a.variable(truth.Variable{Controller: old.name, Tag: "*", Words: "everything that the controller says", Effect: "said by a foreign device"})
	for i := range a.entry.Hosts {
		if h := &a.entry.Hosts[i]; h.Name == step.Host {
			h.IPs = append(h.IPs, old.ip().String())
		}
	}
	a.until(step.For, func() {
		rogue.host.Unplug()
		old.host.Plug()
	})
}

// forge sends bytes as they are given.
func (a *act) forge(step *scenario.Step) {
	from, to := a.pair(step)
	target := netip.AddrPortFrom(a.f.addressFrom(from, to), step.Port)
	a.probe(from, target, step.Protocol, "sends bytes of its own")
	if step.Protocol == "udp" {
		for i, m := range step.Messages {
			a.f.after(time.Duration(i)*step.Pace, func() { from.host.SendUDP(0, target, m) })
		}
		return
	}
	a.dial(from, target, &forged{act: a, messages: step.Messages, pause: step.Pace})
}

// forged says its messages one after the other.
type forged struct {
	act      *act
	messages [][]byte
	pause    time.Duration
	over     bool
}

// Opened begins.
func (g *forged) Opened(c *lan.Conn) { g.next(c) }

func (g *forged) next(c *lan.Conn) {
	if g.over {
		return
	}
	if len(g.messages) == 0 {
		g.over = true
		c.Close()
		return
	}
	c.Send(g.messages[0])
	g.messages = g.messages[1:]
	g.act.f.after(max(g.pause, 100*time.Millisecond), func() { g.next(c) })
}

// Received lets answers pass.
func (g *forged) Received(*lan.Conn, []byte) {}

// Closed ends it.
func (g *forged) Closed(*lan.Conn, error) { g.over = true }
