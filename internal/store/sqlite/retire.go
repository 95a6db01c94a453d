package sqlite

import "database/sql"

// slack is the part of a limit that is made free when it is reached, so that
// not every commit has to look for the next to go.
const slack = 100

// excess tells how many have to go.
func excess(have, limit int) int {
	if have <= limit {
		return 0
	}
	return have - limit + limit/slack
}

// retire keeps the limits: see the constants of package store for who goes
// first.
func (w *writing) retire() error {
	if n := excess(w.counts.alerts, w.limits.Alerts); n > 0 {
		gone, err := w.execCount(`DELETE FROM alerts WHERE rowid IN (SELECT rowid FROM alerts ORDER BY acknowledged DESC, time LIMIT ?)`, n)
		if err != nil {
			return err
		}
		w.counts.alerts -= gone
		w.retired.RetiredAlerts += uint64(gone)
	}
	if err := w.retireConversations(); err != nil {
		return err
	}
	return w.retireAssets()
}

func (w *writing) retireConversations() error {
	n := excess(w.counts.conversations, w.limits.Conversations)
	if n == 0 {
		return nil
	}
	for _, query := range []string{
		`DELETE FROM conversations WHERE rowid IN (SELECT rowid FROM conversations WHERE learned = 0 ORDER BY last LIMIT ?)`,
		`DELETE FROM conversations WHERE rowid IN (SELECT rowid FROM conversations ORDER BY first DESC LIMIT ?)`,
	} {
		gone, err := w.execCount(query, n)
		if err != nil {
			return err
		}
		w.counts.conversations -= gone
		w.retired.RetiredConversations += uint64(gone)
		// What was learned makes no more room than is needed.
		if n = w.counts.conversations - w.limits.Conversations; n <= 0 {
			break
		}
	}
	return nil
}

// retireAssets removes assets one by one, for their addresses go too.
func (w *writing) retireAssets() error {
	n := excess(w.counts.assets, w.limits.Assets)
	if n == 0 {
		return nil
	}
	for _, query := range []string{
		`SELECT sensor, id FROM assets WHERE known = 0 ORDER BY last_seen LIMIT ?`,
		`SELECT sensor, id FROM assets ORDER BY first_seen DESC LIMIT ?`,
	} {
		if err := w.dropAssets(query, n); err != nil {
			return err
		}
		// What was known makes no more room than is needed.
		if n = w.counts.assets - w.limits.Assets; n <= 0 {
			break
		}
	}
	return w.settle()
}

func (w *writing) dropAssets(query string, n int) error {
	type asset struct{ sensor, id string }
	var gone []asset
	err := w.rows(query, []any{n}, func(rows *sql.Rows) error {
		var a asset
		err := rows.Scan(&a.sensor, &a.id)
		gone = append(gone, a)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range gone {
		if err := w.dropAsset(a.sensor, a.id); err != nil {
			return err
		}
	}
	w.retired.RetiredAssets += uint64(len(gone))
	return nil
}
