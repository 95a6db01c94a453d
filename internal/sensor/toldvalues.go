package sensor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"firedoor"
	"firedoor/internal/point"
	"firedoor/internal/recovery"
)

const (
	// pointsEvery is how often the same process values are told at most: they change
	// all the time, and nobody reads faster.
	pointsEvery = 3 * time.Second
	// pointsRate is how many bytes of process values are told in a second, on average
	// over pointsEvery. Beyond, those wait that were told last. The first round and
	// the last of a watch tell all.
	pointsRate = 256 << 10
)

// toldPoints is how far process values were told.
type toldPoints struct {
	plan   *point.Plan
	at     int       // how many pieces of the round are done
	from   int       // the piece with which the round begins
	next   int       // and the next one: the first that had to wait
	waits  bool      // one had to wait in this round
	last   bool      // nothing is put off any more
	credit int       // bytes that may be told
	fed    time.Time // when credit was given last
}

func (p *toldPoints) begin() {
	if p.waits {
		p.from = p.next
	}
	p.at, p.waits = 0, false
}

// feed gives credit for the time that went by.
func (p *toldPoints) feed(now time.Time) {
	const most = int(pointsRate * pointsEvery / time.Second)
	p.credit = min(most, p.credit+int(float64(pointsRate)*min(now.Sub(p.fed), pointsEvery).Seconds()))
	p.fed = now
}

// values tells process values piece by piece; each is told anew when something in
// it changed, but not more often than pointsEvery and not beyond pointsRate.
func (t *teller) values(r *Result, now, until time.Time) (bool, error) {
	p := &t.points
	if p.at == 0 {
		if p.plan == nil || !p.plan.Right() {
			p.plan = point.NewPlan(r.points())
		}
		p.feed(now)
	}
	for ; p.at < p.plan.Len(); p.at++ {
		if time.Now().After(until) {
			return false, nil
		}
		if err := t.piece(r, (p.from+p.at)%p.plan.Len(), now); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (t *teller) piece(r *Result, i int, now time.Time) error {
	p := &t.points
	device, number := p.plan.Device(i)
	key := pointsKey(r.scopes.Name(device.Segment), &device) + "-" + strconv.Itoa(number)
	name, sum := string(firedoor.RecordPoints)+" "+key, p.plan.Sum(i)
	x, known := t.things[name]
	x.seen = t.round
	if t.things[name] = x; known && x.sum == sum {
		return nil
	}
	if unhurried := t.round > 1 && !p.last; unhurried && known && now.Sub(x.when) < pointsEvery {
		return nil
	} else if unhurried && p.credit <= 0 {
		if !p.waits {
			p.waits, p.next = true, i
		}
		return nil
	}
	values := p.plan.Values(i, point.Words{Segment: r.scopes.Name, Time: stamp})
	body, err := json.Marshal(&values)
	if err != nil {
		return err
	}
	p.credit -= len(body)
	x.sum, x.when = sum, now
	t.things[name] = x
	t.tell(firedoor.RecordPoints, key, body)
	return nil
}

// pointsKey names the process values of a device among those of its sensor.
func pointsKey(segment string, d *point.Device) string {
	b := append([]byte(segment), 0)
	b = append(d.Server.AppendTo(b), 0)
	b = append(append(b, d.Protocol...), 0)
	if d.HasUnit {
		b = strconv.AppendUint(b, uint64(d.Unit), 10)
	}
	return "p-" + digest12(b)
}

// programs tells what was given to controllers and asked of them.
func (t *teller) programs(r *Result, now, until time.Time) (bool, error) {
	for all := &r.site.programs; t.program < all.Len(); t.program++ {
		if time.Now().After(until) {
			return false, nil
		}
		name, sum := all.Name(t.program)
		key := programKey(r.scopes.Name(name.Segment), &name)
		if !t.due(firedoor.RecordProgram, key, sum, sum, now) {
			continue
		}
		line := all.Program(t.program, r.programWords())
		body, err := json.Marshal(&line)
		if err != nil {
			return false, err
		}
		t.tell(firedoor.RecordProgram, key, body)
	}
	return true, nil
}

// programKey names a program among those of its sensor.
func programKey(segment string, n *recovery.Name) string {
	b := append([]byte(segment), 0)
	b = append(n.Server.AppendTo(b), 0)
	b = append(append(b, n.MAC.String()...), 0)
	b = append(append(b, n.Protocol...), 0)
	b = append(append(b, n.Kind...), 0)
	b = append(b, n.Name...)
	if n.HasUnit {
		b = strconv.AppendUint(append(b, 0), uint64(n.Unit), 10)
	}
	return "r-" + digest12(b)
}

// digest12 is short enough for a path and long enough to tell things of a site apart.
func digest12(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
