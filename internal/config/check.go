package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"firedoor/internal/written"
)

// maxName bounds names that become part of subjects and paths.
const maxName = 32

// maxInterface is the longest name the kernel gives an interface.
const maxInterface = 15

// Check tells what is wrong with a configuration that was changed after it was
// read, as flags do. It knows no file and no line.
func (c *Config) Check() []written.Problem {
	var out []written.Problem
	add := func(text string, keys ...string) { out = append(out, written.Problem{Key: keys[0], Text: text}) }
	eachKey(sectionOf(c), "", func(name string, f field) {
		if f.isSection() {
			return
		}
		if err := allowed(f); err != nil {
			shown := f.value.Interface()
			if d, ok := shown.(time.Duration); ok {
				shown = written.FormatDuration(d)
			}
			add(fmt.Sprintf("%v %v", shown, err), name)
		}
	})
	for i, r := range c.Roles {
		if err := oneOf(r, RoleSensor+","+RoleConsole); err != nil {
			add(fmt.Sprintf("%q %v", r, err), fmt.Sprintf("roles[%d]", i))
		}
	}
	c.check(add)
	return out
}

// check reports what the form of each value alone does not tell. The first of
// the keys is the one that is named; the others had a part in it.
func (c *Config) check(report func(text string, keys ...string)) {
	for _, n := range []struct{ key, value string }{{"site", c.Site}, {"sensor.name", c.Sensor.Name}} {
		if text := badName(n.value); text != "" {
			report(text, n.key)
		}
	}
	c.checkRoles(report)
	c.checkSources(report)
	for _, p := range []struct {
		key, path string
		optional  bool
	}{{"data.dir", c.Data.Dir, false}, {"sensor.points", c.Sensor.Points, true}, {"log.file", c.Log.File, true}, {"uplink.token_file", c.Uplink.TokenFile, true}} {
		if text := badPath(p.path); text != "" && !(p.optional && p.path == "") {
			report(text, p.key)
		}
	}
	if err := Loopback(c.Console.Listen); err != nil {
		report(err.Error(), "console.listen")
	}
	c.checkGateways(report)
	c.checkUplink(report)
}

func (c *Config) checkGateways(report func(text string, keys ...string)) {
	for i, path := range c.Console.Gateways {
		if text := badPath(path); text != "" {
			report(text, fmt.Sprintf("console.gateways[%d]", i))
		}
	}
	eachTwice(c.Console.Gateways, func(i int) { report("stands twice in the list", fmt.Sprintf("console.gateways[%d]", i)) })
	if len(c.Console.Gateways) > 0 && len(c.Roles) > 0 && !c.Runs(RoleConsole) {
		report("does nothing without the role console: only the console shows gateways", "console.gateways", "roles")
	}
}

func (c *Config) checkRoles(report func(text string, keys ...string)) {
	if len(c.Roles) == 0 {
		report("is empty: give sensor, console or both", "roles")
	}
	eachTwice(c.Roles, func(i int) { report("stands twice in the list", fmt.Sprintf("roles[%d]", i), "roles") })
}

func (c *Config) checkSources(report func(text string, keys ...string)) {
	for i, name := range c.Capture.Interfaces {
		if text := badInterface(name); text != "" {
			report(text, fmt.Sprintf("capture.interfaces[%d]", i))
		}
	}
	for i, path := range c.Capture.Files {
		if text := badPath(path); text != "" {
			report(text, fmt.Sprintf("capture.files[%d]", i))
		}
	}
	eachTwice(c.Capture.Interfaces, func(i int) {
		report("stands twice in the list: its packets would be counted twice", fmt.Sprintf("capture.interfaces[%d]", i))
	})
	if c.Learn.For.Percent > 0 && len(c.Capture.Interfaces) > 0 {
		report("a share can be taken of files, whose end is known; with capture.interfaces give a time or "+untilTold, "learn.for", "capture.interfaces")
	}
	if c.Learn.For.Nothing() && c.Learn.NewDeviceFor > 0 {
		report("does nothing without learn.for: where nothing is learned there is nothing a new device could differ from", "learn.new_device_for", "learn.for")
	}
}

