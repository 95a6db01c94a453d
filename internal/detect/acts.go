package detect

import (
	"strconv"
	"strings"

	"firedoor"
)

// Act is what an operation that changes a device amounts to, in the words of a
// plant rather than of a protocol. Acts are ordered as a sentence tells them.
type Act uint8

// The acts.
const (
	NoAct Act = iota
	ActStop
	ActDelete
	ActDownload
	ActProgram
	ActUpload
	ActMode
	ActRestart
	ActSilence
	ActForce
	ActAlarm
	ActControl
	ActConfigure
	ActWrite
	numActs
)

// acts has, for each act, what is said of the client ("stopped PLC-7", or "tried
// to stop PLC-7"; later ones of the same sentence say "it" for the device) and the
// techniques of ATT&CK for ICS.
var acts = [numActs]struct {
	did, do      string // the verb
	first, later string // what follows; $ is the device
	techniques   []string
	severity     firedoor.Severity
}{
	ActStop:      {"stopped", "stop", "$", "it", []string{"T0858", "T0816"}, firedoor.High},
	ActDelete:    {"deleted", "delete", "program or memory of $", "parts of its program", []string{"T0889", "T0809"}, firedoor.High},
	ActDownload:  {"loaded", "load", "a program into $", "a program into it", []string{"T0843", "T0889"}, firedoor.High},
	ActProgram:   {"changed", "change", "the program of $", "its program", []string{"T0889"}, firedoor.High},
	ActUpload:    {"read", "read", "the program out of $", "its program out", []string{"T0845"}, firedoor.Medium},
	ActMode:      {"changed", "change", "the operating mode of $", "its operating mode", []string{"T0858"}, firedoor.High},
	ActRestart:   {"started or restarted", "start or restart", "$", "it", []string{"T0858", "T0816"}, firedoor.High},
	ActSilence:   {"told", "tell", "$ to fall silent", "it to fall silent", []string{"T0814"}, firedoor.High},
	ActForce:     {"forced", "force", "inputs or outputs of $", "its inputs or outputs", []string{"T0835"}, firedoor.High},
	ActAlarm:     {"acknowledged", "acknowledge", "alarms of $", "its alarms", []string{"T0878"}, firedoor.Medium},
	ActControl:   {"sent", "send", "control commands to $", "it control commands", []string{"T0855"}, firedoor.High},
	ActConfigure: {"tried to configure", "configure", "$", "it", []string{"T0836"}, firedoor.Medium},
	ActWrite:     {"wrote", "write", "to $", "to it", []string{"T0855", "T0836"}, firedoor.Medium},
}

// words that tell acts apart; the first that stands in the function decides. Makers do
// not agree on what is up, nor on what is loaded: UMAS uploads into the controller, and says
// so; GE loads a program out of it and stores it there, IEC 61850 the other way round.
var (
	programWords = []struct {
		word string
		act  Act
	}{{"to plc", ActDownload}, {"from plc", ActUpload},
		{"upload", ActUpload}, {"partial read", ActUpload}, {"get edit", ActUpload},
		{"read file", ActUpload}, {"file read", ActUpload}, {"program area read", ActUpload}, {"read application", ActUpload},
		{"delete", ActDelete}, {"clear", ActDelete}, {"initialize memory", ActDelete},
		{"download", ActDownload}, {"insert block", ActDownload}, {"partial write", ActDownload},
		{"load domain", ActDownload}, {"store domain", ActUpload},
		{"load program", ActUpload}, {"load block", ActUpload}, {"load os extension", ActUpload},
		{"store program", ActDownload}, {"store block", ActDownload}, {"store os extension", ActDownload}, {"store subrequest", ActDownload}}
	controlWords = []struct {
		word string
		act  Act
	}{{"listen only", ActSilence}, {"alarm", ActAlarm}, {"force", ActForce}, {"disable outputs", ActStop},
		{"stop", ActStop}, {"shutdown", ActStop}, {"memory reset", ActDelete}, {"mode", ActMode},
		{"start", ActRestart}, {"reset", ActRestart}, {"exit hold", ActRestart}}
)

// ActOf classes an operation that changes a device; NoAct if it does not.
func ActOf(op *firedoor.Operation) Act {
	switch op.Verb {
	case firedoor.VerbWrite:
		return ActWrite
	case firedoor.VerbConfigure:
		return ActConfigure
	case firedoor.VerbProgram:
		for _, p := range programWords {
			if strings.Contains(op.Function, p.word) {
				return p.act
			}
		}
		return ActProgram
	case firedoor.VerbControl:
		for _, c := range controlWords {
			if strings.Contains(op.Function, c.word) {
				return c.act
			}
		}
		return ActControl
	}
	return NoAct
}

