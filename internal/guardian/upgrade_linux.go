package guardian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/datapath"
)

// A guardian becomes another program in place (execve): process id, files and children
// stay, so nobody has to hand anything over, and a service manager notices nothing. Before that a
// worker of the new program has shown that it works. Frames need no guardian
// meanwhile; afterwards the new worker judges, and a new control process takes orders.

// stateVariable names the file in which a guardian finds what the program before it left.
const stateVariable = "FIREDOOR_GUARDIAN_STATE"

// Times of an upgrade.
const (
	// maxTrial is how long a worker of the new program may take to be ready.
	maxTrial = 20 * time.Second
	// farewell is how long control has to pass on that all is well, before it is replaced.
	farewell = 300 * time.Millisecond
	// maxHandOver is how long a worker may take to end its last frame; frames wait meanwhile.
	maxHandOver = 50 * time.Millisecond
)

// state is what one program leaves for the next one.
type state struct {
	Files    []uintptr // as Guardian.files
	Lock     uintptr
	Active   child
	Standby  child
	Control  int // its process id, 0 for none
	MTU      int
	Order    json.RawMessage
	Number   uint32
	Bypass   bool
	Workers  int
	Controls int
	Upgrades int
	Sheds    []shedState
	Blamed   []Barred
	File     string // of the program, where the next one is looked for
}

// shedState is a Shed with what nobody else is told of it.
type shedState struct {
	Shed
	Conduit uint32
	Budget  time.Duration
}

func (s *state) sheds() (out []Shed) {
	for _, x := range s.Sheds {
		one := x.Shed
		one.Conduit, one.Budget = x.Conduit, x.Budget
		out = append(out, one)
	}
	return out
}

type child struct {
	Process int
	Link    uintptr
}

// tryProgram starts a worker of the program that lies now where this one came from, and
// has it stand by. An error says that it does not work; then nothing has changed. The file is opened once: what
// is read of it, tried and run is one program, whatever is put in its place meanwhile.
func (g *Guardian) tryProgram(ctx context.Context) (p Program, err error) {
	if !g.trying.CompareAndSwap(false, true) {
		return p, errors.New("a program is being tried already")
	}
	defer g.trying.Store(false)
	f, err := openProgram(g.config.Worker[0])
	if err != nil {
		return p, fmt.Errorf("the new program cannot be read: %w", err)
	}
	p.File = g.config.Worker[0]
	if p.SHA256, err = digestOf(f); err == nil {
		err = g.tryWorker(ctx, f, p.SHA256)
	}
	if err != nil {
		_ = f.Close()
	}
	return p, err
}

// aboveOthers is from where on numbers of files are that those which a child is given (starter.start) do not come into the way of.
const aboveOthers = 64

// openProgram opens a program so that a child can be started of it (runOf).
func openProgram(file string) (*os.File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the other one is kept
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, aboveOthers)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file), nil
}

// ownProgram is the one that runs, wherever its file is now.
const ownProgram = "/proc/self/exe"

// runOf is the path by which a process of this one, or it itself, becomes a program that is open.
func runOf(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

// digestOf reads a program.
func digestOf(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// program is that of workers to be started: the one that was tried and is to be run in place of this one, else this one.
func (g *Guardian) program() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next != nil {
		return runOf(g.next)
	}
	return ownProgram
}

// setNext keeps the program that is to be run in place of this one; nil is none.
func (g *Guardian) setNext(f *os.File) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next != nil {
		_ = g.next.Close()
	}
	g.next = f
}

