package protocoltest

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor/internal/capture"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// FuzzVariable names the protocol to fuzz, or its folder, CorpusVariable a folder of
// captures whose flows of that protocol are seeds beside its own captures.
const (
	FuzzVariable   = "FIREDOOR_FUZZ_PROTOCOL"
	CorpusVariable = "FIREDOOR_CORPUS"
)

// Fuzz feeds arbitrary exchanges to the parser of one protocol, through a runner. An
// input is a script: two bytes of header (bit 0 of the first is the side, bit 1 a gap
// before it, bit 2 a capture that cut it; the second is the length), then that many
// bytes, and so on. Bit 3 marks a datagram that the frames' listener hears, bit 4 that
// more of it follows. Without FuzzVariable every protocol of the list is given every
// input, which is for those that were found before: they do not say whose they are.
func Fuzz(f *testing.F, list []*protocol.Protocol) {
	only := os.Getenv(FuzzVariable)
	if only == "" {
		f.Fuzz(func(t *testing.T, b []byte) {
			for _, pr := range list {
				exchange(t, list, pr, b)
			}
		})
		return
	}
	pr := fuzzed(list, only)
	if pr == nil {
		f.Fatalf("%s names %q, which is not in the list", FuzzVariable, only)
	}
	addSeeds(f, pr)
	addCorpus(f, list, pr)
	f.Fuzz(func(t *testing.T, b []byte) { exchange(t, list, pr, b) })
}

// fuzzed finds a protocol by its name or that of its folder, as scripts have it; nil if
// there is none.
func fuzzed(list []*protocol.Protocol, name string) *protocol.Protocol {
	i := slices.IndexFunc(list, func(pr *protocol.Protocol) bool { return pr.Name == name || filepath.Base(folderOf(pr)) == name })
	if i < 0 {
		return nil
	}
	return list[i]
}

// maxSeed bounds a seed: fuzzing long inputs is slow and finds nothing more.
const maxSeed = 2048

func addSeeds(f *testing.F, pr *protocol.Protocol) {
	eachSight(f, pr, func(st *sight) {
		for _, script := range scripts(st, func(*flow) bool { return true }) {
			f.Add(script)
		}
		if pr.Beside != nil {
			f.Add(besideScript(st, pr))
		}
	})
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

// scripts makes inputs of the flows that are wanted, in their order.
func scripts(st *sight, wanted func(*flow) bool) (all [][]byte) {
	of := map[*flow][]byte{}
	for _, c := range st.chunks {
		b := of[c.flow]
		for data := c.data; len(data) > 0 && len(b) < maxSeed; {
			n := min(len(data), 255)
			b = append(append(b, byte(c.side), byte(n)), data[:n]...)
			data = data[n:]
		}
		of[c.flow] = b
	}
	for _, fl := range st.flows {
		if len(of[fl]) > 0 && wanted(fl) {
			all = append(all, of[fl])
		}
	}
	return all
}

// What is taken of a corpus: files of at most so many bytes, so many flows of one
// file, and so many in all.
const (
	maxCorpusFile  = 1 << 20
	maxFileSeeds   = 16
	maxCorpusSeeds = 256
)

// addCorpus adds the flows of the protocol that real captures have. Where a file lies
// or what it is called says nothing: a flow is one of the protocol's if it is taken
// for it. Workers are given their inputs and need none.
func addCorpus(f *testing.F, list []*protocol.Protocol, pr *protocol.Protocol) {
	corpus := os.Getenv(CorpusVariable)
	if worker := flag.Lookup("test.fuzzworker"); corpus == "" || worker != nil && worker.Value.String() == "true" {
		return
	}
	seeds, files := 0, 0
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > maxCorpusFile {
			return err
		}
		if seeds >= maxCorpusSeeds {
			return fs.SkipAll
		}
		st := readAny(path)
		if st == nil {
			return nil
		}
		p := newPlayer(list)
		p.quiet, p.damaged = true, true
		p.play(st.chunks)
		found := scripts(st, func(fl *flow) bool { return p.speaks(fl, pr.Name) })
		found = found[:min(len(found), maxFileSeeds, maxCorpusSeeds-seeds)]
		for _, script := range found {
			f.Add(script)
		}
		seeds, files = seeds+len(found), files+one(len(found) > 0)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Logf("%s: %d flows of %d captures of %s are seeds", pr.Name, seeds, files, CorpusVariable)
}

// readAny reads a capture of Ethernet frames of any format, as far as it goes; nil if
// the file is none.
func readAny(path string) *sight {
	frames, err := capture.Open(path, 0)
	if err != nil {
		return nil
	}
	defer frames.Close()
	rd := reader{byKey: map[flowKey]*flow{}}
	var frame packet.Frame
	for frames.Next(&frame) == nil {
		if frame.Link == packet.LinkEthernet {
			data := slices.Clone(frame.Data) // what was read is borrowed
			rd.frame(gopacket.NewPacket(data, layers.LinkTypeEthernet, gopacket.NoCopy), len(data) < int(frame.WireLen))
		}
	}
	return &rd.sight
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
