package judge

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recognised is how the judge is asked for one merely recognised protocol: a row of
// a table. A row says what is compared beside time, frame and function.
type recognised struct {
	protocol string
	ports    []uint16 // one of them stands in a capture worth asking about, or an Ethernet type
	filter   string   // of the judge
	layer    string   // where a message is, or one of several names; those of a frame are told one by one
	layers   string   // what else the reader looks at
	options  []string // for tshark
	once     bool     // frames on Ethernet: the same bytes again so soon are a copy, and are counted once
	members  string   // compared too, of: unit object quantity item values outcome response
	reader   func() reader
	excuses  []excuse
	own      []string // captures of the product, judged too and by themselves
	note     string   // for the coverage sheet, "" if nothing is to be said
}

// reader says what a message tells. Each capture gets a new one, so that it may keep
// what it has seen.
type reader func(f *frame, l layer) []statement

// statement is one operation, answer or sample as the judge's fields have it. Flow, time
// and frame are filled in.
type statement struct {
	judged
	sample   bool
	answer   bool   // to what was asked with the same key
	needless bool   // an answer that is not told when nothing was asked
	key      string // joins both within their flow, "" for what nobody answers
}

// plainly is the reader that keeps nothing.
func plainly(r reader) func() reader { return func() reader { return r } }

// recognisedLayers are asked for in every row.
const recognisedLayers = "frame eth ip ipv6 tcp udp "

// judgeRecognised compares all rows, capture by capture.
func judgeRecognised(t *testing.T, rows []recognised) {
	root := judgeCorpus(t)
	for i := range rows {
		r := &rows[i]
		t.Run(r.protocol, func(t *testing.T) {
			a := alone{protocol: r.protocol, excuses: r.excuses}
			var paths []string
			eachJudged(t, root, "", func(path string, b []byte) {
				if mayHold(b, r.ports...) {
					paths = append(paths, path)
				}
			})
			for i, s := range inPairs(paths, r.capture) {
				if s.err != nil {
					t.Error(s.err)
				}
				a.compare(t, paths[i], s.want, s.got)
			}
			a.own = true
			for _, name := range r.own {
				path := filepath.Join("..", "..", "internal", "protocol", strings.ReplaceAll(r.protocol, "_", ""), "testdata", name+".pcap")
				s := r.capture(path)
				if s.err != nil {
					t.Error(s.err)
				}
				a.compare(t, path, s.want, s.got)
			}
			fields := "time, frames, function"
			for _, m := range strings.Fields(r.members) {
				if m != "response" { // of the frames
					fields += ", " + m
				}
			}
			if r.note != "" {
				fields += "; " + r.note
			}
			a.settle(t, fields)
		})
	}
}

// sides are what the judge and the program tell of a capture.
type sides struct {
	want, got []*judged
	err       error
}

func (r *recognised) capture(path string) (s sides) {
	options := r.options
	if r.once {
		options = append(slices.Clone(options), "-x")
	}
	frames, err := askTshark(path, r.filter, recognisedLayers+r.layer+" "+r.layers, options...)
	if err != nil {
		return sides{err: err}
	}
	lines, err := replayLines(path, r.protocol)
	if err != nil {
		return sides{err: err}
	}
	for i := range lines {
		e := &lines[i]
		if e.Kind != "operation" && e.Kind != "sample" || e.Item > 1 && !r.compares("item") {
			continue
		}
		j := e.judged()
		r.blank(j, e.Kind == "sample")
		s.got = append(s.got, j)
	}
	if r.once {
		frames = withoutCopies(frames)
	}
	s.want = r.byJudge(frames)
	return s
}

// copied is how soon the same frame must come again to be taken for a copy: a mirror
// port shows it on its way in and out.
const copied = 20e6

// octetNumber is a value of two or four octets as a number, else its octets.
func octetNumber(b []byte, order binary.ByteOrder) string {
	switch len(b) {
	case 2:
		return fmt.Sprintf("[%d]", order.Uint16(b))
	case 4:
		return fmt.Sprintf("[%d]", order.Uint32(b))
	}
	return octetList(b)
}

func withoutCopies(frames []*frame) []*frame {
	seen := map[string]int64{}
	return slices.DeleteFunc(frames, func(f *frame) bool {
		raw := f.layers.text("frame_raw")
		before, again := seen[raw]
		if again = again && f.nanos-before <= copied; !again {
			seen[raw] = f.nanos
		}
		return again
	})
}

func (r *recognised) compares(member string) bool {
	return slices.Contains(strings.Fields(r.members), member)
}

// blank takes out what is not compared. A sample is told from an operation by having
// no outcome.
func (r *recognised) blank(j *judged, sample bool) {
	for member, value := range map[string]*string{"unit": &j.unit, "object": &j.object, "quantity": &j.quantity, "values": &j.values, "outcome": &j.outcome} {
		if !r.compares(member) {
			*value = ""
		}
	}
	if !r.compares("item") {
		j.item = 0
	}
	if !r.compares("response") && !j.partial {
		j.response = 0
	}
	if !r.compares("outcome") && !sample {
		j.outcome = "told"
	}
}

// byJudge reads the operations and samples of a capture and joins answers to what
// they answer: the n-th of a message to the n-th that was asked, the last to all
// that are left.
func (r *recognised) byJudge(frames []*frame) []*judged {
	var all []*judged
	samples, waiting := map[*judged]bool{}, map[string][]*judged{}
	read := r.reader()
	for _, f := range frames {
		var layers []layer
		for _, name := range strings.Fields(r.layer) {
			layers = append(layers, f.all(name)...)
		}
		for _, l := range layers {
			fresh := map[string]bool{}
			nth := map[string]int{}
			for _, m := range read(f, l) {
				op := m.judged
				op.protocol, op.flow, op.time, op.nanos = r.protocol, flowName(f.src, f.srcPort, f.dst, f.dstPort), f.time, f.nanos
				key := f.stream + " " + m.key
				asked := waiting[key]
				switch {
				case m.answer && nth[key] < len(asked):
					for _, a := range asked[nth[key]:] {
						a.response, a.outcome = f.number, op.outcome
						if op.values != "" {
							a.values = op.values
						}
					}
					nth[key]++
					continue
				case m.answer && (m.needless || nth[key] > 0):
					continue
				case m.answer:
					op.response, op.partial = f.number, true
				default:
					op.frame = f.number
				}
				if !m.sample && !m.answer {
					op.outcome = "ok"
					if m.key != "" {
						op.outcome = "no-response"
						if !fresh[key] {
							waiting[key], fresh[key] = nil, true
						}
						waiting[key] = append(waiting[key], &op)
					}
				}
				samples[&op] = m.sample
				all = append(all, &op)
			}
			for key := range nth {
				delete(waiting, key)
			}
		}
	}
	for _, j := range all {
		r.blank(j, samples[j])
	}
	return all
}
