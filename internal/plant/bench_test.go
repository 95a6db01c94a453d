package plant

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
)

// small are the benchmark's captures in a size that tests can afford.
var small = []Generator{
	{"bench-modbus", "", func(w io.Writer) error { return WriteBenchModbus(w, 20) }},
	{"bench-mixed", "", func(w io.Writer) error { return WriteBenchMixed(w, 2) }},
	{"bench-flows", "", func(w io.Writer) error { return WriteBenchFlows(w, 2000) }},
	{"bench-operations", "", func(w io.Writer) error { return WriteBenchOperations(w, 2560) }},
	{"forged", "", func(w io.Writer) error { return WriteForged(w, 10000) }},
	{"secrets", "", func(w io.Writer) error { _, err := WriteSecrets(w); return err }},
}

func written(t *testing.T, name string) []byte {
	t.Helper()
	for _, g := range small {
		if g.Name == name {
			var b bytes.Buffer
			if err := g.Write(&b); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
	}
	t.Fatalf("no generator %s", name)
	return nil
}

func TestGeneratorsDeterministic(t *testing.T) {
	for _, g := range small {
		if !bytes.Equal(written(t, g.Name), written(t, g.Name)) {
			t.Errorf("%s: two runs differ", g.Name)
		}
	}
}

func TestGeneratorsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, g := range Generators {
		listed[g.Name] = true
	}
	for _, g := range small {
		if !listed[g.Name] {
			t.Errorf("%s is not in the list in generate.go", g.Name)
		}
	}
	if Generate("nothing of the kind", io.Discard) == nil {
		t.Error("an unknown name must be an error")
	}
}

// tcpFrame is what the tests count of an untagged IPv4 TCP frame.
type tcpFrame struct {
	src, dst     [4]byte
	sport, dport uint16
	flags        byte
	payload      []byte
}

func tcpOf(b []byte) (f tcpFrame, ok bool) {
	if len(b) < 54 || binary.BigEndian.Uint16(b[12:]) != etherIPv4 || b[23] != ipTCP {
		return f, false
	}
	copy(f.src[:], b[26:])
	copy(f.dst[:], b[30:])
	f.sport, f.dport = binary.BigEndian.Uint16(b[34:]), binary.BigEndian.Uint16(b[36:])
	f.flags = b[47]
	f.payload = b[34+int(b[46]>>4)*4 : 14+int(binary.BigEndian.Uint16(b[16:]))]
	return f, true
}

// session is a connection as its client's side names it.
type session struct {
	client, server [4]byte
	port           uint16
}

// TestBenchModbusCounts: a fifth of the sessions of the full size, so a fifth of
// what the benchmark requires of sessions and frames, and all of the rest.
func TestBenchModbusCounts(t *testing.T) {
	frames := readFrames(written(t, "bench-modbus"))
	sessions, pairs, operations := map[session]int{}, map[[2][4]byte]bool{}, map[string]bool{}
	changed, interleaved, last := 0, 0, session{}
	for _, fr := range frames {
		f, ok := tcpOf(fr.data)
		if !ok {
			t.Fatal("not TCP")
		}
		s := session{f.src, f.dst, f.sport}
		if f.sport == PortModbus {
			s = session{f.dst, f.src, f.dport}
		}
		if s != last {
			interleaved++
		}
		last = s
		sessions[s]++
		pairs[[2][4]byte{s.client, s.server}] = true
		if f.dport == PortModbus && len(f.payload) >= 12 {
			operations[fmt.Sprint(s.client, s.server, f.payload[6:12])] = true
		}
		if f.sport == PortModbus && len(f.payload) > 8 && f.payload[7] > 0x80 {
			changed++
		}
	}
	if n := len(frames); n < 200_000 {
		t.Errorf("%d frames, want a fifth of a million", n)
	}
	if n := len(sessions); n < 400 {
		t.Errorf("%d sessions, want a fifth of 2,000", n)
	}
	for s, n := range sessions {
		if n < 400 {
			t.Fatalf("session %v has %d frames, want 400", s, n)
		}
	}
	if len(pairs) < 200 {
		t.Errorf("%d pairs, want 200", len(pairs))
	}
	if len(operations) < 10_000 {
		t.Errorf("%d operations, want 10,000", len(operations))
	}
	if changed == 0 {
		t.Error("no exceptions")
	}
	if interleaved < len(frames)*8/10 {
		t.Errorf("%d of %d frames follow one of another session: not interleaved", interleaved, len(frames))
	}
}

