package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// asHog is the argument by which this program does nothing but keep a core busy.
const asHog = "hog"

// The flow beside: datagrams at even distances.
const (
	flowPort    = 7001
	flowBytes   = 1250
	flowRate    = 100e6 / 8 / flowBytes // per second
	flowAtOnce  = 10
	flowPatient = 50 * time.Millisecond
)

// begin starts what goes on beside; end ends it.
func (p *path) begin(o *options, b beside, to *result) (end func(), err error) {
	switch b {
	case flow:
		return p.flow(to)
	case busy:
		return hogs()
	}
	return func() {}, nil
}

// hogs keeps all cores busy at ordinary priority.
func hogs() (end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	var all []*exec.Cmd
	end = func() {
		stop()
		for _, c := range all {
			_ = c.Wait() // killed
		}
	}
	for core := range runtime.NumCPU() {
		c := exec.CommandContext(ctx, self, asHog)
		c.Env = append(os.Environ(), "GOMAXPROCS=1")
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := c.Start(); err != nil {
			end()
			return nil, err
		}
		all = append(all, c)
		var set unix.CPUSet
		set.Set(core)
		// A guardian in this process goes before others, and so would what it starts.
		if err := errors.Join(unix.SchedSetaffinity(c.Process.Pid, &set), unix.Setpriority(unix.PRIO_PROCESS, c.Process.Pid, 0)); err != nil {
			end()
			return nil, err
		}
	}
	return end, nil
}

// roomy gives a socket room for what its reader is late for, so that what is lost was
// lost on the way.
func roomy(c net.PacketConn) error {
	raw, err := c.(*net.UDPConn).SyscallConn()
	if err != nil {
		return err
	}
	const room = 16 << 20
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room) })
	return errors.Join(err, failed)
}

// flow sends 100 Mbit/s from the client to the server.
func (p *path) flow(to *result) (end func(), err error) {
	var in net.PacketConn
	var out net.Conn
	where := net.JoinHostPort(p.bed.Server.IP4.String(), strconv.Itoa(flowPort))
	err = errors.Join(
		p.bed.Server.Do(func() (err error) { in, err = net.ListenPacket("udp", where); return err }),
		p.bed.Client.Do(func() (err error) { out, err = net.Dial("udp", where); return err }))
	if err == nil {
		err = roomy(in)
	}
	if err != nil {
		return nil, err
	}
	var stop atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		b := make([]byte, flowBytes)
		began, n := time.Now(), uint64(0)
		for ; !stop.Load(); time.Sleep(flowAtOnce * time.Second / flowRate) {
			for due := uint64(time.Since(began).Seconds() * flowRate); n < due; n++ {
				if _, err := out.Write(b); err == nil {
					to.sent++
				}
			}
		}
		to.flowed += time.Since(began)
	})
	both.Go(func() {
		b := make([]byte, flowBytes)
		for {
			if err := in.SetReadDeadline(time.Now().Add(flowPatient)); err != nil {
				return
			}
			if _, _, err := in.ReadFrom(b); err == nil {
				to.came++
			} else if stop.Load() {
				return
			}
		}
	})
	return func() {
		stop.Store(true)
		both.Wait()
		_, _ = in.Close(), out.Close()
	}, nil
}
