package inventory

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"firedoor"
)

func TestIdentityChange(t *testing.T) {
	s := newScene(t, Config{})
	plc := at(ip(7), mac(7))
	s.sight(plc.IP, plc.MAC)
	s.fact(plc, firedoor.FactFirmware, "V3.2.1")
	s.fact(plc, firedoor.FactName, "press")
	s.changes = nil
	s.fact(plc, firedoor.FactFirmware, "V3.2.1")
	s.fact(plc, firedoor.FactName, "press-2") // a name may change
	s.want("")
	s.fact(plc, firedoor.FactFirmware, "V3.3.0")
	c := s.changes[0]
	if len(s.changes) != 1 || c.Kind != firedoor.ChangeIdentity || c.Fact != firedoor.FactFirmware || c.Old != "V3.2.1" || c.New != "V3.3.0" ||
		c.Frame.Frame != s.frame || c.Before.Frame == 0 {
		t.Fatalf("%+v", s.changes)
	}
	s.changes = nil
	s.fact(plc, firedoor.FactFirmware, "V3.2.1") // units behind a gateway answer in turn
	s.fact(plc, firedoor.FactFirmware, "V3.3.0")
	s.want("")
	s.wait(time.Hour)
	s.fact(plc, firedoor.FactFirmware, "V3.2.1") // but a return after an hour is a change
	s.want("identity-changed")
	if a := s.asset(s.id(plc.IP, 0)); a.Firmware != "V3.2.1" || len(a.Facts) != 5 {
		t.Fatalf("%+v", a)
	}
}

func TestModulesBySlot(t *testing.T) {
	s := newScene(t, Config{})
	plc := at(ip(7), mac(7))
	s.sight(plc.IP, plc.MAC)
	s.changes = nil
	learn := func(slot uint16, value string) {
		s.v.Learn(s.moment(), plc, &firedoor.Identity{Kind: firedoor.FactModule, Slot: slot, Confidence: 90, Source: "cip", Value: []byte(value)})
	}
	for slot := range uint16(10) {
		learn(slot, fmt.Sprint("module ", slot))
	}
	s.want("")
	learn(3, "another")
	s.want("identity-changed")
	if a := s.asset(s.id(plc.IP, 0)); len(a.Facts) != 12 || a.Facts[0].Kind != "module" || *a.Facts[4].Slot != 3 {
		t.Fatalf("%+v", a.Facts)
	}
}

func TestBestFact(t *testing.T) {
	s := newScene(t, Config{})
	e := at(ip(7), mac(7))
	s.sight(e.IP, e.MAC)
	for _, f := range []struct {
		source     string
		confidence uint8
		value      string
	}{{"netbios", 90, "PRESS"}, {"dns", 50, "old.example"}, {"mdns", 90, "press.local"}, {"dns", 50, "new.example"}} {
		s.v.Learn(s.moment(), e, &firedoor.Identity{Kind: firedoor.FactName, Confidence: f.confidence, Source: f.source, Value: []byte(f.value)})
	}
	if a := s.asset(s.id(e.IP, 0)); a.Name != "press.local" || len(a.Facts) != 5 {
		t.Fatalf("conflicting facts must all be kept, the surest and latest be believed: %+v", a)
	}
}

func TestFactLimits(t *testing.T) {
	s := newScene(t, Config{MaxFacts: 20})
	e := at(ip(7), mac(7))
	s.sight(e.IP, e.MAC)
	s.fact(e, firedoor.FactSerial, "true")
	s.changes = nil
	for i := range 10_000 {
		s.fact(e, firedoor.FactSerial, fmt.Sprint("forged ", i))
		s.v.Learn(s.moment(), e, &firedoor.Identity{Kind: firedoor.FactComment, Confidence: 10, Source: fmt.Sprint("s", i%50), Value: fmt.Append(nil, i)})
	}
	a := s.asset(s.id(e.IP, 0))
	if len(a.Facts) > 21 || s.v.Stats().FactsRefused < 19_000 {
		t.Fatalf("%d facts, %+v", len(a.Facts), s.v.Stats())
	}
	if n := s.count(firedoor.ChangeIdentity); n > MaxTellings*6 || n == 0 {
		t.Fatalf("%d identity changes told in less than six hours", n)
	}
	if ipIdentifier(a, "true") == nil {
		t.Fatal("what was there first must stay")
	}
}

func TestHearsayBringsNobodyIn(t *testing.T) {
	s := newScene(t, Config{})
	s.v.Learn(s.moment(), firedoor.Endpoint{}, &firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactName, Confidence: 50,
		IP: ip(1), Source: "dns", Value: []byte("x")})
	s.v.Learn(s.moment(), at(ip(9), 0), &firedoor.Identity{Kind: firedoor.FactName, Confidence: 50, Source: "x", Value: []byte("x")})
	if count0(s.v) != 0 {
		t.Fatal("hearsay made an asset")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                    "plain",
		"  a\x00\x00b \t c  ":      "a b c",
		"\x1b[31mred\x07":          "[31mred",
		"ev\u202eil":               "ev il",
		"bad\xff\xfeutf":           "bad utf",
		"Größe":                    "Größe",
		"\x00":                     "",
		strings.Repeat("é", 200):   strings.Repeat("é", MaxValue/2),
		strings.Repeat("ab ", 100): strings.Repeat("ab ", 42) + "ab",
	} {
		if got := string(clean(nil, []byte(in))); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("a\x00b"))
	f.Add([]byte("\xe2\x80\xaeabc\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := string(clean(nil, b))
		if len(got) > MaxValue || !utf8.ValidString(got) || got != strings.TrimSpace(got) || strings.ContainsAny(got, "\x00\n\r\x1b\u202e") {
			t.Fatalf("%q", got)
		}
		if again := string(clean(nil, []byte(got))); again != got {
			t.Fatalf("%q then %q", got, again)
		}
	})
}