func (g *Guardian) tryWorker(ctx context.Context, program *os.File, digest string) (err error) {
	g.mu.Lock()
	was := g.standby
	g.mu.Unlock()
	defer func() {
		if err != nil { // the one that stood by still does
			g.mu.Lock()
			g.standby = was
			g.mu.Unlock()
		}
	}()
	h, err := g.hireOf(runOf(program))
	if err != nil {
		return fmt.Errorf("the new program does not start: %w", err)
	}
	select {
	case <-h.ready:
	case why := <-h.ended:
		g.forget(h)
		return fmt.Errorf("the new program does not work: %s", text(why))
	case <-time.After(maxTrial):
		g.forget(h)
		h.kill()
		return fmt.Errorf("the new program is not ready after %v", maxTrial)
	case <-ctx.Done():
		return ctx.Err()
	}
	// While a process runs it nobody may write to it (ETXTBSY); before that somebody may have.
	if again, err := digestOf(program); err != nil || again != digest {
		g.forget(h)
		h.kill()
		return errors.Join(errors.New("the new program was changed while it was tried"), err)
	}
	g.setNext(program)
	select {
	case g.tried <- h:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errAlone says that a worker ended while the new program was about to be run.
var errAlone = errors.New("no worker stands by")

// become runs the new program in the place of this one. It returns only where that failed.
func (g *Guardian) become(active, standby *hand) error {
	if !active.isReady() || !standby.isReady() {
		return errAlone
	}
	for i, h := range []*hand{active, standby} {
		if !h.pause() {
			if i > 0 { // the other one is listened to again
				active.link.Resume()
				go g.attend(active, nil)
			}
			return fmt.Errorf("%w: %s ended", errAlone, h.name())
		}
	}
	g.mu.Lock() // nobody is told an order meanwhile
	err := g.leave(active, standby)
	g.mu.Unlock()
	active.link.Resume()
	standby.link.Resume()
	go g.attend(active, nil)
	go g.attend(standby, nil)
	return err
}

// leave writes down what is there and runs the new program.
func (g *Guardian) leave(active, standby *hand) error {
	s := state{Lock: g.lock.Fd(), MTU: g.mtu, Order: g.order, Number: g.number, Bypass: g.bypass, Workers: g.workers, Controls: g.controls, Upgrades: g.upgrades + 1, Control: g.controlPID, Blamed: g.blame.all, File: g.config.Worker[0]}
	for _, x := range g.guard.sheds {
		s.Sheds = append(s.Sheds, shedState{x, x.Conduit, x.Budget})
	}
	var stay []uintptr
	for _, f := range g.files {
		s.Files = append(s.Files, f.Fd())
	}
	stay = append(append(stay, s.Lock), s.Files...)
	for h, to := range map[*hand]*child{active: &s.Active, standby: &s.Standby} {
		f, err := h.link.file()
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // where it comes to that, nothing was left
		*to = child{h.pid, f.Fd()}
		stay = append(stay, f.Fd())
	}
	fd, err := unix.MemfdCreate("firedoor", 0)
	if err != nil {
		return err
	}
	note := os.NewFile(uintptr(fd), "state")
	defer func() { _ = note.Close() }()
	if err := json.NewEncoder(note).Encode(&s); err != nil {
		return err
	}
	keep := func(on int) {
		for _, fd := range stay {
			_, _ = unix.FcntlInt(fd, unix.F_SETFD, on)
		}
	}
	env := append(os.Environ(), stateVariable+"="+strconv.Itoa(fd))
	g.starter.run(func() {
		if unix.Gettid() != os.Getpid() {
			err = errors.New("the processes were not started from the main thread, and would end")
			return
		}
		keep(0)
		err = syscall.Exec(runOf(g.next), os.Args, env)
		keep(unix.FD_CLOEXEC)
	})
	for _, c := range []child{s.Active, s.Standby} {
		_ = unix.SetNonblock(int(c.Link), true) // Fd made it wait, for both that share it
	}
	return err
}

// found reads what the program before this one left; nil where this is the first.
func found() (*state, error) {
	text := os.Getenv(stateVariable)
	if text == "" {
		return nil, nil
	}
	_ = os.Unsetenv(stateVariable) // not for children
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stateVariable, err)
	}
	f := os.NewFile(uintptr(fd), "state")
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	s := &state{}
	if err := json.NewDecoder(f).Decode(s); err != nil {
		return nil, err
	}
	for _, fd := range append(append([]uintptr{s.Lock, s.Active.Link, s.Standby.Link}, s.Files...), uintptr(fd)) {
		unix.CloseOnExec(int(fd))
	}
	return s, nil
}

// adopt takes over what the program before this one left.
func (g *Guardian) adopt(s *state) error {
	g.lock = os.NewFile(s.Lock, "lock")
	for _, fd := range s.Files {
		g.files = append(g.files, os.NewFile(fd, "packets"))
	}
	g.mtu, g.order, g.number, g.bypass, g.workers, g.controls, g.upgrades = s.MTU, s.Order, s.Number, s.Bypass, s.Workers, s.Controls, s.Upgrades
	if s.File != "" { // it may have been moved, and then this one seems to have come from there
		g.config.Worker[0], g.config.Control[0] = s.File, s.File
	}
	if s.Control != 0 {
		if p, err := os.FindProcess(s.Control); err == nil {
			go func() { _, _ = p.Wait() }() // it ends with its connection
		}
	}
	active, err := g.adoptHand(s.Active)
	if err != nil {
		return err
	}
	active.began.Store(true)
	standby, err := g.adoptHand(s.Standby)
	if err != nil {
		return err
	}
	c := &g.config
	if g.path, err = datapath.Open(datapath.Options{Inside: c.Inside, Outside: c.Outside, Pins: c.Pins, Name: c.Name, Log: c.Log}); err != nil {
		return PortError{err}
	}
	if g.path.Generation() == 0 {
		// What the kernel keeps has another shape in this program. The workers go on with the old
		// one, until the first order brings the new one into force.
		if err := g.path.SetBypass(g.bypass); err != nil {
			return err
		}
		shared, err := g.shared()
		if err != nil {
			return err
		}
		g.files, g.retire = append(g.files[:sharedFiles:sharedFiles], shared...), []*hand{active, standby}
		return nil
	}
	g.guard.sheds, g.blame.all = s.sheds(), s.Blamed
	g.heir = standby
	close(g.begun)
	g.first <- active
	return nil
}

func (g *Guardian) adoptHand(c child) (*hand, error) {
	f := os.NewFile(c.Link, "worker")
	conn, err := net.FileConn(f)
	_ = f.Close() // conn has its own
	if err != nil {
		return nil, err
	}
	p, err := os.FindProcess(c.Process)
	if err != nil {
		return nil, err
	}
	h := newHand(c.Process, conn, p.Kill, func() (*os.ProcessState, error) {
		state, err := p.Wait()
		if err == nil && !state.Success() {
			err = errors.New(state.String())
		}
		return state, err
	})
	close(h.ready)
	h.once.Do(func() {})
	g.hands = append(g.hands, h)
	go g.attend(h, nil)
	return h, nil
}

// handOver lets a worker end after the frame at hand, and the standby go on with the
// next one. Nothing of the rings is lost or comes twice.
func (g *Guardian) handOver(active, standby *hand) {
	active.ending.Store(true)
	if err := active.link.Send(KindEnd); err != nil {
		active.kill()
	}
	late := time.After(maxHandOver)
	for waiting := true; waiting; {
		_ = g.path.Beat() // frames wait in the rings
		select {
		case <-active.done:
			waiting = false
		case <-late:
			active.kill()
			<-active.done
			waiting = false
		case <-time.After(time.Millisecond):
		}
	}
	_ = g.path.Beat()
	g.path.Forgive()
	g.begin(standby)
	g.forget(active)
}
