package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"firedoor"
	"firedoor/internal/audit"
	"firedoor/internal/confine"
	"firedoor/internal/gateway"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
	"firedoor/internal/written"
)

// gatewayService is a gateway that is under way.
type gatewayService struct {
	gate    *gateway.Gateway
	log     *slog.Logger
	file    string // of the policy
	learned []firedoor.Conversation
	assets  []firedoor.Asset

	mu        sync.Mutex
	text      []byte
	plan      *policy.Plan // without isolations
	decisions *gateway.Decisions
	wake      chan struct{}
	dir       string // of data
	group     string // may use the control socket
	stops     *gateway.Stops
	ready     chan struct{} // closed when there is somewhere to keep what was stopped
	undone    undone

	unapplied, ended atomic.Pointer[string] // for the status, which does not wait for the lock
}

// Run reads policies and takes orders, for the gateway that started it.
func (c *gatewayControlCommand) Run(ctx context.Context, m *Main) error {
	guardian.NameProcess()
	s := &gatewayService{file: c.Policy, wake: make(chan struct{}, 1), ready: make(chan struct{}), log: slog.New(slog.NewTextHandler(m.Stderr, nil))}
	text, readErr := readFile(c.Policy) // once: kernel and workers go by one and the same
	if readErr == nil {
		s.text = text
		s.plan, readErr = policyOf(m, c.Policy, text)
	}
	var err error
	if s.gate, err = gateway.Connect(gateway.Config{Functions: modbusFunctions(), Log: s.log, Told: s.told, Happened: s.happened}); err != nil {
		return usageError{err.Error()}
	}
	defer s.gate.Close()
	if readErr != nil && s.gate.First() {
		return readErr
	}
	if err := s.goOn(); err != nil {
		return err
	}
	if c.Learned != "" {
		if err := readJSON(filepath.Join(c.Learned, "conversations.json"), &s.learned); err != nil {
			return err
		}
		s.assets = learnedAssets(c.Learned)
	}
	if err := s.openData(ctx, c); err != nil {
		return err
	}
	defer s.close()
	l, err := s.listen(ctx, c.Data) // which may have to be given to a group
	if err != nil {
		return err
	}
	if err := s.confine(c); err != nil {
		return errors.Join(err, l.Close())
	}
	return s.serve(ctx, m, l)
}

// goOn takes the policy that is in force already, where an earlier control process left one:
// that it died is no reason to bring a file into force that nobody has reloaded.
func (s *gatewayService) goOn() error {
	text, err := s.gate.InForce()
	if text == nil || err != nil {
		return err
	}
	plan, err := policyfile.Read(s.file, text, known())
	if err != nil {
		return err
	}
	if s.plan == nil || string(text) != string(s.text) {
		s.log.Warn("the policy that was in force stays in force; its file is another one now, or wrong: \"firedoor reload\" reads it", "file", s.file)
	}
	s.text, s.plan = text, plan
	return nil
}

// confine gives up what control does not need: it reads the policy and what was learned, and
// writes in its folder. Its connection to the guardian it has.
func (s *gatewayService) confine(c *gatewayControlCommand) error {
	cfg := confine.Config{Read: []string{filepath.Dir(c.Policy)}, Write: []string{c.Data}}
	for _, file := range []string{"/etc/passwd", "/etc/group"} { // who gave an order
		if _, err := os.Stat(file); err == nil {
			cfg.Read = append(cfg.Read, file)
		}
	}
	if c.Learned != "" {
		cfg.Read = append(cfg.Read, c.Learned)
	}
	report, err := confine.Drop(cfg)
	for _, what := range report.Missing {
		s.log.Warn("control has more rights than it needs", "because", what)
	}
	return err
}

// happened hears what the guardian did, which has told it to the log. What is shed has a line
// among what was stopped: from then on other things may be.
func (s *gatewayService) happened(e *guardian.Event) {
	if reason := map[string]string{"shed": "latency", "barred": "worker-deaths"}[e.What]; reason != "" {
		s.told(&gateway.StoppedRecord{Time: e.Time.UTC().Format(time.RFC3339Nano), Done: "shed", Says: "pass", Reason: reason, Conduit: e.Name, Client: e.Client})
	}
	if e.What == "barred" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.note("bar", "gateway", gateway.Noted{Client: e.Client, Reason: e.Text})
	}
}

