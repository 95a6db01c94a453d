package plant

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// judge runs tshark over a capture and returns, for every frame, the given
// fields; it fails the test for any frame tshark calls malformed or wrong.
func judge(t *testing.T, capture []byte, options []string, fields ...string) [][]string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: apt-get install tshark to have the written traffic judged")
	}
	file := filepath.Join(t.TempDir(), "judged.pcap")
	if err := os.WriteFile(file, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a",
		"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-e", "frame.number", "-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "_ws.expert.message"}, options...)
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
	const errorSeverity = 0x00800000
	for line := range strings.Lines(string(out)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "|")
		if row[1] != "" || worst(row[2]) >= errorSeverity {
			t.Errorf("frame %s: malformed %q, expert %s", row[0], row[1], row[3])
		}
		rows = append(rows, row[4:])
	}
	return rows
}

// worst is the gravest of tshark's severities in a comma-separated list.
func worst(list string) int {
	most := 0
	for s := range strings.SplitSeq(list, ",") {
		v := 0
		for _, c := range s {
			if c >= '0' && c <= '9' {
				v = v*10 + int(c-'0')
			}
		}
		most = max(most, v)
	}
	return most
}

func TestNetJudged(t *testing.T) {
	rows := judge(t, writeBasics(t), nil, "tcp.analysis.flags", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "frame.len")
	for i, r := range rows {
		if r[0] != "" {
			t.Errorf("frame %d: tcp analysis flags %s", i+1, r[0])
		}
		for _, status := range r[1:4] {
			if status != "" && status != "1" {
				t.Errorf("frame %d: checksum status %v", i+1, r[1:4])
			}
		}
	}
}
