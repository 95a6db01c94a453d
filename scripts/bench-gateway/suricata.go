package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"firedoor/internal/testbed"
)

// errMissing says that a program is not here; what needs it is left out.
var errMissing = errors.New("not installed: scripts/tools bench installs it")

const suricataPath = "suricata"

// suricata is Suricata between the two ports as its manual sets it up for prevention
// (AF_PACKET, copy-mode ips), with the distribution's configuration, Modbus on, and no rules.
func suricata(b *testbed.Bed, _ string, o *options) (string, func(), error) {
	program, err := exec.LookPath("suricata")
	if err != nil {
		return suricataPath, nil, errMissing
	}
	const config = "/etc/suricata/suricata.yaml"
	if _, err := os.Stat(config); err != nil {
		return suricataPath, nil, errMissing
	}
	logs, err := os.MkdirTemp("", "bench-gateway")
	if err != nil {
		return suricataPath, nil, err
	}
	args := []string{"-c", config, "--af-packet", "-S", "/dev/null", "-l", logs, "--pidfile", filepath.Join(logs, "pid"), "-vv"}
	set := func(key, value string) { args = append(args, "--set", key+"="+value) }
	for i, ports := range [][2]string{{b.Client.Port, b.Server.Port}, {b.Server.Port, b.Client.Port}} {
		at := fmt.Sprintf("af-packet.%d.", i)
		set(at+"interface", ports[0])
		set(at+"copy-iface", ports[1])
		set(at+"copy-mode", "ips")
		set(at+"cluster-id", strconv.Itoa(98-i))
		set(at+"cluster-type", "cluster_flow")
		set(at+"threads", "1") // one for each direction, as many as there are cores here
		set(at+"defrag", "no")
		set(at+"use-mmap", "yes")
	}
	set("app-layer.protocols.modbus.enabled", "yes")
	set("app-layer.protocols.modbus.detection-ports.dp", strconv.Itoa(port))
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return suricataPath, nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return suricataPath, nil, err
	}
	free := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		_ = os.RemoveAll(logs)
	}
	err = untilStarted(out)
	if err == nil {
		err = reaches(b)
	}
	if err != nil {
		free()
		return suricataPath, nil, err
	}
	return suricataPath, free, nil
}

// untilStarted waits until Suricata says that its engine runs.
func untilStarted(out io.Reader) error {
	started, said := make(chan bool, 1), ""
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if said += lines.Text() + "\n"; strings.Contains(lines.Text(), "Engine started") {
				started <- true
				_, _ = io.Copy(io.Discard, out)
				return
			}
		}
		started <- false
	}()
	select {
	case ok := <-started:
		if !ok {
			return fmt.Errorf("it did not start:\n%s", said)
		}
		return nil
	case <-time.After(2 * time.Minute):
		return errors.New("it does not start in two minutes")
	}
}

// reaches waits until frames come through: the client hears that nobody listens.
func reaches(b *testbed.Bed) error {
	where := net.JoinHostPort(b.Server.IP4.String(), strconv.Itoa(port))
	var err error
	for range 50 {
		err = b.Client.Do(func() error {
			c, err := net.DialTimeout("tcp", where, 200*time.Millisecond)
			if err == nil {
				_ = c.Close()
			}
			return err
		})
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("nothing comes through: %w", err)
}
