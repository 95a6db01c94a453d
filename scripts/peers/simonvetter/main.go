// Command simonvetter is a client of Modbus with simonvetter/modbus: simonvetter ADDRESS
// N. It writes what it may not, polls in between on one connection, and prints one JSON
// object. It must not know anything of the product.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/simonvetter/modbus"
)

type outcome struct {
	Refused    int      `json:"refused"`
	Other      []string `json:"other"`
	Failed     int      `json:"failed_polls"`
	Changed    int      `json:"changed"`
	Reconnects int      `json:"reconnects"`
	Allowed    int      `json:"allowed"`
	AloneP50   float64  `json:"alone_p50"`
	AloneP99   float64  `json:"alone_p99"`
	AfterP50   float64  `json:"after_p50"`
	AfterP99   float64  `json:"after_p99"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "simonvetter:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: simonvetter ADDRESS N")
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	c, err := modbus.NewClient(&modbus.ClientConfiguration{URL: "tcp://" + os.Args[1] + ":502", Timeout: time.Minute})
	if err != nil {
		return err
	}
	if err := c.Open(); err != nil {
		return err
	}
	o := outcome{Other: []string{}}
	before, err := c.ReadRegisters(40, 20, modbus.HOLDING_REGISTER)
	if err != nil {
		return err
	}
	connected := connections()
	poll := func() float64 {
		began := time.Now()
		got, err := c.ReadRegisters(40, 20, modbus.HOLDING_REGISTER)
		took := time.Since(began)
		if err != nil {
			o.Failed++
		} else if !slices.Equal(got, before) {
			o.Changed++
		}
		return float64(took.Microseconds()) / 1000
	}
	alone, after := make([]float64, n), make([]float64, n)
	for i := range alone {
		alone[i] = poll()
	}
	for i := range after {
		switch i % 3 {
		case 0:
			err = c.WriteRegister(uint16(40+i%20), 9999)
		case 1:
			err = c.WriteRegisters(40, []uint16{1, 2, 3})
		default:
			err = c.WriteCoil(30, true)
		}
		if errors.Is(err, modbus.ErrIllegalDataAddress) {
			o.Refused++
		} else {
			o.Other = append(o.Other, fmt.Sprint(err))
		}
		after[i] = poll()
		if now := connections(); now != connected {
			o.Reconnects++
			connected = now
		}
	}
	if c.WriteRegister(5, 77) == nil {
		if five, err := c.ReadRegister(5, modbus.HOLDING_REGISTER); err == nil && five == 77 {
			o.Allowed = 1
		}
	}
	o.AloneP50, o.AloneP99, o.AfterP50, o.AfterP99 = at(alone, 0.5), at(alone, 0.99), at(after, 0.5), at(after, 0.99)
	return json.NewEncoder(os.Stdout).Encode(o)
}

// connections are this host's own ends of what is connected to port 502, as the kernel
// tells: the library does not show its socket.
func connections() string {
	table, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		return err.Error()
	}
	var out []string
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[2], ":01F6") && f[3] == "01" {
			out = append(out, f[1])
		}
	}
	return strings.Join(out, " ")
}

func at(times []float64, q float64) float64 {
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)]
}
