package sqlite

import (
	"fmt"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/store"
)

// large is a plant of 5,000 assets, 20,000 conversations and 10,000 alerts.
func large(b *testing.B) *Store {
	b.Helper()
	s := fresh(b)
	var records []firedoor.Record
	for i := 1; i <= 5000; i++ {
		records = append(records, asset(b, i, ip(i)))
		for j := range 4 {
			records = append(records, conversation(b, fmt.Sprint(i, "-", j), ip(i), ip(1+(i+j*37)%5000)))
		}
	}
	for i := range 10_000 {
		records = append(records, alert(b, i, firedoor.Severity(i%4), ip(1+i%5000), ip(1+i*7%5000)))
	}
	start := time.Now()
	for len(records) > 0 {
		n := min(256, len(records))
		apply(b, s, records[:n]...)
		records = records[n:]
	}
	b.Logf("35,000 records were folded in within %s", time.Since(start))
	return s
}

func BenchmarkQueries(b *testing.B) {
	s := large(b)
	ctx := b.Context()
	first, err := s.Alerts(ctx, store.AlertQuery{Limit: 1000})
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"overview":      func() error { _, err := s.Overview(ctx, begin); return err },
		"alerts-1000":   func() error { _, err := s.Alerts(ctx, store.AlertQuery{}); return err },
		"alerts-100":    func() error { _, err := s.Alerts(ctx, store.AlertQuery{Limit: 100}); return err },
		"alerts-next":   func() error { _, err := s.Alerts(ctx, store.AlertQuery{Cursor: first.Next}); return err },
		"alerts-search": func() error { _, err := s.Alerts(ctx, store.AlertQuery{Text: "plc-77 holding"}); return err },
		"alerts-open-high": func() error {
			_, err := s.Alerts(ctx, store.AlertQuery{State: store.OpenAlerts, Severities: []firedoor.Severity{firedoor.High}, Limit: 100})
			return err
		},
		"alerts-of-asset":      func() error { _, err := s.Alerts(ctx, store.AlertQuery{Asset: assetID(5).String()}); return err },
		"assets-1000":          func() error { _, err := s.Assets(ctx, store.AssetQuery{}); return err },
		"assets-search":        func() error { _, err := s.Assets(ctx, store.AssetQuery{Text: "plc-77"}); return err },
		"asset":                func() error { _, err := s.Asset(ctx, assetID(5).String()); return err },
		"conversations-1000":   func() error { _, err := s.Conversations(ctx, store.ConversationQuery{}); return err },
		"conversations-search": func() error { _, err := s.Conversations(ctx, store.ConversationQuery{Text: "plc-77"}); return err },
		"conversations-of-asset": func() error {
			_, err := s.Conversations(ctx, store.ConversationQuery{Asset: assetID(5).String()})
			return err
		},
		"map": func() error { _, err := s.Map(ctx); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
