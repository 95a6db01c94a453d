package uplink

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// embed starts the server within this process. Each message is forced to the
// disk before it is acknowledged, so that an acknowledged record survives the
// death of the process and, as far as the disk keeps its word, a loss of power.
func (u *Uplink) embed(cfg Config) error {
	if cfg.Dir == "" {
		return errors.New("uplink: the directory of the stream is not set")
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("uplink: directory of the stream: %w", err)
	}
	lock, err := lockDir(filepath.Join(cfg.Dir, "lock"))
	if err != nil {
		return fmt.Errorf("uplink: %s is in use by another process: %w", cfg.Dir, err)
	}
	u.lock = lock
	host, port := "", 0
	if cfg.Listen != "" {
		if host, port, err = loopback(cfg.Listen); err != nil {
			return err
		}
	}
	if u.server, err = u.start(cfg, host, port); err != nil {
		return err
	}
	if cfg.Listen != "" {
		// A port that was chosen stays when the server starts again.
		u.cfg.Listen = u.Addr()
	}
	in := append(u.options(), nats.InProcessServer(inProcess{u}))
	if cfg.Token != "" {
		in = append(in, nats.Token(cfg.Token))
	}
	if u.conn, err = nats.Connect("", in...); err != nil {
		return fmt.Errorf("uplink: connect within the process: %w", err)
	}
	return nil
}

// start starts a server and waits until it is ready.
func (u *Uplink) start(cfg Config, host string, port int) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "firedoor", JetStream: true, StoreDir: cfg.Dir, SyncAlways: true,
		JetStreamMaxMemory: maxMemory, JetStreamMaxStore: cfg.MaxBytes + spareStore,
		MaxPayload: maxPacked + 2*spareHeader, NoSigs: true, NoSystemAccount: true, DisableJetStreamBanner: true,
		DontListen: cfg.Listen == "", Host: host, Port: port, Authorization: cfg.Token,
	})
	if err != nil {
		return nil, fmt.Errorf("uplink: %w", err)
	}
	s.SetLoggerV2(serverLog{u.log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startWait) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("uplink: the server in %s was not ready after %s; the log says why", cfg.Dir, startWait)
	}
	return s, nil
}

// inProcess leads connections to the server that runs at present.
type inProcess struct{ u *Uplink }

func (p inProcess) InProcessConn() (net.Conn, error) {
	p.u.serverMu.Lock()
	s := p.u.server
	p.u.serverMu.Unlock()
	if s == nil {
		return nil, errAway
	}
	return s.InProcessConn()
}

// loopback reads "127.0.0.1:4222"; any other machine's address is an error, for
// the stream has no accounts.
func loopback(address string) (string, int, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("uplink: listen address %q: %w", address, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("uplink: listen address %q: the port is not a number up to 65535", address)
	}
	ip := net.ParseIP(host)
	if host == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil || !ip.IsLoopback() {
		return "", 0, fmt.Errorf("uplink: listen address %q is not a loopback address: other machines must not reach the stream", address)
	}
	if n == 0 {
		return ip.String(), server.RANDOM_PORT, nil
	}
	return ip.String(), int(n), nil
}

func newNonce() string {
	var b [12]byte
	rand.Read(b[:]) //nolint:errcheck // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// serverLog gives the server's words to ours; what it notices in passing is
// for those who look for faults.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l serverLog) Warnf(format string, v ...any)  { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)          {}
func (l serverLog) Tracef(string, ...any)          {}
