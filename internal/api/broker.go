package api

import (
	"sync"
	"sync/atomic"

	"firedoor/internal/store"
)

// maxWaiting is how many events wait for a listener; one that is slower is told
// to look at everything again.
const maxWaiting = 64

// Events as they are sent. The page asks the API for what it shows of them.
type (
	helloNews struct {
		Site string `json:"site"`
		Wall string `json:"wall_time"`
	}
	alertNews store.AlertNews
	assetNews struct {
		ID string `json:"id"`
	}
	conversationNews struct {
		Key string `json:"key"`
	}
	sensorNews struct {
		Name string `json:"name"`
	}
	acknowledgedNews struct {
		ID string `json:"id"`
	}
	pointsNews struct {
		Assets []string `json:"assets" doc:"Ids of those whose process values changed"`
	}
	programsNews struct {
		Assets []string `json:"assets" doc:"Ids of those whose programs changed"`
	}
	manyNews struct{}
	pingNews struct{}
)

// Broker hands what changed to those who listen. It never waits for them.
type Broker struct {
	mu        sync.Mutex
	listeners map[*listener]struct{}
	told      atomic.Uint64
	missed    atomic.Uint64
}

// NewBroker makes a broker without listeners.
func NewBroker() *Broker { return &Broker{listeners: map[*listener]struct{}{}} }

// listener gets events; missed has one token if some found no room.
type listener struct {
	events chan any
	missed chan struct{}
}

func (b *Broker) listen() *listener {
	l := &listener{events: make(chan any, maxWaiting), missed: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[l] = struct{}{}
	return l
}

func (b *Broker) leave(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.listeners, l)
}

// Tell hands on what a commit of the store changed; call it after the commit,
// so that what is told is there to be read. Alerts go first.
func (b *Broker) Tell(c store.Changes) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.listeners) == 0 {
		return
	}
	for _, a := range c.Alerts {
		b.tell(alertNews(a))
	}
	for _, name := range c.Sensors {
		b.tell(sensorNews{name})
	}
	for _, id := range c.Assets {
		b.tell(assetNews{id})
	}
	for _, key := range c.Conversations {
		b.tell(conversationNews{key})
	}
	if len(c.Programs) > 0 {
		b.tell(programsNews{c.Programs})
	}
	if len(c.Points) > 0 { // they change all the time: one event for all
		b.tell(pointsNews{c.Points})
	}
}

func (b *Broker) acknowledged(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell(acknowledgedNews{id})
}

func (b *Broker) tell(event any) {
	b.told.Add(1)
	for l := range b.listeners {
		select {
		case l.events <- event:
		default:
			b.missed.Add(1)
			select {
			case l.missed <- struct{}{}:
			default: // it will look at everything anyway
			}
		}
	}
}

// BrokerStats are counters for metrics.
type BrokerStats struct {
	Listeners int
	Told      uint64 // events
	Missed    uint64 // events that a slow listener got no room for
}

// Stats counts listeners and events.
func (b *Broker) Stats() BrokerStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BrokerStats{Listeners: len(b.listeners), Told: b.told.Load(), Missed: b.missed.Load()}
}
