package console_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/console"
	"firedoor/internal/mishap"
	"firedoor/internal/uplink"
)

// TestDiskFull: with its disk full the console goes on showing what it has and
// says so; when there is room again, it has everything.
func TestDiskFull(t *testing.T) {
	dir := mishap.Disk(t, "3m")
	up := openUplink(t, uplink.Config{Dir: filepath.Join(t.TempDir(), "stream")})
	c := run(t, console.Config{Site: "Dairy", Data: dir}, up)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	const n = 5000
	for i := 0; i < n; i += 100 {
		var batch []firedoor.Record
		for j := range 100 {
			batch = append(batch, alertRecord(t, i+j))
		}
		if _, err := up.Publish(t.Context(), "Dairy", batch); err != nil {
			t.Fatal(err)
		}
	}
	var o struct {
		Problem string
		Alerts  struct{ Total int }
	}
	until(t, "the console never says that its disk is full", func() bool {
		if status := get(t, c.base+"/api/overview", &o); status != http.StatusOK {
			t.Fatalf("reading gets %d", status)
		}
		return o.Problem != ""
	})
	if !strings.Contains(o.Problem, "disk is full") || o.Alerts.Total >= n {
		t.Errorf("with %d alerts it says %q", o.Alerts.Total, o.Problem)
	}
	if status := get(t, c.base+"/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("with a full disk it is ready: %d", status)
	}
	// A larger disk, as an administrator would make it.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mishap.Remount(t, dir, 0, "size=64m")
	until(t, "the rest never came", func() bool { get(t, c.base+"/api/overview", &o); return o.Alerts.Total == n && o.Problem == "" })
}
