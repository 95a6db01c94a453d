package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"firedoor/internal/written"
)

// problemsOf are the problems of a file as lines without its name.
func problemsOf(text string) (out []string) {
	_, problems := Parse("f", []byte(text))
	for _, p := range problems {
		out = append(out, strings.TrimPrefix(p.String(), "f:"))
	}
	return out
}

func TestDefaults(t *testing.T) {
	want := Default()
	for name, text := range map[string]string{"the default file": string(DefaultFile()), "an empty file": "", "comments": "# nothing\n\n",
		"empty sections": "capture:\n  # interfaces: [eth1]\nlog:\ndata:\n  journal:\n"} {
		c, problems := Parse("f", []byte(text))
		if c == nil || !reflect.DeepEqual(withoutEmptyLists(*c), want) {
			t.Errorf("%s does not read as the default, but as %+v with %v", name, c, problems)
		}
	}
	if problems := want.Check(); len(problems) > 0 {
		t.Errorf("the default is wrong by its own rules: %v", problems)
	}
}

func withoutEmptyLists(c Config) Config {
	for _, list := range []*[]string{&c.Roles, &c.Capture.Interfaces, &c.Capture.Files} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return c
}

// TestEveryKey sets every key to something that is not its default, and sees
// that it arrives where it belongs.
func TestEveryKey(t *testing.T) {
	c, problems := Parse("f", []byte(`
site: werk_2
roles: [console]
shards: 3
sensor: {name: s7, points: /etc/firedoor/plant.csv}
capture:
  interfaces: [eth1, "eth2.7"]
  files: [a.pcap, "/b c.pcapng"]
  speed: 2.5
  loop: true
  fanout: 4
  ring_size: 64MiB
  promiscuous: false
learn: {for: 1d12h, new_device_for: 90m}
data:
  dir: /var/lib/firedoor
  snapshot_every: 1500ms
  min_free: 1TiB
  journal: {keep: 7d, max_size: 512MiB}
console: {listen: "[::1]:0", session_for: 30m, gateways: [/var/lib/gate]}
uplink: {url: "tls://hub.example:4222", max_size: 30MiB, token_file: /etc/firedoor/token}
log: {level: debug, format: json, file: /var/log/firedoor.log, max_size: 64KiB, keep: 1}
confine: {enabled: false}
`))
	if len(problems) > 0 {
		t.Fatal(written.Problems(problems))
	}
	want := Config{
		Site: "werk_2", Roles: []string{"console"}, Shards: 3, Sensor: Sensor{"s7", "/etc/firedoor/plant.csv"},
		Capture: Capture{[]string{"eth1", "eth2.7"}, []string{"a.pcap", "/b c.pcapng"}, 2.5, true, 4, 64 << 20, false},
		Learn:   Learn{Learning{Time: 36 * time.Hour}, 90 * time.Minute},
		Data:    Data{"/var/lib/firedoor", 1500 * time.Millisecond, 1 << 40, Journal{7 * written.Day, 512 << 20}},
		Console: Console{"[::1]:0", 30 * time.Minute, []string{"/var/lib/gate"}},
		Uplink:  Uplink{URL: "tls://hub.example:4222", MaxSize: 30 << 20, TokenFile: "/etc/firedoor/token"},
		Log:     Log{"debug", "json", "/var/log/firedoor.log", 64 << 10, 1},
	}
	if !reflect.DeepEqual(*c, want) {
		t.Errorf("read\n%+v, want\n%+v", *c, want)
	}
	d := Default()
	defaults := map[string]any{}
	eachKey(sectionOf(&d), "", func(name string, f field) { defaults[name] = f.value.Interface() })
	eachKey(sectionOf(c), "", func(name string, f field) {
		if name != "uplink.listen" && !f.isSection() && reflect.DeepEqual(f.value.Interface(), defaults[name]) {
			t.Errorf("%s: the test does not set it: add it to the file above", name)
		}
	})
}

