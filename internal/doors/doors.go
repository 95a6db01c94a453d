package doors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// MaxGateways is how many gateways one console follows.
const MaxGateways = 8

const (
	// awayAfter is after how long without an answer a gateway is told as away.
	awayAfter = 5 * time.Second
	saveEvery = 10 * time.Second
	// relist is how much of a file is read again after a start, to list its newest stops.
	relist = 4 << 20
	// stateVersion is that of the file of what was counted.
	stateVersion = 1
)

// Config says which gateways there are.
type Config struct {
	// Gateways are their data folders.
	Gateways []string
	// Data is a folder for what was counted; it is made.
	Data string
	// Journal is the folder of the journal on which policies are tried; empty: none.
	Journal string
	// Known is what policies are compiled against.
	Known policy.Known
}

// Doors is what is known of all gateways. Its methods may be called by several
// goroutines.
type Doors struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	gateways []*gateway
	trying   chan struct{} // a place for whoever tries a policy
}

// gateway is one that is followed.
type gateway struct {
	name, dir string
	state     string // file of what was counted
	ask       *asker
	tail      tail   // of the goroutine that follows
	failed    string // what was wrong with it last, so that it is logged once
	saved     time.Time
	policySum [32]byte

	mu         sync.Mutex
	heard      time.Time // when it last answered
	problem    string    // why what is shown may be old or not all; empty: nothing
	status     Status
	barred     []Barred
	shed       []Shed
	isolations []Isolation
	generation uint32
	text       string       // of the policy
	base       *policy.Plan // without isolations
	plan       *policy.Plan // with them; nil until it was told
	shown      shown
	stops      stops
}

// Open takes in what was counted before. Nothing is asked before Run.
func Open(cfg Config, log *slog.Logger) (*Doors, error) {
	d := &Doors{cfg: cfg, log: log, now: time.Now, trying: make(chan struct{}, 1)}
	if len(cfg.Gateways) > MaxGateways {
		return nil, fmt.Errorf("%d gateways: at most %d are followed", len(cfg.Gateways), MaxGateways)
	}
	if len(cfg.Gateways) == 0 {
		return d, nil
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	names := map[string]int{}
	for _, dir := range cfg.Gateways {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(dir)
		if names[name]++; names[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, names[name])
		}
		sum := sha256.Sum256([]byte(dir))
		g := &gateway{name: name, dir: dir, state: filepath.Join(cfg.Data, hex.EncodeToString(sum[:8])+".json"), ask: newAsker(dir),
			tail: tail{path: filepath.Join(dir, "stopped.jsonl")}, stops: newStops()}
		if err := g.restore(); err != nil {
			log.Warn("what a gateway stopped is counted anew", "gateway", dir, "problem", err)
		}
		if g.stops.since == "" {
			g.stops.since = stamp(d.now())
		}
		d.gateways = append(d.gateways, g)
	}
	return d, nil
}

// Run follows the gateways until ctx is done.
func (d *Doors) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, g := range d.gateways {
		all.Go(func() { d.follow(ctx, g) })
	}
	all.Wait()
	return nil
}

func (d *Doors) follow(ctx context.Context, g *gateway) {
	defer g.tail.close()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		err := d.look(ctx, g)
		more, readErr := g.take()
		g.tell(d.log, err, readErr)
		if now := d.now(); now.Sub(g.saved) >= saveEvery {
			d.save(g, now)
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			d.save(g, d.now())
			return
		case <-tick.C:
		}
	}
}

// look asks the gateway how it is, and for its policy where that is another one.
func (d *Doors) look(ctx context.Context, g *gateway) error {
	var st answer
	if err := g.ask.get(ctx, "/gateway", askFor, maxStatus, &st); err != nil {
		return err
	}
	var told []decision
	if err := g.ask.get(ctx, "/isolations", askFor, maxStatus, &told); err != nil {
		return err
	}
	var list []Isolation
	for i := range told {
		list = append(list, told[i].isolation())
	}
	g.mu.Lock()
	g.heard, g.status, g.isolations = d.now(), st.Status, list
	g.barred, g.shed = st.passedBy()
	current := g.plan != nil && g.generation == st.Generation
	g.mu.Unlock()
	if current {
		return nil
	}
	return d.load(ctx, g)
}

