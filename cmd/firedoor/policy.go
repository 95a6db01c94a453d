package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
	"firedoor/internal/written"
)

type policyCommand struct {
	Check   policyCheckCommand   `cmd:"" help:"Say whether a policy is in order: what is wrong, what contradicts what, what never decides."`
	Explain policyExplainCommand `cmd:"" help:"Say a policy in sentences; or why it lets one request pass or not."`
	Diff    policyDiffCommand    `cmd:"" help:"Say what is different between two policies, and what passes now that did not."`
	Prove   policyProveCommand   `cmd:"" help:"Prove that nothing passes from one zone to another, or show the way."`
	Draft   policyDraftCommand   `cmd:"" help:"Make a policy of what was learned; a person reviews it before it stops anything."`
	Review  policyReviewCommand  `cmd:"" help:"Put what a review found into a drafted policy: what is never blocked, what is allowed, how far values may go."`
	Replay  policyReplayCommand  `cmd:"" help:"Say what a policy would have stopped in captures or in a journal."`
}

// exitFound is the status where something was looked for and found: a way that Prove
// looked for, a difference, or requests that a policy would stop.
const exitFound = 3

// foundError is no failure: the answer to a question is yes.
type foundError struct{}

// Error says nothing that was not said.
func (foundError) Error() string { return "found" }

// known is what policies are compiled against: the protocols there are.
var known = sync.OnceValue(protocolsKnown)

func protocolsKnown() policy.Known {
	ports := map[string][]policy.Port{}
	carriers := map[string][]*protocol.Protocol{}
	functions := map[string][]policy.Function{}
	var names []string
	add := func(name string, more []policy.Port) {
		if !contains(names, name) {
			names = append(names, name)
		}
		for _, port := range more { // CIP has a port of its own, and those of what carries it
			if !slices.Contains(ports[name], port) {
				ports[name] = append(ports[name], port)
			}
		}
	}
	var elsewhere, declines []string
	for _, p := range all.List {
		if p.Declines {
			declines = append(declines, p.Name)
		}
		if p.Elsewhere {
			elsewhere = append(elsewhere, p.Name)
		}
		carriers[p.Name] = append(carriers[p.Name], p)
		add(p.Name, usualPorts(p))
		for _, inside := range p.Sheet.Inside {
			carriers[inside.Name] = append(carriers[inside.Name], p)
			add(inside.Name, usualPorts(p))
		}
		if p.Functions != nil {
			p.Functions(func(f protocol.Function) {
				of := cmp.Or(f.Protocol, p.Name)
				functions[of] = append(functions[of], policy.Function{Code: f.Code, Verb: f.Verb, Words: f.Words})
				if of != p.Name && !slices.Contains(carriers[of], p) {
					carriers[of] = append(carriers[of], p)
				}
				if f.Protocol != "" { // what travels inside is asked where its carrier is
					add(f.Protocol, usualPorts(p))
				}
			})
		}
	}
	for _, p := range all.List {
		if p.Within != "" {
			add(p.Name, ports[p.Within])
		}
	}
	extents := map[string]func() policy.Extent{} // each of those asked for is found out once: their spaces write objects by the thousand for it
	for _, name := range names {
		extents[name] = sync.OnceValue(func() policy.Extent { return extentOf(name, carriers[name], functions[name]) })
	}
	return policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: names, Elsewhere: elsewhere, Declines: declines, Functions: func(p string) []policy.Function { return functions[p] },
		Extent: func(p string) policy.Extent {
			if once := extents[p]; once != nil {
				return once()
			}
			return extentOf(p, nil, nil)
		}}
}

// passing are the beginnings of objects whose numbers are given out anew each time, by the
// protocol that names them: what travels inside another shares its spaces.
func passing() map[string][]string {
	out := map[string][]string{}
	for _, p := range all.List {
		for _, s := range p.Spaces {
			if !s.Passing {
				continue
			}
			out[p.Name] = append(out[p.Name], s.Name+":")
			for _, inside := range p.Sheet.Inside {
				out[inside.Name] = append(out[inside.Name], s.Name+":")
			}
		}
	}
	return out
}

// sameCode gives what tells whether several functions of a protocol have one code, so that what was
// learned by the code says less than its words.
var sameCode = sync.OnceValue(codesShared)

