package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
)

type baselineCommand struct {
	Learn  baselineLearn  `cmd:"" help:"Take what is seen for normal, from now on."`
	Watch  baselineWatch  `cmd:"" help:"End learning, or a maintenance window: tell what was not learned."`
	Pause  baselinePause  `cmd:"" help:"Begin a maintenance window: what is new is told without alarm and is not learned."`
	Resume baselineResume `cmd:"" help:"End the maintenance window."`
	Forget baselineForget `cmd:"" help:"Forget what was learned of a device, or of all."`
	Export baselineExport `cmd:"" help:"Write what was learned into a file."`
	Import baselineImport `cmd:"" help:"Take over what another sensor exported."`
}

// whose says which process an order is for.
type whose struct {
	Data   *string `help:"Folder of the process to order." placeholder:"DIR"`
	Config *string `help:"Configuration file of the process to order." placeholder:"FILE"`
}

func (w whose) order(ctx context.Context, m *Main, order string, q url.Values) error {
	dir, err := dataFolder(m, w.Data, w.Config)
	if err != nil {
		return err
	}
	var answer done
	if err := ask(ctx, dir, http.MethodPost, "/baseline/"+order+"?"+q.Encode(), &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintln(m.Stdout, answer.Text)
	return err
}

type baselineLearn struct {
	whose
	For string `help:"Traffic time to learn; without it, until told to watch." placeholder:"10m"`
}

// Run sends the order.
func (c *baselineLearn) Run(ctx context.Context, m *Main) error {
	return c.order(ctx, m, "learn", url.Values{"for": {c.For}})
}

type baselineWatch struct{ whose }

// Run sends the order.
func (c *baselineWatch) Run(ctx context.Context, m *Main) error {
	return c.order(ctx, m, "watch", nil)
}

type baselinePause struct {
	whose
	Reason string `help:"Why, in the words that alerts of the window will carry." required:""`
}

// Run sends the order.
func (c *baselinePause) Run(ctx context.Context, m *Main) error {
	return c.order(ctx, m, "pause", url.Values{"reason": {c.Reason}})
}

type baselineResume struct{ whose }

// Run sends the order.
func (c *baselineResume) Run(ctx context.Context, m *Main) error {
	return c.order(ctx, m, "resume", nil)
}

type baselineForget struct {
	whose
	Asset string `help:"Only of this device." placeholder:"a-..." xor:"what" required:""`
	All   bool   `help:"Of all devices." xor:"what" required:""`
}

// Run sends the order.
func (c *baselineForget) Run(ctx context.Context, m *Main) error {
	return c.order(ctx, m, "forget", url.Values{"asset": {c.Asset}})
}

type baselineExport struct {
	whose
	File string `arg:"" help:"The file to write, in the data folder of the process."`
}

// Run sends the order.
func (c *baselineExport) Run(ctx context.Context, m *Main) error {
	path, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	return c.order(ctx, m, "export", url.Values{"file": {path}})
}

type baselineImport struct {
	whose
	File string `arg:"" help:"The exported file, in the data folder of the process."`
}

// Run sends the order.
func (c *baselineImport) Run(ctx context.Context, m *Main) error {
	path, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	return c.order(ctx, m, "import", url.Values{"file": {path}})
}
