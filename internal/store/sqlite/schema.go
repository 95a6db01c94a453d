package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"firedoor/internal/store"
)

// Version of the stored form. Each has a file in testdata that must load.
const Version = 3

// steps lead from one version to the next; step n makes version n+1.
var steps = []string{version1, version2, version3}

// version1: times are nanoseconds since 1970, 0 for none. client_at and
// server_at are what an end is found by: its IP, else its MAC. Names and assets
// of ends are kept with the row and put right when an asset changes, so that a
// page is one walk along one index. Indexes begin with what tells rows apart
// best: the planner has no statistics, and nearly all rows are of one sensor.
const version1 = `
CREATE TABLE position (
	one INTEGER PRIMARY KEY CHECK (one = 1), stream TEXT NOT NULL, seq INTEGER NOT NULL
);
INSERT INTO position VALUES (1, '', 0);

CREATE TABLE alerts (
	sensor TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, severity INTEGER NOT NULL, kind TEXT NOT NULL,
	client_at TEXT NOT NULL, client_mac TEXT NOT NULL, client_asset TEXT NOT NULL DEFAULT '', client_name TEXT NOT NULL DEFAULT '',
	server_at TEXT NOT NULL, server_mac TEXT NOT NULL, server_asset TEXT NOT NULL DEFAULT '', server_name TEXT NOT NULL DEFAULT '',
	acknowledged INTEGER NOT NULL, first_shown INTEGER NOT NULL, search TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (id, sensor)
);
CREATE INDEX alerts_order ON alerts (time, id, sensor);
CREATE INDEX alerts_need ON alerts (acknowledged, severity, time, id);
CREATE INDEX alerts_client ON alerts (client_asset, acknowledged, severity, server_asset);
CREATE INDEX alerts_server ON alerts (server_asset, acknowledged, severity, client_asset);
CREATE INDEX alerts_client_at ON alerts (client_at, sensor);
CREATE INDEX alerts_server_at ON alerts (server_at, sensor);

CREATE TABLE acknowledgements (
	id TEXT PRIMARY KEY, by TEXT NOT NULL, comment TEXT NOT NULL, wall INTEGER NOT NULL
);
CREATE INDEX acknowledgements_wall ON acknowledgements (wall);

CREATE TABLE assets (
	sensor TEXT NOT NULL, id TEXT NOT NULL, sort TEXT NOT NULL, known INTEGER NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
	level TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL, firmware TEXT NOT NULL, segment TEXT NOT NULL, addresses TEXT NOT NULL,
	shown TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, packets INTEGER NOT NULL, search TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (id, sensor)
);
CREATE INDEX assets_order ON assets (sort, id, sensor);
CREATE INDEX assets_count ON assets (known, level);

CREATE TABLE aliases (
	alias TEXT NOT NULL, sensor TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (alias, sensor)
) WITHOUT ROWID;
CREATE INDEX aliases_of ON aliases (id, sensor);

CREATE TABLE addresses (
	sensor TEXT NOT NULL, value TEXT NOT NULL, segment TEXT NOT NULL, asset TEXT NOT NULL, bond TEXT NOT NULL,
	since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (value, sensor, asset, since, bond)
) WITHOUT ROWID;
CREATE INDEX addresses_of ON addresses (asset, sensor);

CREATE TABLE conversations (
	sensor TEXT NOT NULL, key TEXT NOT NULL, sort TEXT NOT NULL, segment TEXT NOT NULL, protocol TEXT NOT NULL,
	client_at TEXT NOT NULL, client_mac TEXT NOT NULL, client_asset TEXT NOT NULL DEFAULT '', client_name TEXT NOT NULL DEFAULT '',
	server_at TEXT NOT NULL, server_mac TEXT NOT NULL, server_asset TEXT NOT NULL DEFAULT '', server_name TEXT NOT NULL DEFAULT '',
	learned INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, operations INTEGER NOT NULL, errors INTEGER NOT NULL,
	no_response INTEGER NOT NULL, samples INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, changes INTEGER NOT NULL,
	statements INTEGER NOT NULL, search TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (key, sensor)
);
CREATE INDEX conversations_order ON conversations (sort, key, sensor);
CREATE INDEX conversations_ends ON conversations (client_asset, server_asset, protocol, operations, changes, learned, packets);
CREATE INDEX conversations_server ON conversations (server_asset);
CREATE INDEX conversations_client_at ON conversations (client_at, sensor);
CREATE INDEX conversations_server_at ON conversations (server_at, sensor);

CREATE TABLE sensors (
	name TEXT PRIMARY KEY, heard INTEGER NOT NULL, body BLOB NOT NULL
);
`

