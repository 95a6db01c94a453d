package guardian

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Niceness of processes. Where other programs want all of the machine, one that looks late whether a
// worker lives, or a worker that takes long to begin, lets frames wait. Control reads whole
// policies and answers people; it waits its turn. What the kernel does for frames at
// ordinary priority must not starve for it: so it is not the least niceness there is.
const (
	hurried  = -10
	ordinary = 0
)

// hurry has all threads of this process go before other ordinary work, where it has the right
// to. Threads that come later are as those that start them.
func hurry() error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, id, hurried); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// nicely runs f with the calling thread at a niceness, which a process that f starts has too. It
// must be the thread's own: Run's.
func nicely(niceness int, f func()) {
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness) // without the right to, all stay as they are
	defer func() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, hurried) }()
	f()
}