// note writes down what is no decision. The caller holds the lock.
func (s *gatewayService) note(what, by string, n gateway.Noted) {
	if err := s.decisions.Note(what, by, n); err != nil {
		s.log.Error("decisions.jsonl", "what", what, "client", n.Client, "error", err)
	}
}

// unbar has workers judge a client again.
func (s *gatewayService) unbar(client, by string) (string, error) {
	a, err := netip.ParseAddr(client)
	if err != nil {
		return "", fmt.Errorf("%q is no address", client)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.gate.Unbar(a); err != nil {
		return "", err
	}
	s.note("unbar", by, gateway.Noted{Client: a.String()})
	s.log.Info("released", "client", a, "by", by)
	return "client " + a.String() + " is judged by workers again", nil
}

// modbusFunctions are what the kernel judges by.
func modbusFunctions() (out []policy.Function) {
	for _, p := range all.List {
		if p.Name == "modbus" && p.Functions != nil {
			p.Functions(func(f protocol.Function) {
				if f.Protocol == "" && f.Of == "" {
					words := strings.Replace(f.Words, "function N", fmt.Sprint("function ", f.Code), 1)
					out = append(out, policy.Function{Code: f.Code, Verb: f.Verb, Words: words})
				}
			})
		}
	}
	return out
}

// openData opens the folder with decisions and what was stopped.
func (s *gatewayService) openData(ctx context.Context, c *gatewayControlCommand) error {
	dir := c.Data
	if running(ctx, dir) {
		return usageError{dir + ": another firedoor uses this data folder"}
	}
	if _, err := socketIn(dir); err != nil {
		return usageError{"--data " + err.Error()}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return usageError{fmt.Sprintf("--data %s: %v", dir, reason(err))}
	}
	if err := ours(dir); err != nil {
		return usageError{fmt.Sprintf("--data %s: %v", dir, err)}
	}
	var err error
	if s.decisions, err = gateway.OpenDecisions(filepath.Join(dir, "decisions.jsonl"), time.Now); err != nil {
		return usageError{mending(err)}
	}
	s.dir, s.group = dir, c.Group
	if s.stops, err = c.openStops(s.log); err == nil {
		close(s.ready)
	}
	return err
}

// mending says what to do about decisions that cannot be gone on with.
func mending(err error) string {
	var damage *audit.DamageError
	if !errors.As(err, &damage) {
		return err.Error()
	}
	return err.Error() + "; put the file back as it was together with its .head, or move both away: what was isolated is not any more then"
}

// told keeps what was stopped.
func (s *gatewayService) told(r *gateway.StoppedRecord) {
	<-s.ready // else this process is about to end
	s.stops.Tell(r)
}

func (s *gatewayService) close() {
	if err := errors.Join(s.decisions.Close(), s.stops.Close()); err != nil {
		s.log.Error("closing", "error", err)
	}
}

// listen opens the control socket.
func (s *gatewayService) listen(ctx context.Context, dir string) (net.Listener, error) {
	path := filepath.Join(dir, controlSocket)
	_ = os.Remove(path) // of a process that was killed
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), s.share(path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (s *gatewayService) serve(ctx context.Context, m *Main, l net.Listener) error {
	server := s.server()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = server.Close() }()
	_, unknown := s.decisions.Isolations(s.plan)
	for _, u := range unknown {
		s.log.Warn("a decision has no effect under this policy", "decision", u)
	}
	was := s.wasInForce()
	s.mu.Lock()                                   // orders wait until there is something that they change
	go func() { _ = server.Serve(newPeers(l)) }() // ends with Close
	err := s.begin()
	if err == nil || !s.gate.First() {
		s.settleBypass()
	}
	s.mu.Unlock()
	if err != nil && s.gate.First() {
		return toldError{} // by the guardian, whose error it is
	}
	if s.gate.First() {
		fmt.Fprintf(m.Stdout, "Between the two ports under policy %s. Stop with Ctrl-C or SIGTERM: what the kernel judges by itself stays in force.\n", s.file)
	}
	go s.keepInForce(ctx)
	go s.tellStops(ctx, was)
	select {
	case <-ctx.Done():
	case <-s.gate.Gone():
	}
	return nil
}

// server answers orders, one to a connection: whoever keeps one for the next would have a part of his share by it.
func (s *gatewayService) server() *http.Server {
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Second, ReadTimeout: orderTime, ConnContext: withPeer}
	server.SetKeepAlivesEnabled(false)
	return server
}

