package main

import (
	"context"
	"fmt"
	"net/http"
)

type linkCommand struct{ whose }

// Run asks a running process for a new one-time link.
func (c *linkCommand) Run(ctx context.Context, m *Main) error {
	dir, err := dataFolder(m, c.Data, c.Config)
	if err != nil {
		return err
	}
	var answer done
	if err := ask(ctx, dir, http.MethodPost, "/link", &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintln(m.Stdout, answer.Text)
	return err
}
