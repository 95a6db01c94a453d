package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"firedoor/internal/sensor"
)

// commands is the command line, as kong reads it.
type commands struct {
	Replay   replayCommand         `cmd:"" help:"Read captures; tell devices, operations, what is normal and what is not."`
	Run      runCommand            `cmd:"" help:"Watch a live network, or a capture being played, and show it on a console until told to stop."`
	Status   statusCommand         `cmd:"" help:"Ask a running firedoor how it is."`
	Baseline baselineCommand       `cmd:"" help:"Tell a running firedoor to learn, to watch, to pause, to forget; export and import what was learned."`
	Link     linkCommand           `cmd:"" help:"Ask a running firedoor for a new one-time link to its console."`
	Journal  journalCommand        `cmd:"" help:"Print what happened, from the journal of a sensor, and check that nobody changed it."`
	Points   pointsCommand         `cmd:"" help:"Make a map of process values from what a maker says of a device: EDS and GSDML files."`
	Policy   policyCommand         `cmd:"" help:"What may pass between zones: check, explain, compare, prove, draft a policy; replay traffic through it."`
	Gateway  gatewayCommand        `cmd:"" help:"Stand between two ports: let pass what a policy lets pass, and nothing else."`
	Worker   gatewayWorkerCommand  `cmd:"" name:"gateway-worker" hidden:"" help:"Judge what a gateway's kernel part asks about; only a gateway starts it."`
	Control  gatewayControlCommand `cmd:"" name:"gateway-control" hidden:"" help:"Read policies and take orders for a gateway; only a gateway starts it."`
	Isolate  isolateCommand        `cmd:"" help:"Have a gateway restrain a device, a pair, a zone or a conduit for a while."`
	Confirm  confirmCommand        `cmd:"" help:"Confirm, as a second person, what another one ordered a gateway."`
	Release  releaseCommand        `cmd:"" help:"Have a gateway release what was isolated."`
	List     listCommand           `cmd:"" help:"List what a gateway has isolated."`
	Stopped  stoppedCommand        `cmd:"" help:"Say what a gateway stopped, by conduit, rule and pair."`
	Bypass   bypassCommand         `cmd:"" help:"Have a gateway let everything pass."`
	Reload   reloadCommand         `cmd:"" help:"Have a gateway read its policy again."`
	Audit    auditCommand          `cmd:"" help:"Check that nobody changed what was decided."`
	Check    checkCommand          `cmd:"" help:"Say what would run with a configuration file, or all that is wrong with it."`
	Demo     demoCommand           `cmd:"" help:"Show all of it on a virtual factory: traffic, processes, attacks that a person starts."`
	Plant    plantCommand          `cmd:"" help:"The virtual factory: list scenarios, record traffic with the truth about it, measure what is found."`
	Version  versionCommand        `cmd:"" help:"Print the version."`
	Help     helpCommand           `cmd:"" help:"Show help for firedoor or one of its commands."`
}

func (m *Main) parser(c *commands) (*kong.Kong, error) {
	return kong.New(c, kong.Name("firedoor"),
		kong.Description("Watches factory networks: tells the devices and operations it sees, learns what is normal, says what is not."),
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
			return m.help(m.commandWords())
		}
	}
	parsed, err := k.Parse(m.Args)
	if err != nil {
		return usageError{m.plain(err)}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(m)
}

// commandWords are the words that name a command, of those given.
func (m *Main) commandWords() []string {
	if m.Args[0] == "baseline" || m.Args[0] == "policy" || m.Args[0] == "audit" || m.Args[0] == "plant" || m.Args[0] == "points" {
		return m.Args[:min(2, len(m.Args))]
	}
	return m.Args[:1]
}

// plain says in our own words what kong says in its, where they are hard to
// understand.
func (m *Main) plain(err error) string {
	text := err.Error()
	flag, _, _ := strings.Cut(text, ": expected ")
	word, unexpected := strings.CutPrefix(text, "unexpected argument ")
	switch {
	case unexpected && word == m.Args[0]:
		return "no such command: " + word
	case unexpected && m.Args[0] == "replay":
		return word + ": captures stand together, flags before or behind them"
	case strings.HasPrefix(text, `expected "<capture>`):
		return "replay: no capture given"
	case strings.HasSuffix(text, `got "EOL" (<EOL>)`):
		return flag + ": needs a value"
	case flag == "--shards":
		return fmt.Sprintf("--shards: give a number from 1 to %d", sensor.MaxShards)
	}
	return text
}

// help prints help for a subcommand, or for all.
func (m *Main) help(about []string) error {
	var c commands
	k, err := m.parser(&c)
	if err != nil {
		return err
	}
	var args []string
	for _, a := range about {
		if !strings.HasPrefix(a, "-") {
			args = append(args, a)
		}
	}
	args = append(args, "--help")
	var out strings.Builder
	k.Stdout, k.Stderr = &out, io.Discard
	_, _ = k.Parse(args) // prints the help, or what was asked for does not exist
	if out.Len() == 0 {
		return usageError{"no such command: " + strings.Join(about, " ")}
	}
	_, err = io.WriteString(m.Stdout, out.String())
	return err
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// Run prints the help.
func (h *helpCommand) Run(m *Main) error { return m.help(h.Command) }