// TestProblems: every kind of slip is told with its key and line.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"site: plant\ncaptures: 1\n", []string{"2: captures: unknown key; did you mean capture?"}},
		{"capture:\n  interface: [eth1]\n", []string{"2: capture.interface: unknown key; did you mean capture.interfaces?"}},
		{"listen: 127.0.0.1:1\n", []string{"1: listen: unknown key; did you mean console.listen or uplink.listen?"}},
		{"zzzzzz: 1\n", []string{"1: zzzzzz: unknown key"}},
		{"\"\\e[2J\": 1\n", []string{`1: "\x1b[2J": unknown key`}},
		{"site: a\nlog: {}\nsite: b\n", []string{"3: site: stands twice; first in line 1"}},
		{"data:\n  dir: a\n  dir: a\n", []string{"3: data.dir: stands twice; first in line 2"}},
		{"site: 5\n", []string{`1: site: "5" must be text: put it in quotes`}},
		{"site: true\n", []string{`1: site: "true" must be text: put it in quotes`}},
		{"site:\n", []string{"1: site: has no value: give text, or leave the line out"}},
		{"site: [a]\n", []string{"1: site: must be one value: text"}},
		{"site: a b\n", []string{`1: site: "a b" may hold letters (a-z, A-Z), digits, - and _ only`}},
		{"site: ''\n", []string{"1: site: is empty: give it a name"}},
		{"site: " + strings.Repeat("a", 33) + "\n", []string{"1: site: is too long: at most 32 letters"}},
		{"shards: 17\n", []string{`1: shards: "17" is too large: give 0 to 16`}},
		{"shards: '2'\n", []string{`1: shards: "2" must be a whole number, without quotes`}},
		{"shards: 1.5\n", []string{`1: shards: "1.5" must be a whole number`}},
		{"shards: 0x2\n", []string{`1: shards: "0x2" must be a whole number`}},
		{"capture:\n  speed: .inf\n", []string{`2: capture.speed: ".inf" must be a number`}},
		{"capture:\n  speed: -1\n", []string{`2: capture.speed: "-1" is too small: give 0 to 1000`}},
		{"capture:\n  loop: yes\n", []string{`2: capture.loop: "yes" must be true or false`}},
		{"capture:\n  loop: 'true'\n", []string{`2: capture.loop: "true" must be true or false, without quotes`}},
		{"capture: [eth1]\n", []string{`1: capture: must be a section: keys below it, each as "key: value"`}},
		{"- site\n", []string{`1: must be a section: keys below it, each as "key: value"`}},
		{"capture:\n  interfaces: eth1\n", []string{"2: capture.interfaces: must be a list: put what belongs to it between [ and ]"}},
		{"capture:\n  interfaces:\n  - eth1\n  - 7\n  - [x]\n  - eth1\n  - a/b\n", []string{
			`4: capture.interfaces[1]: "7" must be text: put it in quotes`,
			`5: capture.interfaces[2]: must be one word`,
			`6: capture.interfaces[3]: stands twice in the list: its packets would be counted twice`,
			`7: capture.interfaces[4]: "a/b" is no name of an interface`}},
		{"capture:\n  ring_size: 64\n", []string{`2: capture.ring_size: "64" needs a unit: B, KiB, MiB, GiB or TiB`}},
		{"capture:\n  ring_size: 64MB\n", []string{`2: capture.ring_size: "64MB" has no unit we know: write it like 64MiB`}},
		{"capture:\n  ring_size: 2GiB\n", []string{`2: capture.ring_size: "2GiB" is too large: give 1MiB to 1GiB`}},
		{"learn:\n  for: soon\n", []string{`2: learn.for: "soon" is neither a time (10m, 7d), nor a share (20%), nor until-told`}},
		{"learn:\n  for: 101%\n", []string{`2: learn.for: "101%" is no share: it is above 0% and at most 100%`}},
		{"learn:\n  for: 600\n", []string{`2: learn.for: "600" needs a unit: write it like 600s or 600m`}},
		{"learn:\n  for: 20%\ncapture:\n  interfaces: [eth1]\n", []string{
			"2: learn.for: a share can be taken of files, whose end is known; with capture.interfaces give a time or until-told"}},
		{"learn:\n  new_device_for: 1h\n", []string{
			"2: learn.new_device_for: does nothing without learn.for: where nothing is learned there is nothing a new device could differ from"}},
		{"data:\n  snapshot_every: 11s\n", []string{`2: data.snapshot_every: "11s" is too large: give 1s to 8s`}},
		{"data:\n  snapshot_every: 5\n", []string{`2: data.snapshot_every: "5" needs a unit: write it like 5s or 5m`}},
		{"data:\n  dir: ''\n", []string{"2: data.dir: is empty: give a path"}},
		{"data:\n  dir: \"a\\0b\"\n", []string{`2: data.dir: "a\x00b" is no path: it holds a control character`}},
		{"console:\n  listen: 0.0.0.0:80\n", []string{
			`2: console.listen: "0.0.0.0:80" would be reachable from other machines: only 127.0.0.1 and [::1] are allowed`}},
		{"console:\n  listen: localhost:80\n", []string{`2: console.listen: "localhost:80": write 127.0.0.1:80`}},
		{"console:\n  listen: ':80'\n", []string{`2: console.listen: ":80" is no address and port: write it like 127.0.0.1:8440`}},
		{"uplink:\n  listen: 127.0.0.1:8440\n", []string{"2: uplink.listen: is the same as console.listen: two servers cannot share a port"}},
		{"uplink:\n  listen: 127.0.0.1:4222\n  url: nats://127.0.0.1:4222\n", []string{
			"2: uplink.listen: either meets at another server (uplink.url) or offers one (uplink.listen), not both"}},
		{"uplink:\n  url: nats://10.0.0.1:4222\n", []string{
			"2: uplink.url: records would cross the network in the clear: write tls://, or nats:// with 127.0.0.1"}},
		{"uplink:\n  url: tls://me:secret@hub:4222\n", []string{
			"2: uplink.url: must not hold a name or a password: this file is shown when it is checked"}},
		{"uplink:\n  url: http://hub\n", []string{`2: uplink.url: "http" is no way to a NATS server: nats or tls`}},
		{"uplink:\n  url: hub\n", []string{"2: uplink.url: is no address of a NATS server: write it like nats://127.0.0.1:4222"}},
		{"roles: [sensor]\nuplink:\n  listen: 127.0.0.1:1\nconsole:\n  gateways: [g, g]\n", []string{"5: console.gateways: does nothing without the role console: only the console shows gateways",
			"5: console.gateways[1]: stands twice in the list"}},
		{"uplink:\n  token_file: t\n", []string{"2: uplink.token_file: does nothing without uplink.url or uplink.listen"}},
		{"capture:\n  interfaces: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\n", []string{"2: capture.interfaces: is too long a list: at most 16"}},
		{"roles: [sensor]\n", []string{"1: roles: sensor alone needs uplink.url or uplink.listen to meet the other role"}},
		{"roles: []\n", []string{"1: roles: is empty: give sensor, console or both"}},
		{"roles: [sensor, console, sensor]\n", []string{"1: roles: is too long a list: at most 2"}},
		{"uplink:\n  listen: 127.0.0.1:0\nroles: [sensor, sensor]\n", []string{"3: roles[1]: stands twice in the list"}},
		{"roles: [sensr, console]\n", []string{`1: roles[0]: "sensr" is not one of sensor, console`}},
		{"log:\n  level: loud\n", []string{`2: log.level: "loud" is not one of debug, info, warn, error`}},
		{"log: &x {level: info}\ndata: *x\n", []string{
			"1: log: anchors (&) are not allowed: write the value out where it is needed",
			"2: data: aliases (*) are not allowed: write the value out"}},
		{"log:\n  <<: {level: info}\n", []string{"2: log.<<: unknown key"}},
		{"site: !!str 5\n", []string{"1: site: tags (!) are not allowed: leave it out"}},
		{"? [a]\n: 1\n", []string{"1: a key must be one word"}},
		{"site: a\n---\nsite: b\n", []string{"2: a second document begins here; a configuration is one"}},
		{"site: a\nlog:\n  level: [info\nshards: 2\n", []string{"3: is not YAML: did not find expected ',' or ']'"}},
		{"site: a\nlog:\n\tlevel: info\n", []string{"3: is not YAML: is indented with a tab; YAML wants spaces"}},
		{"site: a\n# caf\xe9\n", []string{"2: is no UTF-8 text"}},
	} {
		if got := problemsOf(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q has problems\n  %s\nwant\n  %s", c.text, strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
		}
	}
}

