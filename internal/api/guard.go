package api

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// pagePolicy is what the page may do: nothing is loaded from anywhere else. Styles
// are also set by the page itself, as its components do.
const pagePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard lets only requests through that name this console, so that no page of
// the internet reaches it over a name that it points here (DNS rebinding), and
// that do not come from the page of another site.
func (a *API) guard(next http.Handler) http.Handler {
	names := hostNames(a.cfg.Address)
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sayProblem(w, http.StatusForbidden, "this request comes from the page of another site")
	}))
	checked := origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !slices.Contains(names, strings.ToLower(r.Host)) {
			sayProblem(w, http.StatusForbidden, "this console answers only to its own address, "+a.cfg.Address)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
			// Another page could not read the answer, but take the places of those who listen.
			switch r.Header.Get("Sec-Fetch-Site") {
			case "", "same-origin", "none":
			default:
				sayProblem(w, http.StatusForbidden, "this request comes from the page of another site")
				return
			}
		}
		checked.ServeHTTP(w, r)
	})
}

// hostNames are the values of a Host header that mean this console.
func hostNames(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	var out []string
	for _, h := range []string{host, "127.0.0.1", "::1", "localhost"} {
		h = strings.ToLower(h)
		out = append(out, net.JoinHostPort(h, port))
		if port == "80" {
			if strings.Contains(h, ":") {
				h = "[" + h + "]"
			}
			out = append(out, h)
		}
	}
	return out
}

func sayPlain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// sayProblem answers as RFC 9457 has it, like the handlers of the API.
func sayProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": detail}) //nolint:errcheck // the client went away
}
