package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
)

// deadly names the variable by which the program of the tests becomes a gateway whose workers
// can be made to die. It is a file of tests, so no program that is built has it.
const deadly = "FIREDOOR_TEST_DEADLY"

// What makes a worker die, as the end of a Modbus request.
var (
	crashes = []byte{6, 0, 5, 0xde, 0xad}
	hangs   = []byte{6, 0, 5, 0xde, 0xaf}
)

// deadlyParser is Modbus that dies of certain bytes.
type deadlyParser struct{ protocol.Parser }

// Parse ends the process, or never ends itself.
func (p deadlyParser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	if bytes.HasSuffix(b, crashes) {
		panic("a worker is made to crash")
	}
	for bytes.HasSuffix(b, hangs) {
	}
	return p.Parser.Parse(dir, b, emit)
}

// deadlyProtocols are all protocols, with a Modbus that one can die of.
func deadlyProtocols() []*protocol.Protocol {
	out := slices.Clone(all.List)
	for i, p := range out {
		if p.Name == "modbus" {
			own := *p
			own.New = func() protocol.Parser { return deadlyParser{p.New()} }
			out[i] = &own
		}
	}
	return out
}

// runDeadly is the program with such workers.
func runDeadly(args []string) int {
	if len(args) > 0 && args[0] == "gateway-worker" {
		if err := deadlyWorker(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitDamaged
		}
		return exitOK
	}
	m := Main{Args: args, Stdout: os.Stdout, Stderr: os.Stderr}
	return m.Run(context.Background())
}
