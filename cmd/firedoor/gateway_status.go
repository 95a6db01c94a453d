package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firedoor/internal/gateway"
	"firedoor/internal/health"
)

// gatewayStatus is what a gateway answers to firedoor status.
func gatewayStatus(st *gateway.Status) *processStatus {
	judging := health.State{Name: "worker", OK: st.Worker == "alive"}
	if !judging.OK {
		judging.Problem = "no worker judges: the kernel goes on alone"
	}
	standby := health.State{Name: "standby", OK: st.Standby}
	if !standby.OK {
		standby.Problem = "nobody stands by"
	}
	bypass := health.State{Name: "bypass", OK: !st.Bypass && st.BypassEnded == ""}
	if st.Bypass {
		bypass.Problem = "everything passes, until \"firedoor bypass --off\""
	} else if !bypass.OK {
		bypass.Problem = "it ended at " + st.BypassEnded + " though nobody ended it, so the policy is in force: \"firedoor bypass\" lets everything pass again, \"firedoor bypass --off\" says that this is known"
	}
	force := health.State{Name: "in force", OK: st.Unapplied == ""}
	if !force.OK {
		force.Problem = "what was decided is not in force, and is tried again until it is: " + st.Unapplied
	}
	counters := health.State{Name: "counters", OK: st.Uncounted == 0}
	if st.Uncounted > 0 {
		counters.Problem = grouped(st.Uncounted) + " frames have no reason: there was no room to count them apart"
	}
	records := health.State{Name: "records", OK: st.Unwritten == ""}
	if !records.OK {
		records.Problem = "what is stopped is counted and cannot be written down: " + st.Unwritten
	}
	link := linkState(st)
	pace := health.State{Name: "pace", OK: len(st.Shed) == 0}
	if !pace.OK {
		pace.Problem = "goes by the kernel's floor for a while, for judging it took too long: " + strconv.Itoa(len(st.Shed)) + " of clients and conduits"
	}
	barred := health.State{Name: "clients", OK: len(st.Barred) == 0}
	if !barred.OK {
		barred.Problem = "no worker judges what these ask, for workers died on their frames; the kernel's floor does: " + strconv.Itoa(len(st.Barred))
	}
	isolations := health.State{Name: "isolations", OK: len(st.NoEffect) == 0}
	if !isolations.OK {
		isolations.Problem = fmt.Sprintf("decisions that do nothing under this policy: %v; \"firedoor list\" says why", st.NoEffect)
	}
	return &processStatus{Version: version, Roles: []string{"gateway"}, Gateway: st, Conditions: []health.State{judging, standby, force, bypass, link, counters, records, pace, barred, isolations}}
}

// gatewayText is a gateway's status for people.
func gatewayText(st *processStatus) string {
	g := st.Gateway
	var b strings.Builder
	line := func(name, format string, args ...any) {
		say(&b, "%-12s %s\n", name, sayf(format, args...))
	}
	line("gateway", "between %s (inside) and %s (outside), firedoor %s", g.Inside, g.Outside, st.Version)
	line("policy", "%s: %s enforce, %d in test, %d observe; between other zones: %s", g.Policy, counted(g.Enforcing, "conduit"), g.Testing, g.Observing, g.Otherwise)
	line("isolated", "%d", g.Isolated)
	for _, x := range st.Conditions {
		if x.OK {
			line(x.Name, "well")
		} else {
			line(x.Name, "NOT WELL: %s", x.Problem)
		}
	}
	for _, x := range g.Shed {
		who := "all"
		if x.Client.IsValid() {
			who = x.Client.String()
		}
		line("", "  %s of conduit %s until %s: %s", who, x.Name, x.Until.Local().Format("15:04:05"), x.Why)
	}
	for _, x := range g.Barred {
		line("", "  client %s since %s: %d workers died; \"firedoor release %s\" ends it", x.Client, x.Since.Local().Format("2006-01-02 15:04:05"), x.Deaths, x.Client)
	}
	if g.Workers > 2 || g.Controls > 1 {
		line("", "%d workers and %d processes for orders were started so far", g.Workers, g.Controls)
	}
	line("frames", "%s came in at both ports, %s of them explained:", grouped(g.In), grouped(g.Explained))
	for _, what := range slices.Sorted(maps.Keys(g.Kernel)) {
		line("", "  %s: %s", what, grouped(g.Kernel[what]))
	}
	j := &g.Judged
	line("judged", "%s by workers: %s passed, %s changed (refused), %s dropped, %s wait; %s resets sent", grouped(j.In), grouped(j.Passed), grouped(j.Changed), grouped(j.Dropped),
		grouped(j.Held), grouped(j.Resets))
	if g.JudgedTo != nil {
		line("", "  all of it until %s, when a worker said so last", g.JudgedTo.Local().Format("15:04:05.000"))
	}
	if g.Lost > 0 || g.Unsent > 0 {
		line("", "  %s lines of stopped.jsonl were lost for want of room, %s frames could not be sent", grouped(g.Lost), grouped(g.Unsent))
	}
	if g.Unread > 0 {
		line("", "  %s frames came faster than they could be judged, and went no further", grouped(g.Unread))
	}
	b.WriteString("What would happen now if\n")
	line("  a worker crashes:", "%s.", g.Crash)
	line("  a worker hangs:", "%s.", g.Hang)
	line("  all of it stops or is killed:", "%s.", g.Stop)
	line("  power is lost:", "%s.", g.Power)
	return b.String()
}

// linkState says whether frames can come and go.
func linkState(st *gateway.Status) health.State {
	problems := st.Amiss
	if len(st.NoLink) > 0 {
		text := strings.Join(st.NoLink, " and ") + ": nothing is at the other end of the cable"
		if len(st.Taken) > 0 {
			text += "; " + strings.Join(st.Taken, " and ") + " is down for that"
		}
		problems = append([]string{text}, problems...)
	}
	return health.State{Name: "link", OK: len(problems) == 0, Problem: strings.Join(problems, "; ")}
}
