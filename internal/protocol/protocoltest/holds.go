package protocoltest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// SheetHolds drops and resets all that changes something in the captures of some protocols,
// and checks that there becomes of it what the page says.
func SheetHolds(t *testing.T, list []*protocol.Protocol, page string, names ...string) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	gates, host := newGates(list), protocol.NewHost(list, func(*firedoor.Event) {})
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			h := holding{t: t, gates: gates, name: name, says: withIt(string(b), name)}
			folders := append(host.Speakers(name, true), host.Speakers(name, false)...)
			if pr := host.ByName(name); !slices.Contains(folders, pr) {
				folders = append(folders, pr)
			}
			for _, pr := range folders {
				eachSight(t, pr, func(st *sight) {
					p := newPlayer(list)
					p.play(st.chunks)
					for _, tr := range trials(st, p) {
						h.flow(tr)
					}
				})
			}
			if h.stopped == 0 {
				t.Error("no capture has anything to stop")
			}
		})
	}
}

// withIt is what the page says that goes with a request of a protocol.
func withIt(page, name string) string {
	line := regexp.MustCompile(`(?m)^\| \[` + regexp.QuoteMeta(name) + `\].*$`).FindString(page)
	cells, head := strings.Split(line, " | "), strings.Split(regexp.MustCompile(`(?m)^\| protocol .*$`).FindString(page), " | ")
	if at := slices.Index(head, "with it"); at > 0 && at < len(cells) {
		return cells[at]
	}
	return ""
}

// holding holds a protocol against its line.
type holding struct {
	t       *testing.T
	gates   *gates
	name    string
	says    string
	stopped int
}

// changing are the verbs that change something.
func changing() (out []firedoor.Verb) {
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if v.Changes() {
			out = append(out, v)
		}
	}
	return out
}

func (h *holding) run(tr *trial, says firedoor.Action, verbs []firedoor.Verb) became {
	h.t.Helper()
	b, err := h.gates.run(tr, policy.Rule{Verdict: says, Match: policy.Match{Protocols: []string{h.name}, Ports: []policy.Port{tr.port()}, Verbs: verbs}})
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *holding) flow(tr *trial) {
	change, first := map[int]bool{}, -1 // frames that bring a change
	for _, a := range tr.asked {
		if a.client && a.protocol == h.name && a.verb.Changes() {
			if change[a.frame] = true; first < 0 || a.frame < first {
				first = a.frame
			}
		}
	}
	for _, says := range []firedoor.Action{firedoor.Drop, firedoor.Reset} {
		switch {
		case tr.flow.kind == overEthernet && slices.Contains(tr.speaks, h.name):
			h.conversation(tr, says)
		case tr.gap || tr.odd || first < 0:
		case tr.flow.kind == overTCP && tr.flow.sure:
			h.connection(tr, says, first)
		case tr.flow.kind == overUDP:
			h.datagrams(tr, says, change)
		}
	}
}

// connection: all before the first change passes, and nothing from there on.
func (h *holding) connection(tr *trial, says firedoor.Action, first int) {
	h.is(goesConnection, tr)
	b := h.run(tr, says, changing())
	for i := range tr.frames {
		if b.on[i] != (i < first) {
			h.t.Errorf("%s flow %d, %s: frame %d goes on: %t; the first change is in frame %d", tr.capture, tr.flow.index, says, i, b.on[i], first)
			return
		}
	}
	if told := b.resets >= 2; told != (says == firedoor.Reset) {
		h.t.Errorf("%s flow %d, %s: %d ends of the connection were sent", tr.capture, tr.flow.index, says, b.resets)
	}
}

// datagrams: those with a change do not pass, and all with other requests do.
func (h *holding) datagrams(tr *trial, says firedoor.Action, change map[int]bool) {
	h.is(goesDatagram, tr)
	b := h.run(tr, says, changing())
	for _, a := range tr.asked {
		if b.on[a.frame] == change[a.frame] {
			h.t.Errorf("%s flow %d, %s: frame %d with %q goes on: %t", tr.capture, tr.flow.index, says, a.frame, a.words, b.on[a.frame])
		}
	}
	if b.resets > 0 {
		h.t.Errorf("%s flow %d: ends of a connection were sent where there is none", tr.capture, tr.flow.index)
	}
}

// conversation: a rule for verbs stops nothing, one for the protocol everything.
func (h *holding) conversation(tr *trial, says firedoor.Action) {
	h.is(goesConversation, tr)
	some, all := h.run(tr, says, changing()), h.run(tr, says, nil)
	for _, i := range tr.said() { // what comes back to its sender has another address
		if !some.on[i] || all.on[i] {
			h.t.Errorf("%s flow %d, %s: frame %d goes on: %t by a rule for verbs, %t by one for all", tr.capture, tr.flow.index, says, i, some.on[i], all.on[i])
			return
		}
	}
}

// is holds that the page says so.
func (h *holding) is(what string, tr *trial) {
	if h.stopped++; !slices.Contains(strings.Split(h.says, ", "), what) {
		h.t.Errorf("%s flow %d: the page says that %q goes with it, and it is the %s", tr.capture, tr.flow.index, h.says, what)
	}
}
