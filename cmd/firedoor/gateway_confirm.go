package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"
)

type confirmCommand struct {
	Data     string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
	Decision uint32 `arg:"" help:"Number of the decision."`
}

// Run confirms what another person ordered.
func (c *confirmCommand) Run(ctx context.Context, m *Main) error {
	var d decisionLine
	if err := ask(ctx, c.Data, "POST", "/confirm?"+url.Values{"id": {strconv.Itoa(int(c.Decision))}}.Encode(), &d); err != nil {
		return err
	}
	_, err := io.WriteString(m.Stdout, sayf("%s\n", d.sentence()))
	return err
}

// verb says what is done, and whether to everything.
func (d *decisionLine) verb() string {
	if d.Everything {
		return d.Verb + " of everything"
	}
	return d.Verb
}

// people are those who ordered it.
func (d *decisionLine) people() string {
	if d.ConfirmedBy == "" {
		return d.By
	}
	return d.By + " and " + d.ConfirmedBy
}

func (d *decisionLine) sentence() string {
	if d.State == "pending" {
		return fmt.Sprintf("Decision %d waits for a second person: %s of %s, also of what is never blocked. Until %s somebody else may type: firedoor confirm %d",
			d.ID, d.Verb, d.Scope, d.until(), d.ID)
	}
	return fmt.Sprintf("Decision %d: %s of %s until %s.", d.ID, d.verb(), d.Scope, d.until())
}

// until is when it ends, to the second.
func (d *decisionLine) until() string {
	at, err := time.Parse(time.RFC3339Nano, d.Until)
	if err != nil {
		return d.Until
	}
	return at.Format(time.RFC3339)
}