// TestAllProblemsAtOnce: nobody mends a file one problem at a time.
func TestAllProblemsAtOnce(t *testing.T) {
	got := problemsOf("sitte: x\nshards: many\nconsole:\n  listen: 0.0.0.0:1\nlog:\n  keep: 0\n  keep: 1\nroles: [sensor]\n")
	var lines []string
	for _, p := range got {
		line, _, _ := strings.Cut(p, ":")
		lines = append(lines, line)
	}
	if want := []string{"1", "2", "4", "6", "7", "8"}; !slices.Equal(lines, want) {
		t.Errorf("problems in lines %v, want %v:\n%s", lines, want, strings.Join(got, "\n"))
	}
}

func TestColumn(t *testing.T) {
	_, problems := Parse("f", []byte("log: {level: info, keep: x}\n"))
	if len(problems) != 1 || problems[0].Line != 1 || problems[0].Column != 26 || problems[0].Key != "log.keep" || problems[0].File != "f" {
		t.Errorf("problems are %+v, want one for log.keep in line 1, column 26", problems)
	}
}

// TestHostileFiles: what nobody writes by mistake costs little and is told.
func TestHostileFiles(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "]\n"
	}
	for name, text := range map[string]string{
		"aliases that multiply": bomb,
		"deep nesting":          strings.Repeat("[", 9_000),
		"deep sections":         "a: " + strings.Repeat("{a: ", 9_000),
		"many unknown keys":     strings.Repeat("? a\n", 200_000),
		"a long list":           "roles: [" + strings.Repeat("sensor,", 100_000) + "]",
		"too large":             strings.Repeat("#", MaxFile+1),
	} {
		c, problems := Parse("f", []byte(text))
		if c != nil || len(problems) == 0 || len(problems) > MaxProblems+1 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
	_, problems := Parse("f", []byte(strings.Repeat("#", MaxFile+1)))
	if want := "f: is larger than 1MiB, which no configuration is"; problems[0].String() != want {
		t.Errorf("a file that is too large is %q, want %q", problems[0], want)
	}
}

