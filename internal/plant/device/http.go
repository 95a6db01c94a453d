package device

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Limits of HTTP requests: who sends more is told so and cut off.
const (
	httpMaxHead = 8 << 10
	httpMaxBody = 64 << 10
)

// HTTPPage is what stands behind a path.
type HTTPPage struct {
	Kind string // "text/html"; empty is that
	Body func(out []byte) []byte
}

// HTTPConfig describes a device's web server.
type HTTPConfig struct {
	// Server is the header of that name: "Siemens, SIMATIC, S7-300", "GoAhead-Webs".
	Server string
	Title  string // of the start page, where Pages has none for "/"
	Pages  map[string]HTTPPage
	// User and Password are what a client must give (Basic, RFC 7617); without a
	// User everybody is served.
	User, Password, Realm string
	// Connections is how many clients it serves at once; 0 is eight.
	Connections int
}

// HTTP is a web server of a device (Server), HTTP/1.1 with GET, HEAD and POST.
type HTTP struct {
	config  HTTPConfig
	pages   map[string]HTTPPage
	allowed []byte
	places  places
}

// NewHTTP returns a web server.
func NewHTTP(c HTTPConfig) *HTTP {
	h := &HTTP{config: c, pages: map[string]HTTPPage{}, places: newPlaces(c.Connections)}
	h.pages["/"] = HTTPPage{Body: func(out []byte) []byte {
		return fmt.Appendf(out, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n", c.Title, c.Title)
	}}
	for path, p := range c.Pages {
		h.pages[path] = p
	}
	if c.User != "" {
		h.allowed = []byte("Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password)))
	}
	return h
}

// Accept implements Server.
func (h *HTTP) Accept(netip.Addr) Session {
	if !h.places.take() {
		return nil
	}
	return &httpSession{seat: seat{&h.places}, server: h}
}

// httpSession is one client's connection.
type httpSession struct {
	seat
	server *HTTP
	held   []byte
	skip   int // bytes of a body still to come
	body   []byte
}

// Receive implements Session.
func (s *httpSession) Receive(_ int64, b, out []byte) ([]byte, bool) {
	s.held = append(s.held, b...)
	for len(s.held) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(s.held))
			s.held = append(s.held[:0], s.held[n:]...)
			s.skip -= n
			continue
		}
		end := bytes.Index(s.held, []byte("\r\n\r\n"))
		if end > httpMaxHead || end < 0 && len(s.held) > httpMaxHead {
			return s.answer(out, "431 Request Header Fields Too Large", "", HTTPPage{}, true), false
		}
		if end < 0 {
			return out, true
		}
		var keep bool
		out, keep = s.request(s.held[:end], out)
		s.held = append(s.held[:0], s.held[end+4:]...)
		if !keep {
			return out, false
		}
	}
	return out, true
}

// request answers one request, without its body.
func (s *httpSession) request(head, out []byte) ([]byte, bool) {
	first, rest, _ := strings.Cut(string(head), "\r\n")
	method, target, _ := strings.Cut(first, " ")
	target, version, ok := strings.Cut(target, " ")
	if !ok || version != "HTTP/1.1" && version != "HTTP/1.0" {
		return s.answer(out, "400 Bad Request", "", HTTPPage{}, true), false
	}
	keep := version == "HTTP/1.1"
	authorized := s.server.allowed == nil
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "connection":
			keep = !strings.EqualFold(value, "close") && (keep || strings.EqualFold(value, "keep-alive"))
		case "authorization":
			authorized = authorized || value == string(s.server.allowed)
		case "content-length":
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > httpMaxBody {
				return s.answer(out, "413 Content Too Large", "", HTTPPage{}, true), false
			}
			s.skip = n
		}
	}
	path, _, _ := strings.Cut(target, "?")
	page, there := s.server.pages[path]
	bodied := method != "HEAD"
	switch {
	case method != "GET" && method != "HEAD" && method != "POST":
		return s.answer(out, "501 Not Implemented", "", HTTPPage{}, true), keep
	case !authorized:
		challenge := "WWW-Authenticate: Basic realm=\"" + s.server.config.Realm + "\"\r\n"
		return s.answer(out, "401 Unauthorized", challenge, HTTPPage{}, bodied), keep
	case !there:
		return s.answer(out, "404 Not Found", "", HTTPPage{}, bodied), keep
	}
	return s.answer(out, "200 OK", "", page, bodied), keep
}

// answer appends a response; without a page it says its status. bodied is false
// where the body stays away (HEAD) although its length is told.
func (s *httpSession) answer(out []byte, status, extra string, page HTTPPage, bodied bool) []byte {
	if page.Body == nil {
		s.body = fmt.Appendf(s.body[:0], "<html><body><h1>%s</h1></body></html>\n", status)
	} else {
		s.body = page.Body(s.body[:0])
	}
	kind := page.Kind
	if kind == "" {
		kind = "text/html"
	}
	out = fmt.Appendf(out, "HTTP/1.1 %s\r\nServer: %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		status, s.server.config.Server, extra, kind, len(s.body))
	if bodied {
		out = append(out, s.body...)
	}
	return out
}
