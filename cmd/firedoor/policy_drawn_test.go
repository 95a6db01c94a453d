package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol/all"
	"firedoor/internal/whatif"
)

// plcTalk draws a conversation of Modbus between two ends: what is asked, in pairs, and what the
// server says to it, which may be nothing.
type plcTalk struct {
	rng        *rand.Rand
	now        int64
	sixth      bool
	vlan       uint16
	sport      uint16
	seq, acked uint32
	frames     []packet.Frame
	id         uint16
}

var netOrder = binary.BigEndian

// put adds a frame of the client's or the server's.
func (x *plcTalk) put(client bool, flags byte, payload []byte) {
	if x.now += 1e6; client { // a line does not have the time of its answer
		x.now += x.rng.Int64N(6e8)
	}
	t := make([]byte, 20, 20+len(payload))
	from, to, seq, acked := x.sport, uint16(502), x.seq, x.acked
	if !client {
		from, to, seq, acked = to, from, acked, seq
	}
	netOrder.PutUint16(t, from)
	netOrder.PutUint16(t[2:], to)
	netOrder.PutUint32(t[4:], seq)
	if flags&packet.ACK != 0 {
		netOrder.PutUint32(t[8:], acked)
	}
	t[12], t[13], t[14] = 5<<4, flags, 32
	t = append(t, payload...)
	n := uint32(len(payload))
	if flags&(packet.SYN|packet.FIN) != 0 {
		n++
	}
	if client {
		x.seq += n
	} else {
		x.acked += n
	}
	b := x.ethernet(client)
	if x.sixth {
		h := make([]byte, 40)
		h[0], h[6], h[7] = 0x60, 6, 64
		netOrder.PutUint16(h[4:], uint16(len(t)))
		copy(h[8:], x.address(client))
		copy(h[24:], x.address(!client))
		netOrder.PutUint16(t[16:], checksum(uint32(len(t))+6, h[8:40], t))
		b = append(append(b, h...), t...)
	} else {
		h := make([]byte, 20)
		h[0], h[8], h[9] = 0x45, 64, 6
		netOrder.PutUint16(h[2:], uint16(20+len(t)))
		copy(h[12:], x.address(client))
		copy(h[16:], x.address(!client))
		netOrder.PutUint16(h[10:], checksum(0, h))
		netOrder.PutUint16(t[16:], checksum(uint32(len(t))+6, h[12:20], t))
		b = append(append(b, h...), t...)
	}
	x.frames = append(x.frames, packet.Frame{Time: x.now, Link: packet.LinkEthernet, WireLen: uint32(len(b)), Data: b})
}

func (x *plcTalk) ethernet(client bool) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}
	if !client {
		b[5], b[11] = b[11], b[5]
	}
	if x.vlan != 0 {
		b = append(b, 0x81, 0, byte(x.vlan>>8), byte(x.vlan))
	}
	if x.sixth {
		return append(b, 0x86, 0xdd)
	}
	return append(b, 8, 0)
}

func (x *plcTalk) address(client bool) []byte {
	last := byte(2)
	if client {
		last = 1
	}
	if x.sixth {
		return []byte{0xfd, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0, 0, 0, 0, 1}
	}
	return []byte{10, 0, last, 1}
}

// ask draws a request and says what may be answered: well, or with an exception.
func (x *plcTalk) ask() (request, well, declined []byte) {
	x.id++
	r := x.rng
	unit, at := byte(1+r.IntN(2)), uint16(r.IntN(12))
	small := func() uint16 { return uint16(100 + r.IntN(60)) }
	pdu := func(b ...byte) []byte {
		h := netOrder.AppendUint16(nil, x.id)
		h = append(h, 0, 0)
		h = netOrder.AppendUint16(h, uint16(len(b)+1))
		return append(append(h, unit), b...)
	}
	two := func(n uint16) []byte { return []byte{byte(n >> 8), byte(n)} }
	cat := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	var code byte
	switch r.IntN(8) {
	case 0: // read registers
		code = 3
		n := 1 + r.IntN(3)
		values := []byte{byte(2 * n)}
		for range n {
			values = append(values, two(small())...)
		}
		request, well = pdu(cat([]byte{code}, two(at), two(uint16(n)))...), pdu(cat([]byte{code}, values)...)
	case 1, 2, 3: // write a register
		code = 6
		body := cat([]byte{code}, two(at), two(small()))
		request, well = pdu(body...), pdu(body...)
	case 4: // a coil
		code = 5
		body := cat([]byte{code}, two(at), [][]byte{{0xff, 0}, {0, 0}}[r.IntN(2)])
		request, well = pdu(body...), pdu(body...)
	case 5: // registers
		code = 16
		n := 1 + r.IntN(3)
		body := cat([]byte{code}, two(at), two(uint16(n)))
		values := []byte{byte(2 * n)}
		for range n {
			values = append(values, two(small())...)
		}
		request, well = pdu(cat(body, values)...), pdu(body...)
	case 6: // mask a register
		code = 22
		body := cat([]byte{code}, two(at), two(0xff00), two(small()))
		request, well = pdu(body...), pdu(body...)
	default: // read and write registers
		code = 23
		request, well = pdu(cat([]byte{code}, two(at), two(1), two(at+2), two(1), []byte{2}, two(small()))...), pdu(cat([]byte{code, 2}, two(small()))...)
	}
	return request, well, pdu(code|0x80, 2)
}

