package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// DefaultSession is how long a session lasts if nothing else is said.
	DefaultSession = 12 * time.Hour
	// maxSessions is how many there are at once; at the limit the oldest ends.
	maxSessions = 32
	// Operator is who acknowledges with a session of the one-time link: whoever
	// could read what the console printed when it started.
	Operator = "operator"
)

// links holds the one-time link and the sessions it gave, as digests, in memory
// only.
type links struct {
	mu       sync.Mutex
	unused   bool
	token    [sha256.Size]byte
	sessions map[[sha256.Size]byte]time.Time // until when
}

func secret() string {
	var b [32]byte
	rand.Read(b[:]) //nolint:errcheck // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewLink makes a new one-time link to this console, which gives a session to
// the first who follows it. The one before is worth nothing any more.
func (a *API) NewLink() string {
	token := secret()
	a.links.mu.Lock()
	defer a.links.mu.Unlock()
	a.links.token, a.links.unused = sha256.Sum256([]byte(token)), true
	return "http://" + a.cfg.Address + "/link/" + token
}

// use takes the token if it is the right one and was not used, and gives a
// session that holds until then.
func (l *links) use(token string, now, until time.Time) (session string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	l.mu.Lock()
	defer l.mu.Unlock()
	if same := subtle.ConstantTimeCompare(sum[:], l.token[:]) == 1; !same || !l.unused {
		return "", false
	}
	l.unused = false
	if l.sessions == nil {
		l.sessions = map[[sha256.Size]byte]time.Time{}
	}
	l.makeRoom(now)
	session = secret()
	l.sessions[sha256.Sum256([]byte(session))] = until
	return session, true
}

// makeRoom removes sessions that are over, and the oldest at the limit.
func (l *links) makeRoom(now time.Time) {
	var oldest [sha256.Size]byte
	var first time.Time
	for k, until := range l.sessions {
		if now.After(until) {
			delete(l.sessions, k)
		} else if first.IsZero() || until.Before(first) {
			oldest, first = k, until
		}
	}
	if len(l.sessions) >= maxSessions {
		delete(l.sessions, oldest)
	}
}

// valid tells whether a session holds.
func (l *links) valid(session string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	until, ok := l.sessions[sha256.Sum256([]byte(session))]
	return ok && !now.After(until)
}

// cookieName has the port in it: cookies do not tell ports apart, and two
// consoles on one machine must not take each other's.
func cookieName(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = "console"
	}
	return "firedoor_session_" + port
}

const linkRefused = `This link was used before, or it is not the one that was printed when the console started.

It works once. Reading needs no link: open the console's address. To be able to
acknowledge alerts from this browser, start the console again and follow the new link.`

// followLink turns the link into a session. A look ahead without opening (HEAD)
// does not use it up.
func (a *API) followLink(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		sayPlain(w, http.StatusMethodNotAllowed, "open the link in a browser")
		return
	}
	now := time.Now()
	session, ok := a.links.use(r.PathValue("token"), now, now.Add(a.cfg.SessionFor))
	if !ok {
		sayPlain(w, http.StatusForbidden, linkRefused)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: a.cookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(a.cfg.SessionFor.Seconds())})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

type sessionKey struct{}

// withSession notes in the context whether the request has a session.
func (a *API) withSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie(a.cookie); err == nil && a.links.valid(c.Value, time.Now()) {
			r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, Operator))
		}
		next.ServeHTTP(w, r)
	})
}

// sessionOf says who a request is from; empty without a session.
func sessionOf(ctx context.Context) string {
	by, _ := ctx.Value(sessionKey{}).(string)
	return by
}
