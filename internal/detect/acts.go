package detect

import (
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

// acts has, for each act, what is said of the client ("stopped PLC-7"; later
// ones of the same sentence say "it" for the device) and the techniques of ATT&CK
// for ICS.
var acts = [numActs]struct {
	first, later string // $ is the device
	techniques   []string
	severity     firedoor.Severity
}{
	ActStop:      {"stopped $", "stopped it", []string{"T0858", "T0816"}, firedoor.High},
	ActDelete:    {"deleted program or memory of $", "deleted parts of its program", []string{"T0889", "T0809"}, firedoor.High},
	ActDownload:  {"loaded a program into $", "loaded a program into it", []string{"T0843", "T0889"}, firedoor.High},
	ActProgram:   {"changed the program of $", "changed its program", []string{"T0889"}, firedoor.High},
	ActUpload:    {"read the program out of $", "read its program out", []string{"T0845"}, firedoor.Medium},
	ActMode:      {"changed the operating mode of $", "changed its operating mode", []string{"T0858"}, firedoor.High},
	ActRestart:   {"started or restarted $", "started or restarted it", []string{"T0858", "T0816"}, firedoor.High},
	ActSilence:   {"told $ to fall silent", "told it to fall silent", []string{"T0814"}, firedoor.High},
	ActForce:     {"forced inputs or outputs of $", "forced its inputs or outputs", []string{"T0835"}, firedoor.High},
	ActAlarm:     {"acknowledged alarms of $", "acknowledged its alarms", []string{"T0878"}, firedoor.Medium},
	ActControl:   {"sent control commands to $", "sent it control commands", []string{"T0855"}, firedoor.High},
	ActConfigure: {"tried to configure $", "tried to configure it", []string{"T0836"}, firedoor.Medium},
	ActWrite:     {"wrote to $", "wrote to it", []string{"T0855", "T0836"}, firedoor.Medium},
}

// words that tell acts apart; the first that stands in the function decides.
var (
	programWords = []struct {
		word string
		act  Act
	}{{"upload", ActUpload}, {"partial read", ActUpload}, {"get edit", ActUpload},
		{"delete", ActDelete}, {"clear", ActDelete}, {"initialize memory", ActDelete},
		{"download", ActDownload}, {"insert block", ActDownload}, {"partial write", ActDownload}}
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
	done      [numActs]bool
	objects   Names
	functions Functions
	values    string // of the latest write to the one object
	severity  firedoor.Severity
}

// Add adds the operation of an observation and tells whether it was news.
func (s *Story) Add(o *Observation) bool {
	a := ActOf(o.Operation)
	news := !s.done[a]
	s.done[a] = true
	s.severity = max(s.severity, a.Severity())
	if s.objects.Add(o.Text) {
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

// Severity is that of the gravest act.
func (s *Story) Severity() firedoor.Severity { return s.severity }

// Techniques are those of all acts.
func (s *Story) Techniques() []string {
	var out []string
	for a, done := range s.done {
		if done {
			out = append(out, acts[a].techniques...)
		}
	}
	return out
}

// Tell writes what was done to whom: "wrote holding:40 of PLC 10.0.0.7 (950)".
func (s *Story) Tell(whom string) string {
	var told []string
	for a, done := range s.done {
		if !done || a == 0 {
			continue
		}
		words := acts[a].later
		if len(told) == 0 {
			words = strings.Replace(acts[a].first, "$", whom, 1)
		}
		told = append(told, words)
	}
	if len(told) == 1 && s.done[ActWrite] && s.objects.Len() > 0 {
		text := "wrote " + s.objects.String() + " of " + whom
		if s.objects.Len() == 1 && s.values != "" {
			text += " (value " + s.values + ")"
		}
		return text
	}
	text := strings.Join(told, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 && len(told) > 1 {
		text = text[:i] + " and " + text[i+2:]
	}
	if s.objects.Len() > 0 {
		text += " (" + s.objects.String() + ")"
	}
	return text
}

// Functions are the protocol's own words for it.
func (s *Story) Functions() string { return s.functions.String() }
