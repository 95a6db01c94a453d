package gateway

import (
	"bytes"
	"errors"
	"testing"

	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// said is a segment of the client of these trials, from its beginning.
func said(at uint32, payload []byte) []byte {
	return trial.TCP(trial.HMI, trial.PLC, trial.ClientBegins+at, trial.ServerBegins, trial.ACK, payload)
}

// arrive has a device take what went on.
func arrive(d *trial.Device, frames [][]byte) {
	for _, f := range frames {
		if f[47]&(trial.SYN|trial.RST) == 0 {
			d.Take(f)
		}
	}
}

// TestReadsThatOverlap holds that while nobody judges no connection of which nobody knows where it stands
// passes one read after the other, for each may begin within the last one: to a server that has the first half
// of the second one they are a write. It is not known where its beginning was not clear, or where it has no place.
func TestReadsThatOverlap(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) { p.Conduits[0].Unjudged = policy.Reads })
	w.begin(t)
	trial.Connect(w)
	w.Client(said(0, trial.WriteOne(1, 5, 50))) // somebody judges
	syn := func(at uint32, payload []byte) {
		w.Client(trial.TCP(trial.HMI, trial.PLC, trial.ClientBegins+at-1, 0, trial.SYN, payload))
	}
	for name, begin := range map[string]func(){
		"as it should":       func() { syn(0, nil) },
		"two beginnings":     func() { syn(0, nil); syn(5000, nil) },
		"bytes in the SYN":   func() { syn(0, trial.ReadSome(1)) },
		"begun by unjudged":  func() {},
		"a SYN of no server": func() { syn(5000, nil) },
	} {
		w.begin(t)
		w.Silence(true)
		begin()
		w.Server(trial.TCP(trial.PLC, trial.HMI, trial.ServerBegins-1, trial.ClientBegins, trial.SYN|trial.ACK, nil))
		device := &trial.Device{Next: trial.ClientBegins}
		arrive(device, w.Client(said(0, trial.Request(1, 3, 0, 0, 0, 6))))
		if one := len(device.Got) == 12; one != (name == "as it should") {
			t.Errorf("%s: a read goes on: %v", name, one)
		}
		arrive(device, w.Client(said(6, trial.Request(1, 3, 0, 0, 0, 6))))
		arrive(device, w.Client(said(18, trial.Request(0x0105, 3, 0, 0, 0, 6))))
		if device.Harm() > 0 {
			t.Errorf("%s: a forbidden write passed: % x", name, device.Got)
		}
	}
}

// over is a message that is allowed, of writes to registers, whose end is a write that is not, to who has so many bytes of
// it already.
func over(has int) []byte {
	const values = 20
	out := trial.Request(2, 16, append([]byte{0, 0, 0, values / 2, values}, make([]byte, values)...)...)
	hidden := trial.WriteOne(7, 200, 999)
	if has == 12 { // that byte says how many follow
		hidden[0] = values
	}
	copy(out[has:], hidden)
	return out
}

// unseen is how bytes of a client may go by that nobody judges.
type unseen struct {
	worker bool // has the connection all the time
	bypass bool
	silent bool // nobody judges behind it
	loads  int
}

// happens has a connection stand for a while, and then that befall it: the worker lets something of it pass, then the kernel. It gives
// where somebody who was not told takes its client to be.
func (u *unseen) happens(t *testing.T, w *whole, device *trial.Device) (known uint32) {
	t.Helper()
	var list []policy.Isolation
	if u.worker {
		list = append(list, policy.Isolation{ID: 1, Verb: policy.RateCap, Host: "plc", Cap: 1 << 20})
	}
	w.isolate(list...)
	w.begin(t)
	trial.Connect(w)
	arrive(device, w.Client(said(0, trial.WriteOne(1, 5, 50))))
	w.answers(device)
	if u.bypass {
		err := w.path.SetBypass(true)
		arrive(device, [][]byte{said(12, trial.Request(2, 22, 0, 1, 0, 0, 0, 0))})
		if err = errors.Join(err, w.path.SetBypass(false)); err != nil {
			t.Fatal(err)
		}
	} else {
		arrive(device, w.Client(said(12, trial.ReadSome(2))))
		w.answers(device)
	}
	for range u.loads {
		w.isolate(list...)
		w.gate.SetPlan(w.plan)
	}
	w.Silence(u.silent)
	return 12
}

// answers has a device say what it has, and take what waited for that.
func (w *whole) answers(device *trial.Device) {
	arrive(device, w.Server(trial.TCP(trial.PLC, trial.HMI, trial.ServerBegins, device.Next, trial.ACK, nil)))
}

