package guardian

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// starter starts processes, all from the thread that the process began with. The kernel ends a
// process with the *thread* of its parent that started it, where it was told that it is
// to die with its parent; and of all threads that one alone lives on in another program.
type starter struct{ do chan func() }

func newStarter() *starter { return &starter{do: make(chan func())} }

// run has f run on that thread, and waits for it.
func (s *starter) run(f func()) {
	done := make(chan struct{})
	s.do <- func() { defer close(done); f() }
	<-done
}

// serve runs what is asked for on the caller's thread, until ended.
func (s *starter) serve(ended <-chan error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case f := <-s.do:
			f()
		case err := <-ended:
			return err
		}
	}
}

// start starts a process of a program, called as words say, with one end of a connection as its first file, and others
// behind it, at a niceness. The process ends when this one does.
func (s *starter) start(niceness int, program string, words []string, files []*os.File, stdout, stderr io.Writer) (*exec.Cmd, net.Conn, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	child := exec.Command(words[0], words[1:]...) //nolint:noctx // it ends by its connection
	child.Path, child.Err = program, nil          // not looked for anywhere
	child.ExtraFiles = append([]*os.File{theirs}, files...)
	child.Stdout, child.Stderr = stdout, stderr
	child.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL, Setpgid: true}
	s.run(func() { nicely(niceness, func() { err = child.Start() }) })
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close(), theirs.Close())
	}
	conn, err := net.FileConn(ours)
	_, _ = ours.Close(), theirs.Close() // conn and the child have their own
	if err != nil {
		return nil, nil, errors.Join(err, child.Process.Kill(), child.Wait())
	}
	return child, conn, nil
}

// NameProcess has this process called as its program is, in lists of processes: the kernel calls it by the path by
// which it was started, and a guardian starts programs that it holds open.
func NameProcess() {
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0) // else it is called "exe"
}
