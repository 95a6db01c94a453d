package sensor

import (
	"context"
	"fmt"

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
	return newPipeline(r, src).run(ctx)
}

// pipeline is the stages of one run.
type pipeline struct {
	o      *Options
	src    *source
	shards []*shard
	merger merger
	site   *site
	final  item // the last frame read
}

func newPipeline(r *Replay, src *source) *pipeline {
	o := &r.Options
	p := &pipeline{o: o, src: src, site: newSite(o, &src.scopes)}
	p.merger = merger{site: p.site, lines: o.Lines}
	for i := range o.Shards {
		p.shards = append(p.shards, &shard{id: i, count: o.Shards})
	}
	for i := range lanes {
		l := newLane(i, r.Protocols, o)
		l.bare = src.bare
		p.shards[i%o.Shards].lanes[i] = l
	}
	return p
}

// run runs all stages to the end of the input.
func (p *pipeline) run(ctx context.Context) (*Result, error) {
	stages := p.parallel
	if len(p.shards) == 1 {
		stages = p.inline
	}
	if err := stages(ctx); err != nil {
		return nil, err
	}
	return p.result(), nil
}

// inline runs all stages on one goroutine: no hand-over, nothing to wait for.
func (p *pipeline) inline(ctx context.Context) error {
	b := newBatch(1)
	for {
		more, err := p.next(b)
		if err != nil || !more {
			return err
		}
		p.shards[0].process(b)
		p.merger.merge(b)
		if err := p.stopped(ctx); err != nil {
			return err
		}
	}
}

// next fills a batch. What ends with a capture behind its last frame, where the
// batch has none, stands at that frame.
func (p *pipeline) next(b *batch) (bool, error) {
	more, err := p.src.next(b)
	if len(b.items) > 0 {
		p.final = b.last
	} else {
		b.last.Raw, b.last.Frame, b.last.Capture = p.final.Raw, p.final.Frame, p.final.Capture
	}
	return more, err
}

func (p *pipeline) stopped(ctx context.Context) error {
	if p.merger.err != nil {
		return fmt.Errorf("writing event lines: %w", p.merger.err)
	}
	return ctx.Err()
}

// ahead is how many epochs may be under way at once.
const ahead = 8

// parallel gives every shard a goroutine and merges on another; this one reads
// and decodes.
func (p *pipeline) parallel(ctx context.Context) error {
	free := make(chan *batch, ahead)
	for range ahead {
		free <- newBatch(len(p.shards))
	}
	work := make([]chan *batch, len(p.shards))
	for i, s := range p.shards {
		work[i] = make(chan *batch, ahead)
		go func(s *shard, in <-chan *batch) {
			for b := range in {
				s.process(b)
				b.busy.Done()
			}
		}(s, work[i])
	}
	inOrder := make(chan *batch, ahead)
	merged := make(chan struct{})
	go func() {
		defer close(merged)
		for b := range inOrder {
			b.busy.Wait()
			p.merger.merge(b)
			free <- b
		}
	}()
	err := p.read(ctx, free, work, inOrder)
	for _, w := range work {
		close(w)
	}
	close(inOrder)
	<-merged
	if err != nil {
		return err
	}
	return p.stopped(ctx)
}

func (p *pipeline) read(ctx context.Context, free <-chan *batch, work []chan *batch, inOrder chan<- *batch) error {
	for ctx.Err() == nil {
		b := <-free
		more, err := p.next(b)
		if err != nil || !more {
			return err
		}
		b.busy.Add(len(p.shards))
		for _, w := range work {
			w <- b
		}
		inOrder <- b
	}
	return ctx.Err()
}
