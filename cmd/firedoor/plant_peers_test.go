package main

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/physics"
)

// Peers are programs of other people that read and write the virtual controllers. Each is given lines and
// prints a line for each: read PLACE gives a number, write PLACE NUMBER gives ok. A Modbus place is table,
// address and kind; an S7 place is written as nodes7 does.

const pymodbusPeer = `
import struct, sys
from pymodbus.client import ModbusTcpClient
c = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]))
if not c.connect():
    sys.exit("no connection")
forms = {"int16": ">h", "uint16": ">H", "int32": ">i", "float32": ">f"}
for line in sys.stdin:
    word, table, address, kind, *value = line.split()
    address = int(address)
    if word == "write":
        if kind == "bool":
            r = c.write_coil(address, value[0] == "1", slave=1)
        else:
            x = float(value[0]) if kind == "float32" else int(value[0])
            b = struct.pack(forms[kind], x)
            r = c.write_registers(address, list(struct.unpack(">%dH" % (len(b) // 2), b)), slave=1)
        print("error" if r.isError() else "ok")
    elif kind == "bool":
        r = (c.read_coils if table == "coil" else c.read_discrete_inputs)(address, 1, slave=1)
        print("error" if r.isError() else int(r.bits[0]))
    else:
        n = struct.calcsize(forms[kind]) // 2
        r = (c.read_holding_registers if table == "holding" else c.read_input_registers)(address, n, slave=1)
        print("error" if r.isError() else struct.unpack(forms[kind], struct.pack(">%dH" % n, *r.registers))[0])
c.close()
`

const libmodbusPeer = `
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	char word[16], table[16], kind[16];
	int at, ok;
	double x;
	float real;
	uint32_t raw;
	modbus_t *m = modbus_new_tcp("127.0.0.1", argc > 1 ? atoi(argv[1]) : 0);
	modbus_set_slave(m, 1);
	if (modbus_connect(m) != 0)
		return 1;
	while (scanf("%15s %15s %d %15s", word, table, &at, kind) == 4) {
		uint16_t r[2] = {0, 0};
		uint8_t bit = 0;
		int n = strcmp(kind, "int32") == 0 || strcmp(kind, "float32") == 0 ? 2 : 1;
		if (strcmp(word, "write") == 0) {
			if (scanf("%lf", &x) != 1)
				return 1;
			if (strcmp(kind, "float32") == 0)
				real = (float)x, memcpy(&raw, &real, 4); /* some versions of the library swap here */
			else
				raw = (uint32_t)(int32_t)x;
			if (n == 2)
				r[0] = (uint16_t)(raw >> 16), r[1] = (uint16_t)raw;
			else
				r[0] = (uint16_t)raw;
			ok = strcmp(kind, "bool") == 0 ? modbus_write_bit(m, at, x != 0) : modbus_write_registers(m, at, n, r);
			puts(ok == -1 ? "error" : "ok");
			continue;
		}
		if (strcmp(kind, "bool") == 0)
			ok = strcmp(table, "coil") == 0 ? modbus_read_bits(m, at, 1, &bit) : modbus_read_input_bits(m, at, 1, &bit);
		else
			ok = strcmp(table, "holding") == 0 ? modbus_read_registers(m, at, n, r) : modbus_read_input_registers(m, at, n, r);
		if (ok == -1)
			puts("error");
		else if (strcmp(kind, "bool") == 0)
			printf("%d\n", bit);
		else if (strcmp(kind, "float32") == 0)
			printf("%.9g\n", modbus_get_float_abcd(r));
		else if (n == 2)
			printf("%d\n", (int32_t)((uint32_t)r[0] << 16 | r[1]));
		else
			printf("%d\n", strcmp(kind, "uint16") == 0 ? r[0] : (int16_t)r[0]);
	}
	modbus_close(m);
	modbus_free(m);
	return 0;
}
`

const nodes7Peer = `
const NodeS7 = require(process.argv[2] + '/nodes7');
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n').map((l) => l.split(' '));
const plc = new NodeS7({ silent: true });
const fail = (what, err) => { console.error(what, err); process.exit(1); };
setTimeout(() => fail('no answer in time', ''), 30000).unref();
plc.initiateConnection({ port: Number(process.argv[3]), host: '127.0.0.1', rack: 0, slot: 2, timeout: 10000 }, (err) => {
  if (err) fail('connect', err);
  const out = lines.map(() => 'ok');
  const reads = lines.filter((l) => l[0] === 'read').map((l) => l[1]);
  const writes = lines.filter((l) => l[0] === 'write');
  const done = () => { console.log(out.join('\n')); plc.dropConnection(() => process.exit(0)); };
  const write = () => {
    if (writes.length === 0) return done();
    const values = writes.map((l) => (l[1].includes(',X') ? l[2] === '1' : Number(l[2])));
    plc.writeItems(writes.map((l) => l[1]), values, (bad) => (bad ? fail('write', bad) : done()));
  };
  if (reads.length === 0) return write();
  plc.addItems(reads);
  plc.readAllItems((bad, seen) => {
    if (bad) fail('read', JSON.stringify(seen));
    lines.forEach((l, i) => { if (l[0] === 'read') out[i] = Number(seen[l[1]]); });
    write();
  });
});
`

