package gateway

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// realTime asks for first-in-first-out scheduling of all threads of this process, this one before the
// others. The runtime takes this thread's turn away a hundred times a second, and another
// thread has to give it back; where that is an ordinary one, frames wait for it behind whatever keeps the
// machine busy. New threads are as those that start them. Whoever has long work to do is to be atEase.
func realTime() error {
	for range 2 { // an ordinary thread may have started one in between
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, t := range tasks {
			id, err := strconv.Atoi(t.Name())
			if err != nil {
				return err
			}
			if err := schedule(id, unix.SCHED_FIFO, priorityOthers); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return schedule(0, unix.SCHED_FIFO, priority)
}

// atEase keeps the calling goroutine on a thread of its own that waits its turn, as ordinary
// programs do.
func atEase() error {
	runtime.LockOSThread()
	return errors.Join(schedule(0, unix.SCHED_NORMAL, 0), unix.Setpriority(unix.PRIO_PROCESS, 0, 0))
}

// schedule says how a thread is scheduled; 0 is the calling one.
func schedule(thread int, policy uintptr, priority int32) error {
	p := struct{ priority int32 }{priority}
	if _, _, errno := unix.Syscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(thread), policy, pointer(&p)); errno != 0 {
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
// give this thread's place away, and getting it back costs more than the frame.
func wait(fds []unix.PollFd) int {
	n, _, errno := unix.RawSyscall(unix.SYS_POLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)), pollWait)
	if errno != 0 {
		return 0 // interrupted is as good as awake
	}
	return int(n)
}

// send sends a frame and does not wait; false if it was not taken.
func send(fd int, frame []byte) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(frame))), uintptr(len(frame)), unix.MSG_DONTWAIT, 0, 0)
	return errno == 0
}
