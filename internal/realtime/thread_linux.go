package realtime

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Prefer asks for first-in-first-out scheduling of this thread, and of it alone: threads of the runtime wait
// for each other by giving their turn away, which one of this kind gives to none of lower priority. The goroutine must be
// locked to its thread.
func Prefer(priority int32) error {
	p := struct{ priority int32 }{priority}
	if _, _, e := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&p))); e != 0 {
		return fmt.Errorf("real-time priority: %w", e)
	}
	return nil
}

// Go's scheduler takes a goroutine that ran for 10 ms from its thread, also one that is locked to it, and another thread of the
// process must give it back. That one has ordinary priority: on a machine whose cores others use, that took 2 ms each time and
// 9 at worst, and within 12 a worker of the gateway is taken for dead. What the scheduler takes from nobody is a goroutine that is
// pinned, as sync.Pool pins it for some instructions.

//go:linkname pin runtime.procPin
func pin() int

//go:linkname unpin runtime.procUnpin
func unpin()

// Room lets n goroutines hold a processor and the others go on, on a machine of few. It must come before the first of them
// does, for it stops all.
func Room(n int) { runtime.GOMAXPROCS(max(runtime.NumCPU(), n+1)) }

// Hold keeps this goroutine on its thread until Release. In between nothing in the process can stop the world, so
// no garbage is collected, and whoever tries waits; and a goroutine that has to wait for a lock or a channel, or in a
// system call of which the runtime is told, ends the process. Calls to the kernel are raw ones.
func Hold() { pin() }

// Release ends what Hold began.
func Release() { unpin() }

//go:linkname nanotime runtime.nanotime
func nanotime() int64

// Now is the time since the machine started (CLOCK_MONOTONIC), which programs in the kernel know as well. It is read without
// a system call where the machine lets that be: one takes 1.7 µs on some virtual machines, as long as to judge a request.
// time.Time has the same clock and does not tell it.
func Now() time.Duration { return time.Duration(nanotime()) }

//go:linkname enterSyscall runtime.entersyscall
func enterSyscall()

//go:linkname exitSyscall runtime.exitsyscall
func exitSyscall()

// Visit moves this thread, at a real-time priority, to where seat lets it sit, and says so in arrived once it has its turn there, which is when
// one of these cores does something. It leaves the thread there, at ordinary priority. The goroutine must be locked to its thread.
//
// The runtime is told of all of it as of one system call, and goes on without the thread meanwhile. Between two calls a thread of this kind
// must never be the runtime's: it may have to wait there for another one, by giving its turn away (sched_yield), and one of ordinary priority on
// the same core never gets it.
//
//go:nosplit
func Visit(seat *unix.CPUSet, priority int32, arrived *atomic.Bool) error {
	first, ordinary := struct{ priority int32 }{priority}, struct{ priority int32 }{}
	enterSyscall()
	_, _, e := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&first)))
	if e == 0 {
		_, _, e = unix.RawSyscall(unix.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(*seat), uintptr(unsafe.Pointer(seat)))
	}
	arrived.Store(true)
	_, _, _ = unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_NORMAL, uintptr(unsafe.Pointer(&ordinary)))
	exitSyscall()
	if e != 0 {
		return fmt.Errorf("a thread elsewhere: %w", e)
	}
	return nil
}
