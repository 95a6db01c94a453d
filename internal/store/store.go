package store

import (
	"context"
	"errors"
	"time"

	"firedoor"
)

// Limits of what is kept. Where one is reached, a hundredth of it is made free
// in the order that is stated, and counted in Stats.
const (
	// MaxAlerts: acknowledged ones go first, then the oldest.
	MaxAlerts = 100_000
	// MaxAssets: those that were not there when learning ended go first, the
	// longest unseen of them before others; then, of those that were, the newest:
	// nothing known is dropped to make room for something new.
	MaxAssets = 100_000
	// MaxConversations: as MaxAssets.
	MaxConversations = 200_000
	// MaxPoints: further process values are left out, and counted.
	MaxPoints = 500_000
	// MaxPrograms: further ones are refused.
	MaxPrograms = 20_000
	// MaxSensors: further ones are refused.
	MaxSensors = 1_000
	// MaxAcknowledgements: the oldest go first. They outlive their alerts, which
	// may come again.
	MaxAcknowledgements = 2 * MaxAlerts
	// MaxKey is the longest key and the longest name of a sensor in bytes;
	// records beyond are refused.
	MaxKey = 256
	// MaxComment is the longest comment in characters.
	MaxComment = 2000
	// MaxPage is the most rows of one page.
	MaxPage = 1000
	// MaxNodes and MaxEdges are the most of a map; what is left out is counted.
	MaxNodes = 2000
	// MaxEdges: see MaxNodes.
	MaxEdges = 5000
	// MaxNeeds is the most alerts that an overview names.
	MaxNeeds = 8
)

// Silence is after how long a sensor that was not heard is told as stale.
const Silence = 30 * time.Second

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound     = errors.New("there is no such thing")
	ErrCursor       = errors.New("the cursor is none that was given out here")
	ErrAcknowledged = errors.New("it is acknowledged already")
	// ErrNoSpace and ErrReadOnly: nothing was written and the position did not
	// move; reading goes on.
	ErrNoSpace  = errors.New("no space left for the store")
	ErrReadOnly = errors.New("the store cannot be written")
	// ErrNewer: a newer version of the product wrote the store.
	ErrNewer = errors.New("the store was written by a newer version")
)

// Position is how far a stream was folded in.
type Position struct {
	Stream string // which stream: sequences of another mean something else
	Seq    uint64 // of the last message; 0: none
}

// Changes says what an Apply changed, for those who show it live.
type Changes struct {
	Alerts        []AlertNews
	Assets        []string // ids, gone ones too
	Conversations []string // keys, gone ones too
	Sensors       []string // names
	Points        []string // ids of assets whose process values changed, each once
	Programs      []string // ids of assets whose programs changed, each once
}

// AlertNews is what is said of an alert that came or grew.
type AlertNews struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Time     string `json:"time"`
	Sentence string `json:"sentence"`
}

// Store keeps the present state of things. Methods may be called by several
// goroutines at once.
type Store interface {
	// Position is how far the store is.
	Position(ctx context.Context) (Position, error)
	// Apply folds one message of a stream in, with its position in the same
	// transaction. heard is when the message reached the stream. A sequence of
	// the same stream that is not after the position changes nothing. A record
	// that makes no sense is counted and left out: it must not stop those after it.
	// Rounds (firedoor.RecordRound) sweep all kinds but alerts.
	// One that is open where the stream changes or messages of it are missing
	// sweeps nothing: what was told in them is not known.
	Apply(ctx context.Context, at Position, heard time.Time, records []firedoor.Record) (Changes, error)

	// Overview is what needs a person, and the counts; now tells stale sensors.
	Overview(ctx context.Context, now time.Time) (*Overview, error)
	// Alerts gives a page, newest first.
	Alerts(ctx context.Context, q AlertQuery) (*AlertPage, error)
	// Alert gives one, or ErrNotFound.
	Alert(ctx context.Context, id string) (*Alert, error)
	// Acknowledge notes who saw an alert; it lasts when this returns. The first
	// one stays: ErrAcknowledged for a second. ErrNotFound where there is none.
	Acknowledge(ctx context.Context, id string, a Acknowledgement) (*Alert, error)
	// Assets gives a page by segment and first address.
	Assets(ctx context.Context, q AssetQuery) (*AssetPage, error)
	// Asset gives one by its id or an alias, or ErrNotFound.
	Asset(ctx context.Context, id string) (*Asset, error)
	// Conversations gives a page by segment, client, server, protocol and port.
	Conversations(ctx context.Context, q ConversationQuery) (*ConversationPage, error)
	// Conversation gives one, or ErrNotFound.
	Conversation(ctx context.Context, key string) (*Conversation, error)
	// Points gives a page of an asset's process values, those with a name first, by
	// protocol, unit and object, or ErrNotFound where there is no such asset.
	Points(ctx context.Context, q OfAsset) (*PointPage, error)
	// Programs gives a page of an asset's programs by protocol, kind and name, or
	// ErrNotFound where there is no such asset.
	Programs(ctx context.Context, q OfAsset) (*ProgramPage, error)
	// Map gives assets and who talks to whom.
	Map(ctx context.Context) (*Map, error)
	// Contacts gives who asks whom, of two assets or, with both empty, of all; what f
	// gets is borrowed.
	Contacts(ctx context.Context, client, server string, f func(*Contact)) error
	// Sensors gives all by name; now tells the stale ones.
	Sensors(ctx context.Context, now time.Time) ([]Sensor, error)

	// Stats counts what happened since the store was opened.
	Stats() Stats
	Close() error
}

// Stats are counters and present numbers, for health and metrics.
type Stats struct {
	Position Position
	Messages uint64 // folded in
	Records  uint64 // folded in
	Repeated uint64 // messages that were folded in before
	Refused  uint64 // records that made no sense or found no room

	Alerts           int // present
	Assets           int
	Conversations    int
	Sensors          int
	Acknowledgements int
	Points           int
	Programs         int

	RetiredAlerts           uint64 // to keep a limit
	RetiredAssets           uint64
	RetiredConversations    uint64
	RetiredAcknowledgements uint64

	PointsNoRoom uint64 // process values that were left out, each time they were told

	BrokenRounds       uint64 // that sweep nothing, for messages of the stream are missing
	SweptAssets        uint64 // at the end of a round, for their sensor no longer holds them
	SweptConversations uint64

	Failures uint64 // times it could not be written
	Problem  string // why it cannot be written at present; empty: it can
	Bytes    int64  // on disk, with what is not yet checkpointed
}
