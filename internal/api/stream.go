package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
)

const (
	// maxBurst is how many events a listener gets within window; beyond that it is
	// told once to look at everything again.
	maxBurst = 20
	window   = time.Second
	// pingEvery is how long a line may be silent: who hears nothing for longer
	// knows that it is lost.
	pingEvery = 15 * time.Second
)

func (a *API) registerStream(h huma.API) {
	op := huma.Operation{OperationID: "stream", Method: http.MethodGet, Path: "/api/stream", Tags: []string{"site"},
		Summary:     "Live events",
		Description: "Server-sent events: hello first, then what changed. At most 20 a second; beyond that one many: ask for everything again. A ping comes every 15 seconds.",
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			select {
			case a.streams <- struct{}{}:
				defer func() { <-a.streams }()
				next(ctx)
			default:
				a.refused.Add(1)
				huma.WriteErr(h, ctx, http.StatusServiceUnavailable, "too many pages listen already: close some and try again") //nolint:errcheck // the client went away
			}
		}}}
	events := map[string]any{"hello": helloNews{}, "alert": alertNews{}, "asset": assetNews{}, "conversation": conversationNews{},
		"points": pointsNews{}, "programs": programsNews{},
		"sensor": sensorNews{}, "acknowledged": acknowledgedNews{}, "many": manyNews{}, "ping": pingNews{}}
	sse.Register(h, op, events, a.stream)
}

// stream tells one listener what changes until it goes away.
func (a *API) stream(ctx context.Context, _ *struct{}, send sse.Sender) {
	l := a.broker.listen()
	defer a.broker.leave(l)
	if send.Data(helloNews{a.cfg.Site, stamp(time.Now())}) != nil {
		return
	}
	windows, pings := time.NewTicker(window), time.NewTicker(pingEvery)
	defer windows.Stop()
	defer pings.Stop()
	var p pace
	for {
		var out any
		select {
		case <-ctx.Done():
			return
		case event := <-l.events:
			out = p.next(event)
		case <-l.missed:
			p.sent = maxBurst
			out = p.next(nil)
		case <-windows.C:
			out = p.turn()
		case <-pings.C:
			out = pingNews{}
		}
		if out != nil && send.Data(out) != nil {
			return
		}
	}
}

// pace keeps a listener's events within their limit.
type pace struct {
	sent    int  // in this window
	many    bool // it was told to look at everything in this window
	swallow bool // and something came after that
}

// next gives what to send for an event: itself, manyNews, or nothing.
func (p *pace) next(event any) any {
	switch {
	case p.sent < maxBurst:
		p.sent++
		return event
	case !p.many:
		p.many = true
		return manyNews{}
	default:
		p.swallow = true
		return nil
	}
}

// turn begins a new window; what was swallowed in the last one is made good.
func (p *pace) turn() any {
	late := p.swallow
	*p = pace{}
	if late {
		return manyNews{}
	}
	return nil
}
