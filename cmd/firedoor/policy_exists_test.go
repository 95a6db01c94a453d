package main

import (
	"fmt"
	"strings"
	"testing"
)

const existsPolicy = `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: 10.0.1.0/24}
  cell: {addresses: 10.0.2.0/24}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    default: pass
    never-block:
      reviewed: {by: A, on: 2026-11-26}
      rules:
        - {%s}
`

// TestPolicyNamesWhatExists holds that a rule about what no request can have is an error with
// line, key and what may be meant; and that what may exist is none.
func TestPolicyNamesWhatExists(t *testing.T) {
	const at = "15: conduits.down.never-block.rules[0]."
	for _, c := range []struct{ rule, want string }{
		{"protocol: modbus, function: write single regster", `function: modbus has no function "write single regster": did you mean "write single register"?`},
		{"protocol: modbus, function: stop plc", `function: modbus has no function "stop plc"`},
		{"protocol: s7comm, function: write single register", `function: s7comm has no function "write single register"`},
		{"function: write single regster", `function: no protocol has a function "write single regster": did you mean "write single register"?`},
		{"protocol: bacnet, function: write propertys", `function: bacnet has no function "write propertys": did you mean "write property"?`},
		{"protocol: modbus, code: 999", "code: 999 is no code of modbus: they end at 255"},
		{"protocol: umas, code: 256", "code: 256 is no code of umas: they end at 255"},
		{"protocol: modbus, unit: 300", "unit: 300 is no unit of modbus: they end at 255"},
		{`protocol: modbus, object: "holdng:0-40"`, `object: modbus has no object "holdng:0-40": did you mean "holding:0-40"?`},
		{"protocol: modbus, object: coils:17", `object: modbus has no object "coils:17": did you mean "coil:17"?`},
		{"protocol: modbus, object: coils:*", `object: modbus has no object "coils:*": did you mean "coil:*"?`},
		{"protocol: modbus, object: DB1.*", `object: modbus has no object "DB1.*": they begin with coil, device-id,`},
		{"protocol: modbus, object: Motor", `object: modbus has no object "Motor": they begin with coil, device-id,`},
		{`protocol: modbus, object: "holding:0-70000"`, `object: "holding:0-70000" goes beyond holding:65535, the last there is`},
		{"protocol: modbus, object: coil:65536", `object: "coil:65536" goes beyond coil:65535, the last there is`},

		{"protocol: modbus, port: icmp", "port: ICMP carries no modbus"},
		{"protocol: [s7comm, modbus], port: [502, icmp6]", "port: ICMP carries no s7comm"},
		{"port: icmp", ""},

		{"function: write single register", ""},
		{"function: stop plc", ""},
		{"protocol: umas, function: stop plc", ""},
		{"protocol: [modbus, umas], function: [stop plc, read coils]", ""},
		{"protocol: [s7comm, modbus], function: write single register, code: 999, unit: 300, object: DB1.*", ""},
		{"protocol: modbus, function: [read device identification, canopen general reference, function 66]", ""},
		{"protocol: modbus, code: 255, unit: 255, object: [\"holding:0-65535\", \"hold*\", \"*\", \"\", \"file:4/record:1\", \"memory-block:19/100\"]", ""},
		{"protocol: mqtt, object: \"topic:plant/line3/#\"", ""},
		{"protocol: opcua, object: [\"ns=2;s=Tank.Level\", \"i=2258\"]", ""},
		{"protocol: enip, object: Tank_Level", ""},
		{"protocol: cip, object: [Tank_Level, \"Program:Main.Speed\"]", ""},
		{"protocol: s7comm, object: [DB1.DBX0.0, M10.0, \"DB*\"], function: connect", ""},
		{"protocol: bacnet, object: [\"analog-input:1\"], function: write property (priority 8)", ""},
		{"code: 999, unit: 300, object: holdng:1", ""},
	} {
		path := write(t, "policy.yaml", []byte(fmt.Sprintf(existsPolicy, c.rule)))
		o := run(t, "policy", "check", path)
		switch {
		case c.want == "" && (o.status != 0 || strings.Contains(o.stdout, "unknown")):
			t.Errorf("%s: status %d\n%s%s", c.rule, o.status, o.stdout, o.err)
		case c.want != "" && (o.status != exitUsage || !strings.Contains(o.err, at+c.want)):
			t.Errorf("%s: status %d\n%s%s", c.rule, o.status, o.stdout, o.err)
		}
	}
}

// TestPolicyDoubtsFunction holds that a function of a protocol that has others than are listed is
// told and no error.
func TestPolicyDoubtsFunction(t *testing.T) {
	path := write(t, "policy.yaml", []byte(fmt.Sprintf(existsPolicy, "protocol: bacnet, function: write single register")))
	o := run(t, "policy", "check", path)
	if o.status != 0 || !strings.Contains(o.stdout, `:15: unknown: conduits.down.never-block.rules[0].function: bacnet has no function "write single register" that is known`) {
		t.Errorf("status %d\n%s%s", o.status, o.stdout, o.err)
	}
}

