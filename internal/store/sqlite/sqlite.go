package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"firedoor/internal/store"

	sqlite "modernc.org/sqlite"
)

// File is the name of the database in its directory; "-wal" and "-shm" stand
// beside it.
const File = "console.db"

const (
	// busy is how long a statement waits for another process, such as a backup.
	busy = 5 * time.Second
	// maxReaders is how many queries run at once; further ones wait.
	maxReaders = 4
	// maxJournal is what the journal is cut to after a checkpoint, in bytes.
	maxJournal = 64 << 20
	// maxCache is what each connection keeps of the file in memory, in bytes.
	maxCache = 4 << 20
	// maxMessage is the most that is said of a fault, in bytes.
	maxMessage = 200
)

// Limits are those of the store; tests make them smaller.
type Limits struct{ Alerts, Assets, Conversations, Sensors, Acknowledgements, Points, Programs int }

// DefaultLimits are those of package store.
var DefaultLimits = Limits{store.MaxAlerts, store.MaxAssets, store.MaxConversations, store.MaxSensors, store.MaxAcknowledgements,
	store.MaxPoints, store.MaxPrograms}

// Store is a store.Store in one file.
type Store struct {
	log    *slog.Logger
	path   string
	limits Limits
	wall   func() time.Time

	readers *sql.DB
	writers *sql.DB // of one connection

	mu     sync.Mutex // the writer
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	counts counts // present rows, as of the last commit

	statsMu sync.Mutex
	stats   store.Stats
}

var _ store.Store = (*Store)(nil)

// Open opens or makes the store in a directory. The error is store.ErrNewer
// where a newer version wrote it.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	return OpenLimited(ctx, dir, DefaultLimits, log)
}

// OpenLimited is Open with other limits.
func OpenLimited(ctx context.Context, dir string, limits Limits, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{log: log, path: filepath.Join(dir, File), limits: limits, wall: time.Now, stmts: map[string]*sql.Stmt{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %s: %w", s.path, typed(err)), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	// The file is made with the rights it must have: what is in it is the plant's.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.writers, err = s.pool("&_txlock=immediate", 1); err != nil {
		return err
	}
	if err := migrate(ctx, s.writers); err != nil {
		return err
	}
	if s.readers, err = s.pool("&_pragma=query_only(1)", maxReaders); err != nil {
		return err
	}
	if s.conn, err = s.writers.Conn(ctx); err != nil {
		return err
	}
	return s.recount(ctx)
}

// pool opens connections. An answer that was given must survive anything:
// synchronous is FULL, each commit waits for the disk.
func (s *Store) pool(more string, size int) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: s.path}).EscapedPath() +
		fmt.Sprintf("?_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=journal_size_limit(%d)", busy.Milliseconds(), maxJournal) +
		fmt.Sprintf("&_pragma=temp_store(MEMORY)&_pragma=cache_size(-%d)", maxCache>>10) + more
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// Close ends the store; what was written stays.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	s.stmts = map[string]*sql.Stmt{}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
		s.conn = nil
	}
	for _, db := range []*sql.DB{s.readers, s.writers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Stats counts what happened since Open.
func (s *Store) Stats() store.Stats {
	s.statsMu.Lock()
	out := s.stats
	s.statsMu.Unlock()
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.path + suffix); err == nil {
			out.Bytes += info.Size()
		}
	}
	return out
}

// SQLite's result codes of what a person must mend.
const (
	codeReadOnly = 8
	codeIOError  = 10
	codeFull     = 13
)

// typed makes SQLite's error one that callers can tell apart.
func typed(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case codeFull:
		return fmt.Errorf("%w: %w", store.ErrNoSpace, err)
	case codeReadOnly, codeIOError:
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	}
	return err
}

// wrote notes how a transaction ended.
func (s *Store) wrote(err error, note func(*store.Stats)) {
	s.statsMu.Lock()
	defer s.statsMu.Unlock()
	if errors.Is(err, context.Canceled) {
		return // the caller went away: the store is well
	}
	if err != nil {
		s.stats.Failures++
		s.stats.Problem = err.Error()
		if len(s.stats.Problem) > maxMessage {
			s.stats.Problem = s.stats.Problem[:maxMessage]
		}
		return
	}
	s.stats.Problem = ""
	note(&s.stats)
}
