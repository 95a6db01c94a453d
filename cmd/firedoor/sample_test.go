package main

import (
	"testing"
	"time"

	"firedoor/internal/plant"
)

// told is what a planted wrong is compared with: one alert.
type told struct {
	Time           time.Time
	Kind           string
	Sentence       string
	Client, Server struct{ IP string }
}

// TestPlantedIsTold: of everything that is wrong in the sample there is an alert
// that names who did it to whom when it happened, and before the first of it
// nobody is called.
func TestPlantedIsTold(t *testing.T) {
	path, dir := sample(t), t.TempDir()
	works(t, "replay", "--learn", "60%", "--out", dir, path)
	alerts := parse[[]told](t, readFolder(t, dir)["alerts.json"])
	address := map[string]string{}
	for _, h := range plant.SampleHosts() {
		address[h.Name] = h.IP.String()
	}
	start := time.Unix(0, records(read(t, path))[0].time).Truncate(time.Second)
	planted := plant.SamplePlanted()
	for _, a := range alerts {
		if a.Time.Before(start.Add(planted[0].At)) {
			t.Errorf("%s at %s, before anything is wrong: %s", a.Kind, a.Time.Sub(start), a.Sentence)
		}
	}
	for i, p := range planted {
		end := plant.SampleLength
		for _, next := range planted[i:] {
			if next.At > p.At {
				end = next.At
				break
			}
		}
		client, server := address[p.Client], address[p.Server]
		if client == "" && p.Client != "" || server == "" {
			t.Fatalf("no host of the sample is called %s or %s", p.Client, p.Server)
		}
		if client == "" { // a device that says something else of itself stands alone
			client, server = server, ""
		}
		found := false
		for _, a := range alerts {
			since := a.Time.Sub(start)
			found = found || since >= p.At && since < end && a.Client.IP == client && a.Server.IP == server
		}
		if !found {
			t.Errorf("no alert from %s to %s names %q and %q: %s", p.At, end, client, server, p.Words)
		}
	}
}
