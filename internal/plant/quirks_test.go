package plant

import (
	"bytes"
	"testing"
	"time"
)

// quirky is a short conversation on VLAN 7 to try the quirks on.
func quirky(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := NewNet(&b, caseStart)
	if err != nil {
		t.Fatal(err)
	}
	client, server := *testClient, *testServer
	client.VLAN, server.VLAN = 7, 7
	c := n.Dial(&client, &server, 50000, PortModbus)
	for i := range uint16(10) {
		m := Modbus{Transaction: i, Unit: 1}
		c.Client(m.Words(nil, ModbusReadHolding, 0, 2))
		n.Wait(time.Millisecond)
		c.Server(m.Registers(nil, ModbusReadHolding, []uint16{i, 7}))
	}
	c.Close()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestQuirks(t *testing.T) {
	in := quirky(t)
	before := append([]byte{}, in...)
	frames := readFrames(in)
	fromClient := 0
	for _, f := range frames {
		if f.data[11] == byte(testClient.MAC&0xff) {
			fromClient++
		}
	}
	tests := []struct {
		name   string
		out    []byte
		frames int
		right  func(i int, f frame) bool
	}{
		{"doubled", Doubled(in), 2 * len(frames), func(i int, f frame) bool {
			return bytes.Equal(f.data, frames[i/2].data) && f.time == frames[i/2].time+int64(i%2)*doubledGap
		}},
		{"one way", OneWay(in, testClient.MAC), fromClient, func(_ int, f frame) bool { return f.data[11] == byte(testClient.MAC&0xff) }},
		{"untagged", Untagged(in, testServer.MAC), len(frames), func(_ int, f frame) bool {
			return isTagged(f.data) == (f.data[11] == byte(testClient.MAC&0xff))
		}},
		{"tagged", Tagged(in, 9), len(frames), func(_ int, f frame) bool { return isTagged(f.data) && f.data[15] == 9 }},
		{"two vlans", OnTwoVLANs(in, 10, 20), 2 * len(frames), func(i int, f frame) bool { return f.data[15] == byte(10+10*(i%2)) }},
		{"prp", PRP(in), 2 * len(frames), func(i int, f frame) bool {
			return f.data[len(f.data)-2] == 0x88 && f.data[len(f.data)-4]>>4 == byte(0xa+i%2)
		}},
		{"absurd", Absurd(in), len(frames), func(i int, f frame) bool {
			return (f.time != frames[i].time) == (i == len(frames)/2)
		}},
		{"snapped", Snapped(in, 40), len(frames), func(i int, f frame) bool { return len(f.data) == 40 && f.wire == frames[i].wire }},
		{"disordered", Disordered(in, 5), len(frames), func(i int, f frame) bool {
			return f.time == frames[i].time && (i != 5 || bytes.Equal(f.data, frames[6].data))
		}},
		{"lossy", Lossy(in, 5), len(frames) - len(frames)/5, func(int, frame) bool { return true }},
	}
	for _, tt := range tests {
		got := readFrames(tt.out)
		if len(got) != tt.frames {
			t.Errorf("%s: %d frames, want %d", tt.name, len(got), tt.frames)
			continue
		}
		for i, f := range got {
			if !tt.right(i, f) {
				t.Errorf("%s: frame %d is wrong", tt.name, i+1)
				break
			}
		}
	}
	if cut := Cut(in); len(cut) >= len(in) || !bytes.HasPrefix(in, cut) {
		t.Error("cut: not a shorter beginning")
	}
	if !bytes.Equal(in, before) {
		t.Error("a quirk changed its input")
	}
}

// TestPRPJudged: tshark reads the trailers.
func TestPRPJudged(t *testing.T) {
	rows := judge(t, PRP(quirky(t)), []string{"--enable-protocol", "prp", "-o", "tcp.analyze_sequence_numbers:FALSE"}, "prp.trailer.prp_lan", "prp.trailer.prp_size", "prp.trailer.prp_sequence_nr")
	for i, r := range rows {
		if r[0] == "" || r[1] == "" || r[2] == "" {
			t.Fatalf("frame %d: tshark sees no redundancy trailer", i+1)
		}
	}
}
