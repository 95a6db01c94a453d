package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// version is set by the linker in releases.
var version = "development"

// Run prints the version and the revision it was built from.
func (versionCommand) Run(m *Main) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	_, err := fmt.Fprintf(m.Stdout, "firedoor %s%s\n", version, revision)
	return err
}
