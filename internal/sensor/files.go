package sensor

import (
	"bufio"
	"encoding/json"
	"io"

	"firedoor"
	"firedoor/internal/eventlog"
	"firedoor/internal/point"
	"firedoor/internal/recovery"
)

// File is one file of an output folder.
type File struct {
	Name  string
	Write func(*Result, io.Writer) error
}

// Files is what an output folder holds, in the order of writing.
var Files = []File{
	{"assets.json", (*Result).WriteAssets},
	{"conversations.json", (*Result).WriteConversations},
	{"alerts.json", (*Result).WriteAlerts},
	{"summary.json", (*Result).WriteSummary},
	{"programs.json", (*Result).WritePrograms},
	{"points.json", (*Result).WritePoints},
}

// array writes a JSON array with one element a line.
type array struct {
	w *bufio.Writer
	n int
}

func (a *array) add(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sep := ",\n"
	if a.n == 0 {
		sep = "[\n"
	}
	a.n++
	if _, err := a.w.WriteString(sep); err != nil {
		return err
	}
	_, err = a.w.Write(b)
	return err
}

func (a *array) close() error {
	end := "\n]\n"
	if a.n == 0 {
		end = "[]\n"
	}
	if _, err := a.w.WriteString(end); err != nil {
		return err
	}
	return a.w.Flush()
}

// WriteAssets writes assets.json.
func (r *Result) WriteAssets(w io.Writer) error { return r.site.inventory.WriteJSON(w) }

// WriteConversations writes conversations.json.
func (r *Result) WriteConversations(w io.Writer) error {
	a := array{w: bufio.NewWriter(w)}
	if err := r.Conversations(func(c *firedoor.Conversation) error { return a.add(c) }); err != nil {
		return err
	}
	return a.close()
}

// WritePrograms writes programs.json.
func (r *Result) WritePrograms(w io.Writer) error {
	a := array{w: bufio.NewWriter(w)}
	if err := r.site.programs.Each(r.programWords(), func(p *firedoor.Program) error { return a.add(p) }); err != nil {
		return err
	}
	return a.close()
}

func (r *Result) programWords() recovery.Words {
	return recovery.Words{Segment: r.scopes.Name, Time: eventlog.Time, Capture: func(i uint32) string {
		if int(i) < len(r.names) {
			return r.names[i]
		}
		return ""
	}}
}

// points are the process values of the lanes that keep them.
func (r *Result) points() []*point.Table {
	var tables []*point.Table
	for _, l := range r.lanes {
		if l.points != nil {
			tables = append(tables, l.points)
		}
	}
	return tables
}

// WritePoints writes points.json.
func (r *Result) WritePoints(w io.Writer) error {
	a := array{w: bufio.NewWriter(w)}
	words := point.Words{Segment: r.scopes.Name, Time: eventlog.Time}
	if err := point.Each(r.points(), words, func(p *firedoor.Point) error { return a.add(p) }); err != nil {
		return err
	}
	return a.close()
}

// WriteAlerts writes alerts.json.
func (r *Result) WriteAlerts(w io.Writer) error { return writeAlerts(w, r.Alerts(), r.names) }

// WriteAlerts writes alerts.json of a watch that runs no more.
func (w *Watch) WriteAlerts(to io.Writer) error {
	return writeAlerts(to, w.p.site.board.Alerts(), w.memory.Sources)
}

// WriteAssets writes assets.json of a watch that runs no more.
func (w *Watch) WriteAssets(to io.Writer) error { return w.p.view().WriteAssets(to) }

// WriteConversations writes conversations.json of a watch that runs no more.
func (w *Watch) WriteConversations(to io.Writer) error { return w.p.view().WriteConversations(to) }

func writeAlerts(w io.Writer, alerts []firedoor.Alert, names []string) error {
	a := array{w: bufio.NewWriter(w)}
	for i := range alerts {
		line := alertLine(&alerts[i], names)
		if err := a.add(&line); err != nil {
			return err
		}
	}
	return a.close()
}

// alertLine is an alert as files and records write it; names are those of
// captures by index.
func alertLine(a *firedoor.Alert, names []string) firedoor.AlertLine {
	line := firedoor.AlertLine{ID: a.ID, Time: eventlog.Time(a.Time), Kind: a.Kind, Severity: a.Severity.String(), Sentence: a.Sentence,
		Client: a.Client.Address(), Server: a.Server.Address(), Protocol: a.Protocol, Techniques: a.Techniques, Frames: []uint32{}}
	if line.Techniques == nil {
		line.Techniques = []string{}
	}
	for _, f := range a.Frames {
		if f.Capture == a.Frames[0].Capture {
			line.Frames = append(line.Frames, f.Frame)
		}
	}
	if len(a.Frames) > 0 {
		line.Capture = names[a.Frames[0].Capture]
	}
	return line
}

// WriteSummary writes summary.json.
func (r *Result) WriteSummary(w io.Writer) error {
	b, err := json.MarshalIndent(&r.Summary, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
