package doors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// Limits of asking a gateway.
const (
	askEvery = time.Second
	askFor   = 800 * time.Millisecond // for one answer: the next question comes a second later
	// loadFor is for a policy, which may be large.
	loadFor   = 10 * time.Second
	maxStatus = 1 << 20
	// maxPassedBy is how many clients or conduits of a list are shown that no worker judges:
	// a gateway has no more.
	maxPassedBy = 256
	// maxLoaded is a policy as JSON, in which a character may take six bytes, and its
	// isolations.
	maxLoaded = 6*policyfile.MaxFile + 1<<20
)

// Status is what a gateway says of itself.
type Status struct {
	Inside     string `json:"inside" doc:"Interface"`
	Outside    string `json:"outside" doc:"Interface"`
	Policy     string `json:"policy" doc:"Name"`
	Bypass     bool   `json:"bypass" doc:"Everything passes"`
	Ended      string `json:"bypass_ended" doc:"When a bypass ended that nobody ended, until somebody says something of it; empty: none did"`
	Unapplied  string `json:"unapplied" doc:"Why not all that was decided is in force; empty: all is"`
	Unwritten  string `json:"unwritten" doc:"Why what is stopped, or its frames, cannot be written down; empty: it can"`
	Worker     string `json:"worker" doc:"alive, or being started"`
	Workers    int    `json:"workers_started" doc:"Two stand there from the beginning; each further one took the place of another"`
	Generation uint32 `json:"generation" doc:"Of what is in force: it changes with policy and isolations"`
	In         uint64 `json:"kernel_in" doc:"Frames that the kernel took"`
	Explained  uint64 `json:"kernel_explained" doc:"Frames of which it says what became"`
	Reports    uint64 `json:"reports" doc:"Of what was stopped or would have been"`
	Lost       uint64 `json:"reports_lost" doc:"Reports that found no room"`
	Unsent     uint64 `json:"unsent" doc:"Frames that an interface did not take"`
	Crash      string `json:"on_crash" doc:"What happens when the worker crashes"`
	Hang       string `json:"on_hang" doc:"What happens when it hangs"`
	Power      string `json:"on_power_loss"`
}

// Barred is a client that no worker listens to any more, for workers died on its frames.
type Barred struct {
	Client string `json:"client" doc:"Address"`
	Name   string `json:"name" doc:"In the policy; empty: none"`
	Deaths int    `json:"deaths" doc:"Workers that died on its frames"`
	Since  string `json:"since_wall" doc:"When the last of them died"`
}

// Shed is what no worker judges for a while, for judging it took too long.
type Shed struct {
	Conduit string `json:"conduit" doc:"Name"`
	Client  string `json:"client" doc:"Address; empty: all of the conduit"`
	Name    string `json:"name" doc:"Of the client in the policy; empty: none"`
	Since   string `json:"since_wall"`
	Until   string `json:"until_wall"`
	Why     string `json:"why"`
}

// answer is a status as a gateway tells it.
type answer struct {
	Status
	Barred []struct {
		Barred
		Since string `json:"since"`
	} `json:"barred"`
	Shed []struct {
		Shed
		Since string `json:"since"`
		Until string `json:"until"`
	} `json:"shed"`
}

// passedBy are those that no worker judges; one of an older gateway tells of none.
func (a *answer) passedBy() (barred []Barred, shed []Shed) {
	for _, x := range a.Barred[:min(len(a.Barred), maxPassedBy)] {
		x.Barred.Since = wall(x.Since)
		barred = append(barred, x.Barred)
	}
	for _, x := range a.Shed[:min(len(a.Shed), maxPassedBy)] {
		x.Shed.Since, x.Shed.Until = wall(x.Since), wall(x.Until)
		shed = append(shed, x.Shed)
	}
	return barred, shed
}

// Isolation is a decision that restrains something for a while.
type Isolation struct {
	ID     uint32 `json:"id"`
	Verb   string `json:"verb"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
	By     string `json:"by"`
	Since  string `json:"since_wall"`
	Until  string `json:"until_wall"`
	State  string `json:"state" doc:"active; pending: a second person must confirm it, and until then it stops nothing; or testing: it stops nothing any more and only says what it still would"`
	// NoEffect is why it does nothing under the policy in force.
	NoEffect string `json:"no_effect" doc:"Why it does nothing under the policy in force; empty: it does something"`
}

// decision is an isolation as a gateway tells it.
type decision struct {
	Isolation
	Since string `json:"since"`
	Until string `json:"until"`
}

func (d *decision) isolation() Isolation {
	out := d.Isolation
	out.Since, out.Until = wall(d.Since), wall(d.Until)
	return out
}

// loaded is the policy that is in force.
type loaded struct {
	Name       string             `json:"name"`
	Generation uint32             `json:"generation"`
	Text       string             `json:"text"`
	Isolations []policy.Isolation `json:"isolations"`
}

// errAway says that nobody answers.
var errAway = errors.New("it does not answer")

// asker asks one control socket.
type asker struct{ client http.Client }

func newAsker(dir string) *asker {
	socket := filepath.Join(dir, "control.sock")
	return &asker{http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}}
}

// get asks for something, with a deadline and a limit.
func (a *asker) get(ctx context.Context, path string, within time.Duration, most int64, into any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://firedoor"+path, nil)
	if err != nil {
		return err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or of no use
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errAway, err)
	case int64(len(b)) > most:
		return fmt.Errorf("its answer to %s is larger than %d bytes", path, most)
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("it does not know %s: it is not a gateway, or an older one", path)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("it answers %s with: %s", path, strings.TrimSpace(string(b[:min(len(b), 200)])))
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("its answer to %s cannot be read: %w", path, err)
	}
	return nil
}
