package mqtt_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/mqtt"
)

// field is a field of a protocol buffer that has a length.
func field(number int, content string) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number<<3|2)), uint64(len(content)))) + content
}

func count(number, v int) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number<<3)), uint64(v)))
}

// metric is one of a payload: of type Int32, with a name where it has one.
func metric(name string, alias, value int) string {
	body := ""
	if name != "" {
		body = field(1, name)
	}
	body += count(2, alias)
	if name != "" {
		body += count(4, 3)
	}
	return field(2, body+count(10, value))
}

// publish is a packet; it has a number where it is to be acknowledged.
func publish(topic string, number int, payload string) string {
	head, body := byte(0x30), string([]byte{0, byte(len(topic))})+topic
	if number > 0 {
		head, body = 0x32, body+string([]byte{byte(number >> 8), byte(number)})
	}
	body += payload
	return string(binary.AppendUvarint([]byte{head}, uint64(len(body)))) + body
}

const connect = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"

// listener gives bytes to a parser and writes down what it says.
type listener struct {
	t    *testing.T
	p    protocol.Parser
	said []string
	ids  map[uint32]string
	last uint32
}

func newListener(t *testing.T) *listener {
	x := &listener{t: t, p: mqtt.Protocol.New(), ids: map[uint32]string{}}
	x.give(firedoor.FromClient, connect, 1<<20)
	x.said = nil
	return x
}

func (x *listener) give(dir firedoor.Direction, text string, step int) {
	x.t.Helper()
	b, from := []byte(text), 0
	for to := 0; to < len(b); {
		to = min(to+step, len(b))
		n, err := x.p.Parse(dir, b[from:to], x.hear)
		if err != nil {
			x.t.Fatal(err)
		}
		if from += n; to-from > protocol.MaxMessage {
			x.t.Fatalf("%d bytes wait", to-from)
		}
	}
}

func (x *listener) hear(e *firedoor.Event) {
	switch e.Kind {
	case firedoor.EventOperation:
		o := e.Operation
		text := fmt.Sprintf("%v %s %d %s %v", o.Verb, o.Function, o.Item, o.Object.AppendTo(nil), o.Values.Raw)
		switch {
		case o.Phase == firedoor.Asked:
			if o.ID != x.last+1 {
				x.t.Errorf("operation %d behind %d", o.ID, x.last)
			}
			x.ids[o.ID] = text
		case o.Partial:
		default:
			text = "answered " + x.ids[o.ID]
			delete(x.ids, o.ID)
		}
		x.last = max(x.last, o.ID)
		x.said = append(x.said, text)
	case firedoor.EventSample:
		x.said = append(x.said, fmt.Sprintf("%s %s %v", e.Sample.Function, e.Sample.Object.AppendTo(nil), e.Sample.Values.Raw))
	case firedoor.EventIdentity:
		x.said = append(x.said, fmt.Sprintf("fact %s", e.Identity.Value))
	case firedoor.EventMalformed:
		x.said = append(x.said, e.Malformed.Reason)
	}
}

// has looks for what was said at a place, from the end where that is negative.
func (x *listener) has(at int, want string) {
	x.t.Helper()
	if at < 0 {
		at += len(x.said)
	}
	if at < 0 || at >= len(x.said) || x.said[at] != want {
		x.t.Errorf("%d of %d is %q, want %q", at, len(x.said), x.said[min(max(at, 0), len(x.said)-1)], want)
	}
}

