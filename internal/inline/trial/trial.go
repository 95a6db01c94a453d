package trial

import (
	"encoding/binary"
	"net/netip"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// Flags of TCP.
const (
	FIN, SYN, RST, ACK = 1, 2, 4, 16
)

var be = binary.BigEndian

// End is a host of these tests.
type End struct {
	mac  byte
	ip   [4]byte
	port uint16
}

// The two ends: HMI asks, from the inside.
var (
	HMI = End{1, [4]byte{10, 0, 1, 1}, 50000}
	PLC = End{2, [4]byte{10, 0, 2, 1}, 502}
)

// At is another port of a host.
func (e End) At(port uint16) End {
	e.port = port
	return e
}

// Near is another host, whose address ends in n, with the same port.
func (e End) Near(n byte) End {
	e.mac, e.ip[3] = n, n
	return e
}

// TCP makes a frame; sums are right.
func TCP(from, to End, seq, acked uint32, flags byte, payload []byte) []byte {
	b := make([]byte, 54, 54+len(payload))
	b[5], b[11] = to.mac, from.mac
	be.PutUint16(b[12:], 0x0800)
	ip := b[14:]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	be.PutUint16(ip[2:], uint16(40+len(payload)))
	copy(ip[12:], from.ip[:])
	copy(ip[16:], to.ip[:])
	be.PutUint16(ip[10:], sum(0, ip[:20]))
	t := b[34:]
	be.PutUint16(t, from.port)
	be.PutUint16(t[2:], to.port)
	be.PutUint32(t[4:], seq)
	be.PutUint32(t[8:], acked)
	t[12], t[13] = 5<<4, flags
	be.PutUint16(t[14:], 8192)
	b = append(b, payload...)
	be.PutUint16(b[50:], Sum(b))
	return b
}

// Ported is a frame of TCP with another port at a place, 34 for the sender's and 36 for the
// receiver's.
func Ported(b []byte, place int, port uint16) []byte {
	b = append([]byte(nil), b...)
	be.PutUint16(b[place:], port)
	be.PutUint16(b[50:], Sum(b))
	return b
}

func sum(start uint32, b []byte) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		start += uint32(be.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		start += uint32(b[len(b)-1]) << 8
	}
	for start>>16 != 0 {
		start = start&0xffff + start>>16
	}
	return ^uint16(start)
}

// Sum is what the checksum of a frame of TCP must be.
func Sum(b []byte) uint16 {
	was := be.Uint16(b[50:])
	be.PutUint16(b[50:], 0)
	start := uint32(6) + uint32(len(b)-34)
	for i := 26; i < 34; i += 2 {
		start += uint32(be.Uint16(b[i:]))
	}
	s := sum(start, b[34:])
	be.PutUint16(b[50:], was)
	return s
}

// Request is a Modbus request.
func Request(id uint16, function byte, data ...byte) []byte {
	b := be.AppendUint16(nil, id)
	b = append(b, 0, 0)
	b = be.AppendUint16(b, uint16(2+len(data)))
	return append(append(b, 1, function), data...)
}

// WriteOne is a request to write one register.
func WriteOne(id, register, value uint16) []byte {
	return Request(id, 6, byte(register>>8), byte(register), byte(value>>8), byte(value))
}

// ReadSome is a request to read four registers.
func ReadSome(id uint16) []byte { return Request(id, 3, 0, 0, 0, 4) }

// Guarded is a policy under which HMI may read, and write registers 0 to 9.
func Guarded(t rapid.TB, change func(*policy.Policy)) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.AddrFrom4(HMI.ip)}}, {Name: "plc", Addresses: []netip.Addr{netip.AddrFrom4(PLC.ip)}, Refuses: []string{"modbus"}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Refuse, Instead: firedoor.Drop, Unjudged: policy.Closed, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{6}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 0, To: 9}}, Values: &policy.Span{Min: 0, Max: 100}}},
			}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	if change != nil {
		change(p)
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// More lets a policy pass diagnostics, identification and registers 0 to 9 written at once.
func More(p *policy.Policy) {
	pass := func(m policy.Match) {
		m.Protocols = []string{"modbus"}
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Verdict: firedoor.Pass, Match: m})
	}
	pass(policy.Match{Codes: []uint32{8, 43}})
	pass(policy.Match{Codes: []uint32{16}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 0, To: 9}}})
}
