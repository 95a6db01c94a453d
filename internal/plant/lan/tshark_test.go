package lan

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// judge has tshark read a capture and returns the fields of every frame. It fails
// the test for a malformed frame, an error, or a checksum that is wrong.
func judge(t *testing.T, capture []byte, fields ...string) [][]string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: apt-get install tshark to have the network judged")
	}
	file := filepath.Join(t.TempDir(), "judged.pcap")
	if err := os.WriteFile(file, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a",
		"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-e", "frame.number", "-e", "_ws.malformed", "-e", "ip.checksum.status", "-e", "tcp.checksum.status",
		"-e", "udp.checksum.status", "-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status", "-e", "igmp.checksum.status", "-e", "_ws.expert.message"}
	const own = 9
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	var rows [][]string
	for line := range strings.Lines(string(out)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "|")
		if row[1] != "" {
			t.Errorf("frame %s: malformed: %s", row[0], row[8])
		}
		for _, status := range row[2:8] {
			if strings.Contains(status, "0") {
				t.Errorf("frame %s: a checksum is wrong: %v", row[0], row[2:8])
			}
		}
		rows = append(rows, row[own:])
	}
	return rows
}

// TestAllKindsJudged lets a host of every kind talk with one of every other, on a
// network without loss, and has tshark find nothing to say about it.
func TestAllKindsJudged(t *testing.T) {
	b := newBench(t, 11)
	rec := record(t, b.w)
	var hosts []*Host
	const talkEvery = 40 * time.Millisecond
	talks, done := 0, 0
	for i, m := range Kinds() {
		h := b.add(Config{Name: m.Kind, MAC: macOf(byte(10 + i)), Addr: prefix("10.0.0." + itoa(byte(10+i)) + "/24"), VLAN: 20, Switch: b.sw, Manners: m})
		h.ListenTCP(502, func(*Conn) Handler {
			return &ear{onBytes: func(c *Conn, x []byte) {
				x = bytes.Clone(x) // it is borrowed
				h.After(3*time.Millisecond, func() { c.Send(x) })
			}}
		})
		h.ListenUDP(161, func(from, to netip.AddrPort, x []byte) { h.SendUDPFrom(to, from, x) })
		hosts = append(hosts, h)
	}
	random := dice(5)
	at := time.Duration(0)
	for _, from := range hosts {
		for _, to := range hosts {
			if from == to {
				continue
			}
			talks++
			at += talkEvery
			want := make([]byte, 1+random.N(6000))
			random.Fill(want)
			b.w.After(at, func() { talk(t, from, netip.AddrPortFrom(to.Addr().Addr(), 502), want, &done) })
		}
	}
	b.run(5 * time.Minute)
	if done != talks {
		t.Errorf("%d of %d talks came to their end", done, talks)
	}
	for i, row := range judge(t, rec.Bytes(), "tcp.analysis.flags", "vlan.id", "_ws.expert.group", "tcp.analysis.retransmission", "tcp.analysis.window_full", "tcp.analysis.duplicate_ack") {
		if row[0] != "" && row[4] == "" {
			t.Errorf("frame %d: tshark finds fault with TCP: %v", i+1, row)
		}
		if row[1] != "20" {
			t.Errorf("frame %d: VLAN %q", i+1, row[1])
		}
	}
}

// talk sends want, waits until all of it has come back, pings, and closes.
func talk(t *testing.T, from *Host, to netip.AddrPort, want []byte, done *int) {
	e := &ear{}
	e.onOpen = func(c *Conn) { c.Send(want) }
	e.onBytes = func(c *Conn, _ []byte) {
		if len(e.got) >= len(want) {
			from.Ping(to.Addr(), 32, func(ok bool) {
				if !ok {
					t.Errorf("%s: no answer to a ping", from.Name())
				}
				c.Close()
			})
		}
	}
	e.onClose = func(_ *Conn, err error) {
		if err != nil || !bytes.Equal(e.got, want) {
			t.Errorf("%s to %v: %v, %d of %d bytes", from.Name(), to, err, len(e.got), len(want))
		}
		*done++
	}
	from.DialTCP(to, 0, e)
}

// TestFingerprintsDiffer: no two kinds look alike in the first segments.
func TestFingerprintsDiffer(t *testing.T) {
	b := newBench(t, 3)
	rec := record(t, b.w)
	probe := b.host("probe", 250, Linux())
	probe.ListenTCP(80, func(*Conn) Handler { return &ear{} })
	for i, m := range Kinds() {
		h := b.host(m.Kind, byte(10+i), m)
		h.ListenTCP(80, func(*Conn) Handler { return &ear{} })
		b.w.After(time.Duration(i)*time.Second, func() {
			h.DialTCP(addrPort("10.0.0.250:80"), 0, &ear{onOpen: func(c *Conn) { c.Close() }})
			probe.DialTCP(netip.AddrPortFrom(h.Addr().Addr(), 80), 0, &ear{onOpen: func(c *Conn) { c.Close() }})
		})
	}
	b.run(time.Minute)
	syn, synAck := map[string]string{}, map[string]string{}
	for _, row := range judge(t, rec.Bytes(), "tcp.flags", "ip.src", "ip.ttl", "tcp.window_size_value", "tcp.options", "ip.flags.df") {
		table := syn
		switch row[0] {
		case "0x0002":
		case "0x0012":
			table = synAck
		default:
			continue
		}
		if row[1] == "10.0.0.250" {
			continue
		}
		options := shape(row[4])
		look := strings.Join([]string{row[2], row[3], options, row[5]}, " ")
		if other, taken := table[look]; taken && other != row[1] {
			t.Errorf("%s and %s look alike: %s", row[1], other, look)
		}
		table[look] = row[1]
		t.Log(row[0], row[1], look)
	}
	if len(syn) != len(Kinds()) || len(synAck) != len(Kinds()) {
		t.Errorf("%d kinds, %d looks of a SYN, %d of a SYN-ACK", len(Kinds()), len(syn), len(synAck))
	}
}

// shape is the options in hexadecimal without the values of timestamps.
func shape(options string) string {
	if i := strings.Index(options, "080a"); i >= 0 && len(options) >= i+20 {
		return options[:i+4] + "*" + options[i+20:]
	}
	return options
}
