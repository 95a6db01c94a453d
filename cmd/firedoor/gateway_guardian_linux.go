package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"firedoor/internal/confine"
	"firedoor/internal/gateway"
	"firedoor/internal/guardian"
	"firedoor/internal/protocol/all"
)

// guardService is a guardian that is under way.
type guardService struct {
	guard *guardian.Guardian
	log   *slog.Logger
}

// Run stands between two ports until it is told to stop. This process holds the ports
// and keeps the others alive; it reads no policy.
func (c *gatewayCommand) Run(ctx context.Context, m *Main) error {
	guardian.NameProcess()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s := &guardService{log: slog.New(slog.NewTextHandler(m.Stderr, nil))}
	cfg := guardian.Config{Inside: c.Inside, Outside: c.Outside, Pins: c.Pins, Name: c.Name, Worker: []string{self, "gateway-worker"},
		Control: []string{self, "gateway-control", "--inside", c.Inside, "--outside", c.Outside, "--policy", c.Policy, "--data", c.Data, "--evidence", c.Evidence, "--group", c.Group}, Stdout: m.Stdout, Stderr: m.Stderr, Log: s.log, ForwardLinkLoss: c.ForwardLinkLoss}
	if c.Learned != "" {
		cfg.Control = append(cfg.Control, "--learned", c.Learned)
	}
	cfg.Started = func() {
		s.tellSystem(confine.Ready)
		go keepTelling(ctx, func(context.Context) bool { return s.guard.Alive() }, s.tellSystem)
	}
	if c.Remove {
		return guardError(guardian.Remove(cfg))
	}
	s.guard = guardian.New(cfg)
	defer s.tellSystem(confine.Stopping)
	return guardError(s.guard.Run(ctx))
}

// guardError makes of a guardian's error one that says how to go on.
func guardError(err error) error {
	var port guardian.PortError
	var control guardian.ControlError
	switch {
	case errors.As(err, &port):
		return usageError{err.Error()}
	case errors.As(err, &control) && control.Status == exitUsage:
		return toldError{}
	}
	return err
}

func (s *guardService) tellSystem(state string) {
	if err := confine.Notify(state); err != nil {
		s.log.Warn("the service manager cannot be told", "state", state, "problem", err)
	}
}

// Run judges what the kernel asks about; only a gateway starts it.
func (c *gatewayWorkerCommand) Run(*Main) error {
	guardian.NameProcess()
	return gateway.RunWorker(all.List, known())
}
