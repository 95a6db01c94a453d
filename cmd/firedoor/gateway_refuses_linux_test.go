package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// starts runs a gateway that is to end by itself, and gives what it says.
func (l *line) starts(args []string) (status int, said string) {
	l.t.Helper()
	cmd := exec.Command(program(l.t), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String()
}

// with gives the gateway's words with one flag's value changed.
func (l *line) with(flag, value string) []string {
	args := append([]string(nil), l.args()...)
	for i := range args {
		if args[i] == flag {
			args[i+1] = value
			return args
		}
	}
	return append(args, flag, value)
}

// TestGatewayDoesNotStart holds that a gateway that would be half configured does not
// start, says why and what to do, and that the line works as before afterwards.
func TestGatewayDoesNotStart(t *testing.T) {
	l := newLine(t)
	inside, outside := l.bed.Client.Port, l.bed.Server.Port
	other := t.TempDir()
	status, said := l.starts(l.with("--data", other))
	expect(t, "the same pins", status, said, fmt.Sprintf("--pins %s: another gateway is at work with these pins: stop it first, or give this one --pins and --name of its own", l.pins))
	l.stop()

	port, err := netlink.LinkByName(inside)
	if err != nil {
		t.Fatal(err)
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(192, 0, 2, 1), Mask: net.CIDRMask(24, 32)}}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: l.name + "b"}}
	t.Cleanup(func() { _ = netlink.LinkDel(bridge) })
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	bad := write(t, "bad.yaml", []byte(strings.Replace(gatewayPolicy, "mode: enforce, default: drop", "mode: perhaps, default: drop", 1)))
	unreviewed := write(t, "unreviewed.yaml", []byte(strings.Replace(gatewayPolicy, "    never-block: {reviewed: {by: Jo, on: 2026-11-26}}\n", "", 1)))
	nothing := func() {}
	for _, c := range []struct {
		name     string
		args     []string
		do, undo func()
		want     string
	}{
		{"no such port", l.with("--inside", "nowhere0"), nothing, nothing, "port nowhere0: no such network interface (ip link lists those that are there)"},
		{"one port twice", l.with("--outside", inside), nothing, nothing, "port " + inside + ": is both inside and outside"},
		{"no Ethernet", l.with("--inside", "lo"), nothing, nothing, "port lo: is no Ethernet interface but loopback"},
		{"an address", l.args(), func() { must(netlink.AddrAdd(port, address)) }, func() { must(netlink.AddrDel(port, address)) },
			fmt.Sprintf("port %s: has the address 192.0.2.1/24, and a port of the gateway has none: take it away (ip addr flush dev %s), and reach this machine by another interface", inside, inside)},
		{"in a bridge", l.args(), func() { must(netlink.LinkAdd(bridge), netlink.LinkSetMaster(port, bridge)) }, func() { must(netlink.LinkSetNoMaster(port)) },
			fmt.Sprintf("port %s: belongs to a bridge or bond, and frames would pass by the gateway: take it out (ip link set %s nomaster)", inside, inside)},
		{"down", l.args(), func() { must(netlink.LinkSetDown(port)) }, func() { must(netlink.LinkSetUp(port)) }, fmt.Sprintf("port %s: is not up (ip link set %s up)", inside, inside)},
		{"two sizes", l.args(), func() { must(netlink.LinkSetMTU(port, 1400)) }, func() { must(netlink.LinkSetMTU(port, 1500)) },
			fmt.Sprintf("port %s: takes frames of 1400 bytes and port %s of 1500: large ones would be lost (ip link set %s mtu 1400)", inside, outside, outside)},
		{"no bpffs", l.with("--pins", other), nothing, nothing, "--pins " + other + ": is on no bpffs, so nothing could be found again after a restart: mount one (mount -t bpf bpf /sys/fs/bpf), or give another folder"},
		{"pins where others may write", l.with("--pins", l.pins+"/common"), func() { must(os.Mkdir(l.pins+"/common", 0o700), os.Chmod(l.pins+"/common", 0o777)) }, func() { must(os.Remove(l.pins + "/common")) },
			"--pins " + l.pins + "/common: others may write there (mode 777)"},
		{"pins of another user", l.with("--pins", l.pins+"/theirs"), func() { must(os.Mkdir(l.pins+"/theirs", 0o700), os.Chown(l.pins+"/theirs", 65534, 65534)) }, func() { must(os.Remove(l.pins + "/theirs")) },
			"--pins " + l.pins + "/theirs: belongs to the user with the number 65534"},
		{"a data folder too far down", append(l.args(), "--data", filepath.Join(other, strings.Repeat("x", 200))), nothing, nothing, "bytes too long for the socket in it"},
		{"no policy", l.with("--policy", "nowhere.yaml"), nothing, nothing, "nowhere.yaml: no such file or directory"},
		{"a wrong policy", l.with("--policy", bad), nothing, nothing, bad + `:3: otherwise.mode: `},
		{"no review", l.with("--policy", unreviewed), nothing, nothing, "never-block"},
		{"nothing learned", l.with("--learned", other), nothing, nothing, filepath.Join(other, "conversations.json") + ": no such file or directory"},
		{"pins of another", append(l.with("--pins", l.pins+"/other"), "--data", other), nothing, nothing,
			fmt.Sprintf("port %s: another gateway stands at it already (bpftool net shows it): take it away first, or give the --pins it was started with", inside)},
	} {
		c.do()
		status, said := l.starts(c.args)
		c.undo()
		expect(t, c.name, status, said, c.want)
	}
	l.start() // all is as it was
	if c, err := l.dial(); err != nil {
		t.Errorf("the line does not work any more: %v", err)
	} else {
		c.Close()
	}
}

func expect(t *testing.T, name string, status int, said, want string) {
	t.Helper()
	if status != exitUsage || !strings.Contains(said, want) || strings.Count(said, "firedoor: ") > 1 {
		t.Errorf("%s: exit status %d, said\n%s\nwant %q", name, status, said, want)
	}
	if strings.Contains(said, "Between the two ports") {
		t.Errorf("%s: started", name)
	}
	if strings.Contains(said, "again_in") {
		t.Errorf("%s: says that it tries again, and does not: %s", name, said)
	}
}

// TestGatewayWithoutRoot holds what somebody is told who has no rights.
func TestGatewayWithoutRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("this is root")
	}
	o := run(t, "gateway", "--inside", "a", "--outside", "b", "--policy", "p.yaml")
	if o.status != exitUsage || !strings.Contains(o.err, "--pins") {
		t.Errorf("status %d: %s", o.status, o.err)
	}
}
