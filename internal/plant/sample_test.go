package plant

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

const samplePath = "../../samples/plant.pcap.xz"

func sampleCapture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSample(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSampleDeterministic(t *testing.T) {
	if !bytes.Equal(sampleCapture(t), sampleCapture(t)) {
		t.Fatal("two runs differ")
	}
}

// TestSampleCommitted keeps the committed sample equal to what the package
// writes; with -update it writes it.
func TestSampleCommitted(t *testing.T) {
	want := sampleCapture(t)
	if *update {
		writeSampleFile(t, want)
	}
	file, err := os.Open(samplePath)
	if err != nil {
		t.Fatalf("%v: run go test ./internal/plant -run TestSampleCommitted -update", err)
	}
	defer file.Close()
	z, err := xz.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is not what WriteSample writes: run go test ./internal/plant -run TestSampleCommitted -update", samplePath)
	}
}

// writeSampleFile packs with the xz tool: the library packs half as well.
func writeSampleFile(t *testing.T, plain []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(samplePath), 0o755); err != nil {
		t.Fatal(err)
	}
	pack := exec.Command("xz", "-9e", "-c")
	pack.Stdin = bytes.NewReader(plain)
	packed, err := pack.Output()
	if err != nil {
		t.Fatalf("xz: %v: apt-get install xz-utils", err)
	}
	if err := os.WriteFile(samplePath, packed, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSampleSize(t *testing.T) {
	frames := readFrames(sampleCapture(t))
	if n := len(frames); n < 20000 || n > 40000 {
		t.Errorf("%d frames, want 20,000 to 40,000", n)
	}
	quiet := 0
	for _, f := range frames {
		if f.time < sampleStart.UnixNano()+int64(SampleQuiet) {
			quiet++
		}
	}
	if share := 100 * quiet / len(frames); share < 60 {
		t.Errorf("only %d %% of the frames are normal life", share)
	}
	hosts := map[string]bool{}
	for _, h := range sampleHosts() {
		key := strconv.Itoa(int(h.VLAN)) + " " + h.IP.String()
		if hosts[key] {
			t.Errorf("%s has an address of another", h.Name)
		}
		hosts[key] = true
	}
	if n := len(hosts); n < 25 || n > 40 {
		t.Errorf("%d devices, want 25 to 40", n)
	}
}

// TestSampleJudged: tshark finds nothing malformed before the time of trouble, and
// everything that was planted after it.
func TestSampleJudged(t *testing.T) {
	capture := sampleCapture(t)
	frames := readFrames(capture)
	quiet := 0
	for quiet < len(frames) && frames[quiet].time < sampleStart.UnixNano()+int64(brokenAt) {
		quiet++
	}
	clean := capture[:frames[quiet].offset]
	rows := judge(t, clean, nil, "frame.protocols", "tcp.analysis.flags",
		"s7comm.param.func", "cip.service", "modbus.data", "lldp.tlv.system.name")
	seen := map[string]int{}
	for i, r := range rows {
		if r[1] != "" {
			t.Errorf("frame %d: tcp analysis flags %s", i+1, r[1])
		}
		for p := range strings.SplitSeq(r[0], ":") {
			seen[p]++
		}
		seen["s7 "+r[2]]++
		for s := range strings.SplitSeq(r[3], ",") {
			seen["cip "+s]++
		}
		seen["register "+r[4]]++
	}
	for _, p := range []string{"modbus", "s7comm", "enip", "cip", "cipio", "arp", "dhcp", "dns", "mdns", "nbns", "lldp", "tls", "http", "snmp",
		"s7 0x29", "s7 0x1a", "s7 0x1d", "cip 0x4d", "register 05dc", "register 0960"} {
		if seen[p] == 0 {
			t.Errorf("tshark sees no %s", p)
		}
	}
}
