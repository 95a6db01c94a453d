package device

import (
	"errors"
	"testing"
)

// clients are one of each protocol with its session set up, and a point whose
// value is written by set.
func clients(t *testing.T, each func(t *testing.T, c Client, s Session, p Point, set func(float64))) {
	t.Run("modbus", func(t *testing.T) {
		m, server, points := modbusCell(t)
		each(t, NewModbusClient(1), server.Accept(testPeer), points[1], func(x float64) { m.at["SIC101.SP"] = x })
	})
	t.Run("s7", func(t *testing.T) {
		m, _, server, points := s7Cell(t)
		c, s := s7Link(t, server, 1000)
		each(t, c, s, points[2], func(x float64) { m.at["RATE.SP"] = x })
	})
	for _, fresh := range []func() *CIPClient{NewCIPClient, NewCIPTool} {
		t.Run("cip", func(t *testing.T) {
			m, _, d, points := cipCell(t)
			c, s := cipLink(t, d, fresh(), 1000)
			each(t, c, s, points[3], func(x float64) { m.at["Step"] = x })
		})
	}
}

// TestAbandonedRequestsDoNotComeBack: an answer that comes too late must not be
// taken for the answer to what was asked since.
func TestAbandonedRequestsDoNotComeBack(t *testing.T) {
	clients(t, func(t *testing.T, c Client, s Session, p Point, set func(float64)) {
		read := Request{Verb: Read, Points: []Point{p}}
		ask := func(x float64) []byte {
			set(x)
			b, err := c.Ask(read, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := s.Receive(testNow, b, nil)
			return answer
		}
		late := ask(11)
		if _, err := c.Ask(read, nil); !errors.Is(err, ErrBusy) {
			t.Errorf("a second request at once: %v", err)
		}
		c.Abandon()
		if _, replies, err := c.Receive(late, nil); err != nil || len(replies) > 0 {
			t.Errorf("late and nothing asked since: %v, %v", replies, err)
		}
		late = ask(12)
		c.Abandon()
		now := ask(13)
		_, replies, err := c.Receive(append(late, now...), nil)
		if err != nil || len(replies) != 1 || !replies[0].OK || replies[0].Values[0] != 13 {
			t.Errorf("late and then the right one: %v, %v", replies, err)
		}
	})
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	clients(t, func(t *testing.T, c Client, _ Session, p Point, _ func(float64)) {
		far, other := p, p
		far.Address, far.Name, other.Area = 1<<20, "", 99
		for _, x := range []struct {
			name string
			r    Request
			want error
		}{
			{"no points", Request{Verb: Read}, ErrRequest},
			{"fewer values", Request{Verb: Write, Points: []Point{p, p}, Values: []float64{1}}, ErrRequest},
			{"address", Request{Verb: Read, Points: []Point{far}}, ErrRequest},
			{"area", Request{Verb: Read, Points: []Point{other}}, ErrUnsupported},
			{"cyclic exchange", Request{Verb: Connect}, ErrUnsupported},
			{"no verb", Request{}, ErrUnsupported},
		} {
			b, err := c.Ask(x.r, nil)
			if !errors.Is(err, x.want) || len(b) > 0 || !c.Ready() {
				t.Errorf("%s: %v and % x, want %v", x.name, err, b, x.want)
			}
		}
	})
}

func TestOtherProtocolsAreNotTakenForAnswers(t *testing.T) {
	clients(t, func(t *testing.T, c Client, _ Session, p Point, _ func(float64)) {
		if _, err := c.Ask(Request{Verb: Read, Points: []Point{p}}, nil); err != nil {
			t.Fatal(err)
		}
		_, replies, err := c.Receive([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), nil)
		if err == nil && len(replies) > 0 && replies[0].OK {
			t.Errorf("HTTP is an answer: %v", replies)
		}
	})
}

func TestValuesKeepTheirRange(t *testing.T) {
	for _, x := range []struct {
		kind  Kind
		scale float64
		in    float64
		raw   uint32
		out   float64
	}{
		{Int16, 10, 72.54, 725, 72.5}, {Int16, 10, -72.55, 0xfd2a, -72.6}, {Int16, 1, 1e9, 0x7fff, 32767}, {Int16, 0, -1e9, 0x8000, -32768},
		{Uint16, 0, -5, 0, 0}, {Uint16, 0, 70000, 0xffff, 65535}, {Int32, 1, -1, 0xffffffff, -1}, {Int32, 1, 1e12, 0x7fffffff, 2147483647},
		{Bool, 0, 2, 1, 1}, {Bool, 0, 0, 0, 0}, {Float32, 10, 1.5, 0x3fc00000, 1.5},
	} {
		raw := rawOf(x.kind, x.scale, x.in)
		if out := engineering(x.kind, x.scale, raw); raw != x.raw || out != x.out {
			t.Errorf("kind %d, %g: raw %#x and back %g, want %#x and %g", x.kind, x.in, raw, out, x.raw, x.out)
		}
	}
	nothing := 0.0
	if raw := rawOf(Int16, 1, nothing/nothing); raw != 0 {
		t.Errorf("no number is %#x", raw)
	}
}

func TestPlacesAreGivenBackOnce(t *testing.T) {
	_, modbus, _ := modbusCell(t)
	_, _, s7, _ := s7Cell(t)
	_, _, cip, _ := cipCell(t)
	for _, server := range []Server{modbus, s7, cip} { // three places each
		var all []Session
		for range 3 {
			all = append(all, server.Accept(testPeer))
		}
		if server.Accept(testPeer) != nil {
			t.Errorf("%T: a fourth connection", server)
		}
		all[0].Close()
		all[0].Close()
		if server.Accept(testPeer) == nil || server.Accept(testPeer) != nil {
			t.Errorf("%T: one connection closed twice is not one place", server)
		}
	}
}
