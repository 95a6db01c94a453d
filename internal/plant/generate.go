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
