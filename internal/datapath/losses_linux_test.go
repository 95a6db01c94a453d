package datapath

import (
	"fmt"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor"
)

// losses reads all that was lost until now.
func (b *bed) losses(d *Datapath) (all []Lost) {
	b.t.Helper()
	for range 2 { // what is counted now is given the next time
		some, _, err := d.Losses()
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// scatter sends a datagram to each of so many ports of the server.
func (b *bed) scatter(first, n int) {
	b.t.Helper()
	err := b.Client.Do(func() error {
		c, err := net.ListenUDP("udp4", nil)
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range n {
			if _, err := c.WriteTo([]byte("0123456789"), &net.UDPAddr{IP: b.Server.IP4.AsSlice(), Port: first + i}); err != nil {
				return fmt.Errorf("datagram %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// dropped is what the counters say that was dropped.
func (b *bed) dropped(d *Datapath) (c Count) {
	b.t.Helper()
	all, err := d.Counters()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range all {
		if e.Action == Drop || e.Action == Reset {
			c.Frames, c.Bytes = c.Frames+e.Frames, c.Bytes+e.Bytes
		}
	}
	return c
}

// addsUp holds that what pairs lost, and those that had no room, is what was dropped.
// Hosts say things by themselves, so what comes meanwhile is read too.
func (b *bed) addsUp(d *Datapath, before, lost Count) {
	b.t.Helper()
	var dropped, explained Count
	for range 50 {
		dropped = b.dropped(d)
		totals, err := d.Totals()
		if err != nil {
			b.t.Fatal(err)
		}
		explained = Count{before.Frames + lost.Frames + totals.Unpaired.Frames, before.Bytes + lost.Bytes + totals.Unpaired.Bytes}
		if dropped == explained {
			return
		}
		for _, l := range b.losses(d) {
			lost.Frames, lost.Bytes = lost.Frames+l.Frames, lost.Bytes+l.Bytes
		}
	}
	b.t.Errorf("%+v was dropped, %+v of it has a pair or had no room", dropped, explained)
}

// TestLosses: whoever lost frames is told apart, with rule, reason, bytes and times; and
// all of them together are what the counters say.
func TestLosses(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(unix.IPPROTO_UDP, 81, Gate{Action: Drop, Rule: 41, Reason: 5})))
	b.scatter(81, 2)
	b.scatter(81, 1)
	var sum Count
	found := map[uint16]Lost{}
	for _, l := range b.losses(d) {
		sum.Frames, sum.Bytes = sum.Frames+l.Frames, sum.Bytes+l.Bytes
		if l.Transport == unix.IPPROTO_UDP && l.Client.IP == firedoor.IPFrom(b.Client.IP4) && l.Server.IP == firedoor.IPFrom(b.Server.IP4) && l.Client.Port == 0 {
			found[l.Server.Port] = l
		}
	}
	l, other := found[81], found[82]
	if l.Frames != 2 || l.Bytes != 2*52 || l.Rule != 41 || l.Reason != 5 || l.Action != Drop || l.Port != Inside || l.Generation != 1 || l.First <= 0 || l.Last <= l.First || l.Number != 81 ||
		l.ClientMAC != firedoor.MACFrom(b.Client.MAC) || l.ServerMAC != firedoor.MACFrom(b.Server.MAC) {
		t.Errorf("%+v", l)
	}
	if other.Frames != 1 || other.Rule == 41 || other.First != other.Last {
		t.Errorf("%+v", other)
	}
	b.addsUp(d, Count{}, sum)
}

// TestMoreLosses: where there are more pairs than have room, those that have it keep it,
// and the frames of the others are counted.
func TestMoreLosses(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed())
	b.losses(d)
	before := b.dropped(d)
	b.scatter(1000, MaxLosses+3000)
	b.scatter(1000, 10)
	var sum Count
	var again int
	all := b.losses(d)
	for _, l := range all {
		sum.Frames, sum.Bytes = sum.Frames+l.Frames, sum.Bytes+l.Bytes
		if l.Transport == unix.IPPROTO_UDP && l.Server.Port >= 1000 && l.Server.Port < 1010 && l.Frames == 2 {
			again++
		}
	}
	totals, err := d.Totals()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) > MaxLosses || totals.Unpaired.Frames < 2000 || again != 10 {
		t.Errorf("%d pairs of at most %d, %d frames without, %d of the first ten counted on", len(all), MaxLosses, totals.Unpaired.Frames, again)
	}
	b.addsUp(d, before, sum)
}
