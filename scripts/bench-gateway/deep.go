package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"firedoor/internal/gateway"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol/all"
	"firedoor/internal/testbed"
)

// Arguments by which this program is the worker of a gateway, or its control.
const (
	asWorker  = "worker"
	asControl = "control"
)

func known() policy.Known {
	return policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: port}} }, Protocols: []string{"modbus"}}
}

func runWorker() error { return gateway.RunWorker(all.List, known()) }

// runControl brings a policy into force and waits for the end.
func runControl(text string) error {
	plan, err := policyfile.Read("bench", []byte(text), known())
	if err != nil {
		return err
	}
	g, err := gateway.Connect(gateway.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.Set([]byte(text), plan, nil); err != nil {
		return err
	}
	<-g.Gone()
	return nil
}

// message makes a payload a Modbus request, so that the deep path has something to judge: to
// write as many coils as make its length, which must be from 14 to 259 bytes.
func message(b []byte) {
	data := len(b) - 13
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-6))
	b[6], b[7] = 1, modbusFunction
	binary.BigEndian.PutUint16(b[8:], 0)
	binary.BigEndian.PutUint16(b[10:], uint16(8*data))
	b[12] = byte(data)
}

// modbusFunction writes coils: the one of which a request has any length.
const modbusFunction = 15

const deepPath = "deep path"

// deep is the gateway where every request is judged by the worker: a rule before the one
// that lets it pass looks at an object.
func deep(b *testbed.Bed, name string, _ *options) (string, func(), error) {
	const what = deepPath
	text := fmt.Sprintf(`policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: %s/32}
  cell: {addresses: %s/32}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    never-block: {reviewed: {by: bench, on: 2026-01-01}}
    rules:
      - {protocol: modbus, object: "holding:0-9", verdict: refuse}
      - {protocol: modbus, code: %d, verdict: pass}
      - {port: %d, verdict: pass}
`, b.Client.IP4, b.Server.IP4, modbusFunction, flowPort)
	pins, err := os.MkdirTemp("", "bench-gateway")
	if err != nil {
		return what, nil, err
	}
	unmount, err := testbed.MountPins(pins)
	if err != nil {
		return what, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return what, nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan struct{}), make(chan error, 1)
	cfg := guardian.Config{Inside: b.Client.Port, Outside: b.Server.Port, Pins: pins, Name: name, Worker: []string{self, asWorker}, Control: []string{self, asControl, text},
		Stdout: os.Stderr, Stderr: os.Stderr, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Started: func() { close(started) }}
	go func() {
		runtime.LockOSThread() // as in main
		ended <- guardian.New(cfg).Run(ctx)
	}()
	select {
	case <-started:
	case err = <-ended:
	}
	return what, func() {
		stop()
		if err := errors.Join(<-ended, guardian.Remove(cfg)); err != nil {
			fmt.Fprintln(os.Stderr, "bench-gateway: the deep path:", err)
		}
		unmount()
		_ = os.Remove(pins)
	}, err
}
