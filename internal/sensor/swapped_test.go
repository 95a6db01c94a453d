package sensor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"firedoor"
)

// A record of a capture: its head and the frame behind it.
const recordHead = 16

// records cuts a capture (little-endian) into its records.
func records(b []byte) (head []byte, out [][]byte) {
	head, b = b[:24], b[24:]
	for len(b) > 0 {
		n := recordHead + int(binary.LittleEndian.Uint32(b[8:]))
		out, b = append(out, b[:n]), b[n:]
	}
	return head, out
}

// payload is where the payload of TCP over IPv4 begins in a record, and how long it is.
func payload(r []byte) (at, n int) {
	ip := r[recordHead+14:]
	if ip[9] != 6 {
		return 0, 0
	}
	head := int(ip[0]&15) * 4
	head += int(ip[head+12]>>4) * 4
	return recordHead + 14 + head, int(binary.BigEndian.Uint16(ip[2:])) - head
}

// partOf is a record with a part of its payload.
func partOf(r []byte, from, to int) []byte {
	at, _ := payload(r)
	out := append(append([]byte{}, r[:at]...), r[at+from:at+to]...)
	size := uint32(len(out) - recordHead)
	binary.LittleEndian.PutUint32(out[8:], size)
	binary.LittleEndian.PutUint32(out[12:], size)
	ip := out[recordHead+14:]
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	tcp := ip[int(ip[0]&15)*4:]
	binary.BigEndian.PutUint32(tcp[4:], binary.BigEndian.Uint32(tcp[4:])+uint32(from))
	return out
}

// transfers are the ends of files that a capture tells.
func transfers(t *testing.T, capture []byte) (out []string) {
	path := t.TempDir() + "/a.pcap"
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	var programs []firedoor.Program
	if err := json.Unmarshal([]byte(replayOnce(t, Options{Captures: []string{path}, Shards: 1}, nil).files["programs.json"]), &programs); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		text := fmt.Sprint(p.Name, " unfinished ", p.Unfinished)
		for _, c := range p.Contents {
			text += fmt.Sprint(" ", c.Sum, " ", c.Whole, " ", c.Bytes, " ", c.Downloads, " ", c.Uploads)
		}
		out = append(out, text)
	}
	return out
}

// TestFilesInSwappedSegments holds that files are told the same where a segment is cut in two that change places,
// close to its ends too: what belongs to a file then arrives before what says so.
func TestFilesInSwappedSegments(t *testing.T) {
	capture, err := os.ReadFile("../protocol/ads/testdata/system.pcap")
	if err != nil {
		t.Fatal(err)
	}
	head, all := records(capture)
	want := transfers(t, capture)
	for i, r := range all {
		_, n := payload(r)
		for _, cut := range [...]int{1, n - 3, n - 1} {
			if cut < 1 || cut >= n {
				continue
			}
			swapped := append([]byte{}, head...)
			for _, before := range all[:i] {
				swapped = append(swapped, before...)
			}
			swapped = append(append(swapped, partOf(r, cut, n)...), partOf(r, 0, cut)...)
			for _, behind := range all[i+1:] {
				swapped = append(swapped, behind...)
			}
			if got := transfers(t, swapped); !slices.Equal(got, want) {
				t.Fatalf("record %d of %d bytes, cut at %d: %q, want %q", i, n, cut, got, want)
			}
		}
	}
}
