package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// countPackets walks the record headers of a little-endian pcap file.
func countPackets(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only read
	r := bufio.NewReaderSize(f, 1<<20)
	if _, err := r.Discard(24); err != nil {
		return 0, err
	}
	var head [16]byte
	for n := 0; ; n++ {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		if _, err := r.Discard(int(binary.LittleEndian.Uint32(head[8:]))); err != nil {
			return n, err
		}
	}
}