// TestPolicyNamesWhatNeverMatches holds that a rule which no request matches, though each thing that it
// names is one, is told; and that functions which are never listed by a code, and are learned, are known.
func TestPolicyNamesWhatNeverMatches(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"protocol: modbus, function: write single register, code: 5", "never: conduits.down.never-block.rules[0].function: no request matches: write single register of modbus has code 6"},
		{"protocol: modbus, function: [read coils, write single coil], code: [2, 6]", "no request matches: read coils of modbus has code 1, write single coil of modbus has code 5"},
		{"protocol: modbus, object: holding:40, value: -100..680, verb: write", "signed: conduits.down.never-block.rules[0].value: registers of modbus"},
		{"protocol: modbus, object: holding:40, value: -100..680, verb: write, as: i16", ""},
		{"protocol: s7comm, object: DB1.DBW4, value: -100..680, verb: write", ""},

		{"protocol: opcua, function: unknown service, code: 9999", ""},
		{"protocol: modbus, function: write single register, verb: [read, write], code: [5, 6]", ""},
		{"protocol: modbus, function: read/write multiple registers, verb: write, code: 23", ""},
		{"protocol: fins, function: memory area transfer, verb: read", ""},
		{"protocol: iec104, function: [start data transfer, stop data transfer, test frame]", ""},
		{"protocol: dlms, function: [get next, get with list]", ""},
		{"protocol: codesys, function: address request", ""},
		{"protocol: tristation, function: [connect, disconnect]", ""},
		{"protocol: fins, function: node address", ""},
	} {
		path := write(t, "policy.yaml", []byte(fmt.Sprintf(existsPolicy, c.rule)))
		o := run(t, "policy", "check", path)
		told := strings.Contains(o.stdout, ":15: never: ") || strings.Contains(o.stdout, ":15: signed: ") || strings.Contains(o.stdout, ":15: unknown: ")
		if o.status != 0 || c.want == "" && told || !strings.Contains(o.stdout, c.want) {
			t.Errorf("%s: status %d\n%s%s", c.rule, o.status, o.stdout, o.err)
		}
	}
}

// TestPolicyNamesWhoRefuses holds that a protocol of which no device could refuse anything is an error
// where it is said, with what was meant.
func TestPolicyNamesWhoRefuses(t *testing.T) {
	for protocol, want := range map[string]string{"modbuss": `:4: hosts.plc.refuses: no protocol is named "modbuss": did you mean "modbus"?`, "modbus": "", "iec104": "",
		"s7comm": ":4: hosts.plc.refuses: a gateway can have no device refuse s7comm: only modbus or iec104. Leave it out: then instead holds",
		"umas":   ":4: hosts.plc.refuses: a gateway can have no device refuse umas", "goose": ":4: hosts.plc.refuses: a gateway can have no device refuse goose"} {
		text := fmt.Sprintf("policy: 1\notherwise: {mode: test}\nhosts:\n  plc: {address: 10.0.2.1, refuses: %s}\nzones:\n  cell: {hosts: plc}\n", protocol)
		o := run(t, "policy", "check", write(t, "policy.yaml", []byte(text)))
		if want == "" && o.status != 0 || want != "" && (o.status != exitUsage || !strings.Contains(o.err, want)) {
			t.Errorf("%s: status %d\n%s%s", protocol, o.status, o.stdout, o.err)
		}
	}
}

// TestPolicyOtherwiseOpen holds that what stands beside a conduit that enforces, and stops
// nothing, is told.
func TestPolicyOtherwiseOpen(t *testing.T) {
	text := fmt.Sprintf(existsPolicy, "protocol: modbus, object: coil:17")
	const was, told = "otherwise: {mode: enforce, default: drop}\n", "otherwise: conduit down enforces, but otherwise has mode"
	for _, c := range []struct {
		is, conduit string
		told        bool
	}{
		{was, "mode: enforce\n    default", false},
		{"otherwise: {mode: enforce, default: reset}\n", "mode: enforce\n    default", false},
		{"otherwise: {mode: test, default: drop}\n", "mode: enforce\n    default", true},
		{"otherwise: {mode: observe, default: drop}\n", "mode: enforce\n    default", true},
		{"otherwise: {mode: enforce, default: pass}\n", "mode: enforce\n    default", true},
		{"", "mode: enforce\n    default", true},
		{"", "mode: test\n    default", false},
	} {
		changed := strings.Replace(strings.Replace(text, was, c.is, 1), "mode: enforce\n    default", c.conduit, 1)
		o := run(t, "policy", "check", write(t, "policy.yaml", []byte(changed)))
		if o.status != 0 || strings.Contains(o.stdout, told) != c.told {
			t.Errorf("%q, %q: status %d\n%s%s", c.is, c.conduit, o.status, o.stdout, o.err)
		}
	}
}
