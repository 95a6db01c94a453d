package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"firedoor/internal/audit"
	"firedoor/internal/gateway"
	"firedoor/internal/policy"
	"firedoor/internal/written"
)

type gatewayCommand struct {
	Inside          string `required:"" help:"Interface towards what is to be protected." placeholder:"IF"`
	Outside         string `required:"" help:"Interface towards the rest." placeholder:"IF"`
	Policy          string `required:"" help:"The policy file." placeholder:"FILE"`
	Data            string `help:"Folder for decisions and for what was stopped." default:"gateway-data" placeholder:"DIR"`
	Learned         string `help:"A folder with conversations.json, by which effects of an isolation are told." placeholder:"DIR"`
	Pins            string `help:"Folder on a bpffs, in which what is in the kernel is found again." default:"/sys/fs/bpf/firedoor" placeholder:"DIR"`
	Name            string `help:"Begins the names of the interfaces that the gateway makes." default:"firedoor" placeholder:"NAME"`
	Evidence        string `help:"How many bytes of frames that were stopped are kept: 64MiB; 0 keeps none." default:"64MiB" placeholder:"SIZE"`
	Group           string `help:"Group whose members may use the control socket too." placeholder:"GROUP"`
	ForwardLinkLoss bool   `help:"Take a port down while the other one has no link, as a cable would."`
	Remove          bool   `help:"Take an earlier gateway out of the line instead: nothing passes between the ports any more."`
}

type gatewayWorkerCommand struct{}

type gatewayControlCommand struct {
	Inside   string `required:"" help:"Name of the interface inside." placeholder:"IF"`
	Outside  string `required:"" help:"Name of the one outside." placeholder:"IF"`
	Policy   string `required:"" help:"The policy file." placeholder:"FILE"`
	Data     string `required:"" help:"Folder for decisions and for what was stopped." placeholder:"DIR"`
	Learned  string `help:"A folder with conversations.json." placeholder:"DIR"`
	Evidence string `help:"How many bytes of frames that were stopped are kept." placeholder:"SIZE"`
	Group    string `help:"Group whose members may use the control socket too." placeholder:"GROUP"`
}

type isolateCommand struct {
	Verb       string `required:"" help:"How: rate-cap, known-clients-only, no-program, no-write, quarantine." placeholder:"VERB"`
	For        string `required:"" help:"For how long: 30m, 8h, 2d." placeholder:"TIME"`
	Reason     string `required:"" help:"Why, for whoever reads it later." placeholder:"TEXT"`
	Cap        uint32 `help:"With rate-cap: requests in a second." placeholder:"N"`
	Everything bool   `help:"With quarantine: stop also what is never blocked, as soon as a second person confirms it."`
	Preview    bool   `help:"Only tell what would be stopped."`
	JSON       bool   `name:"json" help:"Print the answer as JSON."`
	Data       string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
	Scope      string `arg:"" help:"A host, zone or conduit of the policy, or a pair: CLIENT,SERVER."`
}

