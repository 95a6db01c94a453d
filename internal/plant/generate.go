package plant

import (
	"fmt"
	"io"
)

// Generator is one capture this package can write.
type Generator struct {
	Name, Words string
	Write       func(w io.Writer) error
}

// Generators is the list of captures, in the order a person would meet them.
var Generators = []Generator{
	{"sample", "a small plant at work, and what goes wrong in its last third", WriteSample},
	{"bench-modbus", "a million frames of Modbus polling", func(w io.Writer) error { return WriteBenchModbus(w, 100) }},
	{"bench-mixed", "a million and a half frames of a factory and its office", func(w io.Writer) error { return WriteBenchMixed(w, 100) }},
	{"bench-flows", "growth to 100,000 flows open at once", func(w io.Writer) error { return WriteBenchFlows(w, 100_000) }},
	{"bench-operations", "256,000 distinct operations, each twice", func(w io.Writer) error { return WriteBenchOperations(w, 256_000) }},
	{"forged", "a million frames with forged senders over normal polling", func(w io.Writer) error { return WriteForged(w, 1_000_000) }},
	{"secrets", "logins in the clear", func(w io.Writer) error { _, err := WriteSecrets(w); return err }},
}

// Generate writes the capture of that name.
func Generate(name string, w io.Writer) error {
	for _, g := range Generators {
		if g.Name == name {
			return g.Write(w)
		}
	}
	return fmt.Errorf("plant: there is no capture %q", name)
}