// peer is a program that talks to a port.
type peer struct {
	name    string
	command func(port string) *exec.Cmd
}

// talk gives a peer its lines and returns what it printed for each.
func (p *peer) talk(t *testing.T, port string, lines []string) []string {
	t.Helper()
	cmd := p.command(port)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	answers := strings.Fields(string(out))
	if err != nil || len(answers) != len(lines) {
		t.Fatalf("%s: %v, %d answers to %d lines: %s%s", p.name, err, len(answers), len(lines), stderr.String(), out)
	}
	return answers
}

func pymodbus(t *testing.T) *peer {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "from pymodbus.client import ModbusTcpClient").Run() == nil {
			return &peer{"pymodbus", func(port string) *exec.Cmd { return exec.Command(python, "-c", pymodbusPeer, port) }}
		}
	}
	t.Skip("pymodbus is not installed: apt-get install python3-pymodbus to have it read and write the virtual controllers")
	return nil
}

func libmodbus(t *testing.T) *peer {
	t.Helper()
	program := filepath.Join(t.TempDir(), "peer")
	if out, err := exec.Command("gcc", "-o", program, write(t, "peer.c", []byte(libmodbusPeer)), "-lmodbus").CombinedOutput(); err != nil {
		t.Skipf("no program with libmodbus: apt-get install gcc libmodbus-dev to have it read and write the virtual controllers (%.300s)", out)
	}
	return &peer{"libmodbus", func(port string) *exec.Cmd { return exec.Command(program, port) }}
}

func nodes7(t *testing.T) *peer {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "nodes7@0.3.18")
	cmd.Env = append(os.Environ(), "npm_config_fetch_retries=0", "npm_config_fetch_timeout=20000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install nodes7 to have it read and write the virtual controllers: %v %.300s", err, out)
	}
	script, modules := write(t, "peer.js", []byte(nodes7Peer)), filepath.Join(dir, "node_modules")
	return &peer{"nodes7", func(port string) *exec.Cmd { return exec.Command("node", script, modules, port) }}
}

// served is the virtual controllers on free ports; their processes only go on when a test lets them.
type served struct {
	*exposed
	at map[string]string // address of each controller, by name
}

func serve(t testing.TB) *served {
	t.Helper()
	f, err := factory.New(factory.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &served{&exposed{f: f}, map[string]string{}}
	t.Cleanup(s.close)
	for _, c := range f.Controllers() {
		c.Port = 0
		if s.at[c.Name], err = s.listen(t.Context(), netip.MustParseAddr("127.0.0.1"), c, 0); err != nil {
			t.Skipf("no socket to listen on: %v", err)
		}
	}
	s.steps(1200)
	return s
}

// steps lets some seconds pass in the processes.
func (s *served) steps(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.f.Physics().Step()
	}
}

func (s *served) port(controller string) string {
	return s.at[controller][strings.LastIndexByte(s.at[controller], ':')+1:]
}

// value is what a tag holds now.
func (s *served) value(t *testing.T, controller, tag string) float64 {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.f.Physics().Controller(controller).Tag(tag)
	if x == nil {
		t.Fatalf("there is no %s in %s", tag, controller)
	}
	return x.Value
}

// placed is a tag with the place where a peer finds it, and what one unit of it is there.
type placed struct {
	tag   *physics.Tag
	place string
	unit  float64
}

// onModbus gives the places of a controller's tags in the Modbus tables: in their order, those that can be written in
// coils and holding registers, the others in discrete inputs and input registers; reals as whole numbers in tenths and
// the like, or, where reals is set, as floating point; counters and what is larger than 16 bits in two registers.
func onModbus(c *physics.Controller, reals bool) (list []placed) {
	next := map[string]int{}
	for _, x := range c.Tags {
		kind, table, unit, words := kindOf(x, reals), "input", x.Scale, 1
		switch {
		case kind == "bool" && x.Role.Writable():
			table = "coil"
		case kind == "bool":
			table = "discrete"
		case x.Role.Writable():
			table = "holding"
		}
		if kind == "float32" {
			unit = 1
		}
		if kind == "int32" || kind == "float32" {
			words = 2
		}
		list = append(list, placed{x, fmt.Sprintf("%s %d %s", table, next[table], kind), unit})
		next[table] += words
	}
	return list
}