func codesShared() func(protocol string, code uint32) bool {
	type key struct {
		protocol string
		code     uint32
	}
	words, varied := map[key]map[string]bool{}, map[key]bool{}
	for _, p := range all.List {
		if p.Functions == nil {
			continue
		}
		for _, code := range p.Varied {
			varied[key{p.Name, code}] = true
		}
		p.Functions(func(f protocol.Function) {
			k := key{cmp.Or(f.Protocol, p.Name), f.Code}
			if words[k] == nil {
				words[k] = map[string]bool{}
			}
			words[k][f.Words] = true
		})
	}
	return func(protocol string, code uint32) bool {
		return len(words[key{protocol, code}]) > 1 || varied[key{protocol, code}]
	}
}

// returns tells whether frames of a protocol come back to their sender.
func returns(name string) bool {
	return slices.ContainsFunc(all.List, func(p *protocol.Protocol) bool { return p.Name == name && p.Returns })
}

// harmless tells whether nothing can be changed in a protocol, as far as its functions are known.
func harmless(name string) bool {
	return !slices.ContainsFunc(known().Functions(name), func(f policy.Function) bool { return f.Verb.Changes() })
}

func usualPorts(p *protocol.Protocol) (out []policy.Port) {
	for _, n := range p.TCP {
		out = append(out, policy.Port{Transport: 6, Number: n})
	}
	for _, n := range p.UDP {
		out = append(out, policy.Port{Transport: 17, Number: n})
	}
	for _, n := range p.Ethernet {
		out = append(out, policy.Port{Transport: policy.Link, Number: n})
	}
	return out
}

// readPolicy reads a policy file; all that is wrong with it is told.
func readPolicy(m *Main, file string) (*policy.Plan, error) {
	b, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return policyOf(m, file, b)
}

// policyOf is readPolicy of a file that was read.
func policyOf(m *Main, file string, b []byte) (*policy.Plan, error) {
	plan, err := policyfile.Read(file, b, known())
	var problems written.Problems
	if errors.As(err, &problems) {
		return nil, tellProblems(m.Stderr, err)
	}
	return plan, err
}

type policyCheckCommand struct {
	Learned string `help:"A folder with assets.json: say of which hosts nobody knows that they refuse cleanly." placeholder:"DIR"`
	Policy  string `arg:"" help:"The policy file."`
}

