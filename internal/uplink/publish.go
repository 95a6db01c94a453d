package uplink

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"firedoor"

	"github.com/nats-io/nats.go/jetstream"
)

// maxToken is the most bytes of a name in a subject.
const maxToken = 64

// Publish sends records and returns when all of them are acknowledged, with the
// sequence of the last message. When it fails, some may have been sent: the
// caller keeps them all and publishes them again, which does no harm, for a
// record is the present state of a thing. Records of one thing stay in their
// order. Those that no message can hold are left out and counted in Stats.
func (u *Uplink) Publish(ctx context.Context, site string, records []firedoor.Record) (uint64, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var last uint64
	for _, g := range group(records) {
		to := strings.Join([]string{subject, token(site), token(g.sensor), token(string(g.kind))}, ".")
		for rest := g.records; len(rest) > 0; {
			message, took, left := u.enc.pack(rest)
			if left > 0 {
				u.leftOut.Add(uint64(left))
				u.log.Warn("uplink: records that no message can hold are left out", "sensor", g.sensor, "kind", g.kind, "records", left)
			}
			rest = rest[took:]
			if len(message) == 0 {
				continue
			}
			seq, err := u.send(ctx, to, message)
			if err != nil {
				u.failures.Add(1)
				if ctx.Err() == nil {
					u.heal(ctx)
				}
				return 0, fmt.Errorf("uplink: %d records of kind %s of sensor %q are not acknowledged: %w", took, g.kind, g.sensor, err)
			}
			last = seq
			u.published.Add(1)
			u.records.Add(uint64(took - left))
			u.bytes.Add(uint64(len(message)))
		}
	}
	return last, nil
}

// send publishes one message under an id of its own: the client sends it again
// when there was no answer, and the server keeps it once.
func (u *Uplink) send(ctx context.Context, to string, message []byte) (uint64, error) {
	if !u.conn.IsConnected() {
		return 0, errAway
	}
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	u.count++
	id := u.nonce + "-" + strconv.FormatUint(u.count, 10)
	ack, err := u.js.Publish(ctx, to, message, jetstream.WithMsgID(id), jetstream.WithExpectStream(Stream))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

var errAway = errors.New("the NATS server is not reached at present")

type batchOf struct {
	sensor  string
	kind    firedoor.RecordKind
	records []firedoor.Record
}

// group puts records of one sensor and kind together, in the order in which
// each pair came first. What belongs to one thing stays in order, and nothing
// passes the marks of a round.
func group(records []firedoor.Record) []batchOf {
	type pair struct {
		sensor string
		kind   firedoor.RecordKind
	}
	var out []batchOf
	at := map[pair]int{}
	for i := range records {
		p := pair{records[i].Sensor, records[i].Kind}
		if p.kind == firedoor.RecordRound {
			clear(at)
		}
		n, ok := at[p]
		if !ok {
			n = len(out)
			at[p] = n
			out = append(out, batchOf{sensor: p.sensor, kind: p.kind})
		}
		out[n].records = append(out[n].records, records[i])
		if p.kind == firedoor.RecordRound {
			clear(at)
		}
	}
	return out
}

// token makes a name fit into a subject: letters, digits, '-' and '_' stay. The
// true name is in the record.
func token(name string) string {
	out := []byte(name)
	if len(out) > maxToken {
		out = out[:maxToken]
	}
	for i, c := range out {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			out[i] = '_'
		}
	}
	if len(out) == 0 {
		return "_"
	}
	return string(out)
}
