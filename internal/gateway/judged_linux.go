package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"firedoor/internal/inline"
)

// judgedFile keeps what workers counted, for a control process that comes after one which heard them: of those that are
// gone by then nobody else says it.
const judgedFile = "judged.json"

// judgedKept is that file. Guardian is who numbers the workers: under another one they are others, and counted anew.
type judgedKept struct {
	Guardian string      `json:"guardian"`
	Before   judgedOf    `json:"before"`
	Workers  []*judgedOf `json:"workers"`
}

type judgedOf struct {
	Worker uint32        `json:"worker"`
	Counts inline.Counts `json:"counts"`
	Lost   uint64        `json:"lost"`
	Unsent uint64        `json:"unsent"`
	Unread uint64        `json:"unread"`
}

func (t *tally) kept() *judgedOf {
	return &judgedOf{t.worker, t.counts, t.lost, t.unsent, t.unread}
}

func (j *judgedOf) tally() tally { return tally{j.Worker, j.Counts, j.Lost, j.Unsent, j.Unread} }

// guardianNow names the process that started this one: by its number, and when it began, for numbers come again. It is
// the same one when it becomes another program. Once rights are given up nobody can tell, and it is "".
func guardianNow() string {
	pid := os.Getppid()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) <= startField {
		return ""
	}
	return fmt.Sprintf("%d %s", pid, fields[startField])
}

// startField is where the time stands at which a process began, behind its name.
const startField = 19

// takeJudged takes up what an earlier control process heard of workers of a guardian. What one said to this one is newer.
func (g *Gateway) takeJudged(dir, guardian string) error {
	b, err := os.ReadFile(filepath.Join(dir, judgedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var k judgedKept
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err != nil || guardian == "" || k.Guardian != guardian {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	heard := g.judged
	g.judged, g.before = nil, g.before.plus(k.Before.tally())
	for _, w := range k.Workers {
		if w != nil {
			g.count(w.tally())
		}
	}
	for _, t := range heard {
		g.count(t)
	}
	return nil
}

// keepJudged writes down what workers counted, if that is more than is written there. It is for one caller at a time.
func (g *Gateway) keepJudged(dir, guardian string) error {
	g.mu.Lock()
	k := judgedKept{Guardian: guardian, Before: *g.before.kept(), Workers: make([]*judgedOf, 0, len(g.judged))}
	for i := range g.judged {
		k.Workers = append(k.Workers, g.judged[i].kept())
	}
	g.mu.Unlock()
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if string(b) == g.written { // a line that nobody uses wears no disk
		return nil
	}
	err = Replace(filepath.Join(dir, judgedFile), b)
	if err == nil {
		g.written = string(b)
	}
	return err
}
