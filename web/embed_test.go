package web_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"firedoor/web"
)

// TestFiles: the console is there exactly when it was built, and what its first
// page asks for is in it, so that no request leaves the machine.
func TestFiles(t *testing.T) {
	_, err := os.Stat("dist/index.html")
	files, ok := web.Files()
	if ok != (err == nil) {
		t.Fatalf("Files says %v, the file system %v", ok, err)
	}
	if !ok {
		return
	}
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	refs := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(index), -1)
	if len(refs) < 3 {
		t.Fatalf("index.html names only %d files", len(refs))
	}
	for _, ref := range refs {
		if _, err := fs.Stat(files, strings.TrimPrefix(ref[1], "/")); err != nil || !strings.HasPrefix(ref[1], "/") {
			t.Errorf("index.html asks for %s, which is not in the binary: %v", ref[1], err)
		}
	}
}
