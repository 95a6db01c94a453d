package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
)

// counting is a kernel's part with the pairs of a quarantine: it counts for ever, and gives what pairs lost once.
type counting struct {
	counted datapath.Count
	lost    []datapath.Lost
	turn    uint32
}

func (c *counting) drop(l datapath.Loser, frames uint64) datapath.Loser {
	l.Turn = c.turn
	n := datapath.Count{Frames: frames, Bytes: 60 * frames}
	c.counted = datapath.Count{Frames: c.counted.Frames + n.Frames, Bytes: c.counted.Bytes + n.Bytes}
	for i := range c.lost {
		if c.lost[i].Loser == l {
			c.lost[i].Frames, c.lost[i].Bytes = c.lost[i].Frames+n.Frames, c.lost[i].Bytes+n.Bytes
			return l
		}
	}
	c.lost = append(c.lost, datapath.Lost{Loser: l, Count: n})
	return l
}

func (c *counting) Look() (*guardian.Look, error) {
	return &guardian.Look{Generation: 1, Counters: []datapath.Explained{{Generation: 1, Action: datapath.Drop, Reason: quarantined, Count: c.counted}}}, nil
}

func (c *counting) Losses() (out []datapath.Lost, now uint32, err error) {
	now = c.turn
	c.turn++
	var kept []datapath.Lost
	for _, l := range c.lost {
		if l.Turn == now {
			kept = append(kept, l)
		} else {
			out = append(out, l)
		}
	}
	c.lost = kept
	return out, now, nil
}

func (c *counting) Forget(uint32) error { return nil }

const quarantined = uint16(firedoor.ReasonQuarantine)

// TestKilledBetweenTellings holds that what the kernel drops of a quarantine has as many frames in lines as were dropped, whenever
// the process that tells it is killed, worker or not: nothing is told twice by the next one, and nothing left out.
func TestKilledBetweenTellings(t *testing.T) {
	for name, kill := range map[string]func(t *testing.T, k *kernelStops, dir string){
		"before anything is read": func(*testing.T, *kernelStops, string) {},
		"after pairs are read":    func(t *testing.T, k *kernelStops, _ string) { must(t, k.tellPairs()) },
		"after they are told and not noted": func(t *testing.T, k *kernelStops, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, toldFile+".new"), 0o700))
			_, _ = k.tick(), k.tick()
			must(t, os.Remove(filepath.Join(dir, toldFile+".new")))
		},
		"after what was shown is noted, and before its pairs are read": func(t *testing.T, k *kernelStops, _ string) { must(t, k.tick()) },
		"after all is noted": func(t *testing.T, k *kernelStops, _ string) { must(t, k.tick()); must(t, k.tick()) },
		"after the file has begun anew": func(t *testing.T, k *kernelStops, _ string) {
			k.stops.mu.Lock()
			must(t, k.stops.anew())
			k.stops.mu.Unlock()
			must(t, k.tellPairs())
		},
	} {
		dir, kernel := t.TempDir(), &counting{turn: 1}
		begin := func() *kernelStops {
			s, err := OpenStops(dir, 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
			must(t, err)
			k := newKernelStops(&Gateway{}, kernel, s)
			must(t, k.load())
			return k
		}
		loser := func(n uint32) datapath.Loser {
			return datapath.Loser{Generation: 1, Reason: quarantined, Action: datapath.Drop, Transport: 6, Number: 502,
				Client: firedoor.Endpoint{IP: firedoor.IPv4(0x0a000100 + n)}, Server: firedoor.Endpoint{IP: firedoor.IPv4(0x0a000201), Port: 502}}
		}
		k := begin()
		must(t, k.tick())
		for n := range uint32(3) { // the kernel shows the first frame of each
			k.report(&datapath.Report{Loser: kernel.drop(loser(n), uint64(1+n)), Time: time.Second, Length: 60, ClientPort: 50000})
		}
		kill(t, k, dir)
		k = begin()
		kernel.drop(loser(1), 4)
		for range 4 {
			must(t, k.tick())
		}
		kernel.drop(loser(2), 5)
		for range 3 {
			must(t, k.tick())
		}
		var tally StopTally
		for _, file := range []string{stoppedFile, stoppedFile + beforeSuffix} {
			if f, err := os.Open(filepath.Join(dir, file)); err == nil {
				must(t, tally.AddFile(f))
				must(t, f.Close())
			}
		}
		var lines datapath.Count
		for _, r := range tally.Rows() {
			lines.Frames, lines.Bytes = lines.Frames+r.Count, lines.Bytes+r.Bytes
		}
		if st := k.stops.State(); lines != kernel.counted || st.Dropped != kernel.counted.Frames || st.Told != st.Dropped {
			t.Errorf("%s: %+v dropped, %+v in lines, told %d of %d", name, kernel.counted, lines, st.Told, st.Dropped)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
