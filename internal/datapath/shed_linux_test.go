package datapath

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestShed holds that what is shed goes by its floor though somebody answers: an end
// anywhere, an end in a conduit, all of a conduit; and nothing else is touched.
func TestShed(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	tables := closed(gate(unix.IPPROTO_UDP, echoPort, Gate{Action: Ask, Floor: FloorDrop, Rule: 44, Conduit: 7}))
	d := b.open(b.options(), tables)
	inside, outside := d.Worker()
	stop := make(chan struct{})
	defer close(stop)
	w := &worker{t: t, d: d}
	w.carry(inside, b.Server.Port, stop)
	w.carry(outside, b.Client.Port, stop)
	if err := d.SetLimit(patience); err != nil {
		t.Fatal(err)
	}
	passes := func() bool {
		t.Helper()
		if err := d.Beat(); err != nil {
			t.Fatal(err)
		}
		return b.answers("udp", b.Server.IP4, 64)
	}
	stops := func() bool {
		t.Helper()
		if err := d.Beat(); err != nil {
			t.Fatal(err)
		}
		return !b.leaks("udp", b.Server.IP4, 64)
	}
	if !passes() {
		t.Fatal("user space carries frames, and an echo is missing")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]Shed{
		"the client in the conduit": {Conduit: 7, Sender: b.Client.IP4},
		"all of the conduit":        {Conduit: 7},
		"the client anywhere":       {Sender: b.Client.IP4},
		"the server anywhere":       {Sender: b.Server.IP4},
	} {
		must(d.Shed(s))
		if !stops() {
			t.Errorf("%s is shed and passes", name)
		}
		must(d.Unshed(s))
		if !passes() {
			t.Errorf("%s is shed no more and does not pass", name)
		}
	}
	must(d.Shed(Shed{Conduit: 8}))
	must(d.Shed(Shed{Conduit: 7, Sender: netip.MustParseAddr("10.97.0.99")}))
	if !passes() {
		t.Error("somebody else is shed, and the client does not pass")
	}
	must(d.Shed(Shed{Conduit: 7}))
	b.install(d, tables)
	if !passes() {
		t.Error("what was shed of tables that are gone is shed still")
	}
	tables.Shed = []Shed{{Conduit: 7, Sender: b.Client.IP4}}
	b.install(d, tables)
	if !stops() {
		t.Error("what is shed of new tables passes")
	}
	must(d.Shed(Shed{Sender: b.Client.IP4}))
	must(d.UnshedConduits())
	if who, err := d.Senders(); !stops() || err != nil || len(who) != 1 || who[0] != b.Client.IP4 {
		t.Errorf("an end that is shed anywhere is no more: %v, %v", who, err)
	}
	must(d.Unshed(Shed{Sender: b.Client.IP4}))
	if who, err := d.Senders(); !passes() || err != nil || len(who) > 0 {
		t.Errorf("after all shedding ended a frame does not pass: %v, %v", who, err)
	}
	if err := d.Shed(Shed{}); err == nil {
		t.Error("all was shed at once")
	}
	found := false
	all, err := d.Counters()
	must(err)
	for _, e := range all {
		found = found || e.Reason == ReasonShed && e.Action == Drop && e.Rule == 44
	}
	if !found {
		t.Error("no counter says shed")
	}
}
