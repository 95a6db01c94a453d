package judge

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"firedoor/internal/corpus"
)

// judgedFolders hold the captures that every protocol is judged in: of protocols, and of
// attacks that somebody labelled. What else is labelled has no packets.
var judgedFolders = []string{"protocols", "labelled"}

// share is a capture of which the first frames alone are judged, the rest being more of the
// same: the judge reads some three thousand frames of it in a second.
type share struct {
	capture string // how its path ends
	of      string // what is judged, "" for all but what has a share of its own
	frames  int
	rest    string // what is left out
}

// ofEthernet is judged what has no IP under it.
const ofEthernet = "ethernet"

var shares = []share{
	{"WaterTankOnManu_Flooding.master.pcap", "", 5_000, "31,866 more frames of the same flood of writes"},
	{"WaterTankOnManu_Flooding.attacker.pcap", "", 5_000, "30,804 more frames of the same flood of writes"},
	{"20161219132813_control_set/attacker.pcap", "", 8_000, "20,522 more frames of the same polls and writes"},
	{"channel_4d_12s.pcap", "", 10_000, "34,977 more frames of the same polls"},
	{"attacks_training_frequent_first5h.pcap", "", 25_000, "52,533 more frames, most of them a substation's GOOSE, and polls that repeat themselves"},
	{"control_training_infrequent_4h.pcap", "", 15_000, "35,289 more frames, most of them a substation's GOOSE, and polls that repeat themselves"},
	{"attacks_training_frequent_first5h.pcap", ofEthernet, 10_000, "67,533 more frames, most of them a substation's GOOSE that repeats itself"},
	{"control_training_infrequent_4h.pcap", ofEthernet, 10_000, "40,289 more frames, most of them a substation's GOOSE that repeats itself"},
}

// wholeJudged tells that all frames of all captures are to be judged (make judge). That takes twice as long, and is not
// compared with what the coverage sheet says.
func wholeJudged() bool { return os.Getenv("FIREDOOR_JUDGE_WHOLE") != "" }

// eachJudged calls visit for every capture that is judged, or the share of it, with its
// bytes.
func eachJudged(t *testing.T, root, of string, visit func(path string, b []byte)) {
	t.Helper()
	for _, folder := range judgedFolders {
		corpus.Each(t, filepath.Join(root, folder), func(path string, b []byte) {
			if wholeJudged() {
				visit(path, b)
				return
			}
			s := slices.IndexFunc(shares, func(s share) bool { return s.of == of && strings.HasSuffix(path, s.capture) })
			if s < 0 {
				visit(path, b)
				return
			}
			b = firstFrames(b, shares[s].frames)
			visit(sharePath(t, path, of, b), b)
		})
	}
}

// originals has the captures that shares were cut from, by the path of the share.
var originals sync.Map

// original is the capture in the corpus that a path stands for: where a share lies is
// another place in every run, and must not be told.
func original(path string) string {
	if whole, ok := originals.Load(path); ok {
		return whole.(string)
	}
	return path
}

// sharePath writes a share to where both sides find it; written again, it is the same.
func sharePath(t *testing.T, whole, of string, b []byte) string {
	t.Helper()
	folder := filepath.Join(scratch, "share", of)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, filepath.Base(whole))
	originals.Store(path, whole)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// firstFrames cuts a capture behind its n-th frame.
func firstFrames(b []byte, n int) []byte {
	if bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		return firstBlocks(b, n)
	}
	order := orderOf(b, 0, 0xa1)
	at := 24
	for ; n > 0 && len(b) >= at+16; n-- { // a head (16), with the size at 8, and the frame
		at += 16 + int(order.Uint32(b[at+8:]))
	}
	return b[:min(at, len(b))]
}

// firstBlocks cuts a pcapng: blocks of a type (4), their size (4), and what they hold. Those
// of types 2, 3 and 6 are frames.
func firstBlocks(b []byte, n int) []byte {
	const magicAt, least = 8, 12
	order := orderOf(b, magicAt, 0x1a)
	at := 0
	for n > 0 && len(b) >= at+least {
		if kind := order.Uint32(b[at:]); kind == 2 || kind == 3 || kind == 6 {
			n--
		}
		at += max(least, int(order.Uint32(b[at+4:])))
	}
	return b[:min(at, len(b))]
}

// orderOf is the byte order of a capture, whose magic number begins with first if the
// highest octet stands first.
func orderOf(b []byte, at int, first byte) binary.ByteOrder {
	if len(b) > at && b[at] == first {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// TestSharesAreTaken fails where a share stands in the list whose capture is not in the
// corpus, or in which the judge counts other frames than it should have.
func TestSharesAreTaken(t *testing.T) {
	root := judgeCorpus(t)
	counted := make([]int, len(shares))
	corpus.Each(t, filepath.Join(root, "labelled"), func(path string, b []byte) {
		for i, s := range shares {
			if !strings.HasSuffix(path, s.capture) {
				continue
			}
			cut := firstFrames(b, s.frames)
			if err := tell(sharePath(t, path, s.of, cut), []string{"-T", "fields", "-e", "frame.number"}, func(r io.Reader) error {
				lines, err := io.ReadAll(r)
				counted[i] += bytes.Count(lines, []byte{'\n'})
				return err
			}); err != nil {
				t.Error(err)
			}
		}
	})
	for i, s := range shares {
		if counted[i] != s.frames {
			t.Errorf("%s: a share of %d frames, and the judge counts %d", s.capture, s.frames, counted[i])
		}
	}
}
