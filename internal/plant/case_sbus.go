package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Hosts of the S-Bus captures, and the port.
var (
	sbusPanel = &Host{Name: "panel", MAC: 0x02_00_00_00_31_10, IP: netip.MustParseAddr("10.10.31.10")}
	sbusPCD   = &Host{Name: "pcd", MAC: 0x02_00_00_00_31_20, IP: netip.MustParseAddr("10.10.31.20")}
)

const portSBus = 5050

// sbusTelegram builds a telegram with its length and check value.
func sbusTelegram(version byte, sequence uint16, attribute byte, data ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(9+len(data)+2))
	b = append(b, version, 0)
	b = binary.BigEndian.AppendUint16(b, sequence)
	b = append(append(b, attribute), data...)
	var sum uint16
	for _, c := range b {
		sum ^= uint16(c) << 8
		for range 8 {
			top := sum >> 15
			sum = sum<<1 ^ top*0x1021
		}
	}
	return binary.BigEndian.AppendUint16(b, sum)
}

// sbus is a panel that asks station 10.
type sbus struct {
	net      *Net
	port     uint16
	sequence uint16
}

func (s *sbus) client(b []byte) {
	s.net.UDP(sbusPanel, sbusPCD, s.port, portSBus, b)
	s.net.Wait(8 * time.Millisecond)
}

func (s *sbus) server(b []byte) {
	s.net.UDP(sbusPCD, sbusPanel, portSBus, s.port, b)
	s.net.Wait(100 * time.Millisecond)
}

func (s *sbus) ask(command byte, data ...byte) {
	s.sequence++
	s.client(sbusTelegram(1, s.sequence, 0, append([]byte{10, command}, data...)...))
}

func (s *sbus) say(data ...byte) { s.server(sbusTelegram(0, s.sequence, 1, data...)) }

func (s *sbus) acknowledge(code byte) { s.server(sbusTelegram(0, s.sequence, 2, 0, code)) }

// sbusPoll reads registers, flags and the state again and again.
func sbusPoll(n *Net) {
	s := &sbus{net: n, port: 2467}
	for i := range byte(8) {
		s.ask(0x06, 1, 0, 100)
		s.say(0, 0, 0, i, 0xff, 0xff, 0xff, 0xfe)
		s.ask(0x02, 9, 0, 16)
		s.say(0x55, 1)
		s.ask(0x1b)
		s.say('R')
	}
}

// sbusCommands shows who a station is, all media, and what changes a controller.
func sbusCommands(n *Net) {
	s := &sbus{net: n, port: 2468}
	s.ask(0x20)
	s.say([]byte("D2M48020\x00")...)
	s.ask(0x1d)
	s.say(10)
	for _, command := range []byte{0x00, 0x07} {
		s.ask(command, 0, 1, 0)
		s.say(0, 0, 0, 9)
	}
	for _, command := range []byte{0x03, 0x05} {
		s.ask(command, 15, 0, 32)
		s.say(0xaa, 0x01)
	}
	for _, command := range []byte{0x0a, 0x0e, 0x0f} {
		s.ask(command, 9, 0, 37, 0, 0, 0x04, 0xd2, 0, 0, 0, 1)
		s.acknowledge(0)
	}
	s.ask(0x0b, 3, 0, 5, 2, 0x05)
	s.acknowledge(0)
	s.ask(0x0d, 4, 0, 32, 9, 0xff, 0x03)
	s.acknowledge(1)
	s.ask(0x1e, 1, 0, 0, 0)
	s.say([]byte("Model")...)
	s.ask(0x47, 1, 0x10, 0, 0x20)
	s.say(0, 2)
	s.ask(0x51, 8, 0, 0xc4, 0x3c, 'h', 'u', 'n', 't', 'e', 'r')
	s.acknowledge(0)
	s.ask(0x23, 6, 0, 1, 0, 1, 2, 3, 4)
	s.acknowledge(2)
	s.ask(0x24, 6, 0, 1, 0, 1, 2, 3, 4)
	s.acknowledge(3)
	s.ask(0x1f, 0, 0, 0, 9)
	s.say(0, 0, 0, 1)
	s.ask(0x43)
	s.acknowledge(0)
	s.ask(0x2f)
	s.acknowledge(4)
	s.ask(0x39)
	s.acknowledge(9)
	s.ask(0xae, 1, 2, 3)
	s.acknowledge(0)
	s.ask(0xaf, 1, 2)
	s.say(1, 2)
	s.ask(0x99)
	s.ask(0xee)
	s.acknowledge(1)
	s.ask(0x06, 0, 0, 0)
	s.acknowledge(1)
}

// sbusMidstream has answers whose requests were not seen.
func sbusMidstream(n *Net) {
	s := &sbus{net: n, port: 2469, sequence: 700}
	s.say(0, 0, 0, 1)
	s.acknowledge(0)
	s.ask(0x06, 0, 0, 1)
	s.say(0, 0, 0, 1)
	s.acknowledge(2)
}

// sbusMalformed breaks each rule once.
func sbusMalformed(n *Net) {
	s := &sbus{net: n, port: 2470}
	s.ask(0x1b)
	s.say('R')
	s.client([]byte("no telegram"))
	bad := sbusTelegram(1, 90, 0, 10, 0x1b)
	bad[len(bad)-1] ^= 1
	s.client(bad)
	s.client(sbusTelegram(1, 91, 1, 9))
	s.server(sbusTelegram(1, 92, 0, 10, 0x1b))
	s.client(sbusTelegram(1, 93, 0, 10))
	s.ask(0x06, 1)
	s.say(0, 0, 0, 1)
	s.ask(0x06, 1, 0, 0)
	s.say(0, 0, 0, 1)
	s.ask(0x02, 8, 0, 0)
	s.say(1)
	s.ask(0x0e, 5, 0, 37, 0, 0, 0)
	s.acknowledge(1)
	s.ask(0x0e, 4, 0, 37, 0, 0, 0)
	s.acknowledge(1)
	s.ask(0x0b, 1, 0, 37)
	s.acknowledge(1)
	s.ask(0x0b, 3, 0, 37, 9, 1)
	s.acknowledge(1)
	s.ask(0x20)
	s.say('D', '2')
}
