package gateway

import "firedoor/internal/audit"

// Entries of decisions.jsonl of a bypass and its end.
const (
	bypassOn  = "bypass"
	bypassOff = "judge"
)

// Who is named where nobody did it: no user is called so.
const (
	foundOn   = "found in force"
	forgotten = "the kernel forgot it" // by a restart of the machine, or where another program could not tell
)

// Bypass is what decisions.jsonl says of a bypass.
type Bypass struct {
	On bool
	// Ended is when one ended by itself, "" where none did since a person last said anything of a bypass.
	Ended string
}

// replay reads an entry; false where it is of something else.
func (b *Bypass) replay(e *audit.Entry) bool {
	switch e.What {
	case bypassOn:
		*b = Bypass{On: true}
	case bypassOff:
		if *b = (Bypass{}); e.By == forgotten {
			b.Ended = e.Time
		}
	default:
		return false
	}
	return true
}

// Bypass tells what was written of one last.
func (d *Decisions) Bypass() Bypass { return d.bypass }

// NoteBypass writes down that a bypass began, or ended.
func (d *Decisions) NoteBypass(on bool, by, why string) error {
	what := bypassOff
	if on {
		what = bypassOn
	}
	return d.Note(what, by, Noted{Reason: why})
}

// SettleBypass holds what was written of a bypass against what is so, and writes down what nobody did:
// told says it, "" where the two agree.
func (d *Decisions) SettleBypass(on bool) (told string, err error) {
	if d.bypass.On == on {
		return "", nil
	}
	by := forgotten
	told = "a bypass ended that nobody ended, for the kernel has forgotten it: the policy is in force"
	if on {
		by, told = foundOn, "a bypass is in force of which nothing was written: everything passes"
	}
	return told, d.NoteBypass(on, by, told)
}
