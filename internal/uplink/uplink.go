package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The stream and its limits.
const (
	// Stream is the name of the one stream; its subjects are
	// firedoor.<site>.<sensor>.<kind>.
	Stream  = "FIREDOOR"
	subject = "firedoor"
	// DefaultMaxBytes is how much of the stream is kept where Config does not say.
	// When it is full the oldest messages go first, and are counted.
	DefaultMaxBytes = 256 << 20
	// leastMaxBytes: with less the stream could not hold what one batch needs.
	leastMaxBytes = 4 * maxPacked
	// maxMemory is what the embedded server may hold in memory stores, of which
	// nothing but short-lived consumers makes use.
	maxMemory = 16 << 20
	// spareStore is what the disk may hold beside the stream itself.
	spareStore = 64 << 20
	// spareHeader is room for a message's subject and headers.
	spareHeader = 4096
	// duplicateWindow is how long a message that is sent again is known as such.
	duplicateWindow = 2 * time.Minute
	// ackWait is how long an acknowledgement may take before Publish fails.
	ackWait = 10 * time.Second
	// startWait is how long the embedded server may take to be ready.
	startWait = 30 * time.Second
	// statsWait is how long Stats waits for the server.
	statsWait = 2 * time.Second
)

// Config says where the records go.
type Config struct {
	// URL of a NATS server with JetStream, such as nats://10.0.0.1:4222. Empty:
	// a server within this process.
	URL string
	// Listen is the loopback address on which the server within this process
	// listens, so that another process of this machine can connect. Empty: it
	// has no port.
	Listen string
	// Token must be known to whoever connects over Listen, and is given to the
	// server at URL. Empty: none.
	Token string
	// Dir is where the server within this process keeps the stream. One process
	// at a time may use it.
	Dir string
	// MaxBytes of the stream; 0 is DefaultMaxBytes. A server at URL that has the
	// stream already keeps its own limit.
	MaxBytes int64
}

// Uplink is a connection to the stream. Its methods may be called by several
// goroutines at once.
type Uplink struct {
	cfg    Config
	log    *slog.Logger
	lock   *dirLock // nil with a URL
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	id     string

	serverMu sync.Mutex
	server   *server.Server // nil with a URL, and while it cannot start again
	closed   bool

	mu    sync.Mutex // one Publish at a time: messages stay in order
	nonce string     // of this process: message ids of another mean something else
	count uint64
	enc   packer
	tried time.Time // when it was last tried to heal the server

	counters
}

type counters struct {
	published, records, bytes, leftOut, failures, healed atomic.Uint64
	delivered, undecodable, lost, at                     atomic.Uint64
	consumers                                            atomic.Uint64
}

// Open starts the server within this process or connects to one, and makes sure
// that the stream is there. ctx bounds only the opening.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Uplink, error) {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxBytes < leastMaxBytes {
		return nil, fmt.Errorf("uplink: at least %d bytes are needed for the stream, not %d", leastMaxBytes, cfg.MaxBytes)
	}
	u := &Uplink{cfg: cfg, log: log, nonce: newNonce()}
	var err error
	if cfg.URL == "" {
		err = u.embed(cfg)
	} else {
		err = u.connect(cfg)
	}
	if err == nil {
		err = u.ensureStream(ctx, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, u.Close())
	}
	return u, nil
}

func (u *Uplink) connect(cfg Config) error {
	options := append(u.options(), nats.RetryOnFailedConnect(false))
	if cfg.Token != "" {
		options = append(options, nats.Token(cfg.Token))
	}
	conn, err := nats.Connect(cfg.URL, options...)
	if err != nil {
		// The address may hold a password: it is not repeated.
		return fmt.Errorf("uplink: connect to the NATS server of the settings: %w", err)
	}
	u.conn = conn
	return nil
}

// options are those of every connection: it comes back by itself, for ever.
func (u *Uplink) options() []nats.Option {
	return []nats.Option{
		nats.Name("firedoor"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(time.Second),
		// What could not be sent is told to the caller at once: it keeps the records.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				u.log.Warn("uplink: connection lost, trying again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { u.log.Info("uplink: connected again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			u.log.Warn("uplink: connection", "error", err)
		}),
	}
}

