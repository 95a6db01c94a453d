// Command testreport runs go test and says plainly what came of it: each
// package as it ends, the output of what failed, what was skipped and why, and
// one closing line of counts. It must not decide anything: its exit status is
// that of the tests.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout)
	readErr := r.read(out)
	err = cmd.Wait()
	r.close()
	if readErr != nil {
		fmt.Fprintln(os.Stderr, "testreport:", readErr)
	}
	if err != nil || readErr != nil || r.failed > 0 {
		os.Exit(1)
	}
}

// read takes the lines of go test -json. What is no JSON (a message of the go
// command itself) is passed on.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				r.take(e)
			} else if _, err := r.w.Write(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
