package gateway

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ahead has the goroutine that judges go before other programs, on whatever thread the runtime
// runs it. It is not bound to one: the runtime takes the turn of a goroutine away that never rests, and then
// another thread would have to give it back, an ordinary one that waits behind whatever keeps the machine
// busy, while frames wait for it. Not bound, it goes on at once on the same thread, most of the time.
//
// No other thread of the process goes before others: a thread of the runtime that waits for another one
// gives its turn to those of its own priority at best, and would wait for ever.
type ahead struct {
	thread int
	rested time.Time
}

// Limits of resting.
const (
	// restAfter is how long the goroutine judges without giving its turn away where it can choose when;
	// after twice as long the runtime does.
	restAfter = 5 * time.Millisecond
	// spareTurns is how many goroutines run at once at least, so that others do not wait for this one.
	spareTurns = 4
)

// allow has threads of this process ask for real time when the process has no rights any more.
func allow() error {
	most := unix.Rlimit{Cur: uint64(priority), Max: uint64(priority)}
	return unix.Setrlimit(unix.RLIMIT_RTPRIO, &most)
}

// rest gives the turn away for a moment if it was long, while nothing waits.
func (a *ahead) rest(now time.Time) {
	if now.Sub(a.rested) > restAfter {
		a.rested = now
		runtime.Gosched()
	}
}

// follow tells whether the goroutine came to another thread, which goes before other programs from
// then on; the one that it left does not.
func (a *ahead) follow() (moved bool) {
	now := unix.Gettid()
	if now == a.thread {
		return false
	}
	if was := a.thread; was != 0 {
		_ = schedule(was, unix.SCHED_NORMAL|resetOnFork, 0) // it may have ended
	}
	a.thread = now
	_ = schedule(0, unix.SCHED_FIFO|resetOnFork, priority) // without the right to it, judging is slower under load and nothing else
	return true
}

// resetOnFork has threads that one starts be ordinary ones (sched(7)).
const resetOnFork = 0x40000000

// schedule says how a thread is scheduled; 0 is the calling one.
func schedule(thread int, policy uintptr, priority int32) error {
	p := struct{ priority int32 }{priority}
	if _, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(thread), policy, pointer(&p)); errno != 0 {
		return errno
	}
	return nil
}

// restless is how many looks in a row must find frames come from another core before the
// thread that judges moves there.
const restless = 16

// seat is the core on which the thread that judges sits: that on which frames come in.
// To wake another core takes longer than to judge.
type seat struct {
	core  int
	taken bool
	away  int
}

func (s *seat) follow(core int) {
	if s.taken && core == s.core {
		s.away = 0
		return
	}
	if s.away++; s.taken && s.away < restless {
		return
	}
	var set unix.CPUSet
	set.Set(core)
	s.away = 0
	if unix.SchedSetaffinity(0, &set) == nil { // else it stays where the kernel puts it
		s.core, s.taken = core, true
	}
}

// wait waits for frames, for pollWait at most. The runtime is not told of it: it would
// give this thread's place away, and getting it back costs more than the frame. An error is that of a ring that can have no
// frames any more.
func wait(fds []unix.PollFd) (some bool, err error) {
	n, _, errno := unix.RawSyscall(unix.SYS_POLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)), pollWait)
	if errno != 0 || n == 0 {
		return false, nil // interrupted is as good as awake
	}
	for i := range fds {
		if fds[i].Revents&^unix.POLLIN == 0 {
			continue
		}
		if code, err := unix.GetsockoptInt(int(fds[i].Fd), unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 || fds[i].Revents&^(unix.POLLIN|unix.POLLERR) != 0 {
			return false, fmt.Errorf("the worker's end of ring %d is gone: %w", i, unix.Errno(code))
		}
	}
	return true, nil
}

// send sends a frame and does not wait; false if it was not taken.
func send(fd int, frame []byte) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(frame))), uintptr(len(frame)), unix.MSG_DONTWAIT, 0, 0)
	return errno == 0
}
