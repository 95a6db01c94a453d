package judge

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
)

// otherTraffic are ports in captures of factories that are no factory protocols, and
// nobody's blind spot here.
var otherTraffic = map[string]string{
	"udp 547": "DHCPv6", "udp 546": "DHCPv6", "udp 1900": "SSDP", "udp 3702": "WS-Discovery", "udp 5355": "LLMNR", "udp 138": "NetBIOS datagrams",
	"udp 123": "NTP", "tcp 445": "SMB", "tcp 139": "NetBIOS sessions", "udp 17500": "a file synchroniser", "tcp 3389": "remote desktop",
	"ethernet 0": "spanning tree and other LLC frames", "ethernet 36864": "loopback test of Ethernet",
	"tcp 443": "the middle of a web connection",
}

// probably is what else is not recognised, as far as somebody looked.
var probably = map[string]string{
	"udp 1947":       "search for a licence manager (Sentinel), by its port",
	"ethernet 34925": "probes of Intel network adapters in a team (0x886d)",
	"ip 2":           "IGMP",
	"tcp 25":         "SMTP",
	"tcp 102":        "connections without a message: keep-alives, acknowledgements, attempts",
	"tcp 111":        "attempts to reach a portmapper, refused",
	"udp 111":        "portmapper",
	"tcp 13400":      "DoIP, of road vehicles",
	"tcp 8680":       "DoIP, of road vehicles",
	"tcp 502":        "451 octets sent twice and two requests behind them, never answered: no Modbus to begin with; and connections without a message",
	"tcp 5450":       "a PI historian, by its port",
	"tcp 4840":       "attempts to reach a server of OPC UA, refused",
	"udp 5683":       "CoAP of a draft before RFC 7252",
	"udp 6000":       "NetFlow, version 5",
	"udp 4448":       "a network disk that announces itself",
	"udp 4987":       "answer of a test set for protection relays (OMICRON)",
	"udp 4988":       "search for test sets for protection relays (OMICRON)",
	"tcp 27036":      "a game shop's client, by its port",
	"tcp 48898":      "attempts to reach an AMS router, never answered",
	"udp 9600":       "empty datagrams to the port of FINS",
	"udp 63329":      "a program that talks with itself on the machine that recorded",
	"tcp 808":        "a program that talks with itself on the machine that recorded",
	"tcp 80":         "attempts to reach a server of updates on the Internet, never answered",
	"tcp 7145":       "an attack's own channel, encrypted (it moves files), from its middle",
	"tcp 24295":      "an attack's own channel, encrypted (it moves files), from its middle",
	"tcp 20000":      "a search for DNP3 stations, refused",
	"udp 23":         "32 octets that are always the same",
	"udp 6650":       "four octets to a port where nobody listens",
	"udp 8612":       "search for scanners of one maker (BJNP)",
	"tcp 8850":       "five octets every six seconds to a machine of the Internet",
}

// otherFolders are captures of no factory: road vehicles, hospitals, radio.
var otherFolders = []string{"DoIP", "J1939", "DICOM", "Zigbee"}

// leastRecognised is how many of a hundred packets of factory protocols must belong
// to one that is recognised.
const leastRecognised = 95

// unrecognisedPage is where the rest is listed.
const unrecognisedPage = "../../docs/UNRECOGNISED.md"

// unread is what no protocol recognised, of one port or type, over all captures.
type unread struct {
	port     string // "tcp 80", "ethernet 0x88f7"
	packets  uint64
	captures map[string]int // how many of each folder
}

// tally is what factory captures hold.
type tally struct {
	captures int
	known    uint64             // packets of factory protocols
	rest     map[string]*unread // of protocols nobody knows
	other    map[string]*unread // of otherTraffic
	debugger uint64
}

// factoryCaptures are those that TestRecognised counts.
func factoryCaptures(t *testing.T, root string) (paths []string) {
	t.Helper()
	for _, folder := range judgedFolders {
		corpus.Each(t, filepath.Join(root, folder), func(path string, _ []byte) {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			office := slices.ContainsFunc(mistakenFolders, func(f string) bool { return strings.HasPrefix(rel, f+string(filepath.Separator)) })
			other := slices.ContainsFunc(otherFolders, func(f string) bool {
				return strings.Contains(rel, string(filepath.Separator)+f+string(filepath.Separator))
			})
			if !office && !other {
				paths = append(paths, path)
			}
		})
	}
	return paths
}

// take counts what one capture holds.
func (y *tally) take(root, path string, told *replayed) {
	y.captures++
	for _, p := range told.summary.Protocols {
		if industrial(p.Protocol) {
			y.known += p.Packets
		}
	}
	folder, _ := placeOf(root, path)
	for _, u := range told.unknown {
		port := fmt.Sprint(u.Transport, " ", u.Port)
		into := y.rest
		switch {
		case u.Transport == "tcp" && u.Port >= 49152 && strings.Contains(path, "icsnpp-opcua-binary"): // a debugger at work on the machine that recorded
			y.debugger += u.Packets
			continue
		case otherTraffic[port] != "":
			into = y.other
		}
		if into[port] == nil {
			into[port] = &unread{port: port, captures: map[string]int{}}
		}
		into[port].packets += u.Packets
		into[port].captures[folder]++
	}
}

