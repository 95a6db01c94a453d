package detect

import (
	"strconv"
	"testing"

	"firedoor"
)

func TestActs(t *testing.T) {
	const write, configure, control, program = firedoor.VerbWrite, firedoor.VerbConfigure, firedoor.VerbControl, firedoor.VerbProgram
	for _, c := range []struct {
		verb     firedoor.Verb
		function string
		want     Act
	}{
		{firedoor.VerbRead, "read coils", NoAct},
		{write, "write single register", ActWrite},
		{configure, "set clock", ActConfigure},
		{control, "plc stop", ActStop},
		{control, "pi service warm restart", ActRestart},
		{control, "reset", ActRestart},
		{control, "set cpu mode", ActMode},
		{control, "diagnostics: force listen only mode", ActSilence},
		{control, "diagnostics: restart communications option", ActRestart},
		{configure, "diagnostics: change ascii input delimiter", ActConfigure},
		{control, "force", ActForce},
		{control, "disable outputs", ActStop},
		{control, "alarm ack", ActAlarm},
		{control, "memory reset", ActDelete},
		{control, "unknown function", ActControl},
		{program, "start upload", ActUpload},
		{program, "nc request download", ActDownload},
		{program, "pi service insert block", ActDownload},
		{program, "pi service delete block", ActDelete},
		{program, "pi service copy ram to rom", ActProgram},
		{program, "initiate partial read", ActUpload},
		// UMAS counts from the controller: up is into it.
		{program, "initialize upload to plc", ActDownload},
		{program, "upload block to plc", ActDownload},
		{program, "end upload to plc", ActDownload},
		{program, "initialize download from plc", ActUpload},
		{program, "download block from plc", ActUpload},
		{program, "end download from plc", ActUpload},
		{program, "program area read", ActUpload},
		{program, "program area write", ActProgram},
		{program, "single file read", ActUpload},
		{program, "melsoft file read", ActUpload},
		{program, "read file", ActUpload},
		{program, "read application content", ActUpload},
		{program, "read or write block data", ActProgram},
		{program, "load program block", ActUpload},
		{program, "store program block", ActDownload},
		{program, "download program", ActDownload},
		{program, "load domain content", ActDownload},
		{program, "store domain content", ActUpload},
		{program, "process program load inquire", ActProgram},
	} {
		if got := ActOf(&firedoor.Operation{Verb: c.verb, Function: c.function}); got != c.want {
			t.Errorf("%s %q: act %d, want %d", c.verb, c.function, got, c.want)
		}
	}
	for a := NoAct + 1; a < numActs; a++ {
		if len(a.Techniques()) == 0 || acts[a].did == "" || acts[a].do == "" || acts[a].first == "" || acts[a].later == "" || a.Severity() < firedoor.Medium {
			t.Errorf("act %d is not described", a)
		}
	}
}

func TestNamesAreBounded(t *testing.T) {
	var n Names
	for i := range 3 * MaxNames {
		if !n.Add(strconv.Itoa(i)) {
			t.Fatalf("%d was not there", i)
		}
	}
	if n.Add("1") || n.Add("") {
		t.Error("added twice, or added nothing")
	}
	if n.Len() != 3*MaxNames || len(n.list) != MaxNames || n.String() != "0, 1, 2, 3 and "+strconv.Itoa(3*MaxNames-4)+" more" {
		t.Errorf("%d: %s", n.Len(), n.String())
	}
}

func TestFunctionsNameAProtocolOnce(t *testing.T) {
	var f Functions
	for _, s := range [][2]string{{"modbus", "read coils"}, {"modbus", "write single coil"}, {"cotp", "connect"}, {"s7comm", "plc stop"}, {"s7comm", "read szl"}} {
		f.Add(&Observation{Protocol: s[0], Operation: &firedoor.Operation{Function: s[1]}})
	}
	if got, want := f.String(), "modbus read coils, write single coil, cotp connect, s7comm plc stop and 1 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCalled(t *testing.T) {
	for _, c := range []struct {
		name, role, address string
		unknown             bool
		want                string
	}{
		{"", "plc", "10.0.0.1", false, "PLC 10.0.0.1"},
		{"FILLER", "plc", "10.0.0.1", false, "PLC FILLER (10.0.0.1)"},
		{"HMI-2", "hmi", "10.0.0.1", false, "HMI-2 (10.0.0.1)"},
		{"", "", "10.0.0.1", true, "unknown device 10.0.0.1"},
		{"", "", "", false, "a group of devices"},
		{"", "", "", true, "a group of devices"},
	} {
		if got := Called(c.name, c.role, c.address, c.unknown); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestToAll(t *testing.T) {
	end := func(ip uint32, mac firedoor.MAC) firedoor.Endpoint {
		e := firedoor.Endpoint{MAC: mac}
		if ip != 0 {
			e.IP = firedoor.IPv4(ip)
		}
		return e
	}
	for _, c := range []struct {
		words          string
		client, server firedoor.Endpoint
		want           bool
	}{
		{"a host", end(0x0a000001, 2), end(0x0a000002, 4), false},
		{"multicast", end(0x0a000001, 2), end(0xe00000fb, 0), true},
		{"directed broadcast", end(0x0a000001, 2), end(0x0a0000ff, 0), true},
		{"no MACs in the capture", end(0x0a000001, 0), end(0x0a000002, 0), false},
		{"a frame to everybody", end(0, 2), end(0, 0), true},
		{"a frame to one", end(0, 2), end(0, 4), false},
	} {
		if got := ToAll(&Observation{Client: c.client, Server: c.server}); got != c.want {
			t.Errorf("%s: %v", c.words, got)
		}
	}
}