// TestLongBirths holds that data which names metrics by number have the names that a birth of more than 128 KiB
// gave them, wherever it is cut.
func TestLongBirths(t *testing.T) {
	var birth strings.Builder
	birth.WriteString(count(1, 1700000000))
	for i := range 2500 {
		birth.WriteString(metric(fmt.Sprintf("L%04d/%s", i, strings.Repeat("x", 40)), i, i))
		switch i {
		case 1000: // a field that nobody reads, and metrics too long to be kept
			birth.WriteString(field(5, strings.Repeat("body", 50_000)))
			birth.WriteString(field(2, field(1, "Image")+count(2, 5000)+count(4, 17)+field(16, strings.Repeat("\x07", 70_000))))
		case 2000:
			birth.WriteString(field(2, field(1, "Properties/Hardware Make")+count(4, 12)+field(15, "Works")))
		}
	}
	for dir, first := range map[firedoor.Direction]string{firedoor.FromClient: "write node birth 0 topic:spBv1.0/g/NBIRTH/n []", firedoor.FromServer: "node birth metric:g/n:L0000/" + strings.Repeat("x", 40) + " [0 0 0 0]"} {
		for _, step := range []int{1, 1460, 1 << 20} {
			x := newListener(t)
			x.give(dir, publish("spBv1.0/g/NBIRTH/n", 0, birth.String()), step)
			x.has(0, first)
			want := 2502
			if dir == firedoor.FromClient {
				want += 3 // the request, and facts
			}
			if len(x.said) != want {
				t.Errorf("%d said, want %d", len(x.said), want)
			}
			x.give(dir, publish("spBv1.0/g/NDATA/n", 0, metric("", 2499, 77)+metric("", 5000, 1)+metric("", 7, 8)), step)
			x.has(-3, "node data metric:g/n:L2499/"+strings.Repeat("x", 40)+" [77 0 0 0]")
			x.has(-2, "node data metric:g/n:Image []")
			x.has(-1, "node data metric:g/n:L0007/"+strings.Repeat("x", 40)+" [8 0 0 0]")
			if dir == firedoor.FromClient && !strings.Contains(strings.Join(x.said, "\n"), "fact Works") {
				t.Error("the maker is not told")
			}
		}
	}
}

// TestLongCommands holds that each metric of a command of more than 128 KiB is told, and answered, though other
// things are said in between.
func TestLongCommands(t *testing.T) {
	var body strings.Builder
	for i := range 4000 {
		name := fmt.Sprintf("L%04d/%s", i, strings.Repeat("x", 40))
		if i == 20 {
			name = "Node Control/Reboot"
		}
		body.WriteString(metric(name, i, i))
	}
	packet := publish("spBv1.0/g/NCMD/n", 9, body.String())
	x := newListener(t)
	rest := []byte(packet)
	for len(rest) > 0 {
		n, err := x.p.Parse(firedoor.FromClient, rest[:min(len(rest), 30_000)], x.hear)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		rest = rest[n:]
		x.give(firedoor.FromServer, "\x40\x02\x07\x07", 4) // an answer to something unseen
	}
	x.give(firedoor.FromServer, "\x40\x02\x00\x09", 4)
	asked, answered := 0, 0
	for _, s := range x.said {
		switch {
		case strings.HasPrefix(s, "write node command "), strings.HasPrefix(s, "control node command "):
			asked++
		case strings.HasPrefix(s, "answered "):
			answered++
		}
	}
	if asked != 4000 || answered != 4000 || len(x.ids) != 1 {
		t.Errorf("%d asked, %d answered, %d not (the first is the connection)", asked, answered, len(x.ids))
	}
	x.has(0, "write node command 1 metric:g/n:L0000/"+strings.Repeat("x", 40)+" [0 0 0 0]")
	x.has(20, "control node command 21 metric:g/n:Node Control/Reboot [20 0 0 0]")
	x.has(-1, "answered write node command 4000 metric:g/n:L3999/"+strings.Repeat("x", 40)+" [159 15 0 0]")
}

// TestLongNonsense holds that a long payload that is no protocol buffer is passed over, and what follows read.
func TestLongNonsense(t *testing.T) {
	for _, c := range []struct{ name, payload string }{
		{"a layout that there is not", metric("A", 1, 1) + "\x17" + strings.Repeat("z", 140_000)},
		{"a field longer than its payload", metric("A", 1, 1) + "\x2a\xff\xff\x7f" + strings.Repeat("z", 140_000)},
		{"a number without an end", metric("A", 1, 1) + strings.Repeat("\xff", 140_000)},
	} {
		x := newListener(t)
		x.give(firedoor.FromServer, publish("spBv1.0/g/NDATA/n", 0, c.payload)+publish("t", 0, "7"), 1000)
		if len(x.said) != 3 {
			t.Errorf("%s: %q", c.name, x.said)
			continue
		}
		x.has(1, "Sparkplug payload is no protocol buffer")
	}
}
