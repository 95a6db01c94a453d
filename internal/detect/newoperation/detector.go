package newoperation

import (
	"strconv"

	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "new-operation"

// Detector tells of new operations that change nothing.
var Detector = detect.Detector{
	Name:  "newoperation",
	Doc:   "A known client asks a device something it never asked; how grave depends on who else does.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, learned: map[habit]bool{}, fresh: map[detect.Pair]bool{}, stories: map[detect.Pair]*story{}}
	},
}

// Limits: beyond them, habits look rarer than they are, first questions are told
// although the conversation was, and sentences do not grow.
const (
	maxHabits  = 65_536
	maxFresh   = 50_000
	maxStories = 10_000
)

// habit is what somebody somewhere asked while learning.
type habit struct {
	protocol string
	verb     firedoor.Verb
	code     uint32
}

type story struct {
	asked     detect.Names
	functions detect.Functions
	rare      rarity
	words     string // why it is rare
	start     string // of the sentence
}

type judge struct {
	world   detect.World `snapshot:"-"`
	learned map[habit]bool
	fresh   map[detect.Pair]bool // conversations that are new as a whole
	stories map[detect.Pair]*story
	held    question          `snapshot:"-"` // told before anything is stored
	broken  firedoor.FrameRef // of the latest malformed message
}

// rarity is how far one must step back to find somebody who does the same.
type rarity uint8

const (
	peersDo  rarity = iota // clients of the same role, of servers of the same role
	othersDo               // somebody, somewhere
	nobodyDoes
)

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	j.answer(o, raise)
	switch {
	case o.Learning:
		if o.Kind == detect.Operation && len(j.learned) < maxHabits {
			j.learned[habitOf(o)] = true
		}
	case !o.Armed || detect.Unknown(j.world, o, o.Client):
	case o.Kind == detect.NewConversation:
		if len(j.fresh) < maxFresh {
			j.fresh[detect.PairOf(o)] = true
		}
	case o.Kind == detect.NewOperation:
		if !o.Covered && !o.Operation.Verb.Changes() && !j.fresh[detect.PairOf(o)] {
			j.ask(o, raise)
		}
	}
}

func habitOf(o *detect.Observation) habit {
	return habit{o.Protocol, o.Operation.Verb, o.Operation.Code}
}

func (j *judge) rarity(o *detect.Observation) (r rarity, words string) {
	same, doing := j.world.Peers(o.Client, o.Server, o.Protocol, o.Operation)
	switch {
	case doing > 0:
		return peersDo, "Of " + detect.Count(same, "other client") + " of its kind " + strconv.Itoa(doing) + " did while learning"
	case j.learned[habitOf(o)]:
		return othersDo, "The function is in use in the plant, but none of its kind asked for this while learning"
	default:
		return nobodyDoes, "Nobody in the plant did while learning"
	}
}

func (j *judge) judge(o *detect.Observation, at *detect.Evidence, raise func(*detect.Finding)) {
	p := detect.PairOf(o)
	s := j.stories[p]
	if s == nil {
		s = &story{}
		if len(j.stories) < maxStories {
			j.stories[p] = s
		}
	}
	news := s.asked.Add(o.Text)
	if s.functions.Add(o) { // names and rarity are looked up once for each function
		rare, words := j.rarity(o)
		if s.words == "" || rare > s.rare {
			s.rare, s.words = rare, words
		}
		s.start = detect.Who(j.world, o, o.Client) + " asked " + detect.Whom(j.world, o, o.Server) + " what it never asked before"
	} else if !news {
		return
	}
	f := detect.Finding{Kind: Kind, Cause: detect.Between(o), Severity: severity(s.rare), At: at}
	text := s.start
	if s.asked.Len() > 0 {
		text += ": " + s.asked.String()
	}
	f.Sentence = text + ". " + s.words + " - " + s.functions.String() + "."
	if v := o.Operation.Verb; v == firedoor.VerbIdentify || v == firedoor.VerbDiagnose {
		f.Techniques = []string{"T0888"}
	}
	raise(&f)
}

func severity(r rarity) firedoor.Severity {
	switch r {
	case peersDo:
		return firedoor.Info
	case othersDo:
		return firedoor.Low
	}
	return firedoor.Medium
}