func TestBenchOperationsCounts(t *testing.T) {
	operations := map[string]int{}
	for _, fr := range readFrames(written(t, "bench-operations")) {
		f, ok := tcpOf(fr.data)
		if ok && f.dport == PortModbus && len(f.payload) == 12 {
			operations[fmt.Sprint(f.src, f.dst, f.payload[6:])]++
		}
	}
	if len(operations) != 2560 {
		t.Errorf("%d operations, want 2560", len(operations))
	}
	for o, n := range operations {
		if n != 2 {
			t.Fatalf("%s asked %d times, want twice", o, n)
		}
	}
}

func TestBenchFlowsCounts(t *testing.T) {
	flows, ended := map[session]bool{}, 0
	for _, fr := range readFrames(written(t, "bench-flows")) {
		if f, ok := tcpOf(fr.data); ok && f.flags&flagSYN != 0 && f.flags&flagACK == 0 {
			flows[session{f.src, f.dst, f.sport}] = true
		} else if ok && f.flags&(flagFIN|flagRST) != 0 {
			ended++
		}
	}
	if len(flows) != 1500 || ended != 0 {
		t.Errorf("%d TCP flows and %d ends, want 1500 and none", len(flows), ended)
	}
}

func TestForgedCounts(t *testing.T) {
	frames := readFrames(written(t, "forged"))
	senders, writes := map[string]bool{}, 0
	for _, fr := range frames {
		if fr.data[30] == 10 && fr.data[26] == 10 && fr.data[27] >= 128 {
			senders[string(fr.data[6:12])+string(fr.data[26:30])] = true
		}
		f, ok := tcpOf(fr.data)
		if ok && f.src == ForgedWriter.As4() && f.dst == ForgedTarget.As4() && len(f.payload) == 12 && f.payload[7] == ModbusWriteRegister {
			writes++
		}
	}
	if len(senders) != 10000 {
		t.Errorf("%d forged senders, want 10000", len(senders))
	}
	if writes != 1 {
		t.Errorf("%d real writes, want 1", writes)
	}
}

// TestMixedJudged: tshark names what the mix is made of and marks no controller's
// frame.
func TestMixedJudged(t *testing.T) {
	capture := written(t, "bench-mixed")
	// What is opaque on purpose must not be guessed at.
	options := []string{"--disable-heuristic", "rtcp_udp", "-Y", "!(udp.port == 40000)"}
	seen := map[string]int{}
	for _, r := range judge(t, capture, options, "frame.protocols") {
		for p := range strings.SplitSeq(r[0], ":") {
			seen[p]++
		}
	}
	for _, p := range []string{"modbus", "s7comm", "cip", "cipio", "tls", "http", "dns", "snmp", "arp", "nbss"} {
		if seen[p] == 0 {
			t.Errorf("tshark sees no %s", p)
		}
	}
}

func TestSecrets(t *testing.T) {
	var b bytes.Buffer
	secrets, err := WriteSecrets(&b)
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets) < 8 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	for _, s := range secrets {
		if !bytes.Contains(b.Bytes(), []byte(s)) {
			t.Errorf("%s is not in the capture", s)
		}
	}
	seen := map[string]bool{}
	for _, r := range judge(t, b.Bytes(), nil, "frame.protocols") {
		for p := range strings.SplitSeq(r[0], ":") {
			seen[p] = true
		}
	}
	for _, p := range []string{"ftp", "telnet", "http", "snmp", "ldap"} {
		if !seen[p] {
			t.Errorf("tshark sees no %s", p)
		}
	}
}
