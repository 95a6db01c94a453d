package datapath

import "net/netip"

// Tables that tests put in force.

const modbusPort = 502

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// Places of the two hosts and their zones.
const (
	clientPlace, serverPlace = 11, 12
	clientZone, serverZone   = 1, 2
)

const echoPort = 7000

// pass and stop are gates of rules 900 and 901.
var (
	pass = Gate{Action: Pass, Rule: 900, Reason: 2}
	stop = Gate{Action: Drop, Rule: 901, Reason: 3, Floor: FloorDrop}
)

// passAll lets everything pass.
func passAll() *Tables { return &Tables{Pairs: []Pair{{pass, pass}}} }

// closed joins client and server by a pair that stops everything but gates.
func closed(gates ...PortGate) *Tables {
	t := &Tables{
		Places: []Place{
			{Prefix: netip.MustParsePrefix("10.97.0.0/16"), Place: clientZone, Zone: clientZone},
			{Prefix: netip.MustParsePrefix("10.97.0.1/32"), Place: clientPlace, Zone: clientZone},
			{Prefix: netip.MustParsePrefix("10.97.0.2/32"), Place: serverPlace, Zone: serverZone},
			{Prefix: netip.MustParsePrefix("fd61::1/128"), Place: clientPlace, Zone: clientZone},
			{Prefix: netip.MustParsePrefix("fd61::2/128"), Place: serverPlace, Zone: serverZone},
		},
		Joined: []Joined{{clientZone, serverZone, 1}},
		Pairs:  []Pair{{stop, stop}, {stop, stop}},
	}
	for _, g := range gates {
		g.Pair = 1
		t.Gates = append(t.Gates, g)
	}
	return t
}

func gate(transport uint8, port uint16, g Gate) PortGate {
	return PortGate{Transport: transport, Port: port, Gate: g}
}

// withCodes opens the Modbus port by function codes: 3 passes, 6 is dropped, 90
// asked about; by UDP too.
func withCodes() *Tables {
	codes := CodeTable{}
	for i := range codes {
		codes[i] = Code{Action: Drop, Reason: 8, Rule: uint32(i)}
	}
	codes[3] = Code{Action: Pass, Reason: 7, Rule: 3}
	codes[91] = Code{Action: Ask, Floor: FloorReset, Reason: 9, Rule: 91}
	codes[90] = Code{Action: Ask, Floor: FloorDrop, Reason: 9, Rule: 90}
	by := Gate{Action: Codes, Floor: FloorCodes, Codes: 1, Rule: 10, Reason: 6}
	t := closed(gate(6, modbusPort, by), gate(17, modbusPort, by))
	t.Codes = []CodeTable{{}, codes}
	return t
}
