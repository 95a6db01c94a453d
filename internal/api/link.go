package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of links and sessions.
const (
	// DefaultSession is how long a session lasts if nothing else is said.
	DefaultSession = 12 * time.Hour
	// MaxSessions is how many there are at once; at the limit the oldest ends.
	MaxSessions = 32
	// MaxLinks is how many unused links there are at once. At the limit the oldest
	// is worth nothing any more, but never the first: see NewLink.
	MaxLinks = 8
	// LinkFor is how long a link may be followed, but for the first.
	LinkFor = time.Hour
	// Operator is who acknowledges with a session of a one-time link: whoever
	// could read what the console printed when it started, or ask it for another.
	Operator = "operator"
)

// digest is what is kept of a secret.
type digest [sha256.Size]byte

// links holds the unused links and the sessions of the used ones, as digests,
// in memory only.
type links struct {
	mu       sync.Mutex
	made     bool // the first link was made
	unused   map[digest]link
	sessions map[digest]time.Time // until when

	evictedSessions, evictedLinks, refused uint64
}

// link is a link that nobody followed yet.
type link struct {
	made  time.Time
	first bool // it holds until it is used
}

func (l link) over(now time.Time) bool { return !l.first && now.After(l.made.Add(LinkFor)) }

func secret() string {
	var b [32]byte
	rand.Read(b[:]) //nolint:errcheck // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewLink makes a one-time link to this console, which gives a session to the
// first who follows it. The first that is made, which is printed when the
// console starts, may be followed for as long as the console runs; further ones
// for LinkFor. The other links and all sessions stay as they are.
func (a *API) NewLink() string {
	return "http://" + a.cfg.Address + "/link/" + a.links.add(time.Now())
}

// add makes a link and gives its token.
func (l *links) add(now time.Time) string {
	token := secret()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unused == nil {
		l.unused, l.sessions = map[digest]link{}, map[digest]time.Time{}
	}
	l.makeRoomForLink(now)
	l.unused[sha256.Sum256([]byte(token))] = link{made: now, first: !l.made}
	l.made = true
	return token
}

// makeRoomForLink removes links that are over, and the oldest at the limit.
func (l *links) makeRoomForLink(now time.Time) {
	var oldest digest
	var made time.Time
	for k, x := range l.unused {
		if x.over(now) {
			delete(l.unused, k)
		} else if !x.first && (made.IsZero() || x.made.Before(made)) {
			oldest, made = k, x.made
		}
	}
	if len(l.unused) >= MaxLinks {
		delete(l.unused, oldest)
		l.evictedLinks++
	}
}

// use takes the token if it is that of an unused link, and gives a session that
// holds until then. Looking a digest up tells nothing of the token by the time
// that it takes.
func (l *links) use(token string, now, until time.Time) (session string, ok bool) {
	sum := digest(sha256.Sum256([]byte(token)))
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.unused[sum]
	delete(l.unused, sum)
	if !ok || x.over(now) {
		l.refused++
		return "", false
	}
	l.makeRoomForSession(now)
	session = secret()
	l.sessions[sha256.Sum256([]byte(session))] = until
	return session, true
}

// makeRoomForSession removes sessions that are over, and the oldest at the limit.
func (l *links) makeRoomForSession(now time.Time) {
	var oldest digest
	var first time.Time
	for k, until := range l.sessions {
		if now.After(until) {
			delete(l.sessions, k)
		} else if first.IsZero() || until.Before(first) {
			oldest, first = k, until
		}
	}
	if len(l.sessions) >= MaxSessions {
		delete(l.sessions, oldest)
		l.evictedSessions++
	}
}

// stats counts what holds now.
func (l *links) stats(now time.Time) Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{SessionsLimit: MaxSessions, SessionsEvicted: l.evictedSessions, LinksLimit: MaxLinks, LinksEvicted: l.evictedLinks, LinksRefused: l.refused}
	for _, until := range l.sessions {
		if !now.After(until) {
			s.SessionsOpen++
		}
	}
	for _, x := range l.unused {
		if !x.over(now) {
			s.LinksUnused++
		}
	}
	return s
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

const linkRefused = `This link was used before, is older than an hour, or is none that this console gave out.

It works once. Reading needs no link: open the console's address. To be able to
acknowledge alerts from this browser, get a new link with "firedoor link" where it runs and
follow it.`

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
