package device

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// serveTCP lets a server answer on a real socket of this machine and returns its
// port, and what waits until all that called have gone. One connection speaks at
// a time, as the package asks for.
func serveTCP(t *testing.T, server Server) (port string, gone func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("no socket to listen on: %v", err)
	}
	var turn sync.Mutex
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			turn.Lock()
			s := server.Accept(netip.MustParseAddrPort(c.RemoteAddr().String()).Addr())
			turn.Unlock()
			if s == nil {
				c.Close()
				continue
			}
			open.Go(func() { carry(c, s, &turn) })
		}
	})
	gone = func() { l.Close(); open.Wait() }
	t.Cleanup(gone)
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), gone
}

// carry moves bytes between a socket and a session.
func carry(c net.Conn, s Session, turn *sync.Mutex) {
	defer c.Close()
	b := make([]byte, 4096)
	for {
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		n, err := c.Read(b)
		turn.Lock()
		var out []byte
		keep := err == nil
		if keep {
			out, keep = s.Receive(time.Now().UnixNano(), b[:n], nil)
		}
		if !keep {
			s.Close()
		}
		turn.Unlock()
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return
			}
		}
		if !keep {
			return
		}
	}
}

// peer runs a program and reads the JSON it prints.
func peer(t *testing.T, into any, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v: %s%s", name, args, err, out, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("%s %v printed %q: %v", name, args, out, err)
	}
}

// same checks what a peer saw against what the memory holds.
func same(t *testing.T, saw map[string]any, holds map[string]float64, names ...string) {
	t.Helper()
	for _, n := range names {
		x, ok := saw[n].(float64)
		if b, is := saw[n].(bool); is {
			ok = true
			if b {
				x = 1
			}
		}
		if d := x - holds[n]; !ok || d > 1e-5 || d < -1e-5 {
			t.Errorf("%s: the peer saw %v, the memory holds %v", n, saw[n], holds[n])
		}
	}
}

// modbusVisited checks what both Modbus peers do in the same way.
func modbusVisited(t *testing.T, run func(port string) map[string]any) {
	t.Helper()
	m, server, _ := modbusCell(t)
	before := map[string]float64{}
	for k, v := range m.at {
		before[k] = v
	}
	port, gone := serveTCP(t, server)
	saw := run(port)
	gone()
	same(t, saw, before, "TIC101.SP", "SIC101.SP", "FQ101", "PIC101.SP", "TIC101.PV", "WT", "XV101", "ZS101")
	if saw["written"] != true || saw["exception"] != 2.0 {
		t.Errorf("written %v, exception %v", saw["written"], saw["exception"])
	}
	after := map[string]any{"TIC101.SP": 81.5, "FQ101": -42.0, "XV101": 0.0, "XV102": 1.0, "MODE": 0.0, "SIC101.SP": float64(1450&0xff | 0x100)}
	same(t, after, m.at, "TIC101.SP", "FQ101", "XV101", "XV102", "MODE", "SIC101.SP")
}

func TestPymodbusReadsAndWrites(t *testing.T) {
	python := ""
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import pymodbus").Run() == nil {
			python = p
			break
		}
	}
	if python == "" {
		t.Skip("pymodbus is not installed: apt-get install python3-pymodbus to have it read and write")
	}
	modbusVisited(t, func(port string) (saw map[string]any) {
		peer(t, &saw, python, "testdata/peers/pymodbus_peer.py", port)
		if saw["vendor"] != "Acme" {
			t.Errorf("vendor %v", saw["vendor"])
		}
		return saw
	})
}

func TestLibmodbusReadsAndWrites(t *testing.T) {
	program := filepath.Join(t.TempDir(), "peer")
	if out, err := exec.Command("gcc", "-o", program, "testdata/peers/libmodbus_peer.c", "-lmodbus").CombinedOutput(); err != nil {
		t.Skipf("no program with libmodbus: apt-get install gcc libmodbus-dev to have it read and write (%.200s)", out)
	}
	modbusVisited(t, func(port string) (saw map[string]any) {
		peer(t, &saw, program, port)
		return saw
	})
}

// nodePackage is where npm has put a package; the test is skipped where it cannot.
func nodePackage(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, name)
	cmd.Env = append(os.Environ(), "npm_config_fetch_retries=0", "npm_config_fetch_timeout=20000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s to have it read and write: %v %.200s", name, err, out)
	}
	return filepath.Join(dir, "node_modules")
}

func TestNodes7ReadsAndWrites(t *testing.T) {
	modules := nodePackage(t, "nodes7@0.3.18")
	m, _, server, _ := s7Cell(t)
	before := map[string]float64{}
	for k, v := range m.at {
		before[k] = v
	}
	var saw map[string]any
	port, gone := serveTCP(t, server)
	peer(t, &saw, "node", "testdata/peers/nodes7_peer.js", port, modules)
	gone()
	same(t, saw, before, "RUN", "CLEAN", "RATE.SP", "WEIGHT.SP", "GOOD", "LEVEL.SP", "WEIGHT", "FORMAT", "DOOR", "STEP")
	after := map[string]any{"CLEAN": 1.0, "RATE.SP": -77.0, "GOOD": 987654.0, "LEVEL.SP": 12.5, "STEP": 9.0, "RUN": 1.0}
	same(t, after, m.at, "CLEAN", "RATE.SP", "GOOD", "LEVEL.SP", "STEP", "RUN")
}

func TestStEthernetIPReadsAndWrites(t *testing.T) {
	modules := nodePackage(t, "st-ethernet-ip@2.7.5")
	m, _, server, _ := cipCell(t)
	before := map[string]float64{}
	for k, v := range m.at {
		before[k] = v
	}
	var saw struct{ Outside, Connected map[string]any }
	port, gone := serveTCP(t, server)
	peer(t, &saw, "node", "testdata/peers/enip_peer.js", port, modules)
	gone()
	same(t, saw.Outside, before, "Gripper", "Vacuum", "Step", "Cycles", "Conveyor.SP")
	before["Vacuum"], before["Step"] = 2.5, -8 // what the first visit wrote
	same(t, saw.Connected, before, "Gripper", "Vacuum", "Step", "Cycles", "Conveyor.SP")
	same(t, map[string]any{"Vacuum": 3.5, "Step": -9.0}, m.at, "Vacuum", "Step")
	if saw.Connected["name"] != "1769-L33ER" {
		t.Errorf("identity %v", saw.Connected["name"])
	}
	if server.Connections() != 0 {
		t.Errorf("%d connections are left", server.Connections())
	}
}
