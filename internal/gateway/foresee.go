package gateway

import (
	"fmt"
	"slices"
	"strings"

	"firedoor"
	"firedoor/internal/policy"
)

// Foreseen is what an isolation does to everyday work, in numbers. Clients and Screens
// count whoever loses something that it reads.
type Foreseen struct {
	Screens  int `json:"operator_screens"` // of operators
	Clients  int `json:"other_clients"`
	Reads    int `json:"reads"`
	Writes   int `json:"writes"` // of values, and control
	Programs int `json:"programs"`
	Other    int `json:"other"` // sessions, and traffic that nobody reads
}

// Outcome is what machines do next, whose traffic in a protocol is stopped.
type Outcome struct {
	Protocol string `json:"protocol"`
	Next     string `json:"next"` // unknown, holds, falls back, trips
	Why      string `json:"why"`
}

// Foresee counts what Preview tells, all of it, and says of each protocol what machines
// do next. Assets say who is an operator's screen; there may be none.
func Foresee(before, after *policy.Plan, learned []firedoor.Conversation, assets []firedoor.Asset, verb policy.IsolationVerb) (f Foreseen, next []Outcome) {
	screens := screensOf(assets)
	readers := map[string]bool{} // by whether it is a screen
	for i := range learned {
		c := &learned[i]
		at := c.Client.IP
		if at == "" {
			at = c.Client.MAC
		}
		at = c.Segment + " " + at
		for _, e := range effects(before, after, c) {
			if f.count(e.Verb) {
				readers[at] = screens[at]
			}
			if !slices.ContainsFunc(next, func(o Outcome) bool { return o.Protocol == e.Protocol }) {
				n, why := policy.NextOf(e.Protocol, verb)
				next = append(next, Outcome{e.Protocol, n.String(), why})
			}
		}
	}
	for _, screen := range readers {
		if screen {
			f.Screens++
		} else {
			f.Clients++
		}
	}
	return f, next
}

// count counts an effect by its verb; it tells whether a read is lost, or a whole
// connection, on which something may have been read.
func (f *Foreseen) count(verb string) bool {
	switch verb {
	case firedoor.VerbRead.String():
		f.Reads++
		return true
	case firedoor.VerbWrite.String(), firedoor.VerbControl.String():
		f.Writes++
	case firedoor.VerbProgram.String(), firedoor.VerbConfigure.String():
		f.Programs++
	default:
		f.Other++
	}
	return false
}

// screensOf are the addresses of operators' screens.
func screensOf(assets []firedoor.Asset) map[string]bool {
	out := map[string]bool{}
	for i := range assets {
		a := &assets[i]
		if a.Role != firedoor.RoleHMI && a.Role != firedoor.RoleSCADAServer {
			continue
		}
		for _, id := range a.Identifiers {
			if id.Kind == "ip" || id.Kind == "mac" {
				out[a.Segment+" "+id.Value] = true
			}
		}
	}
	return out
}

// Sentence says it in one line: "Greys 1 operator screen, cuts 3 reads, no production write."
func (f *Foreseen) Sentence() string {
	var words []string
	switch {
	case f.Screens > 0 && f.Clients > 0:
		words = append(words, "Greys "+numbered(f.Screens, "operator screen")+" and "+numbered(f.Clients, "other client"))
	case f.Screens > 0:
		words = append(words, "Greys "+numbered(f.Screens, "operator screen"))
	case f.Clients > 0:
		words = append(words, "Blinds "+numbered(f.Clients, "client")+" of which nothing says that it is an operator screen")
	default:
		words = append(words, "Greys no operator screen")
	}
	words = append(words, "cuts "+numbered(f.Reads, "read"))
	if f.Reads == 0 {
		words[len(words)-1] = "cuts no read"
	}
	if f.Writes == 0 {
		words = append(words, "no production write")
	} else {
		words = append(words, "stops "+numbered(f.Writes, "production write"))
	}
	if f.Programs > 0 {
		words = append(words, numbered(f.Programs, "change")+" of programs or settings")
	}
	if f.Other > 0 {
		words = append(words, "and "+numbered(f.Other, "other thing"))
	}
	return strings.Join(words, ", ") + "."
}

func numbered(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