// Run has a gateway isolate something.
func (c *isolateCommand) Run(ctx context.Context, m *Main) error {
	length, err := written.ParseDuration(c.For, gateway.MaxFor)
	if err != nil {
		return usageError{fmt.Sprintf("--for %s: %v", c.For, err)}
	}
	if length < time.Second {
		return usageError{fmt.Sprintf("--for %s: at least a second", c.For)}
	}
	if strings.TrimSpace(c.Reason) == "" {
		return errNoReason
	}
	if c.Cap > 0 && c.Verb != policy.RateCap.String() {
		return usageError{"--cap: " + c.Verb + " has none: it goes with --verb rate-cap"}
	}
	body, err := json.Marshal(map[string]any{"verb": c.Verb, "scope": c.Scope, "reason": c.Reason, "cap": c.Cap, "everything": c.Everything, "For": length, "Preview": c.Preview})
	if err != nil {
		return err
	}
	var out isolation
	if err := askWith(ctx, c.Data, "POST", "/isolate", bytes.NewReader(body), &out); err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(m.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	return c.tell(m, &out)
}

// errNoReason is that an order is without what whoever reads it later needs.
var errNoReason = usageError{"--reason: is empty: say why, for whoever reads it later"}

// isolation is what the gateway answers.
type isolation struct {
	Decision *decisionLine `json:"decision,omitempty"`
	Effects  []effectLine  `json:"effects"`
	More     int           `json:"more_effects,omitempty"`
	Learned  bool          `json:"learned"`

	Summary  string            `json:"summary,omitempty"`
	Foreseen gateway.Foreseen  `json:"foreseen"`
	Next     []gateway.Outcome `json:"next"`
}

type decisionLine struct {
	ID      uint32   `json:"id"`
	Verb    string   `json:"verb"`
	Scope   string   `json:"scope"`
	Reason  string   `json:"reason"`
	By      string   `json:"by"`
	Since   string   `json:"since"`
	Until   string   `json:"until"`
	Clients []string `json:"clients,omitempty"`
	Cap     uint32   `json:"cap,omitempty"`
	State   string   `json:"state"`
	// NoEffect is why it does nothing under the policy in force.
	NoEffect string `json:"no_effect,omitempty"`

	Everything  bool   `json:"everything,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
}

// state is a decision's state in words.
func (d *decisionLine) state() string {
	if d.NoEffect != "" {
		return d.State + ", NO EFFECT"
	}
	return d.State
}

type effectLine struct {
	Client   string `json:"client"`
	Server   string `json:"server"`
	Protocol string `json:"protocol"`
	Verb     string `json:"verb,omitempty"`
	Function string `json:"function,omitempty"`
	Object   string `json:"object,omitempty"`
	Count    uint32 `json:"count"`
	Period   int64  `json:"period_ns,omitempty"`
	Verdict  string `json:"verdict"`
}

func (c *isolateCommand) tell(m *Main, out *isolation) error {
	if out.Decision != nil {
		say(m.Stdout, "%s\n", out.Decision.sentence())
	}
	switch {
	case !out.Learned:
		say(m.Stdout, "What it stops of everyday work is not known: the gateway was started without --learned.\n")
	case len(out.Effects) == 0:
		say(m.Stdout, "Of what was learned it stops nothing.\n")
	default:
		verb := "stops"
		if c.Preview {
			verb = "would stop"
		}
		say(m.Stdout, "%s\n", out.Summary)
		for _, n := range out.Next {
			say(m.Stdout, "What machines do next, in %s: %s. %s.\n", n.Protocol, n.Next, capitalised(n.Why))
		}
		say(m.Stdout, "Of what was learned it %s %s:\n", verb, counted(len(out.Effects)+out.More, "thing"))
	}
	t := tabwriter.NewWriter(m.Stdout, 0, 0, 2, ' ', 0)
	for _, e := range out.Effects {
		every := ""
		if e.Period > 0 {
			every = "every " + time.Duration(e.Period).Round(time.Millisecond).String()
		}
		say(t, "  %s\t%s > %s\t%s %s %s %s\t%s\n", e.Verdict, e.Client, e.Server, e.Protocol, e.Verb, e.Function, e.Object, every)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if out.More > 0 {
		say(m.Stdout, "  and %d more\n", out.More)
	}
	return nil
}

type releaseCommand struct {
	Now      bool   `help:"At once, without saying for a while what it would still stop."`
	Data     string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
	Decision string `arg:"" help:"Number of the decision, or the address of a client that no worker judges because workers died on its frames."`
}

// Run has a gateway release something.
func (c *releaseCommand) Run(ctx context.Context, m *Main) error {
	q := url.Values{"now": {strconv.FormatBool(c.Now)}}
	if _, err := strconv.ParseUint(c.Decision, 10, 32); err == nil {
		q.Set("id", c.Decision)
	} else if _, err := netip.ParseAddr(c.Decision); err == nil {
		q.Set("client", c.Decision)
	} else {
		return usageError{c.Decision + " is neither the number of a decision (firedoor list shows them) nor an address (firedoor status shows them)"}
	}
	return orderGateway(ctx, m, c.Data, "/release?"+q.Encode())
}

type listCommand struct {
	JSON bool   `name:"json" help:"Print them as JSON."`
	Data string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
}

// Run lists what is isolated.
func (c *listCommand) Run(ctx context.Context, m *Main) error {
	var list []decisionLine
	if err := ask(ctx, c.Data, "GET", "/isolations", &list); err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(m.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	if len(list) == 0 {
		say(m.Stdout, "Nothing is isolated.\n")
		return nil
	}
	t := tabwriter.NewWriter(m.Stdout, 0, 0, 2, ' ', 0)
	say(t, "NO\tVERB\tSCOPE\tSTATE\tUNTIL\tBY\tREASON\n")
	for _, d := range list {
		say(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.verb(), d.Scope, d.state(), d.until(), d.people(), d.Reason)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, d := range list {
		if d.NoEffect != "" {
			say(m.Stdout, "Decision %d does nothing: %s\n", d.ID, d.NoEffect)
		}
	}
	return nil
}

type bypassCommand struct {
	Off    bool   `help:"End it: the policy is in force again."`
	Reason string `required:"" help:"Why, for whoever reads it later." placeholder:"TEXT"`
	Data   string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
}

// Run has a gateway let everything pass.
func (c *bypassCommand) Run(ctx context.Context, m *Main) error {
	if strings.TrimSpace(c.Reason) == "" {
		return errNoReason
	}
	q := url.Values{"on": {strconv.FormatBool(!c.Off)}, "reason": {c.Reason}}
	return orderGateway(ctx, m, c.Data, "/bypass?"+q.Encode())
}

type reloadCommand struct {
	Binary bool   `help:"Run the program that was put in the place of the one that runs, instead: no frame is lost."`
	Data   string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
}

// Run has a gateway read its policy again, or run a new program.
func (c *reloadCommand) Run(ctx context.Context, m *Main) error {
	if c.Binary {
		return orderGateway(ctx, m, c.Data, "/upgrade")
	}
	return orderGateway(ctx, m, c.Data, "/reload")
}

func orderGateway(ctx context.Context, m *Main, data, path string) error {
	var out done
	if err := ask(ctx, data, "POST", path, &out); err != nil {
		return err
	}
	_, err := io.WriteString(m.Stdout, sayf("%s.\n", capitalised(out.Text)))
	return err
}

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Say whether a file of decisions is as it was written."`
}

type auditVerifyCommand struct {
	File string `arg:"" help:"decisions.jsonl of a gateway."`
}

// Run holds a chained file against its hashes.
func (c *auditVerifyCommand) Run(m *Main) error {
	if isFolder(c.File) {
		return usageError{c.File + ": is a folder: give the file in it"}
	}
	var reload, upgrade audit.Entry // the last ones
	n, err := audit.Verify(c.File, func(e *audit.Entry) error {
		switch e.What {
		case gateway.Reload:
			reload = *e
		case gateway.Upgrade:
			upgrade = *e
		}
		return nil
	})
	var damage *audit.DamageError
	switch {
	case errors.As(err, &damage):
		say(m.Stdout, "%s in order, and then not any more.\n", counted(int(n), "entry"))
		return damageError{[]error{err}}
	case err != nil:
		return usageError{fmt.Sprintf("%s: %v", c.File, reason(err))}
	}
	if _, err := os.Stat(c.File + audit.HeadSuffix); err != nil { // whoever cut off the end took away what tells of it
		say(m.Stdout, "%s in order, and nobody can tell whether there were more.\n", counted(int(n), "entry"))
		return damageError{[]error{fmt.Errorf("%s: is missing, so an end that was cut off is not seen: keep it beside its file", c.File+audit.HeadSuffix)}}
	}
	say(m.Stdout, "%s: all in order.\n", counted(int(n), "entry"))
	for _, e := range []audit.Entry{reload, upgrade} {
		var last gateway.Noted
		if e.Number == 0 || json.Unmarshal(e.Data, &last) != nil {
			continue
		}
		what, file := "reloaded the policy", last.Policy
		if e.What == gateway.Upgrade {
			what, file = "replaced the program", last.Program
		}
		say(m.Stdout, "Entry %d: %s %s at %s: %s, SHA-256 %s.\n", e.Number, e.By, what, e.Time, file, last.SHA256)
	}
	return nil
}