func (s *gatewayService) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gateway", func(w http.ResponseWriter, _ *http.Request) {
		st, err := s.status()
		answer(w, st, err)
	})
	mux.HandleFunc("GET /stops", s.rows)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		st, err := s.gateStatus()
		s.mu.Lock()
		for _, one := range s.decisions.Under(s.plan) {
			if one.NoEffect != "" {
				st.NoEffect = append(st.NoEffect, one.ID)
			}
		}
		s.mu.Unlock()
		answer(w, gatewayStatus(&st), err)
	})
	mux.HandleFunc("GET /isolations", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, s.isolations()) // not within the lock: who asked may be slow to hear it
	})
	mux.HandleFunc("GET /policy", func(w http.ResponseWriter, _ *http.Request) {
		out, err := s.inForce()
		answer(w, out, err)
	})
	mux.HandleFunc("POST /isolate", func(w http.ResponseWriter, r *http.Request) {
		out, err := s.isolate(r)
		answer(w, out, err)
	})
	mux.HandleFunc("POST /release", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.release(r)
		answer(w, done{text}, err)
	})
	mux.HandleFunc("POST /confirm", func(w http.ResponseWriter, r *http.Request) {
		one, err := s.confirm(r)
		answer(w, one, err)
	})
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.reload(whoAsks(r))
		answer(w, done{text}, err)
	})
	mux.HandleFunc("POST /upgrade", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.upgrade(whoAsks(r))
		answer(w, done{text}, err)
	})
	mux.HandleFunc("POST /bypass", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.bypass(r)
		answer(w, done{text}, err)
	})
	return mux
}

func (s *gatewayService) isolations() []gateway.Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.decisions.Under(s.plan); list != nil {
		return list
	}
	return []gateway.Decision{}
}

// policyInForce is what a console shows: the policy as it was read, and the isolations
// on top of it.
type policyInForce struct {
	Name       string             `json:"name"`
	Generation uint32             `json:"generation"`
	Text       string             `json:"text"`
	Isolations []policy.Isolation `json:"isolations"`
}

func (s *gatewayService) inForce() (*policyInForce, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.gate.Status()
	if err != nil {
		return nil, err
	}
	isolated, _ := s.decisions.Isolations(s.plan)
	return &policyInForce{s.plan.Policy.Name, st.Generation, string(s.text), isolated}, nil
}

func answer(w http.ResponseWriter, v any, err error) {
	var usage usageError
	var problems written.Problems
	switch {
	case errors.As(err, &usage):
		http.Error(w, usage.text, http.StatusBadRequest)
	case errors.As(err, &problems):
		http.Error(w, problems.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		reply(w, v)
	}
}

type peerKey struct{}

// withPeer notes who is at the other end of the socket.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	if p, ok := c.(*caller); ok {
		return context.WithValue(ctx, peerKey{}, p)
	}
	return ctx
}

func whoAsks(r *http.Request) string {
	p, _ := r.Context().Value(peerKey{}).(*caller)
	if p == nil || !p.known {
		return "unknown"
	}
	if u, err := user.LookupId(strconv.Itoa(int(p.uid))); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(int(p.uid))
}