// missed is how many packets are of protocols nobody knows.
func (y *tally) missed() (n uint64) {
	for _, u := range y.rest {
		n += u.packets
	}
	return n
}

func (y *tally) share() float64 { return 100 * float64(y.known) / float64(y.known+y.missed()) }

// TestRecognised counts the packets of factory captures whose protocol is known, and
// holds the page that lists the others against them.
func TestRecognised(t *testing.T) {
	root := corpus.Folder(t)
	paths := factoryCaptures(t, root)
	y := tally{rest: map[string]*unread{}, other: map[string]*unread{}}
	for i, told := range inPairs(paths, func(path string) *replayed {
		told, err := replay(path)
		if err != nil {
			t.Error(err)
		}
		return told
	}) {
		if told != nil {
			y.take(root, paths[i], told)
		}
	}
	t.Logf("%d captures: %d packets of factory protocols, %d of protocols nobody knows: %.2f %% recognised", y.captures, y.known, y.missed(), y.share())
	if y.share() < leastRecognised {
		t.Errorf("%.2f %% of the packets of factory protocols are recognised, must be %d %%", y.share(), leastRecognised)
	}
	for port := range probably {
		if y.rest[port] == nil {
			t.Errorf("%s: said to be %s, and nothing of it is left over", port, probably[port])
		}
	}
	fresh := y.page()
	if updating() {
		if err := os.WriteFile(unrecognisedPage, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(unrecognisedPage); err != nil || string(old) != fresh {
		t.Errorf("%s is not what the captures hold (%v): run go test ./internal/judge -run TestRecognised -update and read the difference", unrecognisedPage, err)
	}
}

func industrial(name string) bool {
	return slices.ContainsFunc(all.List, func(p *protocol.Protocol) bool { return p.Name == name && p.Industrial })
}

// page lists what is not recognised.
func (y *tally) page() string {
	var b strings.Builder
	b.WriteString("# What is not recognised\n\n" +
		"The packets of captures from elsewhere that no protocol of ours takes, whole. This page is written from them\n" +
		"(`go test ./internal/judge -run TestRecognised -update`, which needs the captures and no judge); the same test fails where it is not true\n" +
		"any more, and where fewer than 95 of a hundred packets of factory protocols are recognised.\n\n" +
		"Counted are the captures of the folders `protocols` and `labelled`, but not what comes from offices (" + folderList(mistakenFolders) +
		")\nand from what is no factory: " + strings.Join(otherFolders, ", ") + ". A packet belongs to a conversation, and a conversation to a protocol or to\n" +
		"none; a frame that came twice counts once. Numbers behind a folder are captures.\n\n")
	fmt.Fprintf(&b, "**%d captures: %d packets of factory protocols are recognised, %d packets are of protocols nobody knows: %.2f %%.**\n\n", y.captures, y.known, y.missed(), y.share())
	b.WriteString("| port, type or number | packets | captures | what it probably is |\n|---|---|---|---|\n")
	for _, u := range largest(y.rest) {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", u.port, u.packets, u.where(), cmp.Or(probably[u.port], "not known"))
	}
	b.WriteString("\n## No factory protocols\nNot recognised either, and left out of the share: what offices and their machines speak.\n\n" +
		"| port, type or number | packets | captures | what it is |\n|---|---|---|---|\n")
	for _, u := range largest(y.other) {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", u.port, u.packets, u.where(), otherTraffic[u.port])
	}
	fmt.Fprintf(&b, "| tcp 49152 and above | %d | icsnpp-opcua-binary | a debugger at work on the machine that recorded |\n", y.debugger)
	others := y.debugger
	for _, u := range y.other {
		others += u.packets
	}
	fmt.Fprintf(&b, "\nTogether %d packets. Were they counted as a factory's, the share would be %.2f %%.\n", others, 100*float64(y.known)/float64(y.known+y.missed()+others))
	return b.String()
}

// folderList names folders of the corpus as they are counted.
func folderList(folders []string) string {
	var names []string
	for _, f := range folders {
		if name, ok := strings.CutPrefix(f, "protocols/"); ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// largest puts rows in order, those with most packets first.
func largest(rows map[string]*unread) []*unread {
	return slices.SortedFunc(maps.Values(rows), func(a, b *unread) int {
		return cmp.Or(-cmp.Compare(a.packets, b.packets), cmp.Compare(a.port, b.port))
	})
}

// where is in which captures it was.
func (u *unread) where() string {
	var parts []string
	for _, folder := range slices.Sorted(maps.Keys(u.captures)) {
		parts = append(parts, fmt.Sprintf("%s %d", folder, u.captures[folder]))
	}
	return strings.Join(parts, ", ")
}
