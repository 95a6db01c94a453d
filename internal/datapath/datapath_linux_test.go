package datapath

import (
	"testing"

	"golang.org/x/sys/unix"
)

// attachments are the two ways of standing at a port.
var attachments = []struct {
	name   string
	clsact bool
}{{"TCX", false}, {"clsact", true}}

func TestHostsTalkThroughTheGateway(t *testing.T) {
	for _, at := range attachments {
		t.Run(at.name, func(t *testing.T) {
			b := newBed(t)
			b.echo(echoPort)
			if b.leaks("udp", b.Server.IP4, 64) {
				t.Fatal("the hosts talk without a gateway between them: the test would show nothing")
			}
			o := b.options()
			o.Clsact = at.clsact
			b.open(o, passAll())
			if !b.ping(patience) {
				t.Error("no answer to a ping")
			}
			for _, network := range []string{"udp", "tcp"} {
				if !b.answers(network, b.Server.IP4, 256) || !b.answers(network, b.Server.IP6, 256) {
					t.Errorf("no echo by %s", network)
				}
			}
		})
	}
}

func TestGatesDecideByPort(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	d := b.open(b.options(), closed())
	if b.ping(moment) || b.leaks("udp", b.Server.IP4, 64) || b.leaks("tcp", b.Server.IP4, 64) {
		t.Error("something passes though all is closed")
	}
	b.install(d, closed(gate(unix.IPPROTO_TCP, echoPort, pass)))
	if b.ping(moment) || b.leaks("udp", b.Server.IP4, 64) {
		t.Error("what is not open passes")
	}
	if !b.answers("tcp", b.Server.IP4, 64) || !b.answers("tcp", b.Server.IP6, 64) {
		t.Error("what is open does not pass")
	}
	b.install(d, closed(gate(unix.IPPROTO_UDP, echoPort, pass), gate(unix.IPPROTO_ICMP, 0, pass)))
	if !b.ping(patience) || !b.answers("udp", b.Server.IP4, 64) || b.leaks("tcp", b.Server.IP4, 64) {
		t.Error("a new policy does not hold")
	}
}
