package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firedoor/internal/plant/truth"
)

// The judge of recordings is tshark, with all checksums checked.

// tsharkError is the severity from which on tshark calls a frame wrong.
const tsharkError = 0x00800000

// judgeOf starts tshark over a capture.
func judgeOf(t *testing.T, path string, words ...string) *exec.Cmd {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: apt-get install tshark to have recordings of the virtual factory judged")
	}
	return exec.Command(tshark, append([]string{"-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}, words...)...)
}

// verdictOf is what tshark makes of a whole capture: how many frames there are of every protocol, and
// what it calls an error (malformed frames and wrong checksums among them), one line each.
func verdictOf(t *testing.T, path string) (protocols map[string]int, wrong []string) {
	t.Helper()
	cmd := judgeOf(t, path, "-q", "-z", "io,phs", "-z", "expert,error")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	protocols = map[string]int{}
	errors := false
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "Errors" || strings.HasPrefix(line, "Protocol Hierarchy"): // the two reports, in whatever order
			errors = f[0] == "Errors"
		case errors && !strings.HasPrefix(line, "="):
			wrong = append(wrong, strings.TrimSpace(line))
		case len(f) == 3 && strings.HasPrefix(f[1], "frames:"):
			n, err := strconv.Atoi(strings.TrimPrefix(f[1], "frames:"))
			if err != nil {
				t.Fatalf("tshark: %q", line)
			}
			protocols[f[0]] += n
		}
	}
	if want := len(records(read(t, path))); protocols["eth"] != want {
		t.Errorf("tshark tells of %d frames, there are %d", protocols["eth"], want)
	}
	return protocols, wrong
}

// plantFields are what is asked about single frames, in this order.
var plantFields = []string{"_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status",
	"eth.src", "tcp.flags", "ip.ttl", "tcp.window_size_value", "tcp.option_kind", "tcp.options.mss_val", "tcp.options.wscale.shift"}

// Places in plantFields.
const (
	fieldMalformed, fieldSeverity, fieldMessage = 0, 1, 2
	fieldMAC, fieldFlags                        = 6, 7
)