func TestVendor(t *testing.T) {
	for m, want := range map[firedoor.MAC]string{
		mac(1):         "Siemens",
		0x020000000001: "", // locally administered
		0x001bc5000001: "", // parted by the registry among several makers
		0x00005e000101: "", // VRRP
		0xfffffffffffe: "",
		0:              "",
		0x00000c000001: "Cisco Systems",
	} {
		if got := Vendor(m); got != want {
			t.Errorf("Vendor(%s) = %q, want %q", m, got, want)
		}
	}
}

func TestMaker(t *testing.T) {
	for name, want := range map[string]string{
		"Siemens AG,":                             "Siemens",
		"Siemens Building Technologies AG,":       "Siemens Building Technologies",
		"Siemens AG, Transportation Systems":      "Siemens AG, Transportation Systems",
		"Phoenix Contact GmbH & Co. KG":           "Phoenix Contact",
		"Siemens Convergence Creators GmbH&Co.KG": "Siemens Convergence Creators",
		"HUAWEI TECHNOLOGIES CO.,LTD":             "HUAWEI TECHNOLOGIES",
		"Hon Hai Precision Ind. Co.,Ltd.":         "Hon Hai Precision Ind",
		"Nokia Danmark A/S":                       "Nokia Danmark",
		"Rockwell Automation":                     "Rockwell Automation",
		"Foss S.p.A.":                             "Foss",
		"LG Electronics (Mobile)":                 "LG Electronics (Mobile)",
		"Hirschmann Automation -":                 "Hirschmann Automation",
		"AG":                                      "AG", ", Inc.": ", Inc", ".": "", "": "",
	} {
		if got := maker(name); got != want {
			t.Errorf("maker(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	const (
		read, write, program = firedoor.VerbRead, firedoor.VerbWrite, firedoor.VerbProgram
	)
	s := newScene(t, Config{})
	host := func(n uint32) firedoor.Endpoint { return at(ip(n), mac(n)) }
	for n := range uint32(60) {
		s.arp(ip(n), 0x020000000000|firedoor.MAC(n))
	}
	for n := uint32(1); n <= 12; n++ { // 1-12 controllers
		s.speak(host(20), host(n), "modbus", read, write) // SCADA
		s.speak(host(21), host(n), "modbus", read)        // historian
	}
	s.speak(host(22), host(1), "s7comm", read, write)
	s.speak(host(23), host(1), "s7comm", read, program)
	s.speak(host(24), host(1), "s7comm", read)
	s.speak(host(12), host(1), "s7comm", read)
	s.speak(host(25), host(30), "dns", read)
	s.speak(host(26), host(30), "dns", read)
	s.speak(host(25), host(31), "http", read)
	s.speak(host(26), host(31), "http", read)
	s.speak(host(26), host(32), "rdp", firedoor.VerbSession)
	s.speak(host(32), host(1), "modbus", read)
	s.speak(host(37), host(38), "rtps") // DDS: peers
	s.speak(host(38), host(37), "rtps")
	s.speak(host(39), host(37), "rtps")
	s.speak(host(40), host(41), "ptp", read) // a clock, and who asks it
	s.speak(host(41), host(40), "ptp", firedoor.VerbConfigure)
	s.speak(host(25), host(39), "http", read)
	s.speak(host(26), host(39), "http", read)
	s.speak(host(22), host(38), "s7comm", read, write)
	s.fact(host(33), firedoor.FactService, "_ipp._tcp")
	s.fact(host(34), firedoor.FactModel, "CPU 1516F-3 PN/DP")
	s.fact(host(35), firedoor.FactRole, "camera")
	s.fact(host(36), firedoor.FactModel, "PowerFlex 525")
	for n, want := range map[uint32]string{
		1: "plc L1 answers modbus (3 clients), s7comm (4 clients); never asks", 12: "plc L1 answers modbus to 2 clients; itself asks 1 device over s7comm",
		20: "scada-server L2 asks 12 devices over modbus and writes to 12 devices", 21: "historian L3 reads from 12 devices over modbus and never writes",
		22: "hmi L2 reads from 2 devices and writes to 2 devices over s7comm", 23: "engineering-workstation L2 programs 1 device over s7comm",
		24: "hmi L2 reads from 1 device over s7comm and never writes", 25: "workstation L4 asks over dns, http and serves no one",
		30: "dns-server L4 answers names for 2 clients", 31: "server L4 answers http to 2 clients",
		32: "jump-host L3.5 is reached over rdp and asks 1 device over modbus", 33: "printer L4 offers the service _ipp",
		34: "safety-controller L1 its description names cpu 1516f", 35: "camera L4 says so itself (test)",
		36: "drive L1 its description names powerflex", 40: "  ", 41: "  ", 42: "  ",
		37: "  ", 38: "plc L1 answers s7comm to 1 client; never asks", 39: "server L4 answers http to 2 clients",
	} {
		role, level, reason := s.v.Role(s.id(ip(n), 0))
		if got := fmt.Sprint(role, " ", level, " ", reason); got != want {
			t.Errorf("host %d is %q, want %q", n, got, want)
		}
	}
	if name, role, known := s.v.Describe(host(36)); name != "PowerFlex 525" || role != "drive" || known {
		t.Errorf("described as %q %q %v", name, role, known)
	}
}
