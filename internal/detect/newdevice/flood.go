package newdevice

import (
	"strconv"

	"firedoor"
	"firedoor/internal/detect"
)

// flood is a time of more new devices than anybody can look at. What they ask
// belongs to it; what they change does not, and is told as always.
type flood struct {
	on      bool
	ever    bool
	last    int64
	at      detect.Evidence
	devices int // told one by one before
	asked   int // conversations and questions of devices nobody told of
	told    int
	tables  detect.Names
}

// begin starts a flood, or goes on with it.
func (f *flood) begin(o *detect.Observation, swallowed int, raise func(*detect.Finding)) {
	if !f.ever {
		f.at = detect.Evidence{Time: o.Time, Client: o.Client}
	}
	f.at.Frames = append(f.at.Frames[:0:0], o.Frames...)
	f.on, f.ever, f.last = true, true, o.Time
	f.devices += swallowed
	f.tell(raise)
}

// add is something asked by a device that was never told of.
func (f *flood) add(o *detect.Observation, raise func(*detect.Finding)) {
	f.asked++
	f.last = o.Time
	if f.asked >= 2*f.told {
		f.told = f.asked
		f.at.Frames = append(f.at.Frames[:0], o.Frames[:min(len(o.Frames), 1)]...)
		f.tell(raise)
	}
}

// full is a table that has no room; after a flood that is the flood's doing.
func (f *flood) full(o *detect.Observation, raise func(*detect.Finding)) {
	if f.ever && f.tables.Add(o.Reason) {
		f.tell(raise)
	}
}

func (f *flood) clock(now int64, back bool, raise func(*detect.Finding)) {
	if f.on && (back || now-f.last > FloodOver) {
		f.on = false
		f.tell(raise)
	}
}

func (f *flood) tell(raise func(*detect.Finding)) {
	if !f.ever {
		return
	}
	text := "Far more new devices appeared at once than a plant can have: their addresses are forged, or a loop or a scan is under way. They are not told one by one"
	if f.devices+f.asked > 0 {
		text += "; " + strconv.Itoa(f.devices) + " were new just before, and what others asked or opened " + strconv.Itoa(f.asked) + " times without changing anything is counted here"
	}
	text += ". Devices known before are kept, and a write from anywhere still raises an alert of its own."
	if f.tables.Len() > 0 {
		text += " No room is left for new " + f.tables.String() + "."
	}
	raise(&detect.Finding{Kind: KindFlood, Cause: "newcomers", Severity: firedoor.Medium, Sentence: text, Techniques: []string{"T0814"}, At: &f.at})
}
