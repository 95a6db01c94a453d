package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// commands is the command line, as kong reads it.
type commands struct {
	Replay  replayCommand  `cmd:"" help:"Read captures; tell devices, operations, what is normal and what is not."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Show help for firedoor or one of its commands."`
}

func (m *Main) parser(c *commands) (*kong.Kong, error) {
	return kong.New(c, kong.Name("firedoor"),
		kong.Description("The factory firewall: sees every device and operation, learns what is normal, says what is not."),
		kong.Writers(m.Stdout, m.Stderr), kong.Exit(func(int) {}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
}

func (m *Main) run(ctx context.Context) error {
	var c commands
	k, err := m.parser(&c)
	if err != nil {
		return err
	}
	if len(m.Args) == 0 {
		return m.help(nil)
	}
	for _, a := range m.Args {
		if a == "--" {
			break
		}
		if a == "--help" || a == "-h" {
			return m.help(m.Args[:1])
		}
	}
	parsed, err := k.Parse(m.Args)
	if err != nil {
		var parse *kong.ParseError
		if errors.As(err, &parse) {
			return usageError{err.Error()}
		}
		return err
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(m)
}

// help prints help for a subcommand, or for all.
func (m *Main) help(about []string) error {
	var c commands
	k, err := m.parser(&c)
	if err != nil {
		return err
	}
	args := []string{"--help"}
	for _, a := range about {
		if !strings.HasPrefix(a, "-") {
			args = append([]string{a}, args...)
		}
	}
	var out strings.Builder
	k.Stdout, k.Stderr = &out, io.Discard
	if _, err := k.Parse(args); out.Len() == 0 {
		return usageError{fmt.Sprintf("no such command: %s (%v)", strings.Join(about, " "), err)}
	}
	_, err = io.WriteString(m.Stdout, out.String())
	return err
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// Run prints the help.
func (h *helpCommand) Run(m *Main) error { return m.help(h.Command) }
