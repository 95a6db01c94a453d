package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"firedoor/internal/capture"
	"firedoor/internal/packet"
)

// counts are what a receiver says: frames it saw, and frames it knows it did not.
type counts struct{ seen, dropped uint64 }

// receiver is what listens on the interface.
type receiver interface {
	counts() (counts, error)
	pause(bool) // it does not read while it is paused
	// shows waits until people can see these counts.
	shows(counts) error
	close() error
}

func newReceiver(o *options, name string) (receiver, error) {
	if o.alone {
		return newAlone(o, name)
	}
	return newProcess(o, name)
}

// alone is package capture, and nothing that does anything with frames.
type alone struct {
	live   *capture.Live
	paused atomic.Bool
	ended  chan error
	ever   bool // it was paused: how late frames come says nothing from then on
}

func newAlone(o *options, name string) (*alone, error) {
	live, err := capture.OpenLive(capture.LiveConfig{Interfaces: []string{name}, Fanout: o.fanout, Promiscuous: true})
	if err != nil {
		return nil, err
	}
	a := &alone{live: live, ended: make(chan error, 1)}
	go a.read()
	return a, nil
}

func (a *alone) read() {
	frames, buf := make([]packet.Frame, 1024), make([]byte, 1<<20)
	var sum, n, worst int64
	for {
		if a.paused.Load() {
			a.ever = true
			time.Sleep(time.Millisecond)
			continue
		}
		got, _, err := a.live.Fill(frames, buf)
		if err != nil {
			if n > 0 {
				fmt.Printf("latency from the wire to Fill: mean %v, worst %v\n", time.Duration(sum/n), time.Duration(worst))
			}
			a.ended <- err
			return
		}
		now := a.live.Now()
		for i := 0; i < got && !a.ever; i++ {
			late := now - frames[i].Time
			sum, n, worst = sum+late, n+1, max(worst, late)
		}
	}
}

func (a *alone) counts() (counts, error) {
	s := a.live.Stats()[0]
	return counts{s.Frames, s.Dropped + s.Missed}, nil
}

// shows: there is nothing to look at.
func (a *alone) shows(counts) error { return nil }

func (a *alone) pause(on bool) { a.paused.Store(on) }

func (a *alone) close() error {
	err := a.live.Close()
	if end := <-a.ended; !errors.Is(end, io.EOF) {
		err = errors.Join(err, end)
	}
	return err
}

// process is firedoor as a process of its own.
type process struct {
	cmd    *exec.Cmd
	url    string
	source string
	dir    string
}

func newProcess(o *options, name string) (*process, error) {
	dir, err := os.MkdirTemp("", "firedoor-live")
	if err != nil {
		return nil, err
	}
	p := &process{url: "http://" + o.listen, source: name, dir: dir}
	p.cmd = exec.Command(o.firedoor, "run", "--interface", name, "--learn", o.learn, "--data", p.data(), "--listen", o.listen)
	p.cmd.Stdout, p.cmd.Stderr = os.Stderr, os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 100 {
		if _, err = p.shown(); err == nil {
			return p, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s does not answer: %w", o.firedoor, err), p.close())
}

func (p *process) data() string { return filepath.Join(p.dir, "data") }

// source is a source of frames as firedoor tells of it.
type source struct {
	Name            string
	Frames, Dropped uint64
}

// find gives the counts of our interface.
func (p *process) find(sources []source) (counts, error) {
	for _, s := range sources {
		if s.Name == p.source {
			return counts{s.Frames, s.Dropped}, nil
		}
	}
	return counts{}, fmt.Errorf("firedoor knows no source %s", p.source)
}

// control sends an order to the process's control socket.
func (p *process) control(method, path string, answer any) error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(p.data(), "control.sock"))
		},
	}}
	req, err := http.NewRequest(method, "http://firedoor"+path, nil)
	if err != nil {
		return err
	}
	return fetch(&client, req, answer)
}

func fetch(client *http.Client, req *http.Request, answer any) error {
	got, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = got.Body.Close() }() // it was read to its end
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL, got.Status)
	}
	return json.NewDecoder(got.Body).Decode(answer)
}

// counts asks the sensor.
func (p *process) counts() (counts, error) {
	var status struct{ Sensor struct{ Sources []source } }
	if err := p.control(http.MethodGet, "/status", &status); err != nil {
		return counts{}, err
	}
	return p.find(status.Sensor.Sources)
}

// shown asks the console, which knows what the sensor's records told it.
func (p *process) shown() (counts, error) {
	req, err := http.NewRequest(http.MethodGet, p.url+"/api/sensors", nil)
	if err != nil {
		return counts{}, err
	}
	var page struct{ Sensors []struct{ Sources []source } }
	if err := fetch(http.DefaultClient, req, &page); err != nil {
		return counts{}, err
	}
	if len(page.Sensors) == 0 {
		return counts{}, errors.New("the console knows no sensor")
	}
	return p.find(page.Sensors[0].Sources)
}

func (p *process) shows(want counts) error {
	const longest = time.Minute
	begun := time.Now()
	for {
		switch got, err := p.shown(); {
		case err == nil && got == want:
			return nil
		case time.Since(begun) > longest:
			return fmt.Errorf("after %v the console shows %+v, not %+v (%w)", longest, got, want, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (p *process) pause(on bool) {
	signal := syscall.SIGCONT
	if on {
		signal = syscall.SIGSTOP
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
	}
}

func (p *process) close() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if wait := p.cmd.Wait(); err == nil {
		err = wait
	}
	if use, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Printf("firedoor used %v of processor time and %d MB of memory at most\n", p.cmd.ProcessState.UserTime()+p.cmd.ProcessState.SystemTime(), use.Maxrss/1024)
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
