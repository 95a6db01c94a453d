package datapath

import (
	"strings"
	"testing"
)

// TestCheck: tables that could not mean anything are refused, naming the entry.
func TestCheck(t *testing.T) {
	good := func() *Tables {
		t := withCodes()
		t.Nevers = [][]Never{{{Codes: 1 << 5}}}
		return t
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		spoil func(*Tables)
		says  string
	}{
		"no pair":                 {func(t *Tables) { t.Pairs = nil }, "pair 0"},
		"no such pair":            {func(t *Tables) { t.Joined[0].Pair = 2 }, "joined 0: there is no pair 2"},
		"a gate of no pair":       {func(t *Tables) { t.Gates[1].Pair = 2 }, "gate 1: there is no pair 2"},
		"codes as a default":      {func(t *Tables) { t.Pairs[1].Default.Action = Codes }, "pair 1: default: codes"},
		"asking about a type":     {func(t *Tables) { t.Pairs[1].EtherTypes.Action = Ask }, "EtherTypes: ask"},
		"asking about one type":   {func(t *Tables) { t.Gates[0] = PortGate{1, EtherType, 1, Gate{Action: Ask}} }, "gate 0: ask"},
		"safety that is dropped":  {func(t *Tables) { t.Gates[0].Gate = Gate{Safety: true, Action: Drop} }, "safety"},
		"no such codes":           {func(t *Tables) { t.Gates[0].Gate.Codes = 2 }, "code table 2"},
		"a floor without codes":   {func(t *Tables) { t.Codes = nil }, "code table"},
		"a floor that is none":    {func(t *Tables) { t.Gates[0].Gate.Floor = 9 }, "floor 9"},
		"a reason of ours":        {func(t *Tables) { t.Pairs[0].Default.Reason = ReasonStale }, "reason"},
		"resetting by code":       {func(t *Tables) { t.Codes[0][7].Action = Reset }, "codes 0: code 7"},
		"code by code by code":    {func(t *Tables) { t.Codes[0][8].Action = Codes }, "codes 0: code 8"},
		"nevers of no codes":      {func(t *Tables) { t.Nevers = make([][]Never, 3) }, "there are 2"},
		"too many nevers":         {func(t *Tables) { t.Nevers[0] = make([]Never, MaxNevers+1) }, "codes 0: 65 nevers"},
		"never a mask":            {func(t *Tables) { t.Nevers[0][0].Codes = 1 << 22 }, "codes 0: never 0"},
		"never nothing":           {func(t *Tables) { t.Nevers[0][0].Codes = 0 }, "codes 0: never 0"},
		"never from 5 to 4":       {func(t *Tables) { t.Nevers[0][0].From = 1 }, "codes 0: never 0"},
		"never values 5 to 4":     {func(t *Tables) { t.Nevers[0][0].Low = 1 }, "codes 0: never 0"},
		"VLAN 5000":               {func(t *Tables) { t.Places[0].VLAN = VLAN{true, 5000, 0} }, "place 0"},
		"an inner tag alone":      {func(t *Tables) { t.Places[1].VLAN = VLAN{true, 0, 7} }, "place 1"},
		"a mapped prefix":         {func(t *Tables) { t.Places[2].Prefix = prefix("::ffff:10.0.0.0/104") }, "place 2"},
		"any pair for a port":     {func(t *Tables) { t.Gates[0].Pair = AnyPair }, "any pair"},
		"a station in a bad VLAN": {func(t *Tables) { t.Stations = []Station{{VLAN: VLAN{true, 4095, 0}}} }, "station 0"},
		"too many in quarantine":  {func(t *Tables) { t.Quarantine = make([]Held, MaxHeld+1) }, "quarantine"},
	} {
		tables := good()
		c.spoil(tables)
		if err := tables.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want something with %q", what, err, c.says)
		}
	}
}

func TestReasonsHaveNames(t *testing.T) {
	for r := OwnReasons; r < lastReason; r++ {
		if ReasonName(r) == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
	if ReasonName(lastReason) != "" || ReasonName(3) != "" || len(reasonNames) != int(lastReason-OwnReasons) {
		t.Error("a reason that is none has a name, or a name has no reason")
	}
	if ReasonName(ReasonBroken) != "broken" || ReasonName(ReasonStale) != "stale" || ReasonName(ReasonLink) != "link" {
		t.Error("names and reasons are out of step")
	}
}