// isolated is the answer to an order to isolate.
type isolated struct {
	Decision *gateway.Decision `json:"decision,omitempty"` // none where it was only a preview
	Effects  []gateway.Effect  `json:"effects"`
	More     int               `json:"more_effects,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	Foreseen gateway.Foreseen  `json:"foreseen"`
	Next     []gateway.Outcome `json:"next"`    // what machines do next, by protocol
	Known    bool              `json:"learned"` // whether anything learned was there to tell effects by
}

// wanted is what somebody orders to isolate.
type wanted struct {
	gateway.Decision
	For     time.Duration
	Preview bool
}

// wantedOf reads an order: what whoever gives it may say, and nothing else of a decision.
func wantedOf(r *http.Request) (*wanted, error) {
	var w struct {
		Verb, Scope, Reason string
		Cap                 uint32
		Everything, Preview bool
		For                 time.Duration
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<16)).Decode(&w); err != nil {
		return nil, usageError{"an order that cannot be read: " + err.Error()}
	}
	return &wanted{gateway.Decision{Verb: w.Verb, Scope: w.Scope, Reason: w.Reason, Cap: w.Cap, Everything: w.Everything}, w.For, w.Preview}, nil
}

func (s *gatewayService) isolate(r *http.Request) (*isolated, error) {
	want, err := wantedOf(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var i policy.Isolation
	if err = errors.Join(want.Ordered(want.For), want.Means(s.plan)); err == nil {
		i, err = gateway.Isolation(s.plan, &want.Decision)
	}
	if err != nil {
		return nil, usageError{err.Error()}
	}
	if i.Verb == policy.KnownClients {
		if s.learned == nil {
			return nil, errors.New("--verb known-clients-only: this gateway was started without --learned, so it knows no clients")
		}
		i.Clients = gateway.ClientsOf(s.plan, s.learned, i)
	}
	force, _ := s.decisions.Isolations(s.plan)
	before, _ := s.plan.With(force)
	after, _ := s.plan.With(append(force, i))
	if err := gateway.Fits(after); err != nil {
		return nil, err
	}
	out := &isolated{Known: s.learned != nil}
	out.Effects, out.More = gateway.Preview(before, after, s.learned)
	if out.Effects == nil {
		out.Effects = []gateway.Effect{}
	}
	s.foresee(out, before, after, i.Verb)
	if want.Preview {
		return out, nil
	}
	want.Clients, want.By = i.Clients, whoAsks(r)
	if want.Everything {
		return out, s.propose(r, &want.Decision, want.For, out)
	}
	if out.Decision, err = s.decisions.Add(want.Decision, want.For); err != nil {
		return nil, err // nothing is held without a record
	}
	if i.Verb == policy.Quarantine && i.Other == "" && i.Conduit == "" {
		if err := s.holdAtOnce(after, i.Host); err != nil { // the policy that follows holds it as well
			s.log.Error("holding at once", "decision", out.Decision.ID, "error", err)
		}
	}
	s.log.Info("isolated", "decision", out.Decision.ID, "scope", want.Scope, "verb", want.Verb, "until", out.Decision.Until, "by", want.By, "reason", want.Reason)
	s.nudge()
	return out, notYet(fmt.Sprintf("decision %d is written down", out.Decision.ID), s.apply())
}

// holdAtOnce stops the next frame of a place that nothing of what is never blocked
// speaks of; the whole policy follows.
func (s *gatewayService) holdAtOnce(after *policy.Plan, name string) error {
	at, ok := after.Named(name)
	if !ok || after.NeverBlocksAny(at) {
		return nil
	}
	return s.gate.Hold(at, 0)
}

func (s *gatewayService) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *gatewayService) release(r *http.Request) (string, error) {
	if client := r.URL.Query().Get("client"); client != "" {
		return s.unbar(client, whoAsks(r))
	}
	id, err := strconv.ParseUint(r.URL.Query().Get("id"), 10, 32)
	if err != nil {
		return "", fmt.Errorf("%q is no number of a decision: firedoor list shows them", r.URL.Query().Get("id"))
	}
	now := r.URL.Query().Get("now") == "true"
	s.mu.Lock()
	defer s.mu.Unlock()
	still := gateway.Beside(s.decisions.List(), uint32(id))
	if until := s.decisions.Testing(uint32(id)); until != "" && !now {
		return fmt.Sprintf("decision %d is being released already: until %s it says what it would stop; --now ends that", id, until), nil
	}
	if now {
		err = s.decisions.Release(uint32(id), whoAsks(r))
	} else {
		err = s.decisions.Test(uint32(id), whoAsks(r))
	}
	if err != nil {
		return "", err
	}
	s.nudge()
	s.log.Info("released", "decision", id, "by", whoAsks(r))
	if err := s.apply(); err != nil {
		return "", notYet(fmt.Sprintf("the release of decision %d is written down", id), err)
	}
	switch {
	case now:
		return fmt.Sprintf("decision %d is released%s", id, still), nil
	case s.decisions.Testing(uint32(id)) == "":
		return fmt.Sprintf("decision %d waited for a second person, and stopped nothing yet: it is gone%s", id, still), nil
	}
	return fmt.Sprintf("decision %d stops nothing any more; for %s it still says what it would stop%s", id, written.FormatDuration(gateway.TestFor), still), nil
}

// reload reads the policy's file again; a policy that is wrong changes nothing.
func (s *gatewayService) reload(by string) (string, error) {
	text, err := readFile(s.file)
	if err != nil {
		return "", err
	}
	plan, err := policyfile.Read(s.file, text, known())
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.keepsIsolations(plan); err != nil {
		return "", err
	}
	wasText, wasPlan := s.text, s.plan
	s.text, s.plan = text, plan
	if err := s.set(); err != nil {
		s.text, s.plan = wasText, wasPlan
		return "", errors.Join(err, notYet("the policy before goes on", s.apply())) // the kernel may have some of the new one
	}
	s.holds()
	digest := sha256.Sum256(text)
	n := gateway.Noted{Policy: s.file, SHA256: hex.EncodeToString(digest[:])}
	s.note(gateway.Reload, by, n)
	s.log.Info("policy reloaded", "file", s.file, "sha256", n.SHA256, "by", by)
	return "policy " + s.file + " is in force", nil
}

// upgrade has the program replaced by the one that lies now where this one was started from. This
// process is replaced too, soon after it was told that the new one works: what comes first is written first.
func (s *gatewayService) upgrade(by string) (string, error) {
	s.log.Info("the program is to be replaced", "by", by)
	p, err := s.gate.Upgrade() // not within the lock: isolations do not wait until the program was tried
	n, what := gateway.Noted{Program: p.File, SHA256: p.SHA256}, gateway.Upgrade
	if err != nil {
		n.Reason, what = err.Error(), gateway.Kept
	}
	s.mu.Lock()
	s.note(what, by, n)
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	return "the new program works, and takes over now", nil
}

// keepsIsolations refuses a policy under which a decision would do nothing any more that does something
// now: an attacker who is isolated is not let go by a name that changed.
func (s *gatewayService) keepsIsolations(plan *policy.Plan) (err error) {
	now := s.decisions.Under(s.plan)
	for i, then := range s.decisions.Under(plan) {
		if then.NoEffect != "" && now[i].NoEffect == "" {
			err = errors.Join(err, fmt.Errorf("decision %d (%s of %s) would do nothing any more: %s; release it first (firedoor release %d)", then.ID, then.Verb, then.Scope, then.NoEffect, then.ID))
		}
		if gone := then.Missing(plan); then.NoEffect == "" && len(gone) > len(then.Missing(s.plan)) {
			err = errors.Join(err, fmt.Errorf("decision %d (%s of %s) knows %s, of whom the policy has no such name any more, and would cut them off; release it first (firedoor release %d)", then.ID, then.Verb, then.Scope, strings.Join(gone, ", "), then.ID))
		}
	}
	if err != nil {
		return fmt.Errorf("%s is not brought into force: %w", s.file, err)
	}
	return nil
}

func (s *gatewayService) bypass(r *http.Request) (string, error) {
	q := r.URL.Query()
	if err := gateway.Reasoned(q.Get("reason")); err != nil {
		return "", usageError{err.Error()} // nothing is done that cannot be written down
	}
	return s.switchBypass(q.Get("on") == "true", whoAsks(r), q.Get("reason"))
}