func (u *Uplink) ensureStream(ctx context.Context, cfg Config) error {
	js, err := jetstream.New(u.conn)
	if err != nil {
		return fmt.Errorf("uplink: %w", err)
	}
	want := jetstream.StreamConfig{
		Name: Stream, Subjects: []string{subject + ".>"}, Description: "Records of Firedoor sensors",
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld, Storage: jetstream.FileStorage,
		MaxBytes: cfg.MaxBytes, MaxMsgSize: maxPacked + spareHeader, Duplicates: duplicateWindow,
	}
	if cfg.URL == "" {
		u.stream, err = js.CreateOrUpdateStream(ctx, want)
	} else if u.stream, err = js.Stream(ctx, Stream); errors.Is(err, jetstream.ErrStreamNotFound) {
		if u.stream, err = js.CreateStream(ctx, want); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			u.stream, err = js.Stream(ctx, Stream) // somebody else was quicker
		}
	}
	if err != nil {
		return fmt.Errorf("uplink: stream %s: %w", Stream, err)
	}
	u.js = js
	// A server elsewhere may take less in one message than ours does.
	u.enc.max = min(maxPacked, int(u.conn.MaxPayload())-spareHeader)
	// The moment of its making tells a stream from one that was made anew in its
	// place and counts from one again.
	u.id = strconv.FormatInt(u.stream.CachedInfo().Created.UnixNano(), 36)
	return nil
}

// ID names the stream: after it was deleted and made anew it is another, and
// positions in the old one mean nothing.
func (u *Uplink) ID() string { return u.id }

// Addr is where the server within this process listens; empty if it does not.
func (u *Uplink) Addr() string {
	u.serverMu.Lock()
	defer u.serverMu.Unlock()
	if u.server == nil || u.server.Addr() == nil {
		return ""
	}
	return u.server.Addr().String()
}

// Close ends the connection and the server within this process. What was
// acknowledged is on the disk.
func (u *Uplink) Close() error {
	if u.conn != nil {
		u.conn.Close()
	}
	u.serverMu.Lock()
	defer u.serverMu.Unlock()
	u.closed = true
	u.stop()
	if u.lock != nil {
		return u.lock.release()
	}
	return nil
}

// stop ends the server of this process; serverMu is held.
func (u *Uplink) stop() {
	if u.server != nil {
		u.server.Shutdown()
		u.server.WaitForShutdown()
		u.server = nil
	}
}

// Stats are counters since Open and present numbers, for health and metrics.
type Stats struct {
	Connected   bool
	Published   uint64 // messages acknowledged
	Records     uint64 // in them
	Bytes       uint64 // compressed, in them
	Failures    uint64 // calls of Publish that failed: the caller kept the records
	Healed      uint64 // times the server of this process was started again, for it took nothing
	LeftOut     uint64 // records that no message can hold: too large, or not JSON
	Delivered   uint64 // messages given to Consume
	Undecodable uint64 // of these, those that nobody could read
	Lost        uint64 // messages discarded before Consume saw them

	Messages  uint64 // present in the stream
	Kept      uint64 // bytes of them
	MaxBytes  int64
	Discarded uint64 // messages that made room for newer ones, since the stream was made
	Lag       uint64 // messages that Consume has not seen yet
}

// Stats asks the server for the state of the stream; where it does not answer,
// Connected is false and what only it knows is zero.
func (u *Uplink) Stats(ctx context.Context) Stats {
	s := Stats{
		Published: u.published.Load(), Records: u.records.Load(), Bytes: u.bytes.Load(), Failures: u.failures.Load(),
		LeftOut: u.leftOut.Load(), Healed: u.healed.Load(), Delivered: u.delivered.Load(), Undecodable: u.undecodable.Load(), Lost: u.lost.Load(),
	}
	ctx, cancel := context.WithTimeout(ctx, statsWait)
	defer cancel()
	info, err := u.stream.Info(ctx)
	if err != nil {
		return s
	}
	s.Connected = u.conn.IsConnected()
	s.Messages, s.Kept, s.MaxBytes = info.State.Msgs, info.State.Bytes, info.Config.MaxBytes
	if info.State.FirstSeq > 0 {
		s.Discarded = info.State.FirstSeq - 1
	}
	if at := u.at.Load(); info.State.LastSeq > at {
		s.Lag = info.State.LastSeq - at
	}
	return s
}
