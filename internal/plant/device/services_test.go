package device

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
	"firedoor/internal/plant/chance"
)

func testHTTP() *HTTP {
	return NewHTTP(HTTPConfig{
		Server: "GoAhead-Webs", Title: "Boiler panel", User: "admin", Password: "hunter2", Realm: "panel",
		Pages: map[string]HTTPPage{"/values.json": {Kind: "application/json", Body: func(out []byte) []byte { return append(out, `{"p":7}`...) }}},
	})
}

func TestHTTPAnswers(t *testing.T) {
	const login = "Authorization: Basic YWRtaW46aHVudGVyMg==\r\n"
	for _, x := range []struct {
		request string
		status  int
		body    string
		keep    bool
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n" + login + "\r\n", 200, "Boiler panel", true},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 401, "Unauthorized", true},
		{"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n", 401, "Unauthorized", true},
		{"GET /values.json?x=1 HTTP/1.0\r\n" + login + "\r\n", 200, `{"p":7}`, false},
		{"GET /values.json HTTP/1.1\r\nConnection: close\r\n" + login + "\r\n", 200, `{"p":7}`, false},
		{"HEAD / HTTP/1.1\r\n" + login + "\r\n", 200, "", true},
		{"GET /none HTTP/1.1\r\n" + login + "\r\n", 404, "Not Found", true},
		{"HEAD /none HTTP/1.1\r\n" + login + "\r\n", 404, "", true},
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\n" + login + "\r\nhello", 200, "Boiler panel", true},
		{"DELETE / HTTP/1.1\r\n" + login + "\r\n", 501, "Not Implemented", true},
		{"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413, "Too Large", false},
		{"nonsense\r\n\r\n", 400, "Bad Request", false},
	} {
		for _, piece := range []int{1, 13, 4096} {
			s := testHTTP().Accept(testPeer)
			var out []byte
			keep := true
			for b := []byte(x.request); len(b) > 0 && keep; {
				n := min(piece, len(b))
				out, keep = s.Receive(testNow, b[:n:n], out)
				b = b[n:]
			}
			method, _, _ := strings.Cut(x.request, " ")
			r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(out)), &http.Request{Method: method})
			if err != nil {
				t.Fatalf("%q: %v in %q", x.request, err, out)
			}
			body, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil || r.StatusCode != x.status || keep != x.keep || !strings.Contains(string(body), x.body) || x.body == "" && len(body) > 0 {
				t.Errorf("%q: status %d, open %v, body %q, %v", x.request, r.StatusCode, keep, body, err)
			}
			if r.Header.Get("Server") != "GoAhead-Webs" || x.status == 401 && r.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%q: headers %v", x.request, r.Header)
			}
		}
	}
}

func TestHTTPIsBounded(t *testing.T) {
	s := testHTTP().Accept(testPeer)
	keep := true
	var out []byte
	for i := 0; keep; i++ {
		if i > 100 {
			t.Fatal("it takes headers without end")
		}
		out, keep = s.Receive(testNow, bytes.Repeat([]byte("x"), 500), out)
	}
	if !bytes.HasPrefix(out, []byte("HTTP/1.1 431")) {
		t.Errorf("%q", out)
	}
}

func TestTLSSpeaks(t *testing.T) {
	for _, modern := range []bool{false, true} {
		for _, piece := range []int{1, 700, 1 << 20} {
			server := NewTLS(TLSConfig{Seed: 5, Answer: func(n int) int { return n * 100 }})
			c := NewTLSClient(plant.TLSHello{Server: "erp.example", ALPN: []string{"h2"}, Modern: modern}, 6)
			s := server.Accept(testPeer)
			hello := c.Open(nil)
			if tlsModern(hello[9:]) != modern {
				t.Errorf("modern %v is not seen", modern)
			}
			talk(t, c, s, hello, piece)
			for _, n := range []int{300, 1} {
				if r := do(t, c, s, Request{Verb: Raw, Data: make([]byte, n)}, piece); !r.OK || int(r.Code) != n*100 {
					t.Errorf("answer of %d bytes, want %d", r.Code, n*100)
				}
			}
		}
	}
	server := NewTLS(TLSConfig{})
	batter(t, server, [][]byte{plant.TLSHello{Server: "a", Modern: true}.Client(nil, &server.random), plant.TLSData(nil, &server.random, 40)},
		func(s Session) int { return cap(s.(*tlsSession).cut.held) }, 4*tlsMaxRecord)
}

