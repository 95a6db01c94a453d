package sensor

// crew is who works on batches. take, give and drain belong to the goroutine that
// reads; between a drain and the next give nothing is under way, and everything
// may be looked at.
type crew interface {
	take() *batch     // waits for one that is free
	putBack(b *batch) // one that was taken and not used
	give(b *batch)    // to the shards, then to the merger
	drain()           // waits until all that was given is merged
	dismiss()         // no more comes
}

func (p *pipeline) crew() crew {
	if len(p.shards) == 1 {
		return &alone{p: p, b: newBatch(1)}
	}
	return newTeam(p)
}

// alone runs all stages on the goroutine that reads: no hand-over, nothing to
// wait for.
type alone struct {
	p *pipeline
	b *batch
}

func (c *alone) take() *batch   { return c.b }
func (c *alone) putBack(*batch) {}
func (c *alone) give(b *batch) {
	c.p.shards[0].process(b)
	c.p.merger.merge(b)
}
func (c *alone) drain()   {}
func (c *alone) dismiss() {}

// ahead is how many epochs may be under way at once.
const ahead = 8

// team gives every shard a goroutine and merges on another.
type team struct {
	p       *pipeline
	free    chan *batch
	work    []chan *batch
	inOrder chan *batch
	merged  chan struct{} // closed when the merger went home
}

func newTeam(p *pipeline) *team {
	c := &team{p: p, free: make(chan *batch, ahead), work: make([]chan *batch, len(p.shards)),
		inOrder: make(chan *batch, ahead), merged: make(chan struct{})}
	for range ahead {
		c.free <- newBatch(len(p.shards))
	}
	for i, s := range p.shards {
		c.work[i] = make(chan *batch, ahead)
		go func(s *shard, in <-chan *batch) {
			for b := range in {
				s.process(b)
				b.busy.Done()
			}
		}(s, c.work[i])
	}
	go func() {
		defer close(c.merged)
		for b := range c.inOrder {
			b.busy.Wait()
			c.p.merger.merge(b)
			c.free <- b
		}
	}()
	return c
}

func (c *team) take() *batch     { return <-c.free }
func (c *team) putBack(b *batch) { c.free <- b }

func (c *team) give(b *batch) {
	b.busy.Add(len(c.p.shards))
	for _, w := range c.work {
		w <- b
	}
	c.inOrder <- b
}

func (c *team) drain() {
	var all [ahead]*batch
	for i := range all {
		all[i] = <-c.free
	}
	for _, b := range all {
		c.free <- b
	}
}

func (c *team) dismiss() {
	for _, w := range c.work {
		close(w)
	}
	close(c.inOrder)
	<-c.merged
}