func TestManyProblemsEndWithANote(t *testing.T) {
	var b strings.Builder
	for i := range 3 * MaxProblems {
		b.WriteString("key-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/7) + ": 1\n")
	}
	_, problems := Parse("f", []byte(b.String()))
	if len(problems) != MaxProblems+1 || problems[MaxProblems].Text != "there are more problems from here on, which are not listed" {
		t.Errorf("%d problems, the last %v", len(problems), problems[len(problems)-1])
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if c, err := Load(file("good.yaml", "site: works\n", 0o640)); err != nil || c.Site != "works" {
		t.Errorf("a good file is read as %+v, %v", c, err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "cannot be read: no such file or directory",
		dir:                           "is a directory",
		pipe:                          "is no regular file",
		file("open.yaml", "site: works\n", 0o666):                        "anybody on this machine may change it (mode 0666): chmod o-w",
		file("large.yaml", strings.Repeat("#", MaxFile+1), 0o600):        "is larger than 1MiB, which no configuration is",
		file("wrong.yaml", "site: works\nlog:\n  levell: info\n", 0o600): "log.levell: unknown key; did you mean log.level?",
	} {
		c, err := Load(path)
		var problems written.Problems
		if c != nil || !errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(err.Error(), path+":") || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s is read as %v with error\n  %v, want\n  %s: %s", path, c, err, path, want)
		}
	}
	if os.Getuid() != 0 { // who is root reads everything
		if _, err := Load(file("secret.yaml", "", 0o000)); err == nil || !strings.HasSuffix(err.Error(), "cannot be read: permission denied") {
			t.Errorf("a file without permission: %v", err)
		}
	}
}

// TestCheck: what flags changed is held against the same rules.
func TestCheck(t *testing.T) {
	c := Default()
	c.Shards, c.Console.Listen, c.Roles = 99, "10.0.0.1:80", []string{"sensor", "cook"}
	c.Data.SnapshotEvery = time.Minute
	var got []string
	for _, p := range c.Check() {
		got = append(got, p.String())
	}
	want := []string{
		"shards: 99 is too large: give 0 to 16",
		"data.snapshot_every: 1m is too large: give 1s to 8s",
		`roles[1]: "cook" is not one of sensor, console`,
		`console.listen: "10.0.0.1:80" would be reachable from other machines: only 127.0.0.1 and [::1] are allowed`,
		"roles: sensor alone needs uplink.url or uplink.listen to meet the other role",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestExampleFile(t *testing.T) {
	b, err := os.ReadFile("../../docs/firedoor.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := Parse("firedoor.example.yaml", b)
	if len(problems) > 0 {
		t.Fatal(written.Problems(problems))
	}
	if len(c.Capture.Interfaces) == 0 || c.Learn.For.Nothing() {
		t.Error("the example shows neither an interface nor learning")
	}
}
