package datapath

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
)

// bypassMark is a folder among a layout's pins that is there while everything passes: a program of another layout
// can read it, whatever the maps of this one look like.
const bypassMark = "bypass"

// SetBypass lets everything pass, or judges again. It lasts, over a program of another layout too. Behind
// it nobody knows within which message a connection stands, of all that were there.
func (d *Datapath) SetBypass(on bool) error {
	if on {
		if err := d.mark(true); err != nil {
			return err
		}
		return d.set(configBypass, 1)
	}
	if d.Bypassed() {
		if err := errors.Join(d.unsure(unseen), d.strays()); err != nil {
			return err
		}
	}
	return errors.Join(d.mark(false), d.set(configBypass, 0)) // who dies in between has left no mark of a bypass that is over
}

// strays notes that somebody may stand within a message of whom nobody knows anything, as where a stream finds no
// place: what began in a bypass is no beginning.
func (d *Datapath) strays() error {
	_, err := d.heartbeat.WriteAt(binary.NativeEndian.AppendUint64(nil, now()), pulseFull)
	return err
}

// Bypassed tells whether everything passes. It lasts: whoever ends while it does leaves it on.
func (d *Datapath) Bypassed() bool { return d.get(configBypass) != 0 }

// mark has pins say whether everything passes.
func (d *Datapath) mark(on bool) error {
	name := filepath.Join(d.folder, bypassMark)
	if on {
		err := os.Mkdir(name, 0o700)
		if errors.Is(err, os.ErrExist) {
			return nil
		}
		return err
	}
	err := os.Remove(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// carryBypass goes on with a bypass that the layout in force is in. What is in force says of itself
// what it is in.
func (d *Datapath) carryBypass() error {
	if d.Generation() != 0 {
		return d.mark(d.Bypassed())
	}
	folders, err := d.inForce()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if _, err := os.Lstat(filepath.Join(folder, bypassMark)); err == nil {
			return d.SetBypass(true)
		}
	}
	return errors.Join(d.set(configBypass, 0), d.mark(false)) // of a program that never came into force
}
