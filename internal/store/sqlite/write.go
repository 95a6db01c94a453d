package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"firedoor"
	"firedoor/internal/store"
)

// counts are present rows, kept so that no commit has to count them.
type counts struct{ alerts, assets, conversations, sensors, acknowledgements, points, programs int }

// recount reads what is there when the store is opened.
func (s *Store) recount(ctx context.Context) error {
	c := &s.counts
	err := s.conn.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM assets),
		(SELECT count(*) FROM conversations), (SELECT count(*) FROM sensors), (SELECT count(*) FROM acknowledgements),
		(SELECT count(*) FROM points), (SELECT count(*) FROM programs)`).
		Scan(&c.alerts, &c.assets, &c.conversations, &c.sensors, &c.acknowledgements, &c.points, &c.programs)
	if err != nil {
		return err
	}
	s.stats.Position, err = s.Position(ctx)
	s.stats.Alerts, s.stats.Assets, s.stats.Conversations = c.alerts, c.assets, c.conversations
	s.stats.Sensors, s.stats.Acknowledgements = c.sensors, c.acknowledgements
	s.stats.Points, s.stats.Programs = c.points, c.programs
	return err
}

// Position is how far the store is.
func (s *Store) Position(ctx context.Context) (store.Position, error) {
	var p store.Position
	err := s.readers.QueryRowContext(ctx, `SELECT stream, seq FROM position`).Scan(&p.Stream, &p.Seq)
	if err != nil {
		return p, fmt.Errorf("store: position: %w", typed(err))
	}
	return p, nil
}

// writing is one transaction.
type writing struct {
	*Store
	ctx     context.Context
	now     int64 // wall clock
	heard   int64
	counts  counts
	changes store.Changes
	moved   map[place]struct{} // where other assets may be now
	retired store.Stats        // only what was retired, refused or swept
	rounds  bool               // a sensor is telling everything it holds
}

// place is where an end of an alert or conversation was seen.
type place struct{ sensor, at string }

// write runs f in a transaction that is on the disk when write returns nil. On
// an error nothing of it is.
func (s *Store) write(ctx context.Context, f func(*writing) error) (*writing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil, errors.New("store: it is closed")
	}
	w := &writing{Store: s, ctx: ctx, now: s.wall().UnixNano(), counts: s.counts, moved: map[place]struct{}{}}
	err := w.exec(`BEGIN IMMEDIATE`)
	if err == nil {
		if err = f(w); err == nil {
			err = w.exec(`COMMIT`)
		}
		if err != nil {
			s.rollback(ctx)
		}
	}
	if err != nil {
		return nil, typed(err)
	}
	s.counts = w.counts
	return w, nil
}

// rollback ends a transaction that failed. SQLite may have done it by itself;
// then this finds nothing to do.
func (s *Store) rollback(ctx context.Context) {
	s.conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) //nolint:errcheck // see above
}

// stmt prepares a statement once for the life of the writer.
func (w *writing) stmt(query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(w.ctx, query)
	if err == nil {
		w.stmts[query] = st
	}
	return st, err
}

func (w *writing) exec(query string, args ...any) error {
	_, err := w.execCount(query, args...)
	return err
}

// execCount is exec that tells how many rows it changed.
func (w *writing) execCount(query string, args ...any) (int, error) {
	st, err := w.stmt(query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(w.ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

// row reads one row; false where there is none.
func (w *writing) row(query string, args []any, into ...any) (bool, error) {
	st, err := w.stmt(query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(w.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// rows calls f for each row.
func (w *writing) rows(query string, args []any, f func(*sql.Rows) error) error {
	st, err := w.stmt(query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(w.ctx, args...)
	return each(rows, err, f)
}

func each(rows *sql.Rows, err error, f func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err is what counts
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Apply folds one message in: see store.Store.
func (s *Store) Apply(ctx context.Context, at store.Position, heard time.Time, records []firedoor.Record) (store.Changes, error) {
	repeated := false
	w, err := s.write(ctx, func(w *writing) error {
		w.heard = heard.UnixNano()
		var now store.Position
		if _, err := w.row(`SELECT stream, seq FROM position`, nil, &now.Stream, &now.Seq); err != nil {
			return err
		}
		if repeated = now.Stream == at.Stream && at.Seq <= now.Seq; repeated {
			return nil
		}
		if err := w.lookForRounds(now, at, len(records)); err != nil {
			return err
		}
		for i := range records {
			if err := w.fold(&records[i]); err != nil {
				return err
			}
		}
		if err := w.settle(); err != nil {
			return err
		}
		if err := w.retire(); err != nil {
			return err
		}
		return w.exec(`UPDATE position SET stream = ?, seq = ?`, at.Stream, int64(at.Seq))
	})
	if err != nil {
		err = fmt.Errorf("store: message %d was not folded in: %w", at.Seq, err)
	}
	s.wrote(err, func(st *store.Stats) {
		if repeated {
			st.Repeated++
			return
		}
		st.Position = at
		st.Messages++
		st.Records += uint64(len(records)) - w.retired.Refused
		w.addTo(st)
	})
	if err != nil {
		return store.Changes{}, err
	}
	return w.changes, nil
}

// addTo adds what a transaction did to the counters.
func (w *writing) addTo(st *store.Stats) {
	st.Refused += w.retired.Refused
	st.RetiredAlerts += w.retired.RetiredAlerts
	st.RetiredAssets += w.retired.RetiredAssets
	st.RetiredConversations += w.retired.RetiredConversations
	st.RetiredAcknowledgements += w.retired.RetiredAcknowledgements
	st.PointsNoRoom += w.retired.PointsNoRoom
	st.BrokenRounds += w.retired.BrokenRounds
	st.SweptAssets += w.retired.SweptAssets
	st.SweptConversations += w.retired.SweptConversations
	st.Alerts, st.Assets, st.Conversations = w.counts.alerts, w.counts.assets, w.counts.conversations
	st.Sensors, st.Acknowledgements = w.counts.sensors, w.counts.acknowledgements
	st.Points, st.Programs = w.counts.points, w.counts.programs
}

// fold takes one record in. One that makes no sense is counted: an error is
// only what keeps the store from writing.
func (w *writing) fold(r *firedoor.Record) error {
	if r.Sensor == "" || r.Key == "" || len(r.Sensor) > store.MaxKey || len(r.Key) > store.MaxKey {
		w.retired.Refused++
		return nil
	}
	err := w.told(r)
	if err != nil {
		return err
	}
	switch r.Kind {
	case firedoor.RecordAlert:
		err = w.foldAlert(r)
	case firedoor.RecordAsset:
		err = w.foldAsset(r)
	case firedoor.RecordConversation:
		err = w.foldConversation(r)
	case firedoor.RecordPoints:
		err = w.foldPoints(r)
	case firedoor.RecordProgram:
		err = w.foldProgram(r)
	case firedoor.RecordSensor:
		err = w.foldSensor(r)
	case firedoor.RecordRound:
		err = w.foldRound(r)
	default:
		err = errRefused
	}
	if errors.Is(err, errRefused) {
		w.retired.Refused++
		return nil
	}
	return err
}

// errRefused: the record makes no sense, or there is no room for it.
var errRefused = errors.New("refused")
