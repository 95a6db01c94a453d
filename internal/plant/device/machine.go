package device

import (
	"bytes"
	"slices"
	"strings"
)

// Machine is the controller behind a protocol: what can be done to it besides
// reading and writing values. Every order may be refused with ErrRefused (key
// switch, protection level).
type Machine interface {
	Running() bool
	// Locked tells whether the key switch or the protection level forbids orders.
	Locked() bool
	Stop() error
	Start() error
	// Clock is the controller's own time when now is the true one, both in
	// nanoseconds since 1970.
	Clock(now int64) int64
	SetClock(now, t int64) error
	// Blocks are the names of the program's parts, sorted; the slice is borrowed.
	Blocks() []string
	// Block is a part's bytes, borrowed; nil where there is none.
	Block(name string) []byte
	// Put makes a copy of program a part of the program, or replaces one.
	Put(name string, program []byte) error
	// Delete removes a part.
	Delete(name string) error
}

// Limits of a CPU: what goes beyond is refused.
const (
	MaxBlocks    = 256     // parts of a program
	MaxBlockSize = 1 << 16 // bytes of a part
)

// CPU is a Machine. Its functions may be nil: then it runs, takes every order
// and tells nobody.
type CPU struct {
	// IsRunning asks the process; without it the CPU remembers.
	IsRunning func() bool
	// IsLocked tells whether the key switch or the protection level forbids orders.
	IsLocked func() bool
	// Stopped, Started and Loaded tell that an order was taken. program is borrowed.
	Stopped, Started func()
	Loaded           func(block string, program []byte)

	halted  bool
	shift   int64 // how far its clock is from the true time
	names   []string
	program map[string][]byte
}

// Running implements Machine.
func (c *CPU) Running() bool {
	if c.IsRunning != nil {
		return c.IsRunning()
	}
	return !c.halted
}

// Locked implements Machine.
func (c *CPU) Locked() bool { return c.IsLocked != nil && c.IsLocked() }

// Stop implements Machine.
func (c *CPU) Stop() error {
	if c.Locked() {
		return ErrRefused
	}
	c.halted = true
	if c.Stopped != nil {
		c.Stopped()
	}
	return nil
}

// Start implements Machine.
func (c *CPU) Start() error {
	if c.Locked() {
		return ErrRefused
	}
	c.halted = false
	if c.Started != nil {
		c.Started()
	}
	return nil
}

// Clock implements Machine.
func (c *CPU) Clock(now int64) int64 { return now + c.shift }

// SetClock implements Machine.
func (c *CPU) SetClock(now, t int64) error {
	if c.Locked() {
		return ErrRefused
	}
	c.shift = t - now
	return nil
}

// Blocks implements Machine.
func (c *CPU) Blocks() []string { return c.names }

// Block implements Machine.
func (c *CPU) Block(name string) []byte { return c.program[name] }

// Put implements Machine.
func (c *CPU) Put(name string, program []byte) error {
	if c.Locked() {
		return ErrRefused
	}
	if err := c.Install(name, program); err != nil {
		return err
	}
	if c.Loaded != nil {
		c.Loaded(name, program)
	}
	return nil
}

// Install is Put without a key switch and without telling: what the machine was
// delivered with. An error is ErrRefused: too large, or too many.
func (c *CPU) Install(name string, program []byte) error {
	_, there := c.program[name]
	if name == "" || len(program) > MaxBlockSize || !there && len(c.names) >= MaxBlocks {
		return ErrRefused
	}
	if c.program == nil {
		c.program = map[string][]byte{}
	}
	c.program[name] = bytes.Clone(program)
	if !there {
		at, _ := slices.BinarySearch(c.names, name)
		c.names = slices.Insert(c.names, at, strings.Clone(name))
	}
	return nil
}

// Delete implements Machine.
func (c *CPU) Delete(name string) error {
	if _, there := c.program[name]; !there || c.Locked() {
		return ErrRefused
	}
	delete(c.program, name)
	at, _ := slices.BinarySearch(c.names, name)
	c.names = slices.Delete(c.names, at, at+1)
	return nil
}
