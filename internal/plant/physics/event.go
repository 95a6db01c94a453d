package physics

// EventKind is the sort of thing that happened in the process.
type EventKind string

// The kinds of event.
const (
	EventBatchDone    EventKind = "batch-done"
	EventBatchSpoilt  EventKind = "batch-spoilt"
	EventOverflow     EventKind = "overflow"
	EventOverheat     EventKind = "overheat"
	EventBoil         EventKind = "boil"
	EventTrip         EventKind = "trip"
	EventReset        EventKind = "reset"
	EventRelief       EventKind = "relief"
	EventDamage       EventKind = "damage"
	EventFault        EventKind = "fault"
	EventDrop         EventKind = "drop"
	EventDanger       EventKind = "danger"
	EventStarved      EventKind = "starved"
	EventBlocked      EventKind = "blocked"
	EventJam          EventKind = "jam" // routine: every line has some each shift
	EventCleaned      EventKind = "cleaned"
	EventFormat       EventKind = "format"
	EventStop         EventKind = "emergency-stop"
	EventRelease      EventKind = "emergency-stop-released"
	EventPowerFailure EventKind = "power-failure"
	EventColdStart    EventKind = "cold-start"
	EventBreakage     EventKind = "breakage"
	EventMended       EventKind = "mended"
)

// Event is something that happened in the process and that people would notice.
type Event struct {
	At    int64 // ns since 1970, UTC
	Cell  Cell
	Kind  EventKind
	Words string  // of EventMended the name of the breakage, else what people would say
	Value float64 // the number that goes with it, 0 when there is none
}

// MaxEvents is how many events wait for the caller. What comes when they are
// full is counted and not kept: the first tell how it began.
const MaxEvents = 256

func (p *Plant) event(cell Cell, kind EventKind, words string, value float64) {
	if len(p.events) == MaxEvents {
		p.eventsLost++
		return
	}
	p.events = append(p.events, Event{p.now, cell, kind, words, value})
}

// Events drains what happened since the last call. The slice is the plant's: it
// holds until the next but one call. Without events it is empty.
func (p *Plant) Events() []Event {
	drained := p.events
	p.events, p.eventsSpare = p.eventsSpare[:0], drained
	return drained
}

// EventsLost is how many events found no room, ever.
func (p *Plant) EventsLost() int { return p.eventsLost }
