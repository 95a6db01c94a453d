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
	counted := capinfos(judge, list...)
	differ := 0
	for _, path := range list {
		if c, ok := counted[path]; !ok || c.damaged { // the complaints of all stand together
			counted[path] = capinfos(judge, path)[path]
		}
		want := counted[path]
		got, err := Count(path)
		var damage *DamageError
		switch {
		case !want.read:
			t.Logf("%s: capinfos cannot read it; %d frames, %v", path, got, err)
		case err != nil && !errors.As(err, &damage):
			t.Errorf("%s: %v (capinfos: %d frames)", path, err, want.frames)
		case got != want.frames || want.damaged != (damage != nil):
			differ++
			t.Errorf("%s: %d frames, error %v; capinfos: %d frames, damaged %v", path, got, err, want.frames, want.damaged)
		}
	}
	t.Logf("%d captures, %d differ", len(list), differ)
}

// counted is what capinfos says of a capture.
type counted struct {
	frames        uint64
	damaged, read bool
}

// capinfos asks of captures at once, for to start it takes longer than to count. Of several, those are
// taken for damaged that are named in any complaint.
func capinfos(judge string, paths ...string) map[string]counted {
	var out, problems bytes.Buffer
	cmd := exec.Command(judge, append([]string{"-c", "-M", "-T", "-r"}, paths...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	failed := cmd.Run() != nil
	said := map[string]counted{}
	for line := range strings.Lines(out.String()) {
		path, n, _ := strings.Cut(strings.TrimSpace(line), "\t")
		frames, err := strconv.ParseUint(n, 10, 64)
		if err != nil {
			continue
		}
		damaged := strings.Contains(problems.String(), path)
		if len(paths) == 1 {
			damaged = failed || problems.Len() > 0
		}
		said[path] = counted{frames, damaged, true}
	}
	return said
}

// TestCorpusTimes holds time and lengths of every frame in the pcapng captures,
// whose clocks differ, and in small pcap ones against tshark.
func TestCorpusTimes(t *testing.T) {
	list := captures(t)
	for _, program := range []string{"tshark", "mergecap"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed: nothing to compare the times with")
		}
	}
	var files []string
	var got [][]string
	for i, path := range list {
		if lines, ok := timesOf(t, path, i%100 == 0); ok {
			files, got = append(files, path), append(got, lines)
		}
	}
	want := judgedTimes(t, files)
	frames := 0
	for i, path := range files {
		for n, line := range got[i] {
			if n >= len(want) || line != want[n] {
				t.Fatalf("%s frame %d: %s; tshark: %.80q", path, n+1, line, want[min(n, len(want)-1)])
			}
		}
		want = want[len(got[i]):]
		frames += len(got[i])
	}
	if len(want) > 0 {
		t.Errorf("tshark has %d frames more", len(want))
	}
	t.Logf("%d captures with %d frames alike", len(files), frames)
}

// timesOf gives time and lengths of the frames in a capture, as tshark would; false where it is not
// one to compare: damaged (TestCorpusCounts has it), large, or of pcap and not chosen.
func timesOf(t *testing.T, path string, chosen bool) (lines []string, ok bool) {
	t.Helper()
	r, err := Open(path, 0)
	if err != nil {
		return nil, false
	}
	defer r.Close()
	if r.ng == nil && !chosen || r.size > 2<<20 { // enough of each kind, in a few seconds
		return nil, false
	}
	got, err := readAll(r)
	if err != nil || r.pcap.fcs != 0 {
		return nil, false
	}
	for _, f := range got {
		lines = append(lines, fmt.Sprintf("%d.%09d\t%d\t%d", f.Time/1e9, f.Time%1e9, f.WireLen, len(f.Data)))
	}
	return lines, true
}

// judgedTimes is what tshark says of captures one behind the other: to start it for each takes longer than to read.
func judgedTimes(t *testing.T, files []string) []string {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "all.pcapng")
	if out, err := exec.Command("mergecap", append([]string{"-a", "-w", whole}, files...)...).CombinedOutput(); err != nil {
		t.Fatalf("mergecap: %v: %s", err, out)
	}
	out, err := exec.Command("tshark", "-n", "-r", whole, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