// Techniques are those of ATT&CK for ICS that fit the act.
func (a Act) Techniques() []string { return acts[a].techniques }

// Severity is how grave the act is when a known device does it for the first
// time.
func (a Act) Severity() firedoor.Severity { return acts[a].severity }

// Story collects what one client did to one server, for a sentence that grows.
type Story struct {
	did       [numActs]Outcomes
	objects   Names
	units     Names
	behind    Names // objects with their units
	functions Functions
	refusals  Names
	bare      bool   // something was of no unit
	values    string // of the latest write to the one object
	severity  firedoor.Severity
}

// Add adds the operation of an observation and tells whether it was news.
func (s *Story) Add(o *Observation) bool {
	a := ActOf(o.Operation)
	was := s.did[a]
	s.did[a].Ask()
	news := was.asked == 0 || was.Tried()
	s.severity = max(s.severity, a.Severity())
	if s.objects.Add(o.Text) {
		news = true
	}
	if s.behind.Add(s.unit(o)) {
		news = true
	}
	if s.functions.Add(o) {
		news = true
	}
	if v := Written(o.Operation); v != "" && s.objects.Len() == 1 && s.values != v {
		s.values, news = v, true
	}
	return news
}

// unit takes note of the unit of an operation and gives its object with it.
// Units 0 and 255 are the device itself.
func (s *Story) unit(o *Observation) string {
	op, unit := o.Operation, ""
	if op.HasUnit && !op.UnitAgreed && op.Unit != 0 && op.Unit != 255 {
		unit = " of unit " + strconv.FormatUint(uint64(op.Unit), 10)
		s.units.Add(unit)
	}
	if unit == "" {
		s.bare = true
	}
	if o.Text == "" {
		return ""
	}
	return o.Text + unit
}

// what lists the objects; the unit is said once when it is the same for all.
func (s *Story) what() string {
	if s.units.Len() == 1 && !s.bare {
		return s.objects.String() + s.units.String()
	}
	return s.behind.String()
}

// Note takes in what became of something added (a Refused) and tells whether
// that changes the sentence.
func (s *Story) Note(o *Observation) bool {
	whole := s.whole()
	a := ActOf(o.Operation)
	if s.did[a].asked == 0 {
		return false
	}
	act, tail := s.did[a].Tried(), whole.Tail(&s.refusals)
	s.did[a].Note(o)
	s.refusals.Add(Refusal(o.Operation))
	whole = s.whole()
	return act != s.did[a].Tried() || tail != whole.Tail(&s.refusals)
}

func (s *Story) whole() (all Outcomes) {
	for a := range s.did {
		all.add(&s.did[a])
	}
	return all
}

// Severity is that of the gravest act.
func (s *Story) Severity() firedoor.Severity { return s.severity }

// Techniques are those of all acts.
func (s *Story) Techniques() []string {
	var out []string
	for a := range s.did {
		if s.did[a].asked > 0 {
			out = append(out, acts[a].techniques...)
		}
	}
	return out
}

// Tell writes what was done to whom: "wrote holding:40 of PLC 10.0.0.7 (950)", or
// what was tried: "tried to stop PLC 10.0.0.7, which refused (0x8104)".
func (s *Story) Tell(whom string) string {
	whole := s.whole()
	tail := whole.Tail(&s.refusals)
	told, begun := s.tellActs(whom, whole.Tried())
	if len(told) == 1 && s.did[ActWrite].asked > 0 && s.objects.Len() > 0 {
		text := begun + s.what() + " of " + whom
		if s.objects.Len() == 1 && s.behind.Len() == 1 && s.values != "" {
			text += " (value " + s.values + ")"
		}
		return text + tail
	}
	text := strings.Join(told, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 && len(told) > 1 {
		text = text[:i] + " and " + text[i+2:]
	}
	if s.objects.Len() > 0 {
		text += " (" + s.what() + ")"
	}
	return text + tail
}

// tellActs writes each act, and the verb of the last one by itself. "tried to"
// stands once if all was only tried.
func (s *Story) tellActs(whom string, tried bool) (told []string, begun string) {
	for a := range s.did {
		if s.did[a].asked == 0 || a == 0 {
			continue
		}
		verb, rest := acts[a].did, acts[a].later
		switch {
		case tried && len(told) > 0:
			verb = acts[a].do
		case s.did[a].Tried():
			verb = "tried to " + acts[a].do
		}
		if len(told) == 0 {
			rest = strings.Replace(acts[a].first, "$", whom, 1)
		}
		begun = verb + " "
		told = append(told, begun+rest)
	}
	return told, begun
}

// Functions are the protocol's own words for it.
func (s *Story) Functions() string { return s.functions.String() }
