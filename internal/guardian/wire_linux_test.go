package guardian

import (
	"encoding/binary"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedoor/internal/datapath"
)

// TestTablesTravel holds that tables arrive as they were sent.
func TestTablesTravel(t *testing.T) {
	sent := &datapath.Tables{
		Places:     []datapath.Place{{VLAN: datapath.VLAN{Only: true, Outer: 10}, Prefix: netip.MustParsePrefix("10.0.0.0/8"), Place: 3, Zone: 4}, {Prefix: netip.MustParsePrefix("fd00::1/128"), Place: 1}},
		Stations:   []datapath.Station{{MAC: 0x020000000001, Place: 7, Bare: true}},
		Joined:     []datapath.Joined{{Client: 3, Server: 7, Pair: 1}},
		Pairs:      []datapath.Pair{{Default: datapath.Gate{Action: datapath.Drop, Reason: 3, Rule: 9}}, {Default: datapath.Gate{Action: datapath.Ask, Floor: datapath.FloorCodes, Codes: 0}}},
		Gates:      []datapath.PortGate{{Pair: 1, Transport: 6, Port: 502, Gate: datapath.Gate{Action: datapath.Pass, Safety: true}}},
		Codes:      []datapath.CodeTable{{3: {Action: datapath.Ask, Floor: datapath.FloorDrop, Reason: 5, Rule: 2}}},
		Quarantine: []datapath.Held{{MAC: 0x020000000002, Rule: 1}},
	}
	b, err := json.Marshal(Request{ID: 1, What: WantSet, Tables: sent, Order: json.RawMessage(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := read[Request](b)
	if err != nil || !reflect.DeepEqual(got.Tables, sent) {
		t.Errorf("%+v %v", got.Tables, err)
	}
}

func linked(t *testing.T, most int) (*Link, net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return NewLink(a, most), b
}

// TestLinkRefuses holds that what cannot be a message ends the connection, before room
// is made for it.
func TestLinkRefuses(t *testing.T) {
	for name, head := range map[string][]byte{
		"too long":  {byte(KindTold), 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
		"kind 0":    {0, 0, 0, 0, 1, 0, 0, 0},
		"kind 200":  {200, 0, 0, 0, 1, 0, 0, 0},
		"over most": binary.LittleEndian.AppendUint32([]byte{byte(KindTold), 0, 0, 0}, MaxTold+1),
	} {
		l, other := linked(t, MaxTold)
		go func() { _, _ = other.Write(head) }()
		if _, _, err := l.Receive(); err == nil || !strings.Contains(err.Error(), "cannot be") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// guarding is a guardian in which something is in force already, and a client of it.
func guarding(t *testing.T) (*Guardian, *Link, chan error) {
	t.Helper()
	a, b := net.Pipe()
	g := New(Config{Log: quiet(t)})
	close(g.begun)
	ended := make(chan error, 1)
	go func() { ended <- g.obey(t.Context(), NewLink(a, MaxMessage)) }()
	t.Cleanup(func() { a.Close(); b.Close() })
	return g, NewLink(b, MaxMessage), ended
}

// TestBadMessages holds that a message of control that is wrong is refused, told why,
// and does no harm to the connection, and that one that breaks the framing ends it.
func TestBadMessages(t *testing.T) {
	g, control, ended := guarding(t)
	short := &datapath.Tables{}
	broken := &datapath.Tables{Pairs: []datapath.Pair{{Default: datapath.Gate{Action: 77}}}}
	for _, c := range []struct {
		body any
		want string
	}{
		{Request{ID: 1, What: WantSet, Order: json.RawMessage(`{}`)}, "belong together"},
		{Request{ID: 2, What: WantSet, Order: json.RawMessage(`{}`), Tables: short}, "no pair 0"},
		{Request{ID: 3, What: WantSet, Order: json.RawMessage(`{}`), Tables: broken}, "cannot be done here"},
		{Request{ID: 4, What: "dance"}, `"dance" is nothing that a guardian does`},
		{Request{ID: 5, What: WantHold}, "nobody is named"},
		{[]int{1}, "cannot be read"},
	} {
		if err := control.SendJSON(KindRequest, c.body); err != nil {
			t.Fatal(err)
		}
		kind, body, err := control.Receive()
		if err != nil || kind != KindReply {
			t.Fatalf("%v: kind %d, %v", c.body, kind, err)
		}
		if r, err := read[Reply](body); err != nil || !strings.Contains(r.Error, c.want) {
			t.Errorf("%+v: %+v %v, want %q", c.body, r, err, c.want)
		}
	}
	if len(g.failed) > 0 {
		t.Error("a bad message ended the guardian")
	}
	if err := control.Send(KindTold); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("what only a worker says was taken from control")
		}
	case <-time.After(time.Minute):
		t.Error("what only a worker says was taken from control")
	}
}

// TestBacklog holds the bounds of what waits for control, its order, and that the rest
// is counted.
func TestBacklog(t *testing.T) {
	b := newBacklog()
	for i := range maxWaiting + 5 {
		b.put(KindTold, []byte{byte(i)})
	}
	items := b.all()
	if len(items) != maxWaiting || b.missed() != 5 || items[7].body[0] != 7 {
		t.Errorf("%d wait, %d missed", len(items), b.missed())
	}
	b.put(KindTold, []byte("later"))
	b.again(items[:2])
	if got := b.all(); len(got) != 3 || string(got[2].body) != "later" || got[0].body[0] != 0 {
		t.Errorf("%v", got)
	}
	b.put(KindTold, make([]byte, maxWaitingBytes))
	b.put(KindTold, []byte("x"))
	if b.missed() != 6 {
		t.Errorf("%d missed", b.missed())
	}
}

// TestLogin holds that a login is told where the kernel keeps it, and that of a process which
// cannot be seen nothing is told.
func TestLogin(t *testing.T) {
	want := uint32(0)
	if b, err := os.ReadFile("/proc/self/loginuid"); err == nil {
		n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if n != noLogin {
			want = uint32(n)
		}
	}
	if login, err := loginOf(int32(os.Getpid())); err != nil || login != want {
		t.Errorf("login %d (%v), want %d", login, err, want)
	}
	if login, err := loginOf(1 << 30); err == nil { // beyond any number of a process
		t.Errorf("a process that is not there has login %d", login)
	}
}
