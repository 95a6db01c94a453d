package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"firedoor/internal/written"
)

// Load finds a scenario: by its name if it is built in, or by its path if the text
// contains a slash or ends in .yaml. A file that is not right gives Problems.
func Load(nameOrPath string) (*Scenario, error) {
	if !strings.ContainsAny(nameOrPath, `/\`) && !strings.HasSuffix(nameOrPath, ".yaml") {
		if slices.Contains(builtin, nameOrPath) {
			return load(nameOrPath)
		}
		return nil, fmt.Errorf("there is no scenario %s; built in are: %s; a file is named with its path or .yaml", written.Printable(nameOrPath), strings.Join(builtin, ", "))
	}
	b, err := readFile(nameOrPath)
	if err != nil {
		return nil, err
	}
	return Parse(nameOrPath, b)
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // before opening: opening a pipe would wait for its other end
	if err != nil {
		return nil, written.Problems{{File: path, Text: reason(err)}}
	}
	if !info.Mode().IsRegular() {
		return nil, written.Problems{{File: path, Text: "is no regular file"}}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, written.Problems{{File: path, Text: reason(err)}}
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, written.Problems{{File: path, Text: reason(err)}}
	}
	return b, nil
}

// reason is an error without the path, which the problem names already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return "cannot be read: " + path.Err.Error()
	}
	return "cannot be read: " + err.Error()
}
