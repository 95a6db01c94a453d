package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	const listen = "127.0.0.1:18480"
	p := &process{url: "http://" + listen, source: name, dir: dir}
	p.cmd = exec.Command(o.firedoor, "run", "--interface", name, "--learn", o.learn, "--data", filepath.Join(dir, "data"), "--listen", listen)
	p.cmd.Stdout, p.cmd.Stderr = os.Stderr, os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 100 {
		if _, err = p.counts(); err == nil {
			return p, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s does not answer: %w", o.firedoor, err), p.close())
}

// counts asks the API.
func (p *process) counts() (counts, error) {
	answer, err := http.Get(p.url + "/api/sensors")
	if err != nil {
		return counts{}, err
	}
	defer answer.Body.Close()
	var page struct {
		Sensors []struct {
			Sources []struct {
				Name            string
				Frames, Dropped uint64
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		return counts{}, fmt.Errorf("%s/api/sensors: %w", p.url, err)
	}
	for _, sensor := range page.Sensors {
		for _, s := range sensor.Sources {
			if s.Name == p.source {
				return counts{s.Frames, s.Dropped}, nil
			}
		}
	}
	return counts{}, fmt.Errorf("%s/api/sensors knows no source %s", p.url, p.source)
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
