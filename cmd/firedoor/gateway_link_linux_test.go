package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"firedoor/internal/testbed"
)

// wired tells whether a host's cable has a link.
func wired(t *testing.T, h *testbed.Host) (up bool) {
	t.Helper()
	err := h.Do(func() error {
		l, err := net.InterfaceByName(testbed.Wire)
		up = err == nil && l.Flags&net.FlagRunning != 0
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

func plug(t *testing.T, h *testbed.Host, in bool) {
	t.Helper()
	err := h.Do(func() error {
		l, err := netlink.LinkByName(testbed.Wire)
		if err == nil && in {
			return netlink.LinkSetUp(l)
		}
		return errors.Join(err, netlink.LinkSetDown(l))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinkLoss holds that the loss of a link is said, that it is seen on the other side where
// that was asked for and only there, and that both come back, also where the gateway was
// killed and started anew meanwhile.
func TestLinkLoss(t *testing.T) {
	for _, forward := range []bool{false, true} {
		t.Run(fmt.Sprintf("forward %v", forward), func(t *testing.T) { loseLink(t, forward) })
	}
}

func loseLink(t *testing.T, forward bool) {
	flags := []string{}
	if forward {
		flags = append(flags, "--forward-link-loss")
	}
	l := newLineWith(t, gatewayPolicy, flags...)
	said := func() bool {
		o := run(t, "status", "--data", l.data)
		return strings.Contains(o.stdout, "nothing is at the other end of the cable") && o.status == exitDamaged
	}
	plug(t, l.bed.Server, false)
	l.until("the loss in the status", said)
	if !forward {
		if !wired(t, l.bed.Client) {
			t.Error("the other port went down, and nobody asked for it")
		}
	} else {
		l.until("the loss on the other side", func() bool { return !wired(t, l.bed.Client) })
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
		l.start()
		l.until("the loss in the status of another guardian", said)
		l.until("the loss on the other side again", func() bool { return !wired(t, l.bed.Client) })
	}
	plug(t, l.bed.Server, true)
	l.until("the link on the other side", func() bool { return wired(t, l.bed.Client) })
	l.until("all is well", func() bool { return run(t, "status", "--data", l.data).status == 0 })
	c, err := l.dial()
	if err != nil {
		t.Fatalf("forward %v: %v", forward, err)
	}
	_ = c.Close()
}

// TestPortTakenAway holds that a port which somebody takes down, or which is no more, is said, and that the gateway
// ends where another interface has its name, and can be started at that.
func TestPortTakenAway(t *testing.T) {
	l := newLineWith(t, gatewayPolicy)
	says := func(what string) func() bool {
		return func() bool {
			o := run(t, "status", "--data", l.data)
			return strings.Contains(o.stdout, what) && o.status == exitDamaged
		}
	}
	port, err := netlink.LinkByName(l.bed.Client.Port)
	if err == nil {
		err = netlink.LinkSetDown(port)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.until("the port is down", says("port "+l.bed.Client.Port+" was taken down"))
	twin := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: l.bed.Client.Port}, PeerName: l.name + "twin"}
	t.Cleanup(func() { _ = netlink.LinkDel(twin) })
	if err := errors.Join(netlink.LinkSetName(port, l.name+"other"), netlink.LinkAdd(twin), netlink.LinkDel(twin), netlink.LinkSetName(port, l.bed.Client.Port)); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(port); err != nil {
		t.Fatal(err)
	}
	l.until("all is well", func() bool { return run(t, "status", "--data", l.data).status == 0 })
	if strings.Contains(l.log.String(), "port-gone") {
		t.Errorf("another interface had the port's name for a moment, and the port is said to be gone\n%s", l.log)
	}
	if err := netlink.LinkDel(port); err != nil {
		t.Fatal(err)
	}
	l.until("the port is gone", says("port "+l.bed.Client.Port+" was taken away"))
	l.until("that is in the log", func() bool { return strings.Contains(l.log.String(), "port-gone") })
	ended := make(chan error, 1)
	go func() { ended <- l.cmd.Wait() }()
	other := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: l.bed.Client.Port}, PeerName: l.name + "peer"}
	t.Cleanup(func() { _ = netlink.LinkDel(other) })
	end := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: l.name + "peer"}}
	if err := errors.Join(netlink.LinkAdd(other), netlink.LinkSetUp(end), netlink.LinkSetUp(other)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatalf("the port is there again, and the gateway stays at the one that is gone\n%s", l.log)
	}
	if status := l.cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(l.log.String(), "port "+l.bed.Client.Port+" is another interface now") {
		t.Errorf("exit status %d\n%s", status, l.log)
	}
	l.start()
	l.until("all is well at the new port", func() bool { return run(t, "status", "--data", l.data).status == 0 })
}

// TestLinkChurn holds that a link's loss is said after more changes of links than the kernel keeps
// for the guardian.
func TestLinkChurn(t *testing.T) {
	l := newLineWith(t, gatewayPolicy)
	churn := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: l.name + "churn"}, PeerName: l.name + "peer"}
	if err := netlink.LinkAdd(churn); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = netlink.LinkDel(churn) })
	if err := l.cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if err := errors.Join(netlink.LinkSetUp(churn), netlink.LinkSetDown(churn)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.cmd.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	l.until("changes of links are too many", func() bool { return strings.Contains(l.log.String(), "link-unseen") })
	plug(t, l.bed.Server, false)
	l.until("the loss is seen", func() bool { return strings.Contains(l.log.String(), "link-lost") })
}
