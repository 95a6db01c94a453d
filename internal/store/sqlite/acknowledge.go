package sqlite

import (
	"context"
	"errors"
	"fmt"

	"firedoor/internal/store"
)

// Acknowledge notes who saw an alert: see store.Store.
func (s *Store) Acknowledge(ctx context.Context, id string, a store.Acknowledgement) (*store.Alert, error) {
	w, err := s.write(ctx, func(w *writing) error {
		there, err := w.row(`SELECT 1 FROM alerts WHERE id = ?`, []any{id}, new(int))
		if err != nil || !there {
			return or(err, store.ErrNotFound)
		}
		n, err := w.execCount(`INSERT OR IGNORE INTO acknowledgements (id, by, comment, wall) VALUES (?, ?, ?, ?)`, id, a.By, a.Comment, w.now)
		if err != nil || n == 0 {
			return or(err, store.ErrAcknowledged)
		}
		w.counts.acknowledgements++
		if n := excess(w.counts.acknowledgements, w.limits.Acknowledgements); n > 0 {
			gone, err := w.execCount(`DELETE FROM acknowledgements WHERE id IN (SELECT id FROM acknowledgements WHERE id <> ? ORDER BY wall LIMIT ?)`, id, n)
			if err != nil {
				return err
			}
			w.counts.acknowledgements -= gone
			w.retired.RetiredAcknowledgements += uint64(gone)
		}
		return w.exec(`UPDATE alerts SET acknowledged = 1 WHERE id = ?`, id)
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrAcknowledged) {
		return nil, fmt.Errorf("store: alert %q: %w", id, err)
	}
	if err != nil {
		err = fmt.Errorf("store: acknowledge alert %q: %w", id, err)
	}
	s.wrote(err, func(st *store.Stats) { w.addTo(st) })
	if err != nil {
		return nil, err
	}
	return s.Alert(ctx, id)
}

func or(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
