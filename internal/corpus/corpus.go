// Package corpus finds the captures from elsewhere that tests are run over, in the
// folder that FIREDOOR_CORPUS names. Only tests use it.
//
// It must not know what is tried on them, nor read a frame.
package corpus

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Variable names the folder.
const Variable = "FIREDOOR_CORPUS"

// fewest is how many captures a whole corpus holds: with fewer, a test over all of them
// would say less than it seems to.
const fewest = 960

// Folder is the corpus; the test is skipped where there is none.
func Folder(t testing.TB) string {
	t.Helper()
	folder := os.Getenv(Variable)
	if folder == "" {
		t.Skip(Variable + " is not set: no captures from elsewhere. Set it to a folder of captures to run this test.")
	}
	return folder
}

// Captures lists all captures, packed ones too, found by what they begin with, in the
// order of their paths.
func Captures(t testing.TB) []string {
	t.Helper()
	var list []string
	folder := Folder(t)
	each(t, folder, func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read
		var head [4]byte
		if n, _ := io.ReadFull(f, head[:]); n == len(head) && looksLikeCapture(head) {
			list = append(list, path)
		}
		return nil
	})
	if len(list) < fewest {
		t.Fatalf("only %d captures under %s=%s, want %d", len(list), Variable, folder, fewest)
	}
	return list
}

// Each calls visit for every capture below a folder with its bytes, unpacked, in the
// order of their paths: pcap and pcapng, plain or in gzip.
func Each(t testing.TB, folder string, visit func(path string, b []byte)) {
	t.Helper()
	each(t, folder, func(path string) error {
		b, err := Read(path)
		if b != nil {
			visit(path, b)
		}
		return err
	})
}

func each(t testing.TB, folder string, visit func(path string) error) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return visit(path)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// magics are the first bytes of captures: pcap in both byte orders and resolutions,
// pcapng.
var magics = []uint32{0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a}

// looksLikeCapture knows beside them the modified pcap and what captures are packed in.
func looksLikeCapture(head [4]byte) bool {
	first := binary.BigEndian.Uint32(head[:])
	return slices.Contains(magics, first) || slices.Contains([]uint32{0xa1b2cd34, 0x34cdb2a1, 0xfd377a58, 0x28b52ffd}, first) ||
		head[0] == 0x1f && head[1] == 0x8b
}

// Read returns a capture's bytes, unpacked; nil if the file is none. Of one that is cut
// short it returns what is there.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	r := bufio.NewReader(f)
	if magic, err := r.Peek(2); err == nil && string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil
		}
		r = bufio.NewReader(z)
	}
	magic, err := r.Peek(4)
	if err != nil || !slices.Contains(magics, binary.BigEndian.Uint32(magic)) {
		return nil, nil
	}
	b, err := io.ReadAll(r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}
