package confine_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"firedoor/internal/confine"
)

func TestNotify(t *testing.T) {
	addresses := map[string]string{"path": filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		addresses["abstract"] = fmt.Sprintf("@firedoor-notify-%d", os.Getpid())
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer manager.Close()
			t.Setenv("NOTIFY_SOCKET", address)
			for _, state := range []string{confine.Ready, confine.Alive, confine.Stopping, confine.Ready + "\n" + confine.Status("learning")} {
				if err := confine.Notify(state); err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 100)
				n, err := manager.Read(buf)
				if err != nil || string(buf[:n]) != state {
					t.Errorf("the service manager heard %q, %v; want %q", buf[:n], err, state)
				}
			}
		})
	}
}

func TestNotifyNobody(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := confine.Notify(confine.Ready); err != nil {
		t.Errorf("without a service manager: %v", err)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	if err := confine.Notify(confine.Ready); err == nil {
		t.Error("a socket that nobody listens on gave no error")
	}
}

func TestWatchdog(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		micros, pid string
		want        time.Duration
	}{
		{"30000000", own, 30 * time.Second},
		{"30000000", "", 30 * time.Second},
		{"30000000", "1", 0},
		{"", own, 0},
		{"soon", own, 0},
		{"-5", own, 0},
		{"9223372036854775807", own, 0},
	} {
		t.Setenv("WATCHDOG_USEC", c.micros)
		t.Setenv("WATCHDOG_PID", c.pid)
		if got := confine.Watchdog(); got != c.want {
			t.Errorf("WATCHDOG_USEC=%q WATCHDOG_PID=%q: %v, want %v", c.micros, c.pid, got, c.want)
		}
	}
}
