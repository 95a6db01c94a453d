package guardian

import (
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/realtime"
)

// A worker is silent because it hangs, or because the core that it sits on stands still: a hypervisor took it away, or
// firmware did. To end a worker then is of no use, for it ends once the core goes on and not before, and it could have
// gone on itself. So the core is asked first, by a thread that goes before the worker's and may sit nowhere else. While
// there is no answer the guardian beats for the worker: frames wait, as they do for all else on that core.
const (
	// suspect is after how long without a heartbeat the core is asked: early enough to beat before the kernel
	// goes on alone.
	suspect = hung / 3
	// answersIn is how long a core may take to answer.
	answersIn = time.Millisecond / 2
	// maxStill is for how long the guardian beats for a worker: not as long as the ends of a connection wait before
	// they send again.
	maxStill = 150 * time.Millisecond
	// beforeWorker is the priority of the thread that asks, above that of one that judges.
	beforeWorker = 45
)

// inquiry asks a core whether it does anything. The zero value has asked nobody.
type inquiry struct {
	asked    bool
	answered atomic.Bool
}

// still tells whether the core on which a process judges does nothing. It takes answersIn at most. While there is no answer
// nothing else is asked. Where that core cannot be told, or nobody may go before a worker, it does something.
func (q *inquiry) still(pid int) bool {
	if !q.asked || q.answered.Load() {
		seat, ok := seatOf(pid)
		if !ok {
			return false
		}
		q.asked = true
		q.answered.Store(false)
		go q.ask(seat)
	}
	for end := time.Now().Add(answersIn); !q.answered.Load() && time.Now().Before(end); {
		time.Sleep(answersIn / 8)
	}
	return !q.answered.Load()
}

// ask has its thread sit where another one may, and go before it. It ends with the goroutine.
func (q *inquiry) ask(seat unix.CPUSet) {
	runtime.LockOSThread()
	_ = realtime.Visit(&seat, beforeWorker, &q.answered) // where it may not, that is the answer
}

// seatOf tells on which cores the thread of a process may sit that goes before ordinary work: that which judges.
func seatOf(pid int) (seat unix.CPUSet, ok bool) {
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return seat, false
	}
	for _, t := range tasks {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if a, err := unix.SchedGetAttr(id, 0); err != nil || a.Policy != unix.SCHED_FIFO {
			continue
		}
		return seat, unix.SchedGetaffinity(id, &seat) == nil
	}
	return seat, false
}
