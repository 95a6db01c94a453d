package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firedoor/internal/store"
	"firedoor/internal/uplink"
)

// How long folding waits after a fault before it tries again: longer each time.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 10 * time.Second
)

// follow folds records in until ctx is done. A fault, such as a full disk, loses
// nothing: the position did not move, and the stream still has what comes after
// it; so it is tried again for ever, and told meanwhile.
func (c *Console) follow(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		before := c.store.Stats().Messages
		err := c.fold(ctx)
		if ctx.Err() != nil {
			return
		}
		if c.store.Stats().Messages > before {
			wait = firstWait
		}
		if err != nil {
			text := trouble(err)
			if old := c.trouble.Swap(&text); old == nil || *old != text {
				c.log.Error("console: records are not folded in; trying again until it works", "problem", text, "error", err)
			}
			c.failures.Add(1)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		wait = min(2*wait, lastWait)
	}
}

// fold takes what comes after the store's position in, and tells live pages of
// it after each commit.
func (c *Console) fold(ctx context.Context) error {
	at, err := c.store.Position(ctx)
	if err != nil {
		return err
	}
	from, stream := at.Seq, c.up.ID()
	if at.Stream != stream {
		from = 0 // another stream: its numbers mean something else
	}
	return c.up.Consume(ctx, "console", from, func(b uplink.Batch) error {
		changes, err := c.store.Apply(ctx, store.Position{Stream: stream, Seq: b.Seq}, b.Stored, b.Records)
		if err != nil {
			return err
		}
		if c.trouble.Swap(nil) != nil {
			c.log.Info("console: records are folded in again")
		}
		c.broker.Tell(changes)
		return nil
	})
}

// trouble is a fault in words for people.
func trouble(err error) string {
	switch {
	case errors.Is(err, store.ErrNoSpace):
		return "The console's disk is full. What is shown is right but no longer kept up to date; sensors go on and nothing is lost until their own room is used up. Make room on the disk."
	case errors.Is(err, store.ErrReadOnly):
		return "The console's disk cannot be written. What is shown is right but no longer kept up to date; sensors go on and nothing is lost until their own room is used up."
	}
	return "The console does not get what the sensors find. It tries again by itself; its log says why."
}

// Problem says in a sentence what keeps the console from showing the latest;
// empty for nothing.
func (c *Console) Problem() string {
	if p := c.trouble.Load(); p != nil {
		return *p
	}
	return ""
}

// maxSilent is how many silent sensors are named; further ones are counted.
const maxSilent = 20

// Ready tells in sentences why the console is not ready: the store cannot be
// written, the stream does not answer, a sensor is silent, or something is wrong
// with the process (Config.Ready). None: it is ready.
func (c *Console) Ready(ctx context.Context) []string {
	var out []string
	if p := c.Problem(); p != "" {
		out = append(out, p)
	}
	if p := c.store.Stats().Problem; p != "" {
		out = append(out, "The store cannot be written: "+p)
	}
	if !c.up.Stats(ctx).Connected {
		out = append(out, "The stream of records does not answer.")
	}
	out = append(out, c.silent(ctx)...)
	if c.cfg.Ready != nil {
		out = append(out, c.cfg.Ready()...)
	}
	return out
}

// silent tells which sensors are not heard.
func (c *Console) silent(ctx context.Context) []string {
	sensors, err := c.store.Sensors(ctx, time.Now())
	if err != nil {
		return []string{"The store cannot be read: " + err.Error()}
	}
	if len(sensors) == 0 {
		return []string{"No sensor was heard yet."}
	}
	var out []string
	more := 0
	for i := range sensors {
		switch s := &sensors[i]; {
		case !s.Stale:
		case len(out) < maxSilent:
			out = append(out, fmt.Sprintf("Sensor %q was last heard at %s.", s.Name, s.Heard))
		default:
			more++
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("%d more sensors are not heard.", more))
	}
	return out
}
