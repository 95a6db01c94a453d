package uplink

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"firedoor"

	"github.com/nats-io/nats.go/jetstream"
)

// Limits of what waits in memory to be consumed.
const (
	maxAhead      = 64      // messages
	maxAheadBytes = 8 << 20 // and bytes: two of the largest messages
	idleTimeout   = time.Minute
)

// Batch is one message of the stream.
type Batch struct {
	Seq     uint64    // its place in the stream
	Stored  time.Time // when the server had it
	Records []firedoor.Record
}

// Consume gives every message after the sequence from to f, one after the
// other, and waits for more until ctx is done (then it returns nil) or f
// returns an error (then it returns that one, and f sees the same message first
// when Consume is called again from where it was). A message that nobody can
// read is given without records, so that f can move its position on. Messages
// that made room for newer ones before they were seen are counted as lost in
// Stats, and told in the log.
func (u *Uplink) Consume(ctx context.Context, name string, from uint64, f func(Batch) error) error {
	u.at.Store(from)
	consumer, err := u.js.OrderedConsumer(ctx, Stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1,
		// A consumer of before may still be going away: each has a name of its own.
		InactiveThreshold: idleTimeout, NamePrefix: token(name) + "-" + u.nonce + "-" + strconv.FormatUint(u.consumers.Add(1), 10),
	})
	if err != nil {
		return u.consumeError(ctx, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(maxAhead, maxAheadBytes))
	if err != nil {
		return u.consumeError(ctx, err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() == nil && transient(err) {
				continue
			}
			return u.consumeError(ctx, err)
		}
		if err := u.deliver(m, f); err != nil {
			return err
		}
	}
}

func (u *Uplink) consumeError(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil // the caller's wish, no fault
	default:
	}
	return fmt.Errorf("uplink: read stream %s: %w", Stream, err)
}

// transient errors heal by themselves: the consumer is made anew from where it was.
func transient(err error) bool {
	return errors.Is(err, jetstream.ErrNoHeartbeat) || errors.Is(err, jetstream.ErrOrderedConsumerReset)
}

func (u *Uplink) deliver(m jetstream.Msg, f func(Batch) error) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("uplink: a message of stream %s does not say where it stands: %w", Stream, err)
	}
	seq, at := meta.Sequence.Stream, u.at.Load()
	if seq <= at {
		return nil
	}
	if gap := seq - at - 1; gap > 0 {
		u.lost.Add(gap)
		u.log.Warn("uplink: messages were discarded before they were read: what they said comes again only when it changes", "messages", gap)
	}
	records, err := unpack(m.Data())
	if err != nil {
		u.undecodable.Add(1)
		u.log.Warn("uplink: a message cannot be read and is passed over", "sequence", seq, "error", err)
		records = nil
	}
	u.delivered.Add(1)
	if err := f(Batch{Seq: seq, Stored: meta.Timestamp, Records: records}); err != nil {
		return err
	}
	u.at.Store(seq)
	return nil
}
