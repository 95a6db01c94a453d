package main

import (
	"bufio"
	"fmt"
	"os"

	"firedoor/internal/devicefile"
	"firedoor/internal/point"
)

type pointsCommand struct {
	EDS   edsCommand   `cmd:"" name:"eds" help:"Print a map of the assemblies that an EDS file (EtherNet/IP) describes."`
	GSDML gsdmlCommand `cmd:"" name:"gsdml" help:"Print a map of a submodule's cyclic data, as a GSDML file (PROFINET) describes it."`
}

type edsCommand struct {
	Server string `required:"" help:"IP address of the device." placeholder:"IP"`
	File   string `arg:"" help:"EDS file."`
}

// Run prints the map.
func (c *edsCommand) Run(m *Main) error {
	return printMap(m, c.File, c.Server, func(f *bufio.Reader) ([]devicefile.Item, error) { return devicefile.EDS(c.File, f) })
}

type gsdmlCommand struct {
	Server    string `required:"" help:"The address that points.json has for the values: mostly the device's MAC." placeholder:"MAC"`
	Submodule string `required:"" help:"ID of the submodule in the file." placeholder:"ID"`
	Frame     string `required:"" help:"The cyclic frame, or the submodule's data, as event lines name it." placeholder:"frame:0x8001"`
	From      int    `help:"First byte of the submodule in the frame's data." placeholder:"N"`
	Output    bool   `help:"What the controller sends, instead of what the device sends."`
	File      string `arg:"" help:"GSDML file."`
}

// maxFrom is behind the last byte of any frame.
const maxFrom = 1500

// Run prints the map.
func (c *gsdmlCommand) Run(m *Main) error {
	if c.From < 0 || c.From >= maxFrom {
		return usageError{fmt.Sprintf("--from %d: a frame has bytes 0 to %d", c.From, maxFrom-1)}
	}
	return printMap(m, c.File, c.Server, func(f *bufio.Reader) ([]devicefile.Item, error) {
		return devicefile.GSDML(c.File, f, devicefile.Cyclic{Submodule: c.Submodule, Output: c.Output, Object: c.Frame, From: c.From})
	})
}

func printMap(m *Main, file, server string, read func(*bufio.Reader) ([]devicefile.Item, error)) error {
	if !point.IsServer(server) {
		return usageError{fmt.Sprintf("--server %q is neither an IP nor a MAC address", server)}
	}
	f, err := os.Open(file)
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v", file, reason(err))}
	}
	defer func() { _ = f.Close() }() // only read
	items, err := read(bufio.NewReader(f))
	if err != nil {
		return usageError{err.Error()}
	}
	return devicefile.Write(m.Stdout, server, items)
}
