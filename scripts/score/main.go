// Command score measures what the product finds in the virtual factory: it lets
// the runs that this file names happen, joins what was found with the truth, and
// writes the tables of docs/DETECTION.md between the page's two marks. It must not
// run in CI, where it would take too long, and must not write anything outside of
// those marks: what the numbers mean is said by people.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"firedoor/internal/plant/scenario"
	scoring "firedoor/internal/plant/score"
	"firedoor/internal/plant/truth"
)

// turn is one life of the plant. Every scenario of the list happens in it once.
type turn struct {
	seed  uint64
	days  int
	learn time.Duration // from the start on
}

// turns are fixed: a table that is made again with the same program is the same.
// All begin on a Monday. Four are short; the fifth goes on into the second week,
// in which firmware is updated, a device is replaced and the mains fail.
var turns = []turn{
	{1, 4, 2 * scenario.Day},
	{2, 4, 2 * scenario.Day},
	{3, 4, 2 * scenario.Day},
	{4, 4, 2 * scenario.Day},
	{5, 12, 7 * scenario.Day},
}

// words are what is measured, in one line of the page; runs of one length together.
func words(turns []turn) string {
	var parts []string
	for rest := turns; len(rest) > 0; {
		first, seeds := rest[0], []string{}
		for len(rest) > 0 && rest[0].days == first.days && rest[0].learn == first.learn {
			seeds = append(seeds, strconv.FormatUint(rest[0].seed, 10))
			rest = rest[1:]
		}
		each := ""
		if len(seeds) > 1 {
			each = " each"
		}
		parts = append(parts, fmt.Sprintf("seed %s: %d days%s, the first %s learned", strings.Join(seeds, ", "), first.days, each, scenario.FormatDuration(first.learn)))
	}
	return "Runs: " + strings.Join(parts, "; ") + "."
}

func main() {
	program := flag.String("firedoor", "bin/firedoor", "the binary to measure")
	folder := flag.String("runs", "bin/score", "folder for truth, alerts and state of the runs")
	page := flag.String("page", "docs/DETECTION.md", "the page to write into")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *program, *folder, *page); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, folder, page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	if _, err := spliced(string(text), ""); err != nil { // before the work and not after it
		return fmt.Errorf("%s: %w", page, err)
	}
	mark, err := fingerprint(program)
	if err != nil {
		return err
	}
	var reports []*scoring.Report
	for _, t := range turns {
		r, err := measured(ctx, program, filepath.Join(folder, mark, "seed-"+strconv.FormatUint(t.seed, 10)), t)
		if err != nil {
			return fmt.Errorf("seed %d: %w", t.seed, err)
		}
		reports = append(reports, r)
	}
	all, err := scoring.Merge(reports...)
	if err != nil {
		return err
	}
	out, err := spliced(string(text), tables(all, words(turns)))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
		return err
	}
	return all.Write(os.Stdout)
}

// fingerprint names a program by its bytes, so that a run that was stopped goes on
// with the program that began it and with no other.
func fingerprint(program string) (string, error) {
	file, err := os.Open(program)
	if err != nil {
		return "", fmt.Errorf("%w (make build makes it)", err)
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), errors.Join(err, file.Close())
}

// measured lets one run happen, unless it did already, and scores it.
func measured(ctx context.Context, program, folder string, t turn) (*scoring.Report, error) {
	alertsFile := filepath.Join(folder, "alerts.json")
	if _, err := os.Stat(alertsFile); errors.Is(err, os.ErrNotExist) {
		if err := happen(ctx, program, folder, t); err != nil {
			return nil, err
		}
	}
	what, err := truth.Read(filepath.Join(folder, "truth.json"))
	if err != nil {
		return nil, err
	}
	alerts, err := scoring.ReadAlerts(alertsFile)
	if err != nil {
		return nil, err
	}
	return scoring.Score(what, alerts, scoring.Options{From: what.Start.Add(t.learn)})
}

// happen is the run itself, in a process of its own.
func happen(ctx context.Context, program, folder string, t turn) error {
	state := filepath.Join(folder, "state")
	begun := time.Now()
	fmt.Fprintf(os.Stderr, "seed %d: %d days of the plant\n", t.seed, t.days)
	cmd := exec.CommandContext(ctx, program, "plant", "run", "--seed", strconv.FormatUint(t.seed, 10), "--days", strconv.Itoa(t.days),
		"--learn", scenario.FormatDuration(t.learn), "--scenario", "all", "--score", "--json", "--data", state, "--out", folder)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it keeps how far it came
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "seed %d: took %s\n", t.seed, time.Since(begun).Round(time.Second))
	return os.RemoveAll(state)
}
