package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// captures lists every capture of the corpus, found by what it begins with.
func captures(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("FIREDOOR_CORPUS")
	if root == "" {
		t.Skip("FIREDOOR_CORPUS is not set: no captures to try")
	}
	var list []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		var head [6]byte
		n, _ := file.Read(head[:])
		if n < 4 {
			return nil
		}
		var p pcapFormat
		if le.Uint32(head[:]) == ngSectionHeader || p.recognise(le.Uint32(head[:])) || compressionOf(head[:n]) != "" {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatalf("no capture under FIREDOOR_CORPUS=%s", root)
	}
	return list
}

// TestCorpusCounts holds the number of frames in every capture against capinfos.
// Where capinfos finds a capture damaged, so must Count, with as many frames
// before the damage.
func TestCorpusCounts(t *testing.T) {
	list := captures(t)
	judge, err := exec.LookPath("capinfos")
	if err != nil {
		t.Skip("capinfos is not installed: nothing to compare the counts with")
	}
	differ := 0
	for _, path := range list {
		want, damaged, ok := capinfos(t, judge, path)
		got, err := Count(path)
		var damage *DamageError
		switch {
		case !ok:
			t.Logf("%s: capinfos cannot read it; %d frames, %v", path, got, err)
		case err != nil && !errors.As(err, &damage):
			t.Errorf("%s: %v (capinfos: %d frames)", path, err, want)
		case got != want || damaged != (damage != nil):
			differ++
			t.Errorf("%s: %d frames, error %v; capinfos: %d frames, damaged %v", path, got, err, want, damaged)
		}
	}
	t.Logf("%d captures, %d differ", len(list), differ)
}

func capinfos(t *testing.T, judge, path string) (frames uint64, damaged, ok bool) {
	t.Helper()
	var out, problems bytes.Buffer
	cmd := exec.Command(judge, "-c", "-M", "-T", "-r", path)
	cmd.Stdout, cmd.Stderr = &out, &problems
	runErr := cmd.Run()
	fields := strings.Split(strings.TrimSpace(out.String()), "\t")
	frames, err := strconv.ParseUint(fields[len(fields)-1], 10, 64)
	if err != nil {
		return 0, true, false
	}
	return frames, runErr != nil || problems.Len() > 0, true
}

// TestCorpusTimes holds time and lengths of every frame in the pcapng captures,
// whose clocks differ, and in small pcap ones against tshark.
func TestCorpusTimes(t *testing.T) {
	list := captures(t)
	judge, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: nothing to compare the times with")
	}
	files, frames := 0, 0
	for i, path := range list {
		r, err := Open(path, 0)
		if err != nil {
			continue
		}
		if r.ng == nil && i%100 != 0 || r.size > 2<<20 { // enough of each kind, in a few seconds
			r.Close()
			continue
		}
		out, err := exec.Command(judge, "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len").Output()
		want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		got, readErr := readAll(r)
		r.Close()
		if err != nil || readErr != nil || r.pcap.fcs != 0 {
			continue // damaged: TestCorpusCounts has it
		}
		files++
		for i, f := range got {
			line := fmt.Sprintf("%d.%09d\t%d\t%d", f.Time/1e9, f.Time%1e9, f.WireLen, len(f.Data))
			if i >= len(want) || line != want[i] && f.Time > 0 {
				t.Errorf("%s frame %d: %s; tshark: %.80q", path, i+1, line, want[min(i, len(want)-1)])
				break
			}
		}
		frames += len(got)
	}
	t.Logf("%d captures with %d frames alike", files, frames)
}
