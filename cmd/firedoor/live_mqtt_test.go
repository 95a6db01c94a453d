package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestLiveMQTT lets other people's programs publish through other people's broker,
// in every version and quality of service, and wants to see every request and every
// value, both as it was published and as it was delivered.
func TestLiveMQTT(t *testing.T) {
	for _, name := range []string{"mosquitto", "mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed: no live MQTT. Install it (apt-get install mosquitto mosquitto-clients) to run this test.", name)
		}
	}
	s := newStreet(t)
	settings := write(t, "broker.conf", []byte("listener 1883\nallow_anonymous true\n"))
	s.serve("sh", "-c", "exec mosquitto -v -c "+settings+" 2>&1")
	type message struct {
		topic, payload string
		bits           uint64
	}
	var sent []message
	for i, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			v := float64(100*i+10*qos) + 0.25
			sent = append(sent, message{fmt.Sprintf("live/%s/%d", version, qos), fmt.Sprint(v), math.Float64bits(v)})
		}
	}
	hear := s.in(s.client, "stdbuf", "-oL", "mosquitto_sub", "-h", streetServer, "-V", "mqttv5", "-q", "2", "-t", "live/#", "-i", "hearer", "-C", fmt.Sprint(len(sent)), "-d")
	out, err := hear.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hear.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = hear.Process.Kill() })
	defer late.Stop()
	said := bufio.NewScanner(out)
	for said.Scan() && !strings.Contains(said.Text(), "received SUBACK") {
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	for _, m := range sent {
		parts := strings.Split(m.topic, "/")
		out, err := s.in(s.client, "mosquitto_pub", "-h", streetServer, "-V", parts[1], "-q", parts[2], "-t", m.topic, "-m", m.payload, "-i", "teller").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", m.topic, err, out)
		}
	}
	if err := hear.Wait(); err != nil {
		t.Fatal(err)
	}
	lines := s.lines()
	count := func(kind string, code int, object, values, outcome string) int {
		n := 0
		for i := range lines {
			e := &lines[i]
			if e.Kind == kind && e.Code == code && e.Object == object && string(e.Values) == values && e.Outcome == outcome && !e.Partial {
				n++
			}
		}
		return n
	}
	for _, m := range sent {
		values := fmt.Sprintf("[%d]", m.bits)
		if n := count("operation", 3, "topic:"+m.topic, values, "ok"); n != 1 {
			t.Errorf("%s = %s was published once, and is told %d times", m.topic, m.payload, n)
		}
		if n := count("sample", 3, "topic:"+m.topic, values, ""); n != 1 {
			t.Errorf("%s = %s was delivered once, and is told %d times", m.topic, m.payload, n)
		}
	}
	for _, c := range []struct {
		code, times int
		object      string
	}{{1, len(sent), "client:teller"}, {1, 1, "client:hearer"}, {8, 1, "filter:live/#"}, {14, len(sent) + 1, ""}} {
		if n := count("operation", c.code, c.object, "", "ok"); n != c.times {
			t.Errorf("code %d on %q happened %d times, and is told %d times", c.code, c.object, c.times, n)
		}
	}
	if n := 4*len(sent) + 3; len(lines) != n {
		t.Errorf("%d lines, there must be %d: for each message connect, publish, delivery and disconnect; and connect, subscribe and disconnect of who hears", len(lines), n)
	}
	t.Logf("%d lines of %d messages", len(lines), len(sent))
}
