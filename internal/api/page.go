package api

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
)

const noConsole = `Firedoor runs, but this build has no console in it.

Build it once with Node 20.19 or later, then build the program again. In the
directory of its source:

    cd web && npm ci && npm run build && cd ..
    make build

The data is there without it: /api/overview, /api/alerts, /api/openapi.json`

// page serves the built front end. Paths that are no file are the page's own.
func page(files fs.FS, hasConsole bool) http.Handler {
	if !hasConsole || files == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sayPlain(w, http.StatusOK, noConsole) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			sayPlain(w, http.StatusMethodNotAllowed, "the page can only be read")
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		info, err := fs.Stat(files, name)
		isFile := name != "" && name != "index.html" && err == nil && info.Mode().IsRegular()
		switch {
		case isFile && strings.HasPrefix(name, "assets/"):
			// The build puts a digest of the content into the names of these.
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		case isFile:
			w.Header().Set("Cache-Control", "no-cache")
		case strings.HasPrefix(name, "assets/") && path.Ext(name) != "":
			// A page that is older than the program asks for what is no more. Its own
			// paths, such as /assets/a-0123456789ab, have no dot.
			sayPlain(w, http.StatusNotFound, "there is no such file")
			return
		default:
			serveIndex(w, r, files)
			return
		}
		http.ServeFileFS(w, r, files, name)
	})
}

func serveIndex(w http.ResponseWriter, r *http.Request, files fs.FS) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		sayPlain(w, http.StatusInternalServerError, noConsole)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.Method == http.MethodGet {
		w.Write(index) //nolint:errcheck // the client went away
	}
}
