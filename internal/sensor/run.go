package sensor

import (
	"context"
	"errors"

	"firedoor/internal/protocol"
)

// Replay is the main job on files.
type Replay struct {
	Options   Options
	Protocols []*protocol.Protocol
}

// Run reads, learns and judges all captures and returns what was found. Damage
// to a capture is in Result.Damaged, everything before it in the result; an
// error means that there is no result.
func (r *Replay) Run(ctx context.Context) (*Result, error) {
	if err := r.Options.check(); err != nil {
		return nil, err
	}
	src, err := newSource(&r.Options)
	if err != nil {
		return nil, err
	}
	p := newPipeline(&r.Options, r.Protocols, &src.feed)
	if err := p.run(ctx, src); err != nil {
		return nil, err
	}
	return p.result(src), nil
}

// pipeline is the stages of one run.
type pipeline struct {
	o      *Options
	feed   *feed
	shards []*shard
	merger merger
	site   *site
	final  item // the last frame read
}

func newPipeline(o *Options, list []*protocol.Protocol, f *feed) *pipeline {
	p := &pipeline{o: o, feed: f, site: newSite(o, &f.scopes)}
	f.besides, f.served = withBeside(list), servedPorts(list)
	p.merger = merger{site: p.site, lines: o.Lines}
	for i := range o.Shards {
		p.shards = append(p.shards, &shard{id: i, count: o.Shards})
	}
	for i := range lanes {
		l := newLane(i, list, o)
		if l.bare = f.bare; o.Segments || o.notReads {
			l.segments = &f.scopes
		}
		p.shards[i%o.Shards].lanes[i] = l
	}
	return p
}

// lane gives a lane by its number.
func (p *pipeline) lane(i int) *lane { return p.shards[i%len(p.shards)].lanes[i] }

// batches is what a pipeline reads from.
type batches interface {
	// next fills a batch; false when there is no more.
	next(b *batch) (bool, error)
}

// run runs all stages to the end of the input.
func (p *pipeline) run(ctx context.Context, from batches) error {
	c := p.crew()
	defer c.dismiss()
	for ctx.Err() == nil {
		b := c.take()
		more, err := p.next(from, b)
		if err != nil || !more {
			c.putBack(b)
			c.drain()
			return errors.Join(err, p.merger.failed())
		}
		c.give(b)
		if len(p.shards) == 1 && p.merger.err != nil {
			break
		}
	}
	c.drain()
	return errors.Join(p.merger.failed(), ctx.Err())
}

// next fills a batch. What ends with a capture behind its last frame, where the
// batch has none, stands at that frame.
func (p *pipeline) next(from batches, b *batch) (bool, error) {
	more, err := from.next(b)
	if b.last.Frame > 0 {
		p.final = b.last
	} else {
		b.last.Raw, b.last.Frame, b.last.Capture = p.final.Raw, p.final.Frame, p.final.Capture
	}
	return more, err
}