func (c *Config) checkUplink(report func(text string, keys ...string)) {
	u := c.Uplink
	if text := badURL(u.URL); u.URL != "" && text != "" {
		report(text, "uplink.url")
	}
	if u.Listen != "" {
		if err := Loopback(u.Listen); err != nil {
			report(err.Error(), "uplink.listen")
		}
	}
	if u.TokenFile != "" && u.URL == "" && u.Listen == "" {
		report("does nothing without uplink.url or uplink.listen", "uplink.token_file", "uplink.url", "uplink.listen")
	}
	switch both := c.Runs(RoleSensor) && c.Runs(RoleConsole); {
	case u.URL != "" && u.Listen != "":
		report("either meets at another server (uplink.url) or offers one (uplink.listen), not both", "uplink.listen", "uplink.url")
	case !both && len(c.Roles) > 0 && u.URL == "" && u.Listen == "":
		report(fmt.Sprintf("%s alone needs uplink.url or uplink.listen to meet the other role", c.Roles[0]), "roles", "uplink.url", "uplink.listen")
	}
	port := func(listen string) bool { return !strings.HasSuffix(listen, ":0") }
	if c.Runs(RoleConsole) && u.Listen == c.Console.Listen && port(u.Listen) {
		report("is the same as console.listen: two servers cannot share a port", "uplink.listen", "console.listen")
	}
}

// eachTwice calls do with the index of every item that was there before.
func eachTwice(list []string, do func(i int)) {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			do(i)
		}
	}
}

func badName(s string) string {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	switch {
	case s == "":
		return "is empty: give it a name"
	case len(s) > maxName:
		return fmt.Sprintf("is too long: at most %d letters", maxName)
	case strings.ContainsFunc(s, odd):
		return fmt.Sprintf("%q may hold letters (a-z, A-Z), digits, - and _ only", s)
	}
	return ""
}

func badInterface(s string) string {
	switch {
	case s == "":
		return "is empty: give the name of an interface"
	case len(s) > maxInterface:
		return fmt.Sprintf("%q is too long for an interface: at most %d letters", s, maxInterface)
	case s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == ':' }):
		return fmt.Sprintf("%q is no name of an interface", s)
	}
	return ""
}

func badPath(s string) string {
	switch {
	case s == "":
		return "is empty: give a path"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Sprintf("%q is no path: it holds a control character", s)
	}
	return ""
}

func badURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "is no address of a NATS server: write it like nats://127.0.0.1:4222"
	}
	host, hostErr := netip.ParseAddr(u.Hostname())
	switch {
	case u.User != nil:
		return "must not hold a name or a password: this file is shown when it is checked"
	case u.Scheme == "tls":
		return ""
	case u.Scheme != "nats":
		return fmt.Sprintf("%q is no way to a NATS server: nats or tls", u.Scheme)
	case hostErr != nil || !host.IsLoopback():
		return "records would cross the network in the clear: write tls://, or nats:// with 127.0.0.1"
	}
	return ""
}

// Loopback checks an address to listen on: a port of this machine that no other
// machine reaches. Names are refused, for what localhost means is written in a
// file that others may change.
func Loopback(listen string) error {
	a, err := netip.ParseAddrPort(listen)
	switch {
	case err != nil && strings.HasPrefix(listen, "localhost:"):
		return fmt.Errorf("%q: write 127.0.0.1%s", listen, strings.TrimPrefix(listen, "localhost"))
	case err != nil:
		return fmt.Errorf("%q is no address and port: write it like 127.0.0.1:8440", listen)
	case !a.Addr().IsLoopback():
		return fmt.Errorf("%q would be reachable from other machines: only 127.0.0.1 and [::1] are allowed", listen)
	}
	return nil
}
