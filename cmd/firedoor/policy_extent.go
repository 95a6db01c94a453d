package main

import (
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// extentOf is how far a protocol goes, of all that carry it: what travels inside another shares
// its spaces and its units.
func extentOf(name string, carriers []*protocol.Protocol, functions []policy.Function) policy.Extent {
	out := policy.Extent{Whole: len(carriers) > 0, Spaces: map[string]uint32{}}
	words, widest, bounded := map[string]bool{}, uint32(0), true
	for _, f := range functions {
		words[f.Words], widest = true, max(widest, f.Code)
	}
	var extents []protocol.Extent
	for _, p := range carriers {
		x := p.Extent()
		extents = append(extents, x)
		out.Whole, out.Units, bounded = out.Whole && x.Whole, max(out.Units, x.Units), bounded && x.Units > 0
		if x.Spaces == nil {
			out.Spaces = nil
		}
		if out.Spaces == nil {
			continue
		}
		for head, row := range x.Spaces {
			if was, twice := out.Spaces[head]; !twice || was != 0 && (row.Last == 0 || row.Last > was) {
				out.Spaces[head] = row.Last
			}
		}
	}
	if !bounded {
		out.Units = 0
	}
	if len(out.Spaces) == 0 {
		out.Spaces = nil
	}
	out.Whole = out.Whole && len(functions) > 0
	out.Widest = protocol.Widest(widest)
	out.Told = func(asked string) bool {
		for i := range extents {
			if extents[i].Told(asked, words) {
				return true
			}
		}
		return false
	}
	return out
}
