package gateway

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

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

// wait waits for frames, for so many ns at most. The runtime is not told of it: it would
// give this thread's place away, and getting it back costs more than the frame. odd is that a ring says more than that
// there are frames.
func wait(fds []unix.PollFd, most int64) (some, odd bool) {
	limit := unix.NsecToTimespec(most)
	n, _, _ := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)), uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if int(n) <= 0 { // interrupted (-1) is as good as awake
		return false, false
	}
	for i := range fds {
		odd = odd || fds[i].Revents&^unix.POLLIN != 0
	}
	return true, odd
}

// gone says which ring can have no frames any more, by what wait left.
func gone(fds []unix.PollFd) error {
	for i := range fds {
		if fds[i].Revents&^unix.POLLIN == 0 {
			continue
		}
		code, err := unix.GetsockoptInt(int(fds[i].Fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil || code != 0 || fds[i].Revents&^(unix.POLLIN|unix.POLLERR) != 0 {
			return fmt.Errorf("the worker's end of ring %d is gone: %w", i, unix.Errno(code))
		}
	}
	return nil
}

// send sends a frame and does not wait; false if it was not taken.
func send(fd int, frame []byte) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(frame))), uintptr(len(frame)), unix.MSG_DONTWAIT, 0, 0)
	return errno == 0
}
