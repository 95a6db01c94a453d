package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/detect/all"
	"firedoor/internal/store"
	"firedoor/internal/store/sqlite"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a console's API on a real listener, over a real store.
type site struct {
	*API
	t     *testing.T
	store *sqlite.Store
	base  string
	seq   uint64
}

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func serve(t *testing.T, files fs.FS) *site {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := sqlite.Open(t.Context(), t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := New(Config{Site: "Dairy", Version: "1.2.3", Address: l.Addr().String()}, st, NewBroker(), files, files != nil, log)
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{Handler: a, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		cancel()
		server.Close()
		<-done
		if err := st.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return &site{API: a, t: t, store: st, base: "http://" + l.Addr().String()}
}

// apply folds records in and tells listeners, as the console does.
func (s *site) apply(records ...firedoor.Record) {
	s.t.Helper()
	s.seq++
	changes, err := s.store.Apply(s.t.Context(), store.Position{Stream: "s", Seq: s.seq}, time.Now(), records)
	if err != nil {
		s.t.Fatal(err)
	}
	if st := s.store.Stats(); st.Refused != 0 {
		s.t.Fatalf("the store refused records: %+v", st)
	}
	s.broker.Tell(changes)
}

func recordOf(t testing.TB, kind firedoor.RecordKind, key string, body any) firedoor.Record {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: "line1", Kind: kind, Key: key, Body: b}
}

func alertID(n int) string { return fmt.Sprintf("%016x", n) }

func at(seconds int) string { return stamp(begin.Add(time.Duration(seconds) * time.Second)) }

func alert(t testing.TB, n int) firedoor.Record {
	t.Helper()
	return recordOf(t, firedoor.RecordAlert, alertID(n), firedoor.AlertLine{ID: alertID(n), Time: at(n), Kind: "new-writer", Severity: firedoor.Severity(n % 4).String(),
		Sentence: fmt.Sprintf("Alert %d.", n), Client: &firedoor.Address{IP: "10.0.0.5"}, Protocol: "modbus", Techniques: []string{"T0855", "T0848"}, Capture: "a.pcap", Frames: []uint32{1}})
}

// plant is one of each thing.
func plant(t testing.TB) []firedoor.Record {
	asset := func(n int, ip string) firedoor.Record {
		id := firedoor.AssetID(n)
		return recordOf(t, firedoor.RecordAsset, id.String(), firedoor.Asset{ID: id, Known: true, Segment: "untagged", Name: fmt.Sprint("PLC-", n), Level: "L1", FirstSeen: at(0), LastSeen: at(1),
			Identifiers: []firedoor.Identifier{{Kind: "ip", Value: ip, Bond: "seen", From: at(0)}}})
	}
	return []firedoor.Record{asset(5, "10.0.0.5"), asset(7, "10.0.0.7"), alert(t, 3),
		recordOf(t, firedoor.RecordConversation, "0123abcd", firedoor.Conversation{Segment: "untagged", Client: firedoor.Address{IP: "10.0.0.5"}, Server: firedoor.Address{IP: "10.0.0.7", Port: 502}, Protocol: "modbus", First: at(0), Last: at(1)}),
		recordOf(t, firedoor.RecordSensor, "line1", firedoor.SensorState{Name: "line1", Stage: firedoor.Watching})}
}

func (s *site) do(client *http.Client, method, path string, body string, header ...string) (int, string) {
	s.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = s.base + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
		if resp.Header.Get(name) == "" {
			s.t.Errorf("%s %s has no %s", method, path, name)
		}
	}
	return resp.StatusCode, string(b)
}

func (s *site) get(path string, header ...string) (int, string) {
	s.t.Helper()
	return s.do(http.DefaultClient, http.MethodGet, path, "", header...)
}

func read[T any](s *site, path string) T {
	s.t.Helper()
	var out T
	status, body := s.get(path)
	if status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
	return out
}

// TestRebinding: a name of the internet that was pointed here gets nothing.
func TestRebinding(t *testing.T) {
	s := serve(t, nil)
	_, port, _ := net.SplitHostPort(s.cfg.Address)
	for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:" + port, "localhost.evil.example:" + port, "192.168.1.9:" + port, "[::2]:" + port} {
		for _, path := range []string{"/", "/api/alerts", "/metrics", "/healthz", "/link/x"} {
			if status, body := s.get(path, "Host", host); status != http.StatusForbidden {
				t.Errorf("Host %s gets %d from %s: %.80s", host, status, path, body)
			}
		}
	}
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "LOCALHOST:" + port, "[::1]:" + port} {
		if status, body := s.get("/api/alerts", "Host", host); status != http.StatusOK {
			t.Errorf("Host %s gets %d: %s", host, status, body)
		}
	}
}