// TestWhatWentByUnseen holds that what is known of where a client stands is not believed where others had its connection
// since, nor where frames passed that nobody saw: behind a reload the kernel knows it better than a worker that had it before, and an honest
// client's connection goes on; behind a bypass nobody does, and it ends.
func TestWhatWentByUnseen(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) { trial.More(p); p.Conduits[0].Unjudged = policy.Reads })
	for name, u := range map[string]unseen{
		"a reload":                 {loads: 1},
		"two":                      {loads: 2},
		"a reload, and the worker": {loads: 2, worker: true},
		"a bypass":                 {bypass: true},
		"a bypass, and the worker": {bypass: true, worker: true},
		"a bypass, and nobody":     {bypass: true, silent: true},
		"a bypass and a reload":    {bypass: true, loads: 1},
		"two reloads, and nobody":  {loads: 2, silent: true},
	} {
		device := &trial.Device{Next: trial.ClientBegins}
		known := u.happens(t, w, device)
		before := device.Harm()
		arrive(device, w.Client(said(known, over(len(device.Got)-int(known)))))
		if u.silent { // the kernel alone takes nothing longer
			for at := known; at < 60; at += 12 {
				arrive(device, w.Client(said(at, trial.Request(0x7fff, 3, 0, 6, 0, 6))))
			}
		}
		w.answers(device)
		if device.Harm() > before {
			t.Errorf("%s: a forbidden write passed: % x", name, device.Got)
		}

		device = &trial.Device{Next: trial.ClientBegins}
		u.happens(t, w, device)
		w.Silence(false)
		if u.bypass { // within which message its server is nobody knows
			w.ends(name, said(uint32(len(device.Got)), trial.ReadSome(1)))
			continue
		}
		for id := range uint16(3) {
			had, read := len(device.Got), trial.ReadSome(id)
			arrive(device, w.Client(said(uint32(had), read)))
			w.answers(device)
			if got := device.Got[had:]; string(got) != string(read) {
				t.Errorf("%s: of an honest client's read % x went on", name, got)
			}
		}
	}
}

// ends holds that a frame goes nowhere, and that its connection ends at its server.
func (w *whole) ends(name string, frame []byte) {
	w.t.Helper()
	reset := false
	for _, f := range w.Client(frame) {
		if f[47]&trial.RST == 0 {
			w.t.Errorf("%s: % x goes on", name, f[54:])
		}
		reset = reset || f[47]&trial.RST != 0
	}
	if !reset {
		w.t.Errorf("%s: the connection does not end", name)
	}
}

// TestMessageAcrossABypass holds that the rest of a write does not pass whose beginning went by in a bypass, though it reads as
// a request that is allowed: on a connection that was known before, on one that began in the bypass, and for a worker
// that begins later.
func TestMessageAcrossABypass(t *testing.T) {
	w := newWhole(t, trial.More)
	tail := trial.ReadSome(0x1234)
	head := trial.Request(9, 16, append([]byte{0, 100, 0, byte(len(tail) / 2), byte(len(tail))}, tail...)...)
	head = head[:len(head)-len(tail)]
	for name, c := range map[string]struct{ began, restart, silent bool }{
		"known before":                   {},
		"known before, another worker":   {restart: true},
		"known before, and nobody":       {silent: true},
		"began in it":                    {began: true},
		"began in it, another worker":    {began: true, restart: true},
		"began in it, and nobody judges": {began: true, silent: true},
	} {
		w.isolate()
		w.begin(t)
		device := &trial.Device{Next: trial.ClientBegins}
		if !c.began {
			trial.Connect(w)
			arrive(device, w.Client(said(0, trial.WriteOne(1, 5, 50))))
			w.answers(device)
		}
		err := w.path.SetBypass(true)
		arrive(device, [][]byte{said(uint32(len(device.Got)), head)})
		if err = errors.Join(err, w.path.SetBypass(false)); err != nil {
			t.Fatal(err)
		}
		if c.restart {
			w.Restart(false)
		}
		w.Silence(c.silent)
		had := len(device.Got)
		for range 2 { // it is said again, once the server said where it is
			arrive(device, w.Client(said(uint32(had), tail)))
			w.answers(device)
		}
		if len(device.Got) > had {
			t.Errorf("%s: the rest of a write passed: % x", name, device.Got[had:])
		}
	}
}

// TestBypassThatWasNone holds that no connection ends where a bypass is ended that there is not.
func TestBypassThatWasNone(t *testing.T) {
	w := newWhole(t, trial.More)
	w.begin(t)
	trial.Connect(w)
	device := &trial.Device{Next: trial.ClientBegins}
	for id := range uint16(2) {
		read := trial.ReadSome(id)
		arrive(device, w.Client(said(uint32(len(device.Got)), read)))
		w.answers(device)
		if !bytes.HasSuffix(device.Got, read) {
			t.Errorf("a read does not go on: % x", device.Got)
		}
		if err := w.path.SetBypass(false); err != nil {
			t.Fatal(err)
		}
	}
}