// converse draws a connection.
func (x *plcTalk) converse(n int, whole bool) {
	x.sport++
	x.seq, x.acked = x.rng.Uint32(), x.rng.Uint32()
	if whole {
		x.put(true, packet.SYN, nil)
		x.put(false, packet.SYN|packet.ACK, nil)
		x.put(true, packet.ACK, nil)
	}
	for _, unit := range [...]byte{1, 2} { // so that what was there before is known
		x.put(true, packet.ACK|8, []byte{0, 0, 0, 0, 0, 6, unit, 3, 0, 0, 0, 16})
		x.put(false, packet.ACK|8, slices.Concat([]byte{0, 0, 0, 0, 0, 35, unit, 3, 32}, slices.Repeat([]byte{0, 120}, 16)))
	}
	for range n {
		request, well, declined := x.ask()
		x.put(true, packet.ACK|8, request)
		switch x.rng.IntN(5) {
		case 0:
			x.put(false, packet.ACK|8, declined)
		case 1:
			if x.rng.IntN(3) == 0 { // nothing
				x.put(false, packet.ACK, nil)
				break
			}
			fallthrough
		default:
			x.put(false, packet.ACK|8, well)
		}
		x.put(true, packet.ACK, nil)
		x.now += x.rng.Int64N(4e9)
	}
	x.put(true, packet.FIN|packet.ACK, nil)
	x.put(false, packet.FIN|packet.ACK, nil)
	x.put(true, packet.ACK, nil)
}

// drawnRule draws one in words.
func drawnRule(r *rand.Rand) string {
	verdict := []string{"pass", "pass", "pass", "drop", "refuse"}[r.IntN(5)]
	keys := []string{"protocol: modbus"}
	add := func(chance int, f func() string) bool {
		if r.IntN(chance) != 0 {
			return false
		}
		keys = append(keys, f())
		return true
	}
	add(4, func() string { return "client: hmi" })
	add(4, func() string { return "server: plc" })
	switch r.IntN(4) {
	case 0:
		add(1, func() string { return []string{"verb: read", "verb: write", "verb: [read, write]"}[r.IntN(3)] })
	case 1:
		add(1, func() string {
			return "function: " + []string{"write single register", "write multiple registers", "read holding registers", "mask write register"}[r.IntN(4)]
		})
	case 2:
		add(1, func() string { return "code: " + []string{"6", "16", "[3, 5]", "22", "23"}[r.IntN(5)] })
	}
	add(5, func() string { return fmt.Sprint("unit: ", 1+r.IntN(2)) })
	if add(2, func() string {
		from := r.IntN(8)
		return []string{fmt.Sprintf("object: holding:%d-%d", from, from+r.IntN(8)), fmt.Sprintf("object: holding:%d", from), fmt.Sprintf("object: coil:%d-%d", from, from+4)}[r.IntN(3)]
	}) {
		add(3, func() string { return fmt.Sprintf("value: %d..%d", 90+r.IntN(20), 130+r.IntN(40)) })
		if verdict == "pass" {
			if !add(2, func() string { return fmt.Sprint("step: ", 5+r.IntN(40)) }) {
				add(2, func() string { return fmt.Sprintf("rate: %d/%s", 5+r.IntN(40), []string{"s", "min"}[r.IntN(2)]) })
			}
		}
	}
	add(6, func() string { return `when: {days: sun, from: "00:00", until: "00:01"}` })
	return "      - {" + strings.Join(keys, ", ") + ", verdict: " + verdict + "}\n"
}

