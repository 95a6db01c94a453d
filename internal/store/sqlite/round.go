package sqlite

import (
	"database/sql"
	"slices"

	"firedoor"
	"firedoor/internal/store"
)

// lookForRounds tells whether a round is open, of any sensor. Open ones end
// here, without sweeping, where messages are missing before this one: another
// stream goes on, numbers were passed over, or nobody could read this one.
func (w *writing) lookForRounds(before, at store.Position, records int) error {
	if _, err := w.row(`SELECT EXISTS (SELECT 1 FROM untold)`, nil, &w.rounds); err != nil || !w.rounds {
		return err
	}
	if before.Stream == at.Stream && before.Seq+1 == at.Seq && records > 0 {
		return nil
	}
	var broken uint64
	if _, err := w.row(`SELECT count(DISTINCT sensor) FROM untold`, nil, &broken); err != nil {
		return err
	}
	w.rounds = false
	w.retired.BrokenRounds += broken
	return w.exec(`DELETE FROM untold`)
}

// sweptKinds are what a round tells whole.
func sweptKinds() []firedoor.RecordKind {
	return []firedoor.RecordKind{firedoor.RecordConversation, firedoor.RecordAsset, firedoor.RecordPoints, firedoor.RecordProgram}
}

// told notes that a sensor still knows of a thing, even if what it says of it
// makes no sense here.
func (w *writing) told(r *firedoor.Record) error {
	if !w.rounds || !slices.Contains(sweptKinds(), r.Kind) {
		return nil
	}
	return w.exec(`DELETE FROM untold WHERE sensor = ? AND kind = ? AND key = ?`, r.Sensor, string(r.Kind), r.Key)
}

func (w *writing) foldRound(r *firedoor.Record) error {
	switch {
	case r.Gone:
		return errRefused
	case r.Key == firedoor.RoundBegin:
		return w.beginRound(r.Sensor)
	case r.Key == firedoor.RoundEnd:
		return w.endRound(r.Sensor)
	}
	return errRefused
}

// beginRound notes all that a sensor holds. A begin after a begin starts over:
// the sensor did not come to the end of it.
func (w *writing) beginRound(sensor string) error {
	if err := w.forget(sensor); err != nil {
		return err
	}
	w.rounds = true
	for kind, from := range map[firedoor.RecordKind]string{firedoor.RecordAsset: "id FROM assets", firedoor.RecordConversation: "key FROM conversations",
		firedoor.RecordPoints: "key FROM point_records", firedoor.RecordProgram: "key FROM programs"} {
		if err := w.exec(`INSERT INTO untold SELECT sensor, ?, `+from+` WHERE sensor = ?`, string(kind), sensor); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) forget(sensor string) error {
	return w.exec(`DELETE FROM untold WHERE sensor = ?`, sensor)
}

// endRound sweeps what was not told since the begin. Without a begin nothing is
// noted, and so nothing goes.
func (w *writing) endRound(sensor string) error {
	before := w.counts
	drop := map[firedoor.RecordKind]func(sensor, key string) error{firedoor.RecordConversation: w.dropConversation, firedoor.RecordAsset: w.dropAsset,
		firedoor.RecordPoints: w.dropPoints, firedoor.RecordProgram: w.dropProgram}
	for _, kind := range sweptKinds() {
		keys, err := w.untold(sensor, kind)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := drop[kind](sensor, key); err != nil {
				return err
			}
		}
	}
	w.retired.SweptConversations += uint64(before.conversations - w.counts.conversations)
	w.retired.SweptAssets += uint64(before.assets - w.counts.assets)
	return w.forget(sensor)
}

func (w *writing) untold(sensor string, kind firedoor.RecordKind) ([]string, error) {
	var out []string
	err := w.rows(`SELECT key FROM untold WHERE sensor = ? AND kind = ?`, []any{sensor, string(kind)}, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		out = append(out, key)
		return err
	})
	return out, err
}