func TestDNSAnswers(t *testing.T) {
	d := &DNS{
		Zone: map[string]netip.Addr{"historian.plant.example": netip.MustParseAddr("10.10.5.40"), "six.plant.example": netip.MustParseAddr("fd00::5")},
		Resolve: func(name string) (netip.Addr, bool) {
			return netip.MustParseAddr("203.0.113.9"), name == "news.example"
		},
	}
	ask := func(name string, kind byte) []byte {
		b := plant.DNS(nil, 77, name)
		b[len(b)-3] = kind
		return b
	}
	for _, x := range []struct {
		name string
		kind byte
		code byte
		data []byte
	}{
		{"Historian.plant.example", 1, 0, []byte{10, 10, 5, 40}},
		{"historian.plant.example", 28, 0, nil},
		{"six.plant.example", 28, 0, netip.MustParseAddr("fd00::5").AsSlice()},
		{"historian.plant.example", 15, 0, nil},
		{"nowhere.plant.example", 1, dnsMissing, nil},
		{"news.example", 1, 0, []byte{203, 0, 113, 9}},
		{"40.5.10.10.in-addr.arpa", 12, 0, append([]byte("\x09historian\x05plant\x07example"), 0)},
		{"41.5.10.10.in-addr.arpa", 12, dnsMissing, nil},
	} {
		q := ask(x.name, x.kind)
		b := d.Receive(testNow, netip.AddrPort{}, q, nil)
		if len(b) < len(q) || b[1] != 77 || b[3]&0xf != x.code || !bytes.HasSuffix(b, x.data) || (b[7] == 1) != (x.data != nil) {
			t.Errorf("%s %d: % x", x.name, x.kind, b)
		}
	}
	r := chance.New(1)
	for range 5000 {
		q := ask("historian.plant.example", 1)
		q[r.N(len(q))] = byte(r.Next())
		d.Receive(testNow, netip.AddrPort{}, q[:r.N(len(q)+1)], nil)
	}
}

func TestDHCPLeases(t *testing.T) {
	d := &DHCP{
		Server: netip.MustParseAddr("10.4.0.2"), Router: netip.MustParseAddr("10.4.0.1"),
		First: netip.MustParseAddr("10.4.0.100"), Last: netip.MustParseAddr("10.4.0.101"),
		Fixed: map[firedoor.MAC]netip.Addr{3: netip.MustParseAddr("10.4.0.30")},
	}
	lease := func(mac firedoor.MAC) netip.Addr {
		l := plant.Lease{Transaction: 9, Client: mac, Name: "DESK"}
		offer := d.Receive(testNow, netip.AddrPort{}, l.Message(nil, plant.DHCPDiscover), nil)
		if len(offer) == 0 {
			return netip.Addr{}
		}
		l.Offered, l.Server = netip.AddrFrom4([4]byte(offer[16:20])), d.Server
		ack := d.Receive(testNow, netip.AddrPort{}, l.Message(nil, plant.DHCPRequest), nil)
		if len(ack) == 0 || ack[242] != plant.DHCPAck || binary.BigEndian.Uint32(ack[4:]) != 9 {
			t.Errorf("acknowledged % x", ack)
		}
		return l.Offered
	}
	for _, x := range []struct {
		mac  firedoor.MAC
		want string
	}{{1, "10.4.0.100"}, {2, "10.4.0.101"}, {3, "10.4.0.30"}, {1, "10.4.0.100"}} {
		if got := lease(x.mac); got.String() != x.want {
			t.Errorf("client %d got %v, want %s", x.mac, got, x.want)
		}
	}
	if got := lease(4); got.IsValid() {
		t.Errorf("the range is empty and gives %v", got)
	}
	other := plant.Lease{Client: 1, Offered: netip.MustParseAddr("10.4.0.100"), Server: netip.MustParseAddr("10.4.0.9")}
	if b := d.Receive(testNow, netip.AddrPort{}, other.Message(nil, plant.DHCPRequest), nil); len(b) > 0 {
		t.Error("answered a request to another server")
	}
	r := chance.New(1)
	for range 5000 {
		b := plant.Lease{Client: 1, Name: "DESK"}.Message(nil, plant.DHCPDiscover)
		b[r.N(len(b))] = byte(r.Next())
		d.Receive(testNow, netip.AddrPort{}, b[:r.N(len(b)+1)], nil)
	}
}

