package guardian

import (
	"bytes"
	"sync"
)

// Limits of what waits for control, which may be away. What comes beyond is counted.
const (
	maxWaiting      = 8192
	maxWaitingBytes = 16 << 20
)

// backlog is what control is to be told.
type backlog struct {
	wake chan struct{}

	mu    sync.Mutex
	items []message
	bytes int
	lost  uint64
}

type message struct {
	kind Kind
	body []byte
}

func newBacklog() *backlog { return &backlog{wake: make(chan struct{}, 1)} }

// put keeps a message; it does not wait.
func (b *backlog) put(kind Kind, parts ...[]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body := bytes.Join(parts, nil)
	if len(b.items) >= maxWaiting || b.bytes+len(body) > maxWaitingBytes {
		b.lost++
		return
	}
	b.items = append(b.items, message{kind, body})
	b.bytes += len(body)
	b.nudge()
}

// nudge wakes whoever tells.
func (b *backlog) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// all gives what waits, which does not wait any more.
func (b *backlog) all() []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.items
	b.items, b.bytes = nil, 0
	return out
}

// again puts back what could not be told, before what came meanwhile.
func (b *backlog) again(items []message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.items {
		b.bytes -= len(m.body)
	}
	items = append(items, b.items...)
	b.items, b.bytes = nil, 0
	for _, m := range items {
		if len(b.items) >= maxWaiting || b.bytes+len(m.body) > maxWaitingBytes {
			b.lost++
			continue
		}
		b.items, b.bytes = append(b.items, m), b.bytes+len(m.body)
	}
}

func (b *backlog) missed() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}
