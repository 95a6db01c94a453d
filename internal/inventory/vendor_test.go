package inventory

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/macs"

	"firedoor"
)

var update = flag.Bool("update", false, "write makers.txt anew from gopacket's package macs")

// TestMakers holds makers.txt against the package it is made from, prefix by prefix,
// and asks for every prefix beside one that is registered too.
func TestMakers(t *testing.T) {
	var lines []string
	for p, name := range macs.ValidMACPrefixMap {
		if strings.ContainsAny(name, "\n\r") {
			t.Fatalf("%x: %q is more than a line", p, name)
		}
		lines = append(lines, fmt.Sprintf("%x %s\n", p[:], name))
	}
	slices.Sort(lines)
	all := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile("makers.txt", []byte(all), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if makers != all {
		t.Error("makers.txt is not what the package says: go test ./internal/inventory -run TestMakers -update")
	}
	for p, name := range macs.ValidMACPrefixMap {
		n := uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		if got := registered(n); got != name && !*update {
			t.Fatalf("%06x is %q, want %q", n, got, name)
		}
		for _, beside := range []uint32{n - 1, n + 1} {
			k := [3]byte{byte(beside >> 16), byte(beside >> 8), byte(beside)}
			if got := registered(beside & 0xffffff); got != macs.ValidMACPrefixMap[k] && !*update {
				t.Fatalf("%06x is %q, want %q", beside, got, macs.ValidMACPrefixMap[k])
			}
		}
	}
}

// TestRecentMakers asks an inventory for makers in turns, so that they push each other
// out of their places: it says what Vendor says.
func TestRecentMakers(t *testing.T) {
	var v Inventory
	for turn := range 2 {
		for p := range uint32(8192) {
			m := firedoor.MAC(p*0x0401)<<24 | 7
			if got, want := v.vendor(m), Vendor(m); got != want {
				t.Fatalf("turn %d: %s is %q, want %q", turn, m, got, want)
			}
		}
	}
}
