package confine

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhyNone(t *testing.T) {
	for err, want := range map[error]string{
		unix.EPERM:      "a filter of system calls",
		unix.EOPNOTSUPP: "lsm=landlock",
		unix.ENOSYS:     "has no landlock",
	} {
		if got := whyNone(errors.Join(err)); !strings.Contains(got, want) || !strings.HasPrefix(got, "files and TCP ports are not confined") {
			t.Errorf("%v: %q, want %q in it", err, got, want)
		}
	}
}
