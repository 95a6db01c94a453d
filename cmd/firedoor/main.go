// Command firedoor watches factory traffic, learns what is normal and tells
// what is not. It must not hold logic of its own: each file here is one
// subcommand that wires rooms together.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// Exit statuses (docs/formats/command-line.md).
const (
	exitOK      = 0
	exitDamaged = 1 // a capture ended before its time, or output could not be written
	exitUsage   = 2 // what was asked for makes no sense or cannot be read
)

// Main is the whole program; tests start it in-process.
type Main struct {
	Args           []string // without the program's name
	Stdout, Stderr io.Writer
	// Terminal tells that Stderr is one: then progress is shown.
	Terminal bool
}

// usageError is what the user can mend by calling again with other words.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// damageError says that results are there but not all of the input was.
type damageError struct{ errs []error }

func (e damageError) Error() string { return errors.Join(e.errs...).Error() }

func main() {
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	if command == "gateway" {
		runtime.LockOSThread() // the guardian's processes hang on the thread that this one began with
	}
	paceCollector(os.Getenv("GOGC"), command)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	info, err := os.Stderr.Stat()
	m := Main{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
	os.Exit(m.Run(ctx))
}

// Run runs the subcommand and returns the exit status; errors are on Stderr.
func (m *Main) Run(ctx context.Context) int {
	err := m.run(ctx)
	var usage usageError
	var damage damageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(foundError)):
		return exitFound
	case errors.As(err, new(toldError)):
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(m.Stderr, "firedoor: %s\nTry \"firedoor help\".\n", printable(err.Error()))
		return exitUsage
	case errors.As(err, &damage):
		for _, e := range damage.errs {
			fmt.Fprintf(m.Stderr, "firedoor: %s\n", printable(e.Error()))
		}
		return exitDamaged
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(m.Stderr, "firedoor: stopped")
		return exitDamaged
	default:
		fmt.Fprintf(m.Stderr, "firedoor: %s\n", printable(err.Error()))
		return exitDamaged
	}
}