// eachJudged lets tshark dissect a capture and calls visit with its fields of every frame.
func eachJudged(t *testing.T, path string, visit func(n int, row []string)) {
	t.Helper()
	words := []string{"-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"}
	for _, f := range plantFields {
		words = append(words, "-e", f)
	}
	cmd := judgeOf(t, path, words...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rows, n := bufio.NewScanner(out), 0
	for rows.Scan() {
		n++
		row := strings.Split(rows.Text(), "\t")
		if len(row) != len(plantFields) {
			t.Fatalf("frame %d: tshark gives %d fields, want %d: %q", n, len(row), len(plantFields), row)
		}
		visit(n, row)
	}
	if err := cmd.Wait(); err != nil || rows.Err() != nil {
		t.Fatalf("tshark: %v, %v: %s", err, rows.Err(), stderr.String())
	}
	if want := len(records(read(t, path))); n != want {
		t.Errorf("tshark tells of %d frames, there are %d", n, want)
	}
}

// wrong tells what tshark has against a frame; empty for nothing.
func wrong(row []string) string {
	for i := 3; i < 6; i++ {
		if strings.Contains(row[i], "0") { // 1 is good, 2 not checked; empty: no such header
			return fmt.Sprintf("%s is %s", plantFields[i], row[i])
		}
	}
	if row[fieldMalformed] != "" {
		return row[fieldMalformed] + " " + row[fieldMessage]
	}
	for s := range strings.SplitSeq(row[fieldSeverity], ",") {
		if n, _ := strconv.Atoi(s); n >= tsharkError {
			return row[fieldMessage]
		}
	}
	return ""
}

// TestPlantJudgeJudges: the judge tells of a wrong checksum and of a malformed message.
func TestPlantJudgeJudges(t *testing.T) {
	capture := read(t, plantMinute(t).capture)
	modbus, s7 := 0, 0
	for _, r := range records(capture) {
		frame := capture[r.offset+recordHeader : r.end]
		// A VLAN tag, IPv4 without options, TCP without options, and a message.
		const ip, tcp, message = 18, 38, 58
		if frame[ip] != 0x45 || frame[ip+9] != 6 || binary.BigEndian.Uint16(frame[ip+2:]) < message-ip+12 || frame[tcp+12] != 0x50 {
			continue
		}
		switch port := binary.BigEndian.Uint16(frame[tcp+2:]); {
		case port == 502 && modbus == 0:
			modbus++
			frame[message+7] ^= 1 // its checksum is wrong from here on
		case port == 102 && s7 == 0:
			s7++
			frame[message+3] ^= 3 // and it is shorter than it says
		}
	}
	if modbus+s7 != 2 {
		t.Fatalf("the minute has no frame to spoil: %d, %d", modbus, s7)
	}
	path := write(t, "spoiled.pcap", capture)
	if _, w := verdictOf(t, path); len(w) == 0 {
		t.Errorf("the judge has nothing against what was spoiled: %v", w)
	}
	found := 0
	eachJudged(t, path, func(_ int, row []string) {
		if wrong(row) != "" {
			found++
		}
	})
	if found < 2 {
		t.Errorf("%d frames are called wrong, two were spoiled", found)
	}
}

// TestPlantHourJudged: tshark finds every protocol that a plant speaks in a recorded hour, nothing
// malformed and no wrong checksum in it.
func TestPlantHourJudged(t *testing.T) {
	t.Parallel()
	protocols, w := verdictOf(t, plantHour(t).capture)
	if len(w) > 0 {
		t.Errorf("tshark calls this wrong:\n%.2000s", strings.Join(w, "\n"))
	}
	for p, least := range map[string]int{"modbus": 100_000, "s7comm": 20_000, "cip": 10_000, "enip": 10_000, "cipio": 100_000, "cipcm": 2, "cotp": 20_000, "tpkt": 20_000,
		"tls": 1000, "dns": 200, "dhcp": 16, "arp": 500, "nbns": 16, "snmp": 100, "ntp": 10, "lldp": 100, "mdns": 4, "ipv6": 4,
		"icmp": 10, "http": 10, "syslog": 4, "vlan": 100_000} {
		if protocols[p] < least {
			t.Errorf("%s: %d frames, want at least %d", p, protocols[p], least)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(protocols)) {
		t.Logf("%8d %s", protocols[p], p)
	}
}

// TestPlantDayJudged is TestPlantHourJudged for as long as is asked for: FIREDOOR_PLANT_JUDGED=24h takes
// about ten minutes and 3 GB.
func TestPlantDayJudged(t *testing.T) {
	length := os.Getenv("FIREDOOR_PLANT_JUDGED")
	if length == "" {
		t.Skip("FIREDOOR_PLANT_JUDGED is not set: set it to 24h to have a whole day of the virtual factory judged")
	}
	_, w := verdictOf(t, recorded(t, "--seed", "1", "--duration", length).capture)
	if len(w) > 0 {
		t.Errorf("tshark calls this wrong:\n%.2000s", strings.Join(w, "\n"))
	}
}

// TestPlantDevicesAreToldApart: devices begin and answer conversations as their kind does (time to live,
// window, options and what they say), there are at least eight such ways, and MAC addresses come
// from several vendors.
func TestPlantDevicesAreToldApart(t *testing.T) {
	r := plantHour(t)
	f, looks := readTruth(t, r.truth), looksOf(t, read(t, r.capture))
	ways, vendors, shown := map[string][]string{}, map[string]bool{}, map[string]string{}
	for _, h := range f.Hosts {
		for _, mac := range h.MACs {
			vendors[mac[:8]] = true
		}
		if h.Role == truth.RoleRouter {
			continue // it forwards what others say
		}
		for _, l := range looks[h.MACs[0]] {
			flags, way, _ := strings.Cut(l, " ")
			if before, is := shown[h.Name+flags]; is && before != way {
				t.Errorf("%s has two ways with flags %s: %s and %s", h.Name, flags, before, way)
			}
			if shown[h.Name+flags] == "" {
				ways[l] = append(ways[l], h.Name)
			}
			shown[h.Name+flags] = way
		}
	}
	if len(vendors) < 15 {
		t.Errorf("MAC addresses of %d vendors", len(vendors))
	}
	if len(ways) < 8 {
		t.Errorf("only %d ways to begin or answer", len(ways))
	}
	for _, k := range slices.Sorted(maps.Keys(ways)) {
		t.Logf("%s: %v", k, ways[k])
	}
	for _, pair := range [][2]string{{"filler-plc", "mixer-1-plc"}, {"mixer-1-plc", "utility-plc"}, {"mixer-1-plc", "mixer-1-drive"}, {"boiler-safety", "boiler-plc"},
		{"robot-plc", "filler-plc"}, {"vision-box", "filler-plc"}, {"power-meter", "mixer-1-plc"}} {
		const synAck = "0x0012"
		a, b := shown[pair[0]+synAck], shown[pair[1]+synAck]
		if a == "" || b == "" || a == b {
			t.Errorf("%s and %s answer alike, or not at all: %q, %q", pair[0], pair[1], a, b)
		}
	}
}

// looksOf are the SYNs and SYN-ACKs of a capture as tshark reads them, by the MAC they come from: flags,
// time to live, window, kinds of options, segment size, shift of the window.
func looksOf(t *testing.T, capture []byte) map[string][]string {
	t.Helper()
	rs := records(capture)
	path := write(t, "beginnings.pcap", only(capture, func(i int) bool {
		frame := capture[rs[i].offset+recordHeader : rs[i].end]
		const tag, ip, flags = 14, 18, 20 + 13 // a VLAN tag, then IPv4 without options
		return len(frame) > ip+flags && binary.BigEndian.Uint16(frame[tag+2:]) == 0x0800 && frame[ip+9] == 6 && frame[ip+flags]&0x02 != 0
	}))
	looks := map[string][]string{}
	eachJudged(t, path, func(_ int, row []string) {
		if l := strings.Join(row[fieldFlags:], " "); !slices.Contains(looks[row[fieldMAC]], l) {
			looks[row[fieldMAC]] = append(looks[row[fieldMAC]], l)
		}
	})
	return looks
}

// mostOfOne bounds how many frames of one attacker are judged: a flood is the same over and over.
const mostOfOne = 20_000

// TestPlantScenariosJudged: what attackers and those who act in scenarios send and get is made of real
// protocols, in which tshark finds nothing malformed.
func TestPlantScenariosJudged(t *testing.T) {
	t.Parallel()
	r := plantAttacked(t)
	acting := map[string][]string{} // scenarios by MAC
	for _, e := range entriesOf(readTruth(t, r.truth), "") {
		for _, h := range e.Hosts {
			if h.Role != truth.Attacker && h.Role != truth.Actor {
				continue
			}
			for _, m := range h.MACs {
				acting[m] = append(acting[m], e.Scenario)
			}
		}
	}
	path, of := thinned(t, read(t, r.capture), acting)
	eachJudged(t, path, func(n int, row []string) {
		w := wrong(row)
		if w == "" {
			return
		}
		t.Errorf("frame %d of %s, of %s (%v): %s", n, path, of[n-1], acting[of[n-1]], w)
	})
}

// thinned writes the frames from and to some MACs into a capture of their own. of are those MACs, by frame.
func thinned(t *testing.T, capture []byte, keep map[string][]string) (path string, of []string) {
	t.Helper()
	counts, names := map[string]int{}, map[[6]byte]string{}
	for m := range keep {
		address, err := net.ParseMAC(m)
		if err != nil {
			t.Fatal(err)
		}
		names[[6]byte(address)] = m
	}
	out := only(capture, func(int) bool { return false })
	for _, r := range records(capture) {
		frame := capture[r.offset+recordHeader : r.end]
		name, is := names[[6]byte(frame[6:12])]
		if !is {
			name, is = names[[6]byte(frame[:6])]
		}
		if !is || counts[name] == mostOfOne {
			continue
		}
		counts[name]++
		out, of = append(out, capture[r.offset:r.end]...), append(of, name)
	}
	if len(counts) < 5 {
		t.Errorf("only %d of %d who act are seen", len(counts), len(keep))
	}
	path = filepath.Join(t.TempDir(), "acting.pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, of
}
