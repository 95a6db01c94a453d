package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	"firedoor"
)

// moved is one content of a program as programs.json must hold it.
type moved struct {
	server, client     string
	protocol           string
	kind, name         string
	downloads, uploads uint64
	content            []byte // nil for one of which bytes were missed
	bytes              int64  // of that
}

// umasProgram is what the UMAS capture moves: 2,084 bytes, the first ones "APX".
func umasProgram() []byte {
	b := make([]byte, 2084)
	for i := range b {
		b[i] = byte(i * i >> 3)
	}
	copy(b, "APX")
	return b
}

// application is what the CODESYS capture moves.
func application() []byte {
	b := make([]byte, 1500)
	for i := range b {
		b[i] = byte(i * i >> 4)
	}
	return b
}

// movedPrograms are the programs, blocks, projects and firmware in the product's own
// captures. The content is written down here once more, apart from what makes the
// captures.
func movedPrograms() map[string][]moved {
	routine := bytes.Repeat([]byte{0x67, 0xf6, 8, 0x78, 1, 2, 3, 4}, 12)
	load := append([]byte{0xdc, 5, 0, 0}, routine...) // a tag of 1500, and the routine with its end
	load = append(append(load, 0, 0, 0, 0x78, 0, 0x30, 0x0d, 0x38), routine[:8]...)
	words := bytes.Repeat([]byte{0x38, 0x60, 0, 1, 0x4e, 0x80, 0, 0x20}, 20)
	ladder, compiled := []byte("LD X0 OUT Y10 END"), bytes.Repeat([]byte("compiled code "), 60)
	const logix = "class:0x68/instance:9248/class:0x6d/instance:"
	return map[string][]moved{
		"s7comm/testdata/blocks.pcap": {
			{"10.10.3.20", "10.10.3.30", "s7comm", "block", "OB1", 0, 1, make([]byte, 300), 0},
			{"10.10.3.20", "10.10.3.30", "s7comm", "block", "FB17", 1, 0, make([]byte, 230), 0},
		},
		"enip/testdata/logix.pcap": {
			{"10.10.4.20", "10.10.4.10", "cip", "block", logix + "33825", 1, 1, routine, 0},
			{"10.10.4.20", "10.10.4.10", "cip", "block", logix + "33826", 0, 1, routine, 0},
			{"10.10.4.20", "10.10.4.10", "cip", "block", logix + "33826", 1, 0, nil, 8},
			{"10.10.4.20", "10.10.4.10", "cip", "project", "memory", 1, 0, load, 0},
		},
		"enip/testdata/plc5.pcap": {
			{"10.10.4.20", "10.10.4.10", "pccc", "program", "memory", 1, 1, []byte("plc5"), 0},
		},
		"enip/testdata/transfers.pcap": {
			{"10.10.4.20", "10.10.4.10", "cip", "file", "line.cfg", 1, 0, []byte("abcd"), 0},
			{"10.10.4.20", "10.10.4.10", "cip", "firmware", "class:0xa1/instance:1", 1, 0, bytes.Repeat([]byte("firmware"), 50), 0},
		},
		"modbus/testdata/umas.pcap": {
			{"10.10.2.41", "10.10.2.31", "umas", "program", "Pump", 1, 1, umasProgram(), 0},
		},
		"melsec/testdata/files.pcap": {
			{"10.10.13.20", "10.10.13.10", "melsec", "program", "drive:0/MAIN.QPG", 1, 2, ladder, 0},
			{"10.10.13.20", "10.10.13.10", "melsec", "program", "drive:0/MAIN0.QPG", 1, 0, ladder, 0},
			{"10.10.13.20", "10.10.13.10", "melsec", "program", "drive:0/MAIN1.QPG", 1, 0, nil, 17},
			{"10.10.13.20", "10.10.13.10", "melsec", "program", "drive:0/MAIN2.QPG", 1, 0, nil, 17},
			{"10.10.13.20", "10.10.13.10", "melsec", "file", "drive:0/PARAM.QPA", 0, 1, nil, 4},
		},
		"melsec/testdata/melsoft.pcap": {
			{"10.10.13.20", "10.10.13.10", "melsec", "program", `drive:4/$MELPRJ$\MAIN.PRG`, 1, 1, ladder, 0},
		},
		"tristation/testdata/programs.pcap": {
			{"10.10.27.20", "10.10.27.10", "tristation", "program", "program 3", 1, 1, words, 0},
			{"10.10.27.20", "10.10.27.10", "tristation", "block", "function 17", 1, 1, words, 0},
			{"10.10.27.20", "10.10.27.10", "tristation", "block", "function 19", 0, 1, nil, 128},
		},
		"codesys/testdata/files.pcap": {
			{"10.10.24.20", "10.10.24.10", "codesys", "program", "PlcLogic/Application/Application.app", 1, 1, application(), 0},
			{"10.10.24.20", "10.10.24.10", "codesys", "project", "line.prj", 1, 0, nil, 50},
		},
		"ads/testdata/system.pcap": {
			{"10.10.26.20", "10.10.26.10", "ads", "program", `C:\TwinCAT\3.1\Boot\Plc\Port_851.app`, 1, 1, compiled, 0},
			{"10.10.26.20", "10.10.26.10", "ads", "project", `C:\TwinCAT\3.1\Boot\CurrentConfig.tszip`, 0, 1, nil, 500},
		},
	}
}

// TestPrograms replays the captures of the protocols that move programs and looks
// for each in programs.json: who, where to or from, what, how long, which sum.
func TestPrograms(t *testing.T) {
	for capture, want := range movedPrograms() {
		t.Run(capture, func(t *testing.T) {
			dir := t.TempDir()
			works(t, "replay", "--out", dir, filepath.Join("..", "..", "internal", "protocol", filepath.FromSlash(capture)))
			programs := parse[[]firedoor.Program](t, readFolder(t, dir)["programs.json"])
			for _, w := range want {
				if !w.in(programs) {
					t.Errorf("programs.json has no %s %q of %s with %s, down %d, up %d, %d bytes, sum %s", w.kind, w.name, w.server, w.client, w.downloads, w.uploads, w.size(), w.sum())
				}
			}
			if t.Failed() {
				t.Logf("it has %s", fmt.Sprintf("%+v", programs))
			}
		})
	}
}

func (m *moved) size() int64 {
	if m.content != nil {
		return int64(len(m.content))
	}
	return m.bytes
}

func (m *moved) sum() string {
	if m.content == nil {
		return ""
	}
	sum := sha256.Sum256(m.content)
	return hex.EncodeToString(sum[:])
}

func (m *moved) in(programs []firedoor.Program) bool {
	for _, p := range programs {
		if p.Server.IP != m.server || p.Protocol != m.protocol || p.Kind != m.kind || p.Name != m.name {
			continue
		}
		for _, c := range p.Contents {
			if c.Client != nil && c.Client.IP == m.client && c.Sum == m.sum() && c.Whole == (m.content != nil) && c.Bytes == m.size() &&
				c.Downloads == m.downloads && c.Uploads == m.uploads {
				return true
			}
		}
	}
	return false
}