func drawnPolicy(r *rand.Rand, x *plcTalk) string {
	hosts := []string{"hosts: {hmi: {address: 10.0.1.1}, plc: {address: 10.0.2.1}}", `hosts: {hmi: {mac: "02:00:00:00:00:01"}, plc: {mac: "02:00:00:00:00:02"}}`}[r.IntN(2)]
	zones := "zones: {office: {hosts: hmi}, cell: {hosts: plc}}"
	if x.sixth {
		hosts = strings.NewReplacer("10.0.1.1", `"fd00:0:0:1::1"`, "10.0.2.1", `"fd00:0:0:2::1"`).Replace(hosts)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "policy: 1\n%s\n%s\nconduits:\n  down:\n    from: office\n    to: cell\n    mode: test\n    default: %s\n    unjudged: %s\n    rules:\n", hosts, zones, []string{"drop", "pass"}[r.IntN(2)], []string{"reads", "open"}[r.IntN(2)])
	for range 1 + r.IntN(5) {
		b.WriteString(drawnRule(r))
	}
	return b.String()
}

func pcap(frames []packet.Frame) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b23c4d)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint32(le.AppendUint32(b, 0), 0), 65535), 1)
	for _, f := range frames {
		b = le.AppendUint32(le.AppendUint32(b, uint32(f.Time/1e9)), uint32(f.Time%1e9))
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(f.Data))), uint32(len(f.Data)))
		b = append(b, f.Data...)
	}
	return b
}

// TestWhatIfSaysWhatGateSays holds over drawn policies and conversations that a what-if tells
// as stopped what the gateway's own code would stop of the same frames, by the same rule.
func TestWhatIfSaysWhatGateSays(t *testing.T) {
	compared := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 6))
		x := &plcTalk{rng: r, now: 1772323200e9, sixth: r.IntN(3) == 0, vlan: uint16(r.IntN(2) * 10), sport: 50000} // a Sunday
		for range 1 + r.IntN(3) {
			x.converse(4+r.IntN(30), r.IntN(4) != 0)
		}
		text := drawnPolicy(r, x)
		if msg := differs(t, text, x.frames, &compared); msg != "" {
			t.Errorf("seed %d: %s\n%s", seed, msg, text)
		}
	}
	if compared < 200 {
		t.Errorf("only %d requests that are stopped were compared", compared)
	}
}

func differs(t *testing.T, text string, frames []packet.Frame, sum *int) string {
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		return err.Error()
	}
	gated := map[string]int{}
	gate := inline.New(plan, all.List, func(s *inline.Stopped) {
		if op := s.Operation; op != nil {
			gated[fmt.Sprint(s.Verdict.Rule, " ", op.Function, " ", string(op.Object.AppendTo(nil)))]++
		}
	})
	for _, f := range frames {
		from := inline.Inside
		if f.Data[11] == 2 {
			from = inline.Outside
		}
		gate.Frame(f.Time, from, slices.Clone(f.Data), func(inline.Port, []byte) {})
	}
	would, _ := whatIf(t, "--policy", write(t, "policy.yaml", []byte(text)), write(t, "drawn.pcap", pcap(frames)))
	told := map[string]int{}
	for _, s := range would.Stopped {
		n := int32(-1)
		for i := range int32(plan.Rules()) {
			if s.Rule == plan.RuleName(i) {
				n = i
			}
		}
		if s.Verb == "" {
			told["connection "+s.Reason] += int(s.Count)
			continue
		}
		told[fmt.Sprint(n, " ", s.Function, " ", s.Object)] += int(s.Count)
	}
	if len(undecidedRules(would.Rules)) > 0 {
		return ""
	}
	compared := 0
	var out []string
	for k, n := range gated {
		if compared += n; told[k] < n {
			out = append(out, fmt.Sprintf("%q: the gate stops %d, the what-if %d", k, n, told[k]))
		}
	}
	for k, n := range told {
		if gated[k] < n && len(gated) > 0 { // what has no connection is not told one by one
			out = append(out, fmt.Sprintf("%q: the what-if stops %d, the gate %d", k, n, gated[k]))
		}
	}
	*sum += compared
	return strings.Join(out, "\n")
}

func undecidedRules(used []whatif.Used) (out []whatif.Used) {
	for _, u := range used {
		if u.Undecided != "" {
			out = append(out, u)
		}
	}
	return out
}