func TestSNMPAnswers(t *testing.T) {
	objects := SNMPSystem("Switch, firmware 4.2", "1.3.6.1.4.1.248.14", "it", "SWITCH-3", "Hall 2", testNow-90e9)
	for i := range 200 {
		objects = append(objects, SNMPObject{OID: "1.3.6.1.2.1.2.2.1.10." + string(rune('1'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)), Tag: SNMPCounter,
			Number: func(int64) uint64 { return uint64(i) << 30 }})
	}
	a, err := NewSNMP("public", objects)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(b []byte) []byte { return a.Receive(testNow, netip.AddrPort{}, b, nil) }
	both := [][]byte{plant.SNMPDescription, plant.SNMPName}
	got, want := ask(plant.SNMPGet(nil, "public", 300, both...)), plant.SNMPAnswer(nil, "public", 300, both, "Switch, firmware 4.2", "SWITCH-3")
	// The lengths of numbers may differ; the values may not.
	g, _ := parseSNMP(got)
	w, _ := parseSNMP(want)
	if !bytes.Equal(g.vars, w.vars) || g.unit != snmpResponse || g.second != 0 {
		t.Errorf("answered % x, want % x", got, want)
	}
	if b := ask(plant.SNMPGet(nil, "private", 300, both...)); len(b) > 0 {
		t.Error("another community is answered")
	}
	// Walking visits every object once, by each of the two ways.
	for _, unit := range []byte{snmpGetNext, snmpGetBulk} {
		oid, seen := []byte{0x2b, 6}, 0
		for turn := 0; ; turn++ {
			if turn > 300 {
				t.Fatal("a walk without end")
			}
			q := plant.SNMPGet(nil, "public", 5, oid)
			q = bytes.Replace(q, []byte{0xa0}, []byte{unit}, 1)
			if unit == snmpGetBulk {
				q = bytes.Replace(q, []byte{2, 1, 0, 2, 1, 0}, []byte{2, 1, 0, 2, 1, 20}, 1)
			}
			r, ok := parseSNMP(ask(q))
			if !ok {
				t.Fatal("no answer")
			}
			end := false
			for vars := r.vars; len(vars) > 0; {
				_, v, rest, _ := element(vars)
				vars = rest
				var value []byte
				_, oid, value, _ = element(v)
				if value[0] == snmpEndOfView {
					end = true
					break
				}
				seen++
			}
			if end {
				break
			}
		}
		if seen != len(objects) {
			t.Errorf("unit %#x: %d objects, want %d", unit, seen, len(objects))
		}
	}
	rnd := chance.New(1)
	for range 20000 {
		b := plant.SNMPGet(nil, "public", 300, both...)
		b[rnd.N(len(b))] = byte(rnd.Next())
		if rnd.N(2) == 0 {
			b[rnd.N(len(b))] = byte(rnd.Next())
		}
		if out := ask(b[:rnd.N(len(b)+1)]); len(out) > snmpLongest {
			t.Fatalf("an answer of %d bytes", len(out))
		}
	}
}

func TestNTPAndSyslog(t *testing.T) {
	n := &NTP{Offset: 1500e6}
	b := n.Receive(testNow, netip.AddrPort{}, AppendNTPRequest(nil, testNow), nil)
	if len(b) != 48 || b[0] != 0x24 || b[1] != 2 {
		t.Fatalf("% x", b)
	}
	at := time.Unix(int64(binary.BigEndian.Uint32(b[32:]))-ntpEpoch, int64(binary.BigEndian.Uint32(b[36:]))*1e9>>32)
	if d := at.Sub(time.Unix(0, testNow)) - 1500*time.Millisecond; d > time.Microsecond || d < -time.Microsecond {
		t.Errorf("received at %v", at.UTC())
	}
	if b := n.Receive(testNow, netip.AddrPort{}, b, nil); len(b) > 0 {
		t.Error("an answer is answered")
	}
	s := &Syslog{}
	for i := range 100 {
		s.Receive(testNow, netip.AddrPort{}, AppendSyslog(nil, 4, 6, testNow, "plc-1", "auth", string(rune('a'+i%26))), nil)
	}
	if got := string(s.Last(0)); got != "<38>Mar  2 06:00:00 plc-1 auth: v" || s.Lines != 100 || s.Last(64) != nil {
		t.Errorf("%q of %d", got, s.Lines)
	}
}
