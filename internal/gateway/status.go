package gateway

import (
	"fmt"
	"time"

	"firedoor"
	"firedoor/internal/guardian"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// Status is how a gateway is, and what would happen if something broke now.
type Status struct {
	Inside    string `json:"inside"`
	Outside   string `json:"outside"`
	Policy    string `json:"policy"`
	Enforcing int    `json:"conduits_enforcing"`
	Testing   int    `json:"conduits_testing"`
	Observing int    `json:"conduits_observing"`
	Reads     int    `json:"conduits_reads"`  // of those that enforce: of what cannot be judged only plain reads pass
	Open      int    `json:"conduits_open"`   // all of it passes
	Closed    int    `json:"conduits_closed"` // all of it is dropped
	Otherwise string `json:"otherwise"`       // mode between zones that no conduit joins
	Bypass    bool   `json:"bypass"`
	// BypassEnded is when one ended that nobody ended, until a person says something of it.
	BypassEnded string `json:"bypass_ended,omitempty"`
	// Unapplied is why not all that was decided is in force; it is tried again until it is.
	Unapplied  string            `json:"unapplied,omitempty"`
	Worker     string            `json:"worker"` // "alive" or "being started"
	Standby    bool              `json:"standby"`
	Workers    int               `json:"workers_started"`
	Controls   int               `json:"controls_started"`
	Upgrades   int               `json:"upgrades"`
	Generation uint32            `json:"generation"`
	Kernel     map[string]uint64 `json:"kernel_frames"`
	In         uint64            `json:"kernel_in"`
	Explained  uint64            `json:"kernel_explained"`
	Uncounted  uint64            `json:"kernel_uncounted"`
	Judged     inline.Counts     `json:"judged"`
	JudgedTo   *time.Time        `json:"judged_to,omitempty"` // all that workers judged until then is counted; what came later may be
	Reports    uint64            `json:"reports"`
	Lost       uint64            `json:"reports_lost"`
	Unsent     uint64            `json:"unsent"`
	Unread     uint64            `json:"unread"` // came faster than a worker judges, and went no further
	Isolated   int               `json:"isolated"`
	NoEffect   []uint32          `json:"no_effect,omitempty"` // decisions that do nothing under this policy
	Unwritten  string            `json:"unwritten,omitempty"` // why what is stopped cannot be written down
	Shed       []guardian.Shed   `json:"shed"`                // goes by the kernel's floor because it took too long
	Barred     []guardian.Barred `json:"barred"`              // goes by it until a person releases it: workers died on its frames
	NoLink     []string          `json:"no_link"`             // ports without a link
	Taken      []string          `json:"taken_down"`          // ports that are down for that
	Amiss      []string          `json:"amiss,omitempty"`     // what else became of ports: taken away, or taken down by somebody
	Crash      string            `json:"on_crash"`
	Hang       string            `json:"on_hang"`
	Stop       string            `json:"on_stop"`
	Power      string            `json:"on_power_loss"`

	elsewhere bool // what no conduit joins is stopped
	held      int  // isolations in force, those that are being released left out
}

// ofPolicy says what the policy in force is about.
func (s *Status) ofPolicy(p *policy.Policy) {
	s.Policy, s.Otherwise = p.Name, p.Otherwise.Mode.String()
	s.elsewhere = p.Otherwise.Mode == policy.Enforce && p.Otherwise.Default != firedoor.Pass
	for i := range p.Conduits {
		c := &p.Conduits[i]
		switch c.Mode {
		case policy.Enforce:
			s.Enforcing++
			switch c.Unjudged {
			case policy.Open:
				s.Open++
			case policy.Closed:
				s.Closed++
			default:
				s.Reads++
			}
		case policy.Test:
			s.Testing++
		default:
			s.Observing++
		}
	}
}

// foresee says what happens when something breaks now; limit is after how long without
// a heartbeat the kernel goes on by itself.
func (s *Status) foresee(limit time.Duration) {
	hangs := fmt.Sprint(limit.Milliseconds())
	s.Power = "the link is down: no bypass relay is known of"
	if s.Bypass {
		s.Crash = "nothing changes: everything passes, the gateway is in bypass"
		s.Hang, s.Stop = s.Crash, s.Crash
		return
	}
	floor := s.floor()
	s.Stop = "the kernel goes on alone: " + floor
	if s.Worker == "alive" && s.Standby {
		s.Crash = "the worker that stands by goes on at once; frames wait for it, none is lost"
		s.Hang = "after " + hangs + " ms the kernel goes on alone, and 2 ms later the worker that stands by takes over. In between: " + floor + ". What would be dropped for want of a worker waits for it instead, half a second at most"
		return
	}
	s.Crash = "nobody stands by yet. Until another worker is there, the kernel goes on alone: " + floor
	s.Hang = "after " + hangs + " ms the kernel goes on alone, until another worker is there: " + floor
	if s.Worker != "alive" {
		s.Crash = "it is so now. The kernel goes on alone: " + floor
		s.Hang = s.Crash
	}
}

// floor says what holds while no worker answers.
func (s *Status) floor() string {
	switch {
	case s.Enforcing > 0 || s.held > 0:
	case s.elsewhere:
		return "no conduit enforces, so all of it passes where one is, and nothing is written of what would have been stopped; what no conduit joins is stopped as before"
	default:
		return "no conduit enforces, so all of it passes, and nothing is written of what would have been stopped"
	}
	text := "addresses, ports and quarantine hold, Modbus is judged by its function code, and by unit, address and value where it is never blocked"
	for _, of := range []struct {
		conduits int
		what     string
	}{
		{s.Reads, "plain reads of Modbus that a worker would have to judge pass; all else that it would have to judge, and that may change something, is dropped (unjudged: reads)"},
		{s.Open, "all else that a worker would have to judge PASSES (unjudged: open)"},
		{s.Closed, "all else that a worker would have to judge is dropped (unjudged: closed)"},
	} {
		switch of.conduits {
		case 0:
		case s.Enforcing:
			text += "; " + of.what
		default:
			text += fmt.Sprintf("; on %d of the enforcing conduits %s", of.conduits, of.what)
		}
	}
	if s.Enforcing == 0 {
		text += "; what of isolated devices a worker would have to judge is dropped, but under rate-cap, or where their conduit says unjudged: open; no conduit enforces, so all else passes"
		if s.elsewhere {
			text += " where one is"
		}
	}
	return text
}