// load takes over the policy that is in force.
func (d *Doors) load(ctx context.Context, g *gateway) error {
	var l loaded
	if err := g.ask.get(ctx, "/policy", loadFor, maxLoaded, &l); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(l.Text))
	base := g.base // only this goroutine writes it
	if base == nil || l.Text != g.text {
		plan, err := policyfile.Read("policy", []byte(l.Text), d.cfg.Known)
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return fmt.Errorf("this console does not understand its policy: %s", first)
		}
		base = plan
	}
	plan, _ := base.With(l.Isolations)
	sentences := show(plan)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.policySum != [32]byte{} && g.policySum != sum {
		g.stops.forget(stamp(d.now()))
	}
	g.policySum = sum
	g.base, g.plan, g.text, g.generation, g.shown = base, plan, l.Text, l.Generation, sentences
	return nil
}

// take reads what came into the file of what was stopped.
func (g *gateway) take() (more bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tail.poll(g.stops.take)
}

// tell notes what is wrong, and logs it once.
func (g *gateway) tell(log *slog.Logger, asked, read error) {
	text := ""
	switch {
	case asked != nil && !errors.Is(asked, errAway):
		text = asked.Error()
	case errors.Is(read, fs.ErrPermission):
		text = "this console may not read what it stopped (stopped.jsonl): it must run as the same user"
	case read != nil:
		text = "what it stopped cannot be read: " + read.Error()
	case errors.Is(asked, fs.ErrPermission):
		text = "this console may not ask it: it must run as the same user"
	}
	g.mu.Lock()
	g.problem = text
	g.mu.Unlock()
	if asked != nil && text == "" {
		text = "it does not answer"
	}
	if text != g.failed {
		g.failed = text
		if text != "" {
			log.Warn("a gateway is not shown as it is", "gateway", g.dir, "problem", text)
		} else {
			log.Info("a gateway answers", "gateway", g.dir)
		}
	}
}

// state is what lasts of a gateway.
type state struct {
	Version int    `json:"version"`
	Policy  string `json:"policy"` // SHA-256 of the one that was in force
	Spot    spot   `json:"spot"`
	Stops   kept   `json:"stops"`
}

// save writes down what was counted and up to where.
func (d *Doors) save(g *gateway, now time.Time) {
	g.saved = now
	g.mu.Lock()
	if !g.stops.changed {
		g.mu.Unlock()
		return
	}
	g.stops.changed = false
	st := state{stateVersion, hex.EncodeToString(g.policySum[:]), g.tail.spot, g.stops.keep()}
	g.mu.Unlock()
	b, err := json.Marshal(st)
	if err == nil {
		next := g.state + ".next"
		if err = os.WriteFile(next, b, 0o600); err == nil {
			err = os.Rename(next, g.state)
		}
	}
	if err != nil {
		d.log.Warn("what a gateway stopped could not be noted; it is tried again", "gateway", g.dir, "problem", err)
		g.mu.Lock()
		g.stops.changed = true
		g.mu.Unlock()
	}
}

// restore goes on where an earlier console stopped.
func (g *gateway) restore() error {
	b, err := os.ReadFile(g.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var st state
	if err := json.Unmarshal(b, &st); err != nil {
		return err
	}
	sum, err := hex.DecodeString(st.Policy)
	if st.Version != stateVersion || err != nil || len(sum) != len(g.policySum) || st.Spot.At < 0 || len(st.Spot.Mark) > markBytes || int64(len(st.Spot.Mark)) > st.Spot.At {
		return fmt.Errorf("%s: is not what this version writes", g.state)
	}
	copy(g.policySum[:], sum)
	g.tail.spot = st.Spot
	g.stops.restore(st.Stops)
	return g.relist()
}

// relist lists the newest stops of the file again.
func (g *gateway) relist() error {
	var again []line
	err := g.tail.before(relist, func(b []byte) {
		if l, ok := parse(b); ok && l.Done != shed {
			again = append(again, l)
		}
	})
	last := g.stops.seq
	again = again[max(0, len(again)-MaxStops):]
	if uint64(len(again)) > last {
		again = again[uint64(len(again))-last:]
	}
	g.stops.seq -= uint64(len(again))
	for _, l := range again {
		g.stops.list(l)
	}
	return err
}

const layout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// wall is a time of a gateway as the API writes times; empty where it is none.
func wall(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return ""
	}
	return stamp(t)
}
