package plant

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// Hosts of the synchrophasor captures, and the port.
var (
	phasorCenter = &Host{Name: "concentrator", MAC: 0x02_00_00_00_22_10, IP: netip.MustParseAddr("10.10.22.10")}
	phasorUnit   = &Host{Name: "pmu", MAC: 0x02_00_00_00_22_20, IP: netip.MustParseAddr("10.10.22.20")}
)

const portPhasor = 4712

// phasorFrame builds a frame of stream 7 with its check.
func phasorFrame(n *Net, kind byte, body ...byte) []byte {
	b := []byte{0xaa, kind<<4 | 1}
	b = binary.BigEndian.AppendUint16(b, uint16(16+len(body)))
	b = append(b, 0, 7)
	b = binary.BigEndian.AppendUint32(b, uint32(n.Now().Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(n.Now().Nanosecond()/1000))
	b = append(b, body...)
	c := uint16(0xffff)
	for _, x := range b {
		c ^= uint16(x) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	return binary.BigEndian.AppendUint16(b, c)
}

func phasorText(name string) []byte {
	b := []byte("                ")
	copy(b, name)
	return b
}

// phasorStation is a unit of configuration frame 2: one phasor for each name, and
// as many analogs and digital words.
func phasorStation(name string, id, format uint16, phasors []string, analogs, digitals int) []byte {
	b := phasorText(name)
	for _, v := range []uint16{id, format, uint16(len(phasors)), uint16(analogs), uint16(digitals)} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	for _, p := range phasors {
		b = append(b, phasorText(p)...)
	}
	for range analogs + 16*digitals {
		b = append(b, phasorText("")...)
	}
	b = append(b, make([]byte, 4*(len(phasors)+analogs+digitals))...)
	return append(b, 0, 1, 0, 1)
}

// phasorConfig is the body of configuration frames 1 and 2.
func phasorConfig(stations ...[]byte) []byte {
	b := []byte{0, 0x0f, 0x42, 0x40, 0, byte(len(stations))}
	for _, s := range stations {
		b = append(b, s...)
	}
	return append(b, 0, 50)
}

func phasorReal(b []byte, values ...float32) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// phasorPoll asks for the configuration and starts measurements, which flow.
func phasorPoll(n *Net) {
	c := n.Dial(phasorCenter, phasorUnit, 49220, portPhasor)
	c.Client(phasorFrame(n, 4, 0, 5))
	c.Server(phasorFrame(n, 3, phasorConfig(phasorStation("SUBSTATION NORTH", 7, 0xe, []string{"VA", "IA"}, 1, 1))...))
	c.Client(phasorFrame(n, 4, 0, 2))
	for i := range byte(12) {
		n.Wait(20 * time.Millisecond)
		c.Server(phasorFrame(n, 0, append(phasorReal([]byte{0, 0}, 63500, float32(i), 120, -1, 50.01, 0.1, 17), 0, i)...))
		if i%2 == 1 {
			c.Client(phasorFrame(n, 4, 0, 4)) // keeps asking
			c.Server(phasorFrame(n, 2, phasorConfig(phasorStation("SUBSTATION NORTH", 7, 0xe, []string{"VA", "IA"}, 1, 1))...))
		}
	}
	c.Client(phasorFrame(n, 4, 0, 1))
	c.Close()
}

// phasorCommands shows all commands, both configurations of a concentrator, a
// status that is not good, and a header.
func phasorCommands(n *Net) {
	c := n.Dial(phasorCenter, phasorUnit, 49221, portPhasor)
	c.Client(phasorFrame(n, 4, 0, 3))
	c.Server(phasorFrame(n, 1, []byte("Line 12, bay E07; maintained by protection group")...))
	c.Client(phasorFrame(n, 4, 0, 5))
	two := phasorConfig(phasorStation("NORTH", 11, 0, []string{"VA"}, 0, 2), phasorStation("SOUTH", 12, 4, nil, 2, 0))
	c.Server(phasorFrame(n, 3, two...))
	c.Client(phasorFrame(n, 4, 0, 2))
	data := []byte{0, 0, 0x30, 0, 0xff, 0xfe, 0, 1, 0, 2, 0x80, 1, 0, 3}
	c.Server(phasorFrame(n, 0, phasorReal(append(data, 0x24, 0, 0, 5, 0xff, 0xff), 1.5, 2.5)...))
	c.Server(phasorFrame(n, 0, 0, 0, 1, 2)) // no longer as configured
	c.Client(phasorFrame(n, 4, 0, 6))
	three := append([]byte{0, 0, 0, 0x0f, 0x42, 0x40, 0, 1, 5}, "NORTH"...)
	three = append(append(append(three, 0, 11), make([]byte, 16)...), 0, 2, 0, 1, 0, 0, 0, 0, 2, 'V', 'A')
	three = append(append(three, make([]byte, 12+25)...), 0, 50)
	c.Server(phasorFrame(n, 5, three...))
	c.Server(phasorFrame(n, 0, append(phasorReal([]byte{0, 0}, 1, 2), 0, 1, 0, 2)...))
	c.Server(phasorFrame(n, 3, two...))                       // unasked: it changed
	c.Server(phasorFrame(n, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)) // the first of several
	c.Client(phasorFrame(n, 4, 0, 8, 1, 2, 3, 4))
	c.Client(phasorFrame(n, 4, 1, 0))
	c.Client(phasorFrame(n, 4, 0, 9))
	c.Client(phasorFrame(n, 4, 0, 1))
	c.Close()
	for range 3 { // over datagrams, without asking
		n.UDP(phasorUnit, phasorCenter, 4713, 4713, phasorFrame(n, 3, phasorConfig(phasorStation("EAST", 7, 2, []string{"VA"}, 0, 0))...))
		n.UDP(phasorUnit, phasorCenter, 4713, 4713, phasorFrame(n, 0, append(phasorReal([]byte{0, 0}, 1, 2), 0, 1, 0, 2)...))
	}
}

// phasorMidstream begins with data and loses some.
func phasorMidstream(n *Net) {
	c := n.Midstream(phasorCenter, phasorUnit, 49222, portPhasor)
	data := func() []byte { return phasorFrame(n, 0, append(phasorReal([]byte{0, 0}, 1, 2), 0, 1, 0, 2)...) }
	c.Server(data()[5:])
	for range 3 {
		c.Server(data())
		n.Wait(20 * time.Millisecond)
	}
	c.LoseServer(40)
	c.Server(data()[9:])
	for range 3 {
		c.Server(data())
	}
	c.Client(phasorFrame(n, 4, 0, 5))
	c.Server(phasorFrame(n, 3, phasorConfig(phasorStation("EAST", 7, 2, []string{"VA"}, 0, 0))...))
	c.Server(data())
	c.Close()
}

// phasorMalformed breaks each rule once.
func phasorMalformed(n *Net) {
	c := n.Dial(phasorCenter, phasorUnit, 49223, portPhasor)
	c.Client(phasorFrame(n, 4, 0, 5))
	b := phasorFrame(n, 3, phasorConfig(phasorStation("EAST", 7, 2, []string{"VA"}, 0, 0))...)
	b[len(b)-1]++
	c.Server(b)
	c.Server(phasorFrame(n, 3, phasorConfig(phasorStation("EAST", 7, 2, []string{"VA"}, 0, 0)[:30])...))
	c.Server(phasorFrame(n, 3, append(phasorConfig(phasorStation("EAST", 7, 2, []string{"VA"}, 0, 0)), 1)...))
	off := phasorFrame(n, 4, 0, 1)
	off[len(off)-1]++
	c.Client(off)
	c.Client(phasorFrame(n, 0, 0, 0))
	c.Server(phasorFrame(n, 4, 0, 1))
	c.Client([]byte("nothing of the kind"))
	c.Client(phasorFrame(n, 4, 0, 2))
	c.Close()
}
