package api

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// tokens makes links, a second apart from now on, and gives their tokens.
func tokens(l *links, now *time.Time, n int) []string {
	var out []string
	for range n {
		*now = now.Add(time.Second)
		out = append(out, l.add(*now))
	}
	return out
}

func TestSessionsAreBounded(t *testing.T) {
	var l links
	now := time.Now()
	var sessions []string
	for range MaxSessions + 3 {
		session, ok := l.use(l.add(now), now, now.Add(DefaultSession))
		if !ok {
			t.Fatal("the token is not taken")
		}
		now = now.Add(time.Minute)
		sessions = append(sessions, session)
	}
	if l.valid(sessions[2], now) || !l.valid(sessions[3], now) || !l.valid(sessions[len(sessions)-1], now) {
		t.Error("not the oldest sessions ended")
	}
	if st := l.stats(now); st.SessionsOpen != MaxSessions || st.SessionsLimit != MaxSessions || st.SessionsEvicted != 3 || st.LinksUnused != 0 || st.LinksRefused != 0 {
		t.Errorf("stats: %+v", st)
	}
	later := now.Add(DefaultSession + time.Second)
	if st := l.stats(later); st.SessionsOpen != 0 {
		t.Errorf("after all ended %d sessions are open", st.SessionsOpen)
	}
}

// TestLinksAreBounded: at the limit the oldest is worth nothing, but never the
// first, which was printed when the console started.
func TestLinksAreBounded(t *testing.T) {
	var l links
	now := time.Now()
	list := tokens(&l, &now, MaxLinks+3)
	if st := l.stats(now); st.LinksUnused != MaxLinks || st.LinksLimit != MaxLinks || st.LinksEvicted != 3 {
		t.Errorf("stats: %+v", st)
	}
	for i, token := range list {
		_, ok := l.use(token, now, now.Add(DefaultSession))
		if want := i == 0 || i > 3; ok != want {
			t.Errorf("link %d holds: %v, want %v", i, ok, want)
		}
		if _, again := l.use(token, now, now.Add(DefaultSession)); again {
			t.Errorf("link %d is taken twice", i)
		}
	}
	if st := l.stats(now); st.LinksUnused != 0 || st.SessionsOpen != MaxLinks || st.LinksRefused != uint64(len(list)+3) {
		t.Errorf("stats after all were used: %+v", st)
	}
	// The first was used: of those that come now, none lasts longer than others.
	list = tokens(&l, &now, MaxLinks+1)
	if _, ok := l.use(list[0], now, now.Add(DefaultSession)); ok {
		t.Error("a link that is not the first does not make room")
	}
}

// TestLinksExpire: one that was forgotten somewhere is soon worth nothing.
func TestLinksExpire(t *testing.T) {
	var l links
	now := time.Now()
	list := tokens(&l, &now, 3)
	now = now.Add(LinkFor)
	until := now.Add(DefaultSession)
	if _, ok := l.use(list[2], now, until); !ok {
		t.Error("a link is worth nothing at the end of its hour")
	}
	if st := l.stats(now); st.LinksUnused != 1 {
		t.Errorf("%d links are unused, want the first", st.LinksUnused)
	}
	if _, ok := l.use(list[1], now, until); ok {
		t.Error("a link is taken after its hour")
	}
	if _, ok := l.use(list[0], now.Add(1000*time.Hour), until); !ok {
		t.Error("the first link does not hold until it is used")
	}
	// What is over makes room before what is not.
	list = tokens(&l, &now, MaxLinks)
	now = now.Add(LinkFor + time.Second)
	list = append(list, tokens(&l, &now, MaxLinks)...)
	if st := l.stats(now); st.LinksEvicted != 0 || st.LinksUnused != MaxLinks || len(l.unused) != MaxLinks {
		t.Errorf("%d links, stats: %+v", len(l.unused), st)
	}
	if _, ok := l.use(list[MaxLinks], now, until); !ok {
		t.Error("a link made room though others were over")
	}
}

// TestAnotherLink: a second browser gets a session of its own while the first
// goes on, and the link that was printed still holds.
func TestAnotherLink(t *testing.T) {
	s := serve(t, nil)
	s.apply(plant(t)...)
	printed := s.NewLink()
	first, second := s.browser(), s.browser()
	for _, client := range []*http.Client{first, second} {
		if status, body := s.do(client, http.MethodGet, "/api/session", ""); status != http.StatusOK || !strings.Contains(body, `"may_acknowledge":true`) {
			t.Errorf("a browser that followed a link gets %d %s", status, body)
		}
	}
	if st := s.Stats(); st.SessionsOpen != 2 || st.LinksUnused != 1 {
		t.Errorf("stats: %+v", st)
	}
	if status, body := s.get(printed); status != http.StatusOK {
		t.Errorf("the link that was printed gets %d %s", status, body)
	}
	if status, body := s.get(printed); status != http.StatusForbidden || !strings.Contains(body, "get a new link") {
		t.Errorf("the second time it gets %d %s", status, body)
	}
	if st := s.Stats(); st.LinksRefused != 1 || st.LinksUnused != 0 {
		t.Errorf("stats: %+v", st)
	}
}
