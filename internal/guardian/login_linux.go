package guardian

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// noLogin is what the kernel has of a process that nobody logged in for.
const noLogin = 1<<32 - 1

// loginOf is the user who logged in before a process became somebody else's by sudo or su; 0
// where nobody did, root did, or this kernel does not keep it. It is an error where the process
// cannot be looked at. The guardian looks, for control may not see other processes.
func loginOf(pid int32) (uint32, error) {
	at := "/proc/" + strconv.Itoa(int(pid))
	b, err := os.ReadFile(at + "/loginuid")
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(at); err != nil {
			return 0, fmt.Errorf("process %d cannot be seen: it ended, or this service may not see those of others (ProtectProc, hidepid)", pid)
		}
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s/loginuid: %w", at, err)
	}
	if n == noLogin {
		return 0, nil
	}
	return uint32(n), nil
}