// browser is a client that keeps cookies and has followed the link.
func (s *site) browser() *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	s.t.Cleanup(client.CloseIdleConnections)
	if status, body := s.do(client, http.MethodGet, s.NewLink(), ""); status != http.StatusOK {
		s.t.Fatalf("following the link: %d %s", status, body)
	}
	return client
}

func TestOneTimeLink(t *testing.T) {
	s := serve(t, nil)
	link := s.NewLink()
	if !strings.HasPrefix(link, s.base+"/link/") {
		t.Fatalf("the link is %s", link)
	}
	noFollow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer noFollow.CloseIdleConnections()
	if status, _ := s.do(noFollow, http.MethodHead, link, ""); status != http.StatusMethodNotAllowed {
		t.Errorf("HEAD gets %d", status)
	}
	for _, wrong := range []string{link + "x", link[:len(link)-1], s.base + "/link/AAAA"} {
		if status, body := s.do(noFollow, http.MethodGet, wrong, ""); status != http.StatusForbidden || !strings.Contains(body, "used before") {
			t.Errorf("a wrong link gets %d %s", status, body)
		}
	}
	resp, err := noFollow.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/" || len(resp.Cookies()) != 1 {
		t.Fatalf("the link gets %s to %q with %d cookies", resp.Status, resp.Header.Get("Location"), len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 12*3600 {
		t.Errorf("the cookie is %s", c)
	}
	if status, body := s.do(noFollow, http.MethodGet, link, ""); status != http.StatusForbidden || !strings.Contains(body, "used before") {
		t.Errorf("the second use gets %d %s", status, body)
	}
	if status, body := s.get("/api/session"); status != 200 || !strings.Contains(body, `"may_acknowledge":false`) {
		t.Errorf("without the cookie: %d %s", status, body)
	}
	if status, body := s.get("/api/session", "Cookie", c.Name+"="+c.Value); status != 200 || !strings.Contains(body, `"may_acknowledge":true`) || !strings.Contains(body, Operator) {
		t.Errorf("with the cookie: %d %s", status, body)
	}
	if s.links.valid(c.Value, time.Now().Add(DefaultSession+time.Second)) {
		t.Error("the session is valid after its end")
	}
}

func TestAcknowledge(t *testing.T) {
	s := serve(t, nil)
	s.apply(plant(t)...)
	path, body := "/api/alerts/"+alertID(3)+"/acknowledge", `{"comment":" The fitter did it. "}`
	if status, text := s.do(http.DefaultClient, http.MethodPost, path, body); status != http.StatusUnauthorized || !strings.Contains(text, "one-time link") {
		t.Errorf("without a session: %d %s", status, text)
	}
	if status, _ := s.do(http.DefaultClient, http.MethodPost, path, body, "Cookie", s.cookie+"=guess"); status != http.StatusUnauthorized {
		t.Errorf("with a guessed session: %d", status)
	}
	client := s.browser()
	for name, header := range map[string][]string{"another origin": {"Origin", "https://evil.example"}, "another port": {"Origin", "http://127.0.0.1:1"},
		"a null origin": {"Origin", "null"}, "another site's page": {"Sec-Fetch-Site", "cross-site"}, "a page beside it": {"Sec-Fetch-Site", "same-site"}} {
		if status, text := s.do(client, http.MethodPost, path, body, header...); status != http.StatusForbidden {
			t.Errorf("from %s: %d %s", name, status, text)
		}
	}
	for name, wrong := range map[string]string{"empty": `{"comment":""}`, "blank": `{"comment":"  "}`, "long": `{"comment":"` + strings.Repeat("x", 2001) + `"}`, "missing": `{}`, "not JSON": `comment`, "more": `{"comment":"x","severity":"low"}`} {
		if status, text := s.do(client, http.MethodPost, path, wrong); status/100 != 4 {
			t.Errorf("a comment that is %s: %d %s", name, status, text)
		}
	}
	if status, _ := s.do(client, http.MethodPost, path, `{"comment":"`+strings.Repeat("x", maxBody)+`"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large: %d", status)
	}
	if status, _ := s.do(client, http.MethodPost, "/api/alerts/nothing/acknowledge", body); status != http.StatusNotFound {
		t.Errorf("of no alert: %d", status)
	}
	status, text := s.do(client, http.MethodPost, path, body, "Origin", s.base, "Sec-Fetch-Site", "same-origin")
	if status != http.StatusOK || !strings.Contains(text, `"comment":"The fitter did it."`) || !strings.Contains(text, `"by":"operator"`) {
		t.Errorf("from the page: %d %s", status, text)
	}
	if status, text := s.do(client, http.MethodPost, path, body); status != http.StatusConflict {
		t.Errorf("a second time: %d %s", status, text)
	}
}

// TestPagesHaveOneArray: a client finds the rows of any page without knowing
// its name.
func TestPagesHaveOneArray(t *testing.T) {
	s := serve(t, nil)
	for _, filled := range []bool{false, true} {
		if filled {
			s.apply(plant(t)...)
		}
		for path, want := range map[string]string{"/api/overview": "needs", "/api/alerts": "alerts", "/api/assets": "assets", "/api/conversations": "conversations", "/api/sensors": "sensors"} {
			var arrays []string
			for name, value := range read[map[string]json.RawMessage](s, path) {
				if bytes.HasPrefix(value, []byte("[")) {
					arrays = append(arrays, name)
					if filled != (string(value) != "[]") {
						t.Errorf("%s: %s is %.40s", path, name, value)
					}
				}
			}
			if len(arrays) != 1 || arrays[0] != want {
				t.Errorf("%s has the arrays %v, want one, %s", path, arrays, want)
			}
		}
	}
	m := read[map[string]map[string]json.RawMessage](s, "/api/map")
	if len(m) != 1 || string(m["map"]["left_out"]) != `{"nodes":0,"edges":0}` || !strings.Contains(string(m["map"]["edges"]), `"from":"a-000000000005"`) {
		t.Errorf("map: %s", m)
	}
}

func TestPaging(t *testing.T) {
	s := serve(t, nil)
	const n = 10_000
	for i := 0; i < n; i += 500 {
		var batch []firedoor.Record
		for j := range 500 {
			batch = append(batch, alert(t, i+j))
		}
		s.apply(batch...)
	}
	type page struct {
		Alerts []struct{ ID, Time string }
		Total  int
		Next   string
	}
	var ids []string
	for cursor, pages := "", 1; ; pages++ {
		p := read[page](s, "/api/alerts?cursor="+cursor)
		if p.Total != n || len(p.Alerts) != 1000 {
			t.Fatalf("page %d has %d alerts of %d", pages, len(p.Alerts), p.Total)
		}
		for _, a := range p.Alerts {
			ids = append(ids, a.Time+a.ID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if len(ids) != n || !slices.IsSortedFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%d alerts, newest first: no", len(ids))
	}
	graver := 0
	for i := range n {
		if i%4 >= 2 && strings.Contains(fmt.Sprint(i), "42") {
			graver++
		}
	}
	if p := read[page](s, "/api/alerts?limit=7&severity=high,medium&state=open&kind=new-writer&q=alert+42"); p.Total != graver || len(p.Alerts) != 7 {
		t.Errorf("filtered: %d of %d, want %d", len(p.Alerts), p.Total, graver)
	}
	for _, bad := range []string{"limit=0", "limit=1001", "limit=x", "severity=grave", "state=closed", "cursor=nonsense", "q=" + strings.Repeat("x", 201)} {
		if status, body := s.get("/api/alerts?" + bad); status != 422 && status != 400 {
			t.Errorf("%s gets %d %.100s", bad, status, body)
		}
	}
}

func TestDetails(t *testing.T) {
	s := serve(t, nil)
	s.apply(plant(t)...)
	a := read[map[string]any](s, "/api/alerts/"+alertID(3))
	if a["why"] == "" || a["advice"] == "" || a["client_asset"] != "a-000000000005" || a["client_name"] != "PLC-5" || a["server"] != nil || a["acknowledged"] != nil {
		t.Errorf("alert: %v", a)
	}
	if got := fmt.Sprint(a["techniques_named"]); got != "[map[id:T0855 name:Unauthorized Command Message] map[id:T0848 name:Rogue Master]]" {
		t.Errorf("techniques: %s", got)
	}
	x := read[map[string]any](s, "/api/assets/a-000000000005")
	if x["zone"] != "Line network, control" || x["sensor"] != "line1" || fmt.Sprint(x["open_alerts"]) != "map[high:1 info:0 low:0 medium:0]" || x["identifiers"] == nil || x["facts"] == nil {
		t.Errorf("asset: %v", x)
	}
	c := read[map[string]any](s, "/api/conversations/0123abcd")
	if c["key"] != "0123abcd" || c["client_name"] != "PLC-5" || c["server_asset"] != "a-000000000007" || c["statements"] == nil {
		t.Errorf("conversation: %v", c)
	}
	if got := read[map[string]any](s, "/api/conversations?asset=a-000000000007")["total"]; got != 1.0 {
		t.Errorf("conversations of an asset: %v", got)
	}
	for _, path := range []string{"/api/alerts/x", "/api/assets/x", "/api/conversations/x", "/api/nothing", "/api/"} {
		status, body := s.get(path)
		var problem struct{ Status int }
		if json.Unmarshal([]byte(body), &problem); status != http.StatusNotFound || problem.Status != http.StatusNotFound {
			t.Errorf("%s gets %d %s", path, status, body)
		}
	}
}

// TestValuesAndPrograms: what a device had on the wire is told with its asset, page by page.
func TestValuesAndPrograms(t *testing.T) {
	s := serve(t, nil)
	s.apply(plant(t)...)
	for _, path := range []string{"points", "programs"} {
		if status, body := s.get("/api/assets/a-000000000007/" + path); status != 200 || strings.TrimSpace(body) != `{"`+path+`":[],"total":0,"next":""}` {
			t.Errorf("none: %d %s", status, body)
		}
		if status, _ := s.get("/api/assets/a-00000000000f/" + path); status != http.StatusNotFound {
			t.Errorf("of no asset: %d", status)
		}
		if status, _ := s.get("/api/assets/a-000000000007/" + path + "?cursor=x"); status != http.StatusBadRequest {
			t.Errorf("a wrong cursor: %d", status)
		}
	}
	in := s.events()
	next(t, in)
	x := 12.5
	server, unit := firedoor.Address{IP: "10.0.0.7", Port: 502}, uint32(3)
	s.apply(
		recordOf(t, firedoor.RecordPoints, "p-1-0", firedoor.Points{Segment: "untagged", Server: server, Protocol: "modbus", Unit: &unit, Values: []firedoor.PointValue{
			{Object: "holding:1", Type: "f32", First: at(0), Changed: at(1)},
			{Object: "holding:1", Type: "f32", Name: "Level", Measure: "%", Value: &x, Min: &x, Max: &x, Changes: 2, First: at(0), Changed: at(1)}}}),
		recordOf(t, firedoor.RecordProgram, "r-1", firedoor.Program{Segment: "untagged", Server: server, Protocol: "s7comm", Kind: "block", Name: "OB1",
			Contents: []firedoor.ProgramContent{{Sum: "ab", Whole: true, Bytes: 10, First: at(0), Last: at(1)}}}))
	for _, want := range []string{"programs", "points"} {
		if name, data := next(t, in); name != want || data != `{"assets":["a-000000000007"]}` {
			t.Errorf("event %s %s", name, data)
		}
	}
	page := read[store.PointPage](s, "/api/assets/a-000000000007/points?limit=1")
	if page.Total != 2 || len(page.Points) != 1 || page.Points[0].Name != "Level" || *page.Points[0].Value != x || *page.Points[0].Unit != 3 || page.Next == "" {
		t.Errorf("first page: %+v", page)
	}
	page = read[store.PointPage](s, "/api/assets/a-000000000007/points?limit=1&cursor="+page.Next)
	if len(page.Points) != 1 || page.Points[0].Value != nil || page.Next != "" {
		t.Errorf("second page: %+v", page)
	}
	if page = read[store.PointPage](s, "/api/assets/a-000000000007/points?q=level"); page.Total != 1 {
		t.Errorf("by a word: %+v", page)
	}
	if got := read[store.ProgramPage](s, "/api/assets/a-000000000007/programs"); got.Total != 1 || got.Programs[0].Name != "OB1" || got.Programs[0].Contents[0].Sum != "ab" {
		t.Errorf("programs: %+v", got)
	}
}

func TestOpenAPI(t *testing.T) {
	s := serve(t, nil)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]map[string]any
				Required   []string
			}
		}
	}
	_, body := s.get("/api/openapi.json")
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, methods := range doc.Paths {
		for method := range methods {
			got = append(got, method+" "+path)
		}
	}
	slices.Sort(got)
	want := []string{"get /api/alerts", "get /api/alerts/{id}", "get /api/assets", "get /api/assets/{id}", "get /api/assets/{id}/points", "get /api/assets/{id}/programs", "get /api/conversations", "get /api/conversations/{key}",
		"get /api/map", "get /api/overview", "get /api/policy", "get /api/policy/door", "get /api/policy/stops", "get /api/sensors", "get /api/session", "get /api/simulation", "get /api/simulation/series", "get /api/stream", "post /api/alerts/{id}/acknowledge",
		"post /api/policy/whatif", "post /api/simulation/acts"}
	if !slices.Equal(got, want) || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %s, paths %q", doc.OpenAPI, got)
	}
	alert := doc.Components.Schemas["Alert"]
	for _, member := range []string{"id", "sentence", "frames", "first_shown_wall", "client_asset", "acknowledged"} {
		if alert.Properties[member] == nil || !slices.Contains(alert.Required, member) {
			t.Errorf("an alert has no %s in the document", member)
		}
	}
	for _, member := range nullable {
		if !strings.Contains(fmt.Sprint(alert.Properties[member]["anyOf"]), "null") {
			t.Errorf("the document does not say that %s may be null: %v", member, alert.Properties[member])
		}
	}
	if got := fmt.Sprint(doc.Components.Schemas["Point"].Properties["value"]["type"]); got != "[number null]" {
		t.Errorf("the document does not say that a process value may be null: %s", got)
	}
	if got := doc.Components.Schemas["ProgramContent"].Properties["client"]; !strings.Contains(fmt.Sprint(got["anyOf"]), "null") {
		t.Errorf("the document does not say that a client may be null: %v", got)
	}
	for _, path := range []string{"/docs", "/openapi.json", "/schemas/Alert.json"} {
		if _, body := s.get(path); strings.Contains(body, "<script") || strings.Contains(body, "{") {
			t.Errorf("%s is there: %.80s", path, body)
		}
	}
}

func TestExplanations(t *testing.T) {
	kinds := []string{detect.KindTooMany}
	for _, d := range all.List {
		kinds = append(kinds, d.Kinds...)
	}
	for _, k := range kinds {
		e, ok := explanations[k]
		if !ok || len(e.why) < 60 || len(e.advice) < 60 || !strings.Contains(strings.ToLower(e.advice), "if nobody") && !strings.Contains(e.advice, "Left alone") && !strings.Contains(e.advice, "until somebody notices") {
			t.Errorf("%s: say why it is unusual, what to do, and what happens if nobody does: %+v", k, e)
		}
	}
	if len(explanations) != len(kinds) {
		t.Errorf("%d kinds are explained, %d exist", len(explanations), len(kinds))
	}
	if why, advice := explain("of-tomorrow"); why == "" || advice == "" {
		t.Error("an unknown kind gets no words")
	}
	doc, err := os.ReadFile("../../docs/formats/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range regexp.MustCompile(`T0\d{3}`).FindAllString(string(doc), -1) {
		if techniqueName(id) == "" {
			t.Errorf("technique %s has no name", id)
		}
	}
}

var errClosed = errors.New("closed")

var console = fstest.MapFS{"index.html": {Data: []byte("<title>Firedoor</title>")}, "assets/app-1a2b.js": {Data: []byte("1")}, "favicon.svg": {Data: []byte("<svg/>")}}

func TestPage(t *testing.T) {
	s := serve(t, console)
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/": {200, "<title>Firedoor</title>"}, "/alerts/7": {200, "<title>Firedoor</title>"}, "/index.html": {200, "<title>Firedoor</title>"},
		"/assets/app-1a2b.js": {200, "1"}, "/favicon.svg": {200, "<svg/>"}, "/assets/old.js": {404, "no such file"}, "/assets/a-000000000005": {200, "<title>"},
		"/healthz": {200, "alive"}, "/readyz": {200, "ready"}, "/metrics": {404, "no metrics"}, "/..%2f..%2fetc%2fpasswd": {200, "<title>"},
	} {
		if status, body := s.get(path); status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s gets %d %q, want %d %q", path, status, body, want.status, want.body)
		}
	}
	if status, _ := s.do(http.DefaultClient, http.MethodPost, "/", "{}"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST / gets %d", status)
	}
	without := serve(t, nil)
	if status, body := without.get("/"); status != 200 || !strings.Contains(body, "npm") {
		t.Errorf("without a console: %d %s", status, body)
	}
}

// events reads server-sent events from a stream of its own.
func (s *site) events() *bufio.Scanner {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get(s.base + "/api/stream")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close(); client.CloseIdleConnections() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("the stream is %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(resp.Body)
}

func next(t *testing.T, in *bufio.Scanner) (name, data string) {
	t.Helper()
	for in.Scan() {
		if v, ok := strings.CutPrefix(in.Text(), "event: "); ok {
			name = v
		} else if v, ok := strings.CutPrefix(in.Text(), "data: "); ok {
			return name, v
		}
	}
	t.Fatalf("the stream ended: %v", in.Err())
	return "", ""
}

func TestStream(t *testing.T) {
	s := serve(t, nil)
	in := s.events()
	if name, data := next(t, in); name != "hello" || !strings.Contains(data, `"site":"Dairy"`) {
		t.Fatalf("first comes %s %s", name, data)
	}
	s.apply(plant(t)...)
	var got []string
	for range 5 {
		name, data := next(t, in)
		got = append(got, name+" "+data)
	}
	want := []string{`alert {"id":"0000000000000003","severity":"high","time":"` + at(3) + `","sentence":"Alert 3."}`, `sensor {"name":"line1"}`,
		`asset {"id":"a-000000000005"}`, `asset {"id":"a-000000000007"}`, `conversation {"key":"0123abcd"}`}
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	client := s.browser()
	if status, body := s.do(client, http.MethodPost, "/api/alerts/"+alertID(3)+"/acknowledge", `{"comment":"x"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if name, data := next(t, in); name != "acknowledged" || data != `{"id":"`+alertID(3)+`"}` {
		t.Errorf("after acknowledging comes %s %s", name, data)
	}
}

// TestBurst: who cannot follow is told to look again, once.
func TestBurst(t *testing.T) {
	s := serve(t, nil)
	in := s.events()
	next(t, in)
	var batch []firedoor.Record
	for i := range 500 {
		batch = append(batch, alert(t, i))
	}
	s.apply(batch...)
	alerts := 0
	for {
		name, _ := next(t, in)
		if name == "many" {
			break
		}
		if alerts++; alerts > maxBurst {
			t.Fatalf("%d events came in a burst", alerts)
		}
	}
	if st := s.broker.Stats(); st.Told != 500 || st.Listeners != 1 {
		t.Errorf("stats: %+v", st)
	}
}

func TestPace(t *testing.T) {
	var p pace
	for range maxBurst {
		if p.next(1) != 1 {
			t.Fatal("an event within the limit is kept back")
		}
	}
	if p.turn() != nil {
		t.Error("something is made good that did not go wrong")
	}
	for range maxBurst {
		p.next(1)
	}
	if p.next(1) != (manyNews{}) || p.next(1) != nil || p.next(1) != nil || p.turn() != (manyNews{}) || p.turn() != nil || p.next(1) != 1 {
		t.Error("beyond the limit comes one many, and one more for what came after it")
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := serve(t, nil)
	for range MaxStreams {
		next(t, s.events())
	}
	if status, body := s.get("/api/stream"); status != http.StatusServiceUnavailable || !strings.Contains(body, "too many pages") {
		t.Errorf("one more listener gets %d %s", status, body)
	}
	if status, _ := s.get("/api/stream", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("another site's page gets %d", status)
	}
	if st := s.Stats(); st.StreamsOpen != MaxStreams || st.StreamsLimit != MaxStreams || st.StreamsRefused != 1 {
		t.Errorf("stats: %+v", st)
	}
}

// TestFaults: what the disk says is told in words, and not as an inside matter.
func TestFaults(t *testing.T) {
	s := serve(t, nil)
	s.store.Close()
	status, body := s.get("/api/alerts")
	if status != http.StatusInternalServerError || strings.Contains(body, "sql") {
		t.Errorf("a store that is closed: %d %s", status, body)
	}
	for _, c := range []struct {
		err    error
		status string
	}{{store.ErrNoSpace, "disk of the console is full"}, {store.ErrReadOnly, "cannot be written"}, {errClosed, "its log says why"}} {
		if err := s.fault("alert", fmt.Errorf("x: %w", c.err)); !strings.Contains(err.Error(), c.status) {
			t.Errorf("%v is told as %v", c.err, err)
		}
	}
}
