package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor"
)

// The map of docs/formats/points.md, for the mixers of the sample.
const mixerMap = `server,unit,object,name,type,order,scale,offset,measure
192.168.0.10,1,input:0,Mixer 1 level,u16,,0.1,0,%
192.168.0.10,1,holding:40,Mixer 1 setpoint,i16,,0.1,0,°C
`

func TestPointsByName(t *testing.T) {
	dir := t.TempDir()
	names := filepath.Join(dir, "plant.csv")
	if err := os.WriteFile(names, []byte(mixerMap), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	works(t, "replay", "--points", names, "--out", out, sample(t))
	points := parse[[]firedoor.Point](t, readFolder(t, out)["points.json"])
	seen := 0
	for i, p := range points {
		if p.Name == "" {
			continue
		}
		seen++
		var under *firedoor.Point
		for k := i - 1; k >= 0 && under == nil; k-- {
			if o := &points[k]; o.Name == "" && o.Object == p.Object && o.Server == p.Server {
				under = o
			}
		}
		if under == nil || p.Value == nil || *p.Value != *under.Value*0.1 || p.Measure == "" {
			t.Errorf("%+v does not stand behind its element, scaled", p)
		}
	}
	if seen < 2 {
		t.Errorf("%d named points, want those of the map", seen)
	}
}

func TestWrongPointsMap(t *testing.T) {
	names := filepath.Join(t.TempDir(), "plant.csv")
	if err := os.WriteFile(names, []byte(strings.Replace(mixerMap, "i16", "i12", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	o := run(t, "replay", "--points", names, sample(t))
	if want := names + `:3: type: "i12" is none of`; o.status != exitUsage || !strings.Contains(o.err, want) {
		t.Errorf("exit status %d, %q, want %d and %q", o.status, o.err, exitUsage, want)
	}
}

// TestConfiguredPointsMap: a sensor tells values by the names of its map; one that
// cannot be read is told by check and at start.
func TestConfiguredPointsMap(t *testing.T) {
	dir := t.TempDir()
	names := filepath.Join(dir, "plant.csv")
	config := write(t, "firedoor.yaml", fmt.Appendf(nil, "sensor:\n  points: %s\ncapture:\n  files: [%s]\nlearn:\n  for: 60%%\nconsole:\n  listen: 127.0.0.1:0\ndata:\n  dir: %s\n",
		names, sample(t), filepath.Join(dir, "data")))
	for _, command := range [][]string{{"check", config}, {"run", "--config", config}} {
		if o := run(t, command...); o.status != exitUsage || !strings.Contains(o.err, "sensor.points "+names+": no such file") {
			t.Errorf("%s without a map: exit status %d, %q", command[0], o.status, o.err)
		}
	}
	if err := os.WriteFile(names, []byte(strings.Replace(mixerMap, "i16", "i12", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"check", config}, {"run", "--config", config}} {
		if o := run(t, command...); o.status != exitUsage || !strings.Contains(o.err, names+`:3: type: "i12" is none of`) {
			t.Errorf("%s with a wrong map: exit status %d, %q", command[0], o.status, o.err)
		}
	}
	if err := os.WriteFile(names, []byte(mixerMap), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := works(t, "check", config).stdout; !strings.Contains(out, "process values named by "+names) {
		t.Errorf("check says nothing of the map: %s", out)
	}
	l := startRun(t, "--config", config)
	l.played()
	var assets struct{ Assets []struct{ ID string } }
	l.until("values are there by their names", func() bool {
		if !l.get("/api/assets", &assets) {
			return false
		}
		for _, a := range assets.Assets {
			var page struct{ Points []firedoor.Point }
			if l.get("/api/assets/"+a.ID+"/points?q=mixer+setpoint", &page) && len(page.Points) == 1 && page.Points[0].Measure == "°C" && page.Points[0].Changes > 0 {
				return true
			}
		}
		return false
	})
	l.stop()
}

const meterEDS = `[Params]
Param1 = 0, ,, 0x0000, 0xCA, 4, "Power", "kW", "", , , , , , , , ,,,, ;
[Assembly]
Assem1 = "Input", "20 04 24 65", 4, 0, ,, 32, Param1;
`

func TestPointsOfMakers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "meter.eds")
	if err := os.WriteFile(file, []byte(meterEDS), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "server,object,name,type,order,scale,offset,measure\n10.0.0.9,assembly:101,Power,f32,dcba,,,kW\n"
	if o := works(t, "points", "eds", "--server", "10.0.0.9", file); o.stdout != want {
		t.Errorf("got %q, want %q", o.stdout, want)
	}
	if o := run(t, "points", "gsdml", "--server", "02:00:00:00:00:01", "--submodule", "S1", "--frame", "frame:0x8001", file); o.status != exitUsage || !strings.Contains(o.err, file+":") {
		t.Errorf("exit status %d, %q", o.status, o.err)
	}
}

// TestPointsForNobody: a map that nothing can be told by is not made.
func TestPointsForNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.eds")
	text := "[Params]\nParam1=0,,,0,0xC7,2,\"Speed\",\"\",\"\";\n[Assembly]\nAssem1=\"a\",\"20 04 24 65\",2,,,,16,Param1;\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "points", "eds", "--server", "plc7", file); o.status != exitUsage || !strings.Contains(o.err, `--server "plc7" is neither`) {
		t.Errorf("exit status %d, %q", o.status, o.err)
	}
	if out := works(t, "points", "eds", "--server", "10.0.0.7", file); !strings.Contains(out.stdout, "assembly:101,Speed,u16") {
		t.Errorf("%q", out.stdout)
	}
}
