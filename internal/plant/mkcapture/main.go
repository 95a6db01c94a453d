// Command mkcapture writes one of the plant's captures to a file: the sample, or
// the traffic of a benchmark. It must not do anything but name, open and close the
// file; without arguments it lists what there is.
package main

import (
	"fmt"
	"os"
	"strings"

	"firedoor/internal/plant"

	"github.com/ulikunitz/xz"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mkcapture NAME FILE (.xz compresses)")
		for _, g := range plant.Generators {
			fmt.Fprintf(os.Stderr, "  %-18s%s\n", g.Name, g.Words)
		}
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "mkcapture:", err)
		os.Exit(1)
	}
}

func write(name, path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	if !strings.HasSuffix(path, ".xz") {
		return plant.Generate(name, file)
	}
	z, err := xz.NewWriter(file)
	if err != nil {
		return err
	}
	if err := plant.Generate(name, z); err != nil {
		return err
	}
	return z.Close()
}
