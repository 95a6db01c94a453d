package device

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"firedoor/internal/plant/chance"
)

var testPeer = netip.MustParseAddr("10.1.0.10")

// memory is the values of a test's controller.
type memory struct {
	at     map[string]float64
	writes []string
}

func newMemory() *memory { return &memory{at: map[string]float64{}} }

func (m *memory) value(name string, k Kind, scale, x float64) *Value {
	v := m.readOnly(name, k, scale, x)
	v.Store = func(x float64) {
		m.at[name] = x
		m.writes = append(m.writes, fmt.Sprintf("%s=%g", name, x))
	}
	return v
}

func (m *memory) readOnly(name string, k Kind, scale, x float64) *Value {
	m.at[name] = x
	return &Value{Name: name, Kind: k, Scale: scale, Load: func() float64 { return m.at[name] }}
}

// talk lets a client and a session speak, every message cut into pieces of at
// most piece bytes, until both are silent. It returns the last replies.
func talk(t testing.TB, c Client, s Session, first []byte, piece int) []Reply {
	t.Helper()
	var replies []Reply
	toServer := append([]byte(nil), first...)
	for turn := 0; len(toServer) > 0; turn++ {
		if turn > 10000 {
			t.Fatal("they talk without end")
		}
		var toClient []byte
		for b := toServer; len(b) > 0; {
			n := min(piece, len(b))
			var keep bool
			toClient, keep = s.Receive(testNow, b[:n:n], toClient)
			if !keep {
				t.Fatalf("the server closed the connection after % x", toServer)
			}
			b = b[n:]
		}
		toServer = toServer[:0:0]
		for b := toClient; len(b) > 0; {
			n := min(piece, len(b))
			var got []Reply
			var err error
			toServer, got, err = c.Receive(b[:n:n], toServer)
			if err != nil {
				t.Fatalf("client: %v after % x", err, toClient)
			}
			if got != nil {
				replies = got
			}
			b = b[n:]
		}
	}
	return replies
}

// do asks one request and returns its reply.
func do(t testing.TB, c Client, s Session, r Request, piece int) Reply {
	t.Helper()
	b, err := c.Ask(r, nil)
	if err != nil {
		t.Fatalf("%v: %v", r.Verb, err)
	}
	got := talk(t, c, s, b, piece)
	if len(got) != 1 {
		t.Fatalf("%v: %d replies", r.Verb, len(got))
	}
	if !c.Ready() {
		t.Fatalf("%v: not ready after the reply", r.Verb)
	}
	return got[0]
}

// testNow is Monday 2026-03-02 06:00:00 UTC.
const testNow = int64(1772431200) * 1e9

// batter feeds a server with what a client said, damaged, cut, repeated and mixed
// with noise. Nothing may panic, and what a session holds stays bounded.
func batter(t *testing.T, server Server, said [][]byte, held func(Session) int, limit int) {
	t.Helper()
	r := chance.New(1)
	for range 3000 {
		s := server.Accept(testPeer)
		if s == nil {
			t.Fatal("refused: a place was not given back")
		}
		for range 1 + r.N(12) {
			m := bytes.Clone(said[r.N(len(said))])
			switch r.N(5) {
			case 0:
				m = m[:r.N(len(m)+1)]
			case 1:
				for range 1 + r.N(4) {
					m[r.N(len(m))] = byte(r.Next())
				}
			case 2:
				m = make([]byte, r.N(300))
				r.Fill(m)
			}
			cut := r.N(len(m) + 1)
			_, keep := s.Receive(testNow, m[:cut:cut], nil)
			if keep {
				_, keep = s.Receive(testNow, m[cut:], nil)
			}
			if n := held(s); n > limit {
				t.Fatalf("a session holds %d bytes, at most %d", n, limit)
			}
			if !keep {
				break
			}
		}
		s.Close()
	}
}

// batterClient does the same to a client with what a server said.
func batterClient(t *testing.T, open func() Client, r Request, said [][]byte) {
	t.Helper()
	rnd := chance.New(2)
	for range 3000 {
		c := open()
		for range 1 + rnd.N(8) {
			if c.Ready() {
				if _, err := c.Ask(r, nil); err != nil {
					t.Fatal(err)
				}
			}
			m := bytes.Clone(said[rnd.N(len(said))])
			switch rnd.N(4) {
			case 0:
				m = m[:rnd.N(len(m)+1)]
			case 1:
				for range 1 + rnd.N(4) {
					m[rnd.N(len(m))] = byte(rnd.Next())
				}
			}
			cut := rnd.N(len(m) + 1)
			if _, _, err := c.Receive(m[:cut:cut], nil); err != nil {
				break
			}
			if _, _, err := c.Receive(m[cut:], nil); err != nil {
				break
			}
		}
	}
}
