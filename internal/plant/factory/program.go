package factory

import (
	"bytes"
	"strings"
	"time"

	"firedoor/internal/plant/chance"
	"firedoor/internal/plant/device"
)

// harmless is the number of a program that does what the original does.
const harmless = 2

// blocks of a program by dialect, and how large they are.
var blockSizes = map[dialect][]struct {
	name string
	size int
}{
	step7: {{"OB1", 412}, {"FB10", 1864}, {"FC1", 640}, {"FC2", 958}, {"DB10", 220}},
	logix: {{"MainProgram", 2400}},
}

// programFor is the controller behind a protocol, delivered with its program.
func (f *Factory) programFor(u *unit) *device.CPU {
	c := u.image.of
	told := func(do func()) func() {
		return func() {
			before := c.Running()
			if do(); c.Running() != before {
				f.changed(u.name)
			}
		}
	}
	cpu := &device.CPU{
		IsRunning: c.Running, Stopped: told(c.Stop), Started: told(c.Start),
		Loaded: func(name string, program []byte) {
			c.Download(numberOf(u, name, program))
			f.changed(u.name)
		},
	}
	for _, b := range blockSizes[u.image.dialect] {
		_ = cpu.Install(b.name, block(u, b.name, b.size, 0)) // there is room for these few
	}
	return cpu
}

// compiled is when all programs were: long ago.
var compiled = time.Date(2019, time.May, 14, 9, 30, 0, 0, time.UTC).UnixNano()

// block is the code of a block: made of the controller's name and the program's
// number, so that the same program has the same bytes on every machine.
func block(u *unit, name string, size int, number uint32) []byte {
	seed := uint64(number) + 1
	for _, c := range u.name + name {
		seed = seed*31 + uint64(c)
	}
	if u.image.dialect == step7 {
		return device.S7Block(name, size, "PLANT", "LINE", strings.ToUpper(name), seed, compiled+int64(number))
	}
	code := make([]byte, size)
	r := chance.New(seed)
	r.Fill(code)
	return code
}

// programs is how many numbers a program that is loaded is compared with.
const programs = 8

// numberOf tells which program a block belongs to. One that nobody knows is an
// honest change, or a stranger's: the processes take it for harmless.
func numberOf(u *unit, name string, program []byte) uint32 {
	for n := range uint32(programs) {
		if _, code := programOf(u, name, n); bytes.Equal(code, program) {
			return n
		}
	}
	return programs
}

// programOf is a block with its code, for whoever loads it into a controller.
func programOf(u *unit, name string, number uint32) (string, []byte) {
	list := blockSizes[u.image.dialect]
	for _, b := range list {
		if b.name == name || name == "" {
			return b.name, block(u, b.name, b.size, number)
		}
	}
	if name == "" {
		name = "PROGRAM"
	}
	return name, block(u, name, 800, number)
}

// blocksOf are the names of what a controller's program consists of.
func blocksOf(u *unit) []string {
	var names []string
	for _, b := range blockSizes[u.image.dialect] {
		names = append(names, b.name)
	}
	return names
}

// renew gives a controller the next version of its firmware.
func (f *Factory) renew(u *unit) {
	if at := strings.LastIndexByte(u.firmware, '.'); at > 0 {
		u.firmware = u.firmware[:at+1] + "12"
	}
	if err := f.equipAs(u, u); err != nil {
		panic("factory: " + err.Error()) // it was equipped so before
	}
}
