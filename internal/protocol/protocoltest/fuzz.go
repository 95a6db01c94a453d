package protocoltest

import (
	"os"
	"path/filepath"
	"testing"

	"firedoor/internal/protocol"
)

// FuzzVariable names the one protocol to fuzz; unset, all are.
const FuzzVariable = "FIREDOOR_FUZZ_PROTOCOL"

// Fuzz feeds arbitrary exchanges to the parsers of the list, through a runner.
// An input is the index of a protocol and a script: two bytes of header (bit 0
// of the first is the side, bit 1 a gap before it, bit 2 a capture that cut it;
// the second is the length), then that many bytes, and so on. Bit 3 marks a datagram
// that the frames' listener hears, bit 4 that more of it follows.
func Fuzz(f *testing.F, list []*protocol.Protocol) {
	only := os.Getenv(FuzzVariable)
	known := only == ""
	for i, pr := range list {
		if only != "" && pr.Name != only {
			continue
		}
		known = true
		addSeeds(f, uint8(i), pr)
	}
	if !known {
		f.Fatalf("%s names %q, which is not in the list", FuzzVariable, only)
	}
	f.Fuzz(func(t *testing.T, index uint8, b []byte) {
		pr := list[int(index)%len(list)]
		if only != "" && pr.Name != only {
			t.Skip()
		}
		exchange(t, list, pr, b)
	})
}

// maxSeed bounds a seed: fuzzing long inputs is slow and finds nothing more.
const maxSeed = 2048

func addSeeds(f *testing.F, index uint8, pr *protocol.Protocol) {
	paths, err := filepath.Glob(filepath.Join(folderOf(pr), "testdata", "*.pcap"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		st, err := readSight(path)
		if err != nil {
			f.Fatal(err)
		}
		scripts := map[*flow][]byte{}
		for _, c := range st.chunks {
			b := scripts[c.flow]
			for data := c.data; len(data) > 0 && len(b) < maxSeed; {
				n := min(len(data), 255)
				b = append(append(b, byte(c.side), byte(n)), data[:n]...)
				data = data[n:]
			}
			scripts[c.flow] = b
		}
		for _, fl := range st.flows {
			f.Add(index, scripts[fl])
		}
		if pr.Beside != nil {
			f.Add(index, besideScript(st, pr))
		}
	}
}

// Marks of a script's parts.
const (
	isHeard = 8
	heardOn = 16
)

// besideScript is a capture with the datagrams that settle something about frames.
func besideScript(st *sight, pr *protocol.Protocol) (b []byte) {
	for _, c := range st.chunks {
		_, side := stationsOf(c.flow, c.side, 0)
		head := byte(side)
		switch {
		case c.flow.kind == overUDP && pr.Beside.Concerns(c.data):
			head |= isHeard
		case c.flow.kind != overEthernet || len(c.data) > 255 || len(b) > 2*maxSeed:
			continue
		}
		for data := c.data; len(data) > 0; {
			n := min(len(data), 255)
			more := byte(0)
			if n < len(data) {
				more = heardOn
			}
			b = append(append(b, head|more, byte(n)), data[:n]...)
			data = data[n:]
		}
	}
	return b
}

// exchange plays a script over every transport the protocol has.
func exchange(t *testing.T, list []*protocol.Protocol, pr *protocol.Protocol, b []byte) {
	kinds := []transport{overTCP}
	if len(pr.TCP) == 0 && len(pr.UDP) > 0 {
		kinds = []transport{overUDP}
	} else if len(pr.UDP) > 0 {
		kinds = []transport{overTCP, overUDP}
	}
	if len(pr.Ethernet) > 0 {
		kinds = append(kinds, overEthernet)
	}
	for _, kind := range kinds {
		fl := &flow{index: 1, kind: kind}
		if kind == overEthernet {
			fl.etherType, fl.ends[0].MAC, fl.ends[1].MAC = pr.Ethernet[0], 1, 2
		}
		p := newPlayer(list)
		p.forced, p.damaged, p.quiet = map[*flow]start{fl: {pr.Name, 0}}, true, true
		p.script(pr, fl, b)
		if len(p.broke) > 0 {
			t.Error(p.broke[0])
		}
		if pr.Probe != nil {
			pr.Probe(b)
		}
	}
}

// script plays a script in one flow.
func (p *player) script(pr *protocol.Protocol, fl *flow, b []byte) {
	var heard []byte
	for rest := b; len(rest) > 2; {
		head, n := rest[0], min(int(rest[1]), len(rest)-2)
		data, side := rest[2:2+n], int(rest[0]&1)
		rest = rest[2+n:]
		if fl.kind == overEthernet && pr.Beside != nil && head&isHeard != 0 {
			if heard = append(heard, data...); head&heardOn == 0 {
				p.hear(pr, fl, side, heard)
				heard = heard[:0]
			}
			continue
		}
		c := chunk{flow: fl, side: side, data: data, truncated: head&4 != 0}
		if fl.kind == overTCP && head&2 != 0 {
			c.missing = n + 1
		}
		p.feed(0, &c)
	}
}
