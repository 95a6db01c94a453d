package sensor

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/flow"
	"firedoor/internal/journal"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
	"firedoor/internal/snapshot"
)

// stateVersion is that of the stored form. A change that the codec cannot follow
// by itself (it follows fields that come and go) gets the next number, a
// migration in restore, and a fixture of the one before in testdata.
const stateVersion = 1

// stateFile is where a watch keeps its state within its folder.
const stateFile = "sensor.state"

// stateCodec stores what the folds remember. Kinds of object are stored by the
// names of protocol and space.
var stateCodec = snapshot.Codec{Names: []snapshot.Names{spaceNames(all.List)}}

func spaceNames(list []*protocol.Protocol) snapshot.Names {
	names, spaces := map[*firedoor.Space]string{}, map[string]*firedoor.Space{}
	for _, p := range list {
		for _, s := range p.Spaces {
			name := p.Name + "/" + s.Name
			spaces[name] = s
			if _, known := names[s]; !known {
				names[s] = name
			}
		}
	}
	return snapshot.Names{
		Type: reflect.TypeFor[*firedoor.Space](),
		Name: func(p any) (string, bool) { n, ok := names[p.(*firedoor.Space)]; return n, ok },
		Find: func(name string) (any, bool) { s, ok := spaces[name]; return s, ok },
	}
}

// stored is a state in parts, each by itself, so that one that is not there
// leaves what it stands for fresh.
type stored struct {
	Parts map[string][]byte
	Board detect.State
}

// siteState is what a site remembers beside inventory, board and peers.
type siteState struct {
	Learned, Armed bool
	Acquainted     int64
	Relearned      int64
}

// laneState is what a lane remembers beside its table.
type laneState struct {
	Counts [2]Sight
	Sights []sourceSight
	Flows  []storedFlow
	Table  flow.Arrangement

	Glances []glance
	Rhythms int
	Sealed  int
	Pairs   []storedPair
}

// parts lists what is stored, by name.
func (w *Watch) parts() map[string]any {
	p := map[string]any{"feed": w.feed, "course": &w.course, "inventory": w.p.site.inventory, "peers": &w.p.site.peers, "programs": &w.p.site.programs, "memory": &w.memory, "runs": &w.book.runsTold}
	switch from := w.from.(type) {
	case *tape:
		p["reel"] = &from.reel
	case *made:
		p["reel"] = &from.reel
	}
	for i := range lanes {
		p[fmt.Sprintf("table %d", i)] = w.p.lane(i).table
		if points := w.p.lane(i).points; points != nil {
			p[fmt.Sprintf("points %d", i)] = points
		}
	}
	return p
}

// memory is what a watch remembers of itself.
type memory struct {
	Live     bool     // it watched interfaces, else captures
	Sources  []string // names by the Capture of frames
	Restarts uint64
	Journal  journal.Position // all before it is in the state
	Site     siteState
	Lanes    [lanes]laneState
}

// state gives the whole state. Nothing may be under way.
func (w *Watch) state() ([]byte, error) {
	s := w.p.site
	w.memory.Site = siteState{s.learned, s.armed, s.acquainted, s.relearned}
	if w.o.Journal != nil {
		w.memory.Journal = w.o.Journal.Position()
	}
	for i := range lanes {
		l := w.p.lane(i)
		pairs, err := l.storePairs()
		if err != nil {
			return nil, fmt.Errorf("state of the sensor: %w", err)
		}
		w.memory.Lanes[i] = laneState{l.counts, l.sights, l.storeFlows(), l.flows.Arrangement(), l.glances, l.rhythms, l.sealed, pairs}
	}
	defer func() { w.memory.Lanes = [lanes]laneState{} }()
	out := stored{Parts: map[string][]byte{}}
	err := w.appendParts(out.Parts)
	if err != nil {
		return nil, err
	}
	if out.Board, err = s.board.State(&stateCodec); err != nil {
		return nil, fmt.Errorf("state of the sensor, alerts: %w", err)
	}
	return stateCodec.Append(nil, &out)
}

// appendParts stores the parts on all cores: everything waits for it.
func (w *Watch) appendParts(to map[string][]byte) error {
	type stored struct {
		name  string
		bytes []byte
		err   error
	}
	parts := w.parts()
	done := make(chan stored, len(parts))
	var storing sync.WaitGroup
	for name, part := range parts {
		storing.Go(func() {
			b, err := stateCodec.Append(nil, part)
			done <- stored{name, b, err}
		})
	}
	storing.Wait()
	close(done)
	for s := range done {
		if s.err != nil {
			return fmt.Errorf("state of the sensor, %s: %w", s.name, s.err)
		}
		to[s.name] = s.bytes
	}
	return nil
}

// remembered reads from a state what a watch was reading: that decides how the
// sources are opened.
func remembered(body []byte) (m memory, r reel, err error) {
	var in stored
	if _, err := stateCodec.Load(body, &in); err != nil {
		return m, r, err
	}
	for name, part := range map[string]any{"memory": &m, "reel": &r} {
		if b, ok := in.Parts[name]; ok {
			if _, err := stateCodec.Load(b, part); err != nil {
				return m, r, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return m, r, nil
}

// restore makes a fresh watch what the stored one was. only, if not nil, says
// which parts are taken.
func (w *Watch) restore(body []byte, only func(part string) bool) error {
	var in stored
	if _, err := stateCodec.Load(body, &in); err != nil {
		return err
	}
	for name, part := range w.parts() {
		b, ok := in.Parts[name]
		if !ok || name == "reel" || only != nil && !only(name) { // the reel was read before the sources were opened
			continue
		}
		if _, err := stateCodec.Load(b, part); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for i := range lanes {
		w.p.lane(i).table.Restored()
		if points := w.p.lane(i).points; points != nil {
			points.Restored()
		}
	}
	w.p.site.programs.Restored()
	if only != nil {
		return nil
	}
	s := w.p.site
	s.learned, s.armed, s.acquainted = w.memory.Site.Learned, w.memory.Site.Armed, w.memory.Site.Acquainted
	s.relearned = w.memory.Site.Relearned
	for i := range lanes {
		l := w.p.lane(i)
		l.sights = w.memory.Lanes[i].Sights
		l.counts, l.count = w.memory.Lanes[i].Counts, &l.counts[0]
		l.rhythms, l.sealed = w.memory.Lanes[i].Rhythms, w.memory.Lanes[i].Sealed
		if l.points != nil {
			l.glances = w.memory.Lanes[i].Glances
		}
		if err := l.restorePairs(w.memory.Lanes[i].Pairs); err != nil {
			return err
		}
		l.restoreFlows(w.memory.Lanes[i].Flows, &w.memory.Lanes[i].Table)
		w.memory.Lanes[i] = laneState{}
	}
	return s.board.Restore(&stateCodec, in.Board)
}

// learnedPart tells the parts that are what was learned, and nothing else: what
// export and import carry.
func learnedPart(name string) bool {
	return name == "inventory" || name == "peers" || name == "programs" || strings.HasPrefix(name, "table ")
}

func (w *Watch) statePath() string { return filepath.Join(w.o.Dir, stateFile) }
