package factory

import (
	"fmt"
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
)

// Halls are what a plant of thousands has beyond the standard one: simple
// stations, each with a few registers, that a collector in every hall reads.

const (
	perHall   = 240 // stations of a hall, with its collector
	hallPoll  = 10 * time.Second
	hallVLAN  = 200
	stations0 = 10 // last byte of the first address
)

// halls are the networks for so many devices more.
func halls(devices int) []network {
	var list []network
	for n := 0; n*perHall < devices; n++ {
		list = append(list, network{fmt.Sprintf("hall-%d", n+1), uint16(hallVLAN + n), fmt.Sprintf("10.64.%d.0/24", n), fmt.Sprintf("10.64.%d.1", n), true})
	}
	return list
}

// fill hangs the stations up until there are as many devices as were asked for.
func (f *Factory) fill() error {
	for n := range f.nets[len(networks):] {
		for i := 0; i < perHall && len(f.order) < f.o.Hosts; i++ {
			name, made := fmt.Sprintf("hall-%d-station-%d", n+1, i), embedded
			if i == 0 {
				name, made = fmt.Sprintf("hall-%d-collector", n+1), windows
			}
			u, err := f.add(asset{network: f.nets[len(networks)+n].name, name: name, mac: 0x00a045e00000 + firedoor.MAC(n)<<8 + firedoor.MAC(i),
				ip: fmt.Sprintf("10.64.%d.%d", n, stations0+i), manner: made, vendor: "Phoenix Contact", model: "AXL F BK ETH", firmware: "1.33"})
			if err != nil {
				return err
			}
			if i == 0 {
				continue
			}
			if err := f.station(u, f.device(fmt.Sprintf("hall-%d-collector", n+1)), i); err != nil {
				return err
			}
		}
	}
	return nil
}

// station lets one answer, and be read.
func (f *Factory) station(u, collector *unit, i int) error {
	var values [4]float64
	c := device.ModbusConfig{Input: map[uint16]*device.Value{}, Identity: []string{u.vendor, u.model, u.firmware}}
	points := make([]device.Point, len(values))
	for k := range values {
		values[k] = float64(200 + 37*k + i)
		c.Input[uint16(k)] = &device.Value{Name: fmt.Sprintf("IN%d", k), Kind: device.Int16, Load: func() float64 { return values[k] }}
		points[k] = device.Point{Area: device.Register, Address: uint32(k), Kind: device.Int16}
	}
	server, err := device.NewModbus(c)
	if err != nil {
		return fmt.Errorf("%s: %w", u.name, err)
	}
	f.serve(u.host, 502, server, time.Millisecond)
	s := f.session(collector.host, netip.AddrPortFrom(u.ip(), 502), func() device.Client { return device.NewModbusClient(1) })
	ask := device.Request{Verb: device.Read, Points: points}
	f.every(f.about(hallPoll), hallPoll, func() {
		values[f.rnd.N(len(values))] += float64(f.rnd.N(3) - 1)
		s.ask(ask, nil)
	})
	return nil
}

var _ lan.Handler = (*session)(nil)