// version2: what a sensor held before it began a round and did not tell since,
// by kind of record. It is a table of its own, for most of what is told in a
// round is as it was: to note that in the rows would write all of them again. What is
// removed for another reason leaves it too, so it is never larger than the two.
const version2 = `
CREATE TABLE untold (
	sensor TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (sensor, kind, key)
) WITHOUT ROWID;
CREATE TRIGGER assets_gone AFTER DELETE ON assets BEGIN
	DELETE FROM untold WHERE sensor = OLD.sensor AND kind = 'asset' AND key = OLD.id;
END;
CREATE TRIGGER conversations_gone AFTER DELETE ON conversations BEGIN
	DELETE FROM untold WHERE sensor = OLD.sensor AND kind = 'conversation' AND key = OLD.key;
END;
`

// version3: process values, each in a row of its own, so that a page of them is
// found by words; what is the same for a record's values stands once in
// point_records, which has nothing of which there is no value. Sort tells values
// apart: one that moves from a record to another does not stand twice.
const version3 = `
CREATE TABLE point_records (
	sensor TEXT NOT NULL, key TEXT NOT NULL, segment TEXT NOT NULL, last INTEGER NOT NULL,
	server_at TEXT NOT NULL, server_mac TEXT NOT NULL, server_asset TEXT NOT NULL, server_name TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (key, sensor)
) WITHOUT ROWID;
CREATE INDEX point_records_asset ON point_records (server_asset);
CREATE INDEX point_records_at ON point_records (server_at, sensor);

CREATE TABLE points (
	sort TEXT NOT NULL, sensor TEXT NOT NULL, record TEXT NOT NULL, search TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (sort, sensor)
) WITHOUT ROWID;
CREATE INDEX points_record ON points (record, sensor);
CREATE TRIGGER points_gone AFTER DELETE ON points
WHEN NOT EXISTS (SELECT 1 FROM points WHERE record = OLD.record AND sensor = OLD.sensor) BEGIN
	DELETE FROM point_records WHERE key = OLD.record AND sensor = OLD.sensor;
END;
CREATE TRIGGER points_moved AFTER UPDATE OF record ON points
WHEN OLD.record <> NEW.record AND NOT EXISTS (SELECT 1 FROM points WHERE record = OLD.record AND sensor = OLD.sensor) BEGIN
	DELETE FROM point_records WHERE key = OLD.record AND sensor = OLD.sensor;
END;
CREATE TRIGGER point_records_gone AFTER DELETE ON point_records BEGIN
	DELETE FROM untold WHERE sensor = OLD.sensor AND kind = 'points' AND key = OLD.key;
END;

CREATE TABLE programs (
	sensor TEXT NOT NULL, key TEXT NOT NULL, sort TEXT NOT NULL, segment TEXT NOT NULL, last INTEGER NOT NULL,
	server_at TEXT NOT NULL, server_mac TEXT NOT NULL, server_asset TEXT NOT NULL, server_name TEXT NOT NULL,
	search TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (key, sensor)
);
CREATE INDEX programs_asset ON programs (server_asset, sort, key, sensor);
CREATE INDEX programs_at ON programs (server_at, sensor);
CREATE TRIGGER programs_gone AFTER DELETE ON programs BEGIN
	DELETE FROM untold WHERE sensor = OLD.sensor AND kind = 'program' AND key = OLD.key;
END;
`

// migrate brings the file to this version, each step in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`); err != nil {
		return err
	}
	var text string
	have := 0
	err := db.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'version'`).Scan(&text)
	if err == nil {
		have, err = strconv.Atoi(text)
		if err != nil || have < 1 {
			return fmt.Errorf("its version %q is not a number from 1 on", text)
		}
	} else if err != sql.ErrNoRows { //nolint:errorlint // Scan returns it bare
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("%w: version %d, this one reads up to %d; start the newer version again, or give it an empty directory", store.ErrNewer, have, len(steps))
	}
	for ; have < len(steps); have++ {
		if err := step(ctx, db, have); err != nil {
			return fmt.Errorf("to version %d: %w", have+1, err)
		}
	}
	return nil
}

func step(ctx context.Context, db *sql.DB, have int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a Commit there is nothing to roll back
	if _, err := tx.ExecContext(ctx, steps[have]); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO meta VALUES ('version', ?)`, strconv.Itoa(have+1)); err != nil {
		return err
	}
	return tx.Commit()
}