// kindOf is how a tag's value is written.
func kindOf(x *physics.Tag, reals bool) string {
	most := max(math.Abs(x.Max), math.Abs(x.Min)) * x.Scale
	switch {
	case x.Type == physics.Bool:
		return "bool"
	case x.Role == physics.Counter:
		return "int32"
	case x.Type == physics.Real && reals:
		return "float32"
	case most > math.MaxInt16 && x.Min >= 0 && most <= math.MaxUint16:
		return "uint16"
	case most > math.MaxInt16:
		return "int32"
	}
	return "int16"
}

// onS7 gives the places of a controller's tags in the data blocks of an S7 CPU: 10 for what can be written, 12 for
// counters, 11 for the rest, in their order and on even bytes.
func onS7(c *physics.Controller) (list []placed) {
	next := map[int]int{}
	for _, x := range c.Tags {
		block := 11
		switch {
		case x.Role.Writable():
			block = 10
		case x.Role == physics.Counter:
			block = 12
		}
		form, size, unit := "INT%d", 2, x.Scale
		switch kindOf(x, true) {
		case "bool":
			form = "X%d.0"
		case "int32", "uint16":
			form, size = "DINT%d", 4
		case "float32":
			form, size, unit = "REAL%d", 4, 1
		}
		list = append(list, placed{x, fmt.Sprintf("DB%d,"+form, block, next[block]), unit})
		next[block] += size
	}
	return list
}

// visited holds that a peer reads every tag of a controller as the process has it, and that what it writes to one is
// acted upon: its follower comes near. The processes stand still while the peer reads.
func visited(t *testing.T, s *served, p *peer, controller string, tags []placed, setpoint string, to float64, follower string, seconds int) {
	t.Helper()
	lines := make([]string, len(tags))
	for i, x := range tags {
		lines[i] = "read " + x.place
	}
	for i, answer := range p.talk(t, s.port(controller), lines) {
		x := tags[i]
		got, err := strconv.ParseFloat(answer, 64)
		want := s.value(t, controller, x.tag.Name)
		if err != nil || math.Abs(got/x.unit-want) > 1e-6*max(1, math.Abs(want)) {
			t.Errorf("%s reads %s at %s of %s: %s (%g to the unit); the process has %g", p.name, x.tag.Name, x.place, controller, answer, x.unit, want)
		}
	}
	for _, x := range tags {
		if x.tag.Name == setpoint {
			before := s.value(t, controller, follower)
			if answer := p.talk(t, s.port(controller), []string{fmt.Sprintf("write %s %g", x.place, to*x.unit)}); answer[0] != "ok" {
				t.Fatalf("%s writes %s: %v", p.name, setpoint, answer)
			}
			if got := s.value(t, controller, setpoint); math.Abs(got-to) > 1e-6 {
				t.Errorf("%s wrote %g to %s, the controller has %g", p.name, to, setpoint, got)
			}
			s.steps(seconds)
			after := s.value(t, controller, follower)
			if math.Abs(after-to) > 0.05*to || math.Abs(before-to) < 0.1*to {
				t.Errorf("%s set %s to %g: %s was %g and is %g after %d s", p.name, setpoint, to, follower, before, after, seconds)
			}
		}
	}
}

func TestPlantServedToPymodbus(t *testing.T) {
	p, s := pymodbus(t), serve(t)
	visited(t, s, p, "mixer-1-plc", onModbus(s.f.Physics().Controller("mixer-1-plc"), false), "SIC101.SP", 80, "SIC101.PV", 60)
	visited(t, s, p, "boiler-plc", onModbus(s.f.Physics().Controller("boiler-plc"), true), "PIC301.SP", 6.5, "PIC301.PV", 3600)
	visited(t, s, p, "vision-box", onModbus(s.f.Physics().Controller("vision-box"), false), "", 0, "", 0)
}

func TestPlantServedToLibmodbus(t *testing.T) {
	p, s := libmodbus(t), serve(t)
	visited(t, s, p, "mixer-2-plc", onModbus(s.f.Physics().Controller("mixer-2-plc"), false), "SIC101.SP", 70, "SIC101.PV", 60)
	visited(t, s, p, "boiler-plc", onModbus(s.f.Physics().Controller("boiler-plc"), true), "PIC301.SP", 6.5, "PIC301.PV", 3600)
	for _, name := range []string{"mixer-1-drive", "boiler-safety", "power-meter", "utility-plc"} {
		visited(t, s, p, name, onModbus(s.f.Physics().Controller(name), false), "", 0, "", 0)
	}
}

func TestPlantServedToNodes7(t *testing.T) {
	p, s := nodes7(t), serve(t)
	visited(t, s, p, "filler-plc", onS7(s.f.Physics().Controller("filler-plc")), "SPEED.SP", 90, "SPEED.PV", 60)
	visited(t, s, p, "capper-plc", onS7(s.f.Physics().Controller("capper-plc")), "RATE.SP", 110, "RATE.PV", 60)
}
