package main

import (
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/config"
	"firedoor/internal/sensor"
)

func TestCheckSaysWhatWouldRun(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`
site: bottling
capture: {interfaces: [lo, no-such-if], ring_size: 64MiB}
learn: {for: 7d, new_device_for: 24h}
data: {dir: /var/lib/firedoor}
`, `sensor sensor-1 of site bottling on lo, no-such-if
learns for 7d of traffic, and 1d from each new device
journal of the last 30d, at most 2GiB
learned state saved every 5s
console of site bottling on http://127.0.0.1:8440, allowing what its one-time link opened for 12h
data in /var/lib/firedoor, leaving 256MiB of the disk free
records within this process, at most 256MiB on the disk
log from level info on, as text, to standard error
Note: no-such-if is no interface of this machine
`},
		{`
roles: [sensor]
capture: {files: [no-such.pcap], speed: 2.5, loop: true}
learn: {for: 20%}
uplink: {listen: "127.0.0.1:4222"}
log: {file: f.log, level: debug, format: json}
confine: {enabled: false}
`, `sensor sensor-1 of site plant playing no-such.pcap at 2.5 times the speed, over and over
learns from the first 20% of the frames
journal of the last 30d, at most 2GiB
learned state saved every 5s
data in firedoor-data, leaving 256MiB of the disk free
records offered on 127.0.0.1:4222, at most 256MiB on the disk
log from level debug on, as json, to f.log, a new file every 10MiB, the last 5 kept
NOT confined: the process keeps all its rights
Note: no-such.pcap cannot be read on this machine: no such file or directory
`},
		{`
roles: [console]
uplink: {url: "tls://hub.example:4222"}
`, `console of site plant on http://127.0.0.1:8440, allowing what its one-time link opened for 12h
data in firedoor-data, leaving 256MiB of the disk free
records by way of tls://hub.example:4222
log from level info on, as text, to standard error
`},
		{`
learn: {for: until-told}
`, `sensor sensor-1 of site plant
learns until told to stop
journal of the last 30d, at most 2GiB
learned state saved every 5s
console of site plant on http://127.0.0.1:8440, allowing what its one-time link opened for 12h
data in firedoor-data, leaving 256MiB of the disk free
records within this process, at most 256MiB on the disk
log from level info on, as text, to standard error
Note: neither capture.interfaces nor capture.files says where frames come from: run needs --interface or --capture then
`},
	} {
		path := write(t, "plant.yaml", []byte(c.text))
		head := path + " is fine. With it, firedoor would run like this:\n"
		got, ok := strings.CutPrefix(works(t, "check", path).stdout, head)
		if got = strings.ReplaceAll(got, "  ", ""); !ok || got != c.want {
			t.Errorf("check says\n%s\nwant\n%s", got, c.want)
		}
	}
}

// TestCheckNamesEveryProblem: each as file:line: key: text, and status 2.
func TestCheckNamesEveryProblem(t *testing.T) {
	path := write(t, "plant.yaml", []byte("site: plant\ncapture:\n  interfaces: [eth1, eth1]\n  ringsize: 1MiB\nconsole:\n  listen: 0.0.0.0:80\n"))
	o := run(t, "check", path)
	for _, line := range []string{
		path + ":3: capture.interfaces[1]: stands twice in the list: its packets would be counted twice\n",
		path + ":4: capture.ringsize: unknown key; did you mean capture.ring_size?\n",
		path + `:6: console.listen: "0.0.0.0:80" would be reachable from other machines: only 127.0.0.1 and [::1] are allowed` + "\n",
	} {
		if !strings.Contains("\n"+o.err, "\n"+line) {
			t.Errorf("check does not say %q, but\n%s", line, o.err)
		}
	}
	if o.status != exitUsage || o.stdout != "" || strings.Count(o.err, path+":") != 3 {
		t.Errorf("exit status %d, standard output %q, messages\n%s", o.status, o.stdout, o.err)
	}
}

func TestCheckUsage(t *testing.T) {
	good := write(t, "plant.yaml", nil)
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	for _, c := range [][]string{ // the last is what the message must name
		{"check", "check: no configuration given"},
		{"check", "", "check: no configuration given"},
		{"check", missing, missing + ": cannot be read: no such file or directory"},
		{"check", "--default", good, good},
		{"check", "--defaults", "--defaults"},
		{"check", good, good, good},
	} {
		args, name := c[:len(c)-1], c[len(c)-1]
		o := run(t, args...)
		if o.status != exitUsage || o.stdout != "" || !strings.Contains(o.err, name) {
			t.Errorf("firedoor %s: exit status %d, standard output %q, and the message does not name %q:\n%s",
				strings.Join(args, " "), o.status, o.stdout, name, o.err)
		}
	}
}

// TestDefaultConfigurationLoads: what --default prints is a configuration, and
// says what is so without one.
func TestDefaultConfigurationLoads(t *testing.T) {
	text := works(t, "check", "--default").stdout
	whole := works(t, "check", write(t, "firedoor.yaml", []byte(text))).stdout
	empty := works(t, "check", write(t, "firedoor.yaml", nil)).stdout
	_, whole, _ = strings.Cut(whole, "\n")
	_, empty, _ = strings.Cut(empty, "\n")
	if whole != empty || whole == "" {
		t.Errorf("the default file means\n%s\nan empty one\n%s", whole, empty)
	}
}

// TestShardsOfTheConfiguration: the file allows as many as the sensor has use for.
func TestShardsOfTheConfiguration(t *testing.T) {
	c := config.Default()
	c.Shards = sensor.MaxShards
	if problems := c.Check(); len(problems) > 0 {
		t.Error(problems)
	}
	c.Shards++
	if problems := c.Check(); len(problems) != 1 {
		t.Errorf("%d shards have %v for problems", c.Shards, problems)
	}
}
