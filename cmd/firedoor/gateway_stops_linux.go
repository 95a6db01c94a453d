package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"firedoor/internal/gateway"
	"firedoor/internal/policyfile"
)

// inForceFile says what the tables in the kernel mean, for whoever comes after this
// process.
const inForceFile = "in-force.json"

type inForce struct {
	Generation uint32 `json:"generation"`
	Policy     string `json:"policy"`
}

// gatewayState is how a gateway is, and what it stopped.
type gatewayState struct {
	gateway.Status
	Stops gateway.StopState `json:"stops"`
}

func (s *gatewayService) status() (gatewayState, error) {
	st, err := s.gateStatus()
	return gatewayState{st, s.stops.State()}, err
}

// gateStatus is how the gateway is, with what this process knows of it.
func (s *gatewayService) gateStatus() (gateway.Status, error) {
	st, err := s.gate.Status()
	st.Unwritten = s.stops.Problem()
	if why := s.unapplied.Load(); why != nil {
		st.Unapplied = *why
	}
	if ended := s.ended.Load(); ended != nil {
		st.BypassEnded = *ended
	}
	return st, err
}

// rows answers with all that was stopped since the gateway was started.
func (s *gatewayService) rows(w http.ResponseWriter, _ *http.Request) { reply(w, s.stops.AllRows()) }

// wasInForce reads what an earlier process left in force.
func (s *gatewayService) wasInForce() (was inForce) {
	b, err := os.ReadFile(filepath.Join(s.dir, inForceFile))
	if err != nil || json.Unmarshal(b, &was) != nil {
		return inForce{} // of what is not known no drop is named
	}
	return was
}

// tellStops tells what the kernel drops until ctx ends. What was in force before is put
// into words by its own policy.
func (s *gatewayService) tellStops(ctx context.Context, was inForce) {
	if plan, err := policyfile.Read(inForceFile, []byte(was.Policy), known()); err == nil {
		s.gate.Remember(was.Generation, plan)
	}
	if err := s.gate.TellStops(ctx, s.stops); err != nil {
		s.log.Error("what the kernel drops is counted, and not told any more", "error", err)
	}
}

// noteInForce keeps what the tables in the kernel mean now. The caller holds the lock.
func (s *gatewayService) noteInForce() {
	b, err := json.Marshal(inForce{s.gate.Generation(), string(s.text)})
	if err == nil {
		err = gateway.Replace(filepath.Join(s.dir, inForceFile), b)
	}
	if err != nil {
		s.log.Error(inForceFile, "error", err)
	}
}

// units are those of sizes on the command line.
var units = []struct {
	word  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// maxEvidence is the largest bound of evidence.
const maxEvidence = int64(1) << 40

// parseSize reads a number of bytes: "64MiB".
func parseSize(text string) (int64, bool) {
	for _, u := range units {
		if digits, ok := strings.CutSuffix(text, u.word); ok {
			n, err := strconv.ParseInt(digits, 10, 64)
			return n * u.bytes, err == nil && n >= 0 && n <= maxEvidence/u.bytes
		}
	}
	return 0, false
}

// openStops opens what is kept of stops.
func (c *gatewayControlCommand) openStops(log *slog.Logger) (*gateway.Stops, error) {
	bytes, ok := parseSize(c.Evidence)
	if !ok || bytes > 0 && bytes < gateway.LeastEvidence {
		return nil, usageError{fmt.Sprintf("--evidence %s: give a size from 1MiB to 1024GiB, or 0 to keep no frames", c.Evidence)}
	}
	stops, err := gateway.OpenStops(c.Data, bytes, [2]string{c.Inside, c.Outside}, log)
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return stops, nil
}
