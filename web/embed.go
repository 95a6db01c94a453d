package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Files returns the built console with index.html at its root. It is false
// where the console was not built before the binary ("make web"): there is then
// nothing to serve.
func Files() (fs.FS, bool) {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil, false
	}
	return files, true
}