// Run says what is to be known of a policy.
func (c *policyCheckCommand) Run(m *Main) error {
	plan, err := readPolicy(m, c.Policy)
	if err != nil {
		return err
	}
	p := plan.Policy
	fmt.Fprintf(m.Stdout, "%s is in order: %s, %s, %s, %s.\n", c.Policy, counted(len(p.Hosts), "host"), counted(len(p.Zones), "zone"),
		counted(len(p.Conduits), "conduit"), counted(plan.Rules(), "rule"))
	for _, f := range plan.Study() {
		where := c.Policy
		if f.Line > 0 {
			where = fmt.Sprintf("%s:%d", c.Policy, f.Line)
		}
		fmt.Fprintf(m.Stdout, "%s: %s: %s\n", where, f.Kind, f.Text)
	}
	return c.refusals(m, p)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, found := strings.CutSuffix(what, "ry"); found {
		what = stem + "rie"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type policyDiffCommand struct {
	Old string `arg:"" help:"The policy as it was."`
	New string `arg:"" help:"The policy as it is to be."`
}

// Run says what is different.
func (c *policyDiffCommand) Run(m *Main) error {
	before, err := readPolicy(m, c.Old)
	if err != nil {
		return err
	}
	after, err := readPolicy(m, c.New)
	if err != nil {
		return err
	}
	changes := policy.Diff(before, after)
	for _, change := range changes {
		fmt.Fprintln(m.Stdout, change)
	}
	if len(changes) > 0 {
		return foundError{}
	}
	fmt.Fprintln(m.Stdout, "The two policies say the same.")
	return nil
}

type policyProveCommand struct {
	From      string `required:"" help:"The zone from which nothing should pass." placeholder:"ZONE"`
	To        string `required:"" help:"The zone to which nothing should pass." placeholder:"ZONE"`
	Verb      string `help:"Only what is of this verb, at the last step." placeholder:"VERB"`
	Protocol  string `help:"Only what is of this protocol, at the last step." placeholder:"NAME"`
	Direct    bool   `help:"Look at no way over other zones."`
	AsWritten bool   `help:"Take every conduit as if it were enforced."`
	Policy    string `arg:"" help:"The policy file."`
}

// Run proves that nothing passes, or shows the way.
func (c *policyProveCommand) Run(m *Main) error {
	plan, err := readPolicy(m, c.Policy)
	if err != nil {
		return err
	}
	q := policy.Question{Protocol: c.Protocol, Direct: c.Direct, AsWritten: c.AsWritten}
	if c.Verb != "" {
		if q.Verb = verbOf(c.Verb); q.Verb == 0 {
			return usageError{fmt.Sprintf("--verb %s: must be one of %s", c.Verb, strings.Join(verbWords(), ", "))}
		}
	}
	if c.Protocol != "" && !contains(known().Protocols, c.Protocol) {
		return usageError{fmt.Sprintf("--protocol %s: no protocol has this name", c.Protocol)}
	}
	path, undecided, err := plan.Prove(c.From, c.To, q)
	switch {
	case err != nil:
		return usageError{err.Error()}
	case path != nil:
		fmt.Fprintf(m.Stdout, "There is a way from %s to %s:\n", c.From, c.To)
		tellWay(m, path)
		return foundError{}
	case undecided:
		fmt.Fprintf(m.Stdout, "Undecided: the rules fall into too many pieces to look at each, or look at values that lie within each other in other forms (as). No way from %s to %s was found.\n", c.From, c.To)
		return foundError{}
	}
	fmt.Fprintf(m.Stdout, "Proved: nothing passes from %s to %s%s.\n", c.From, c.To, map[bool]string{true: "", false: ", directly or by way of other zones"}[c.Direct])
	c.sides(m, plan, q)
	if back, _, err := plan.Prove(c.To, c.From, policy.Question{Direct: true, AsWritten: c.AsWritten}); err == nil && back != nil {
		fmt.Fprintf(m.Stdout, "Not meant is what answers %s, which may ask %s something, nor datagrams that nobody asked for but that read as what %s may be told by a protocol that a rule names. Frames without IP that may go from %s to %s may come back as well, whatever they say.\n", c.To, c.From, c.To, c.To, c.From)
	}
	return nil
}

func tellWay(m *Main, path policy.Path) {
	for i, s := range path {
		fmt.Fprintf(m.Stdout, "  %d. from %s to %s: %s\n", i+1, s.From, s.To, s.Why)
		if s.Example != "" {
			fmt.Fprintf(m.Stdout, "     for example %s\n", s.Example)
		}
	}
}

// sides says of a proof what it owes to the sides at which zones are: two at one of them have no gateway in between.
func (c *policyProveCommand) sides(m *Main, plan *policy.Plan, q policy.Question) {
	side := plan.SharedSide(c.From, c.To)
	if side == policy.Anywhere {
		return
	}
	fmt.Fprintf(m.Stdout, "That is of what passes the gateway. %s are at the %s, and what they say to each other there passes none: nothing of this policy stops it.\n", bothOf(c.From, c.To), side)
	q.Unsided = true
	if path, undecided, err := plan.Prove(c.From, c.To, q); err == nil && (path != nil || undecided) {
		fmt.Fprintf(m.Stdout, "The proof rests on that side (at): what comes in at the other one with an address of %s is stopped as wrong-side. Without it there would be a way:\n", c.From)
		tellWay(m, path)
	}
}

// bothOf names the ends of a question.
func bothOf(from, to string) string {
	if from == to {
		return "All of zone " + from
	}
	return "Zones " + from + " and " + to
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

func verbOf(word string) firedoor.Verb {
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if v.String() == word {
			return v
		}
	}
	return 0
}

func verbWords() (out []string) {
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		out = append(out, v.String())
	}
	return out
}

type policyDraftCommand struct {
	Name   string `help:"What the policy is called." placeholder:"NAME"`
	Reads  bool   `help:"Let nothing be read but the objects that were read."`
	Values bool   `help:"Let nothing be written but values within the ranges that were written."`
	Dir    string `arg:"" help:"A folder with assets.json and conversations.json, as a replay that learned wrote it."`
}

// Run prints a policy made of what was learned.
func (c *policyDraftCommand) Run(m *Main) error {
	var assets []firedoor.Asset
	var conversations []firedoor.Conversation
	if err := readJSON(filepath.Join(c.Dir, "assets.json"), &assets); err != nil {
		return err
	}
	if err := readJSON(filepath.Join(c.Dir, "conversations.json"), &conversations); err != nil {
		return err
	}
	refuses, err := seenToRefuse()
	if err != nil {
		return err
	}
	k := known()
	d := policy.Draft(assets, conversations, policy.DraftOptions{Reads: c.Reads, Values: c.Values, Ranged: baseline.MaxRanged, Usual: k.Ports, Protocols: k.Protocols, Harmless: harmless, Passing: passing(), Alike: sameCode(), Returns: returns, Refuses: refuses})
	if len(d.Policy.Conduits) == 0 && d.Own > 0 {
		return usageError{c.Dir + ": only what devices say to themselves was learned there, which no gateway sees"}
	}
	if len(d.Policy.Conduits) == 0 && len(d.Left) > 0 {
		return usageError{fmt.Sprintf("%s: only what no drafted rule can name was learned there, %s: %s", c.Dir, counted(len(d.Left), "conversation"), d.Left[0])}
	}
	if len(d.Policy.Conduits) == 0 {
		return usageError{c.Dir + ": nothing was learned there: replay with --learn first"}
	}
	d.Policy.Name = c.Name
	if _, faults := policy.Compile(&d.Policy, k); len(faults) > 0 {
		return usageError{fmt.Sprintf("%s: is not what this version of firedoor learns, for the policy would be wrong: %s: %s", c.Dir, faults[0].Key, faults[0].Text)}
	}
	var b bytes.Buffer
	if err := policyfile.Write(&b, &d.Policy, draftNote(&d)); err != nil {
		return err
	}
	if _, err := policyfile.Read(c.Dir, b.Bytes(), k); err != nil { // what nobody can read is of no use
		first, _, _ := strings.Cut(err.Error(), "\n")
		return usageError{"what was learned there makes no policy that can be read: " + first}
	}
	_, err = m.Stdout.Write(b.Bytes())
	return err
}

// maxNoted is how many of a kind the head of a draft names.
const maxNoted = 40

func noted(b *strings.Builder, list []string) {
	for i, text := range list {
		if i == maxNoted {
			fmt.Fprintf(b, "  and %d more\n", len(list)-i)
			break
		}
		b.WriteString("  " + text + "\n")
	}
}

// draftNote is what stands on top of a draft.
func draftNote(d *policy.Drafted) string {
	var b strings.Builder
	b.WriteString("Drafted from what was learned. Read every rule before you enforce it.\n" +
		"Nothing is stopped as long as the conduits say mode: test. To enforce one, list under its never-block\n" +
		"what must pass whatever happens (stop, trip, to manual, acknowledge an alarm, failover, restart after\n" +
		"power loss), seen or not, fill in reviewed: {by: NAME, on: DATE}, and say mode: enforce.\n")
	if len(d.Grave) > 0 {
		b.WriteString("Seen while learning, and grave:\n")
	}
	noted(&b, d.Grave)
	if d.Own > 0 {
		fmt.Fprintf(&b, "Left out: %s of devices with themselves (127.0.0.0/8, ::1), which no gateway sees.\n", counted(d.Own, "conversation"))
	}
	if len(d.Left) > 0 {
		b.WriteString("Left out, because they have no address, no port or no protocol of their own, or went to more groups than are kept. What goes to\n" +
			"such a group is dropped with the rest once otherwise is enforced: name it as a host by its mac, in a zone, and write a rule.\n")
	}
	for _, l := range d.Left {
		b.WriteString("  " + l + "\n")
	}
	if len(d.Silent) > 0 {
		b.WriteString("Nothing was recognised in these, at ports where requests are known. Their connections may come to be, and no\n" +
			"request passes for it. Who knows that something else is said there writes a rule of the port alone:\n")
	}
	noted(&b, d.Silent)
	return b.String()
}

func readJSON(file string, to any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v", file, reason(err))}
	}
	if err := json.Unmarshal(b, to); err != nil {
		return usageError{fmt.Sprintf("%s: is not what firedoor replay writes: %v", file, err)}
	}
	return nil
}
