package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/cilium/ebpf"
)

// What is here is the other half of the declarations at the top of bpf/gateway.c.

// layout is the version of what outlives a process: maps and what is in them. It
// goes up with every change of a map that is not one of tables, and with every kind of table
// that is added: an older program would leave what lies in it when it changes the others.
// Which maps go over from one layout to the next says carried.
const layout = "layout-8"

const (
	gateSafety   = 1
	gateMute     = 2
	gateEnforces = 4
	gateTold     = 8
	pairPorts    = 1
	pairDrops    = 2
	pairJoined   = 4
	pairTells    = 8
	pairStops    = 16

	placeBare    = 1
	placeInside  = 2
	placeOutside = 4
	placeSpared  = 8

	shapeVLANs      = 1
	shapeHosts      = 2
	shapePrefixes   = 4
	shapeStations   = 8
	shapeBare       = 16
	shapeSafeTypes  = 32
	anyVLAN         = 0xffffff
	only            = uint32(0) // the key of maps with one entry
	totalUncounted  = 2
	totalUnreported = 3
	totalUnpaired   = 4
	totalsCount     = 5
)

// Offsets in gatewayConfig.
const (
	configLimit    = int64(unsafe.Offsetof(gatewayConfig{}.LimitNs))
	configBypass   = int64(unsafe.Offsetof(gatewayConfig{}.Bypass))
	configHeld     = int64(unsafe.Offsetof(gatewayConfig{}.Quarantine))
	configReports  = int64(unsafe.Offsetof(gatewayConfig{}.Reports))
	configShedding = int64(unsafe.Offsetof(gatewayConfig{}.Shedding))
	configActive   = int64(unsafe.Offsetof(gatewayConfig{}.Active))
	configTurn     = int64(unsafe.Offsetof(gatewayConfig{}.Turn))
	configSlots    = int64(unsafe.Offsetof(gatewayConfig{}.Slots)) // generation, shape; twice
	slotSize       = int64(unsafe.Sizeof(gatewayConfig{}.Slots) / 2)
)

// Maps that outlive processes: what is counted and remembered, and the slots of tables.
var (
	kept   = [...]string{gatewayMapConfig, gatewayMapHeartbeat, gatewayMapQuarantine, gatewayMapUnasked, gatewayMapCounts, gatewayMapLosses, gatewayMapTotals, gatewayMapReports, gatewayMapBuckets, gatewayMapStreams, gatewayMapTalks, gatewayMapOpeners}
	tabled = [...]string{gatewayMapHosts, gatewayMapPrefixes, gatewayMapMacs, gatewayMapPairOf, gatewayMapPairs, gatewayMapGates, gatewayMapCodesOf, gatewayMapNeverOf}
)

func (v VLAN) key() uint32 {
	if !v.Only {
		return anyVLAN
	}
	return uint32(v.Outer)<<12 | uint32(v.Inner)
}

// host gives the key of an address: the kernel compares its bytes in the order of the wire.
func (p *Place) host() gatewayHostKey {
	var k gatewayHostKey
	var b [20]byte
	family := uint32(6)
	if p.Prefix.Addr().Is4() {
		family = 4
	}
	binary.BigEndian.PutUint32(b[:], family<<24|p.VLAN.key())
	copy(b[4:], p.Prefix.Masked().Addr().AsSlice())
	k.Domain = binary.NativeEndian.Uint32(b[:])
	for i := range k.Addr {
		k.Addr[i] = binary.NativeEndian.Uint32(b[4+4*i:])
	}
	return k
}

func (g *Gate) entry() gatewayGate {
	e := gatewayGate{Action: uint8(g.Action), Floor: uint8(g.Floor), Reason: g.Reason, Codes: g.Codes, Rule: g.Rule, Conduit: g.Conduit}
	if g.Safety {
		e.Flags = gateSafety
	}
	if g.Mute {
		e.Flags |= gateMute
	}
	if g.Enforced {
		e.Flags |= gateEnforces
	}
	if g.Told {
		e.Flags |= gateTold
	}
	return e
}

// flags of a pair are those that its gates do not make.
func (p *Pair) flags() (flags uint32) {
	if p.Default.Joined {
		flags = pairJoined
	}
	switch p.Default.Astray {
	case Ask:
		flags |= pairTells
	case Drop:
		flags |= pairStops
	}
	return flags
}

func (b Bound) flags() uint32 {
	flags := [...]uint32{AtEither: 0, AtInside: placeInside, AtOutside: placeOutside}[b.At]
	if b.Spared {
		flags |= placeSpared
	}
	return flags
}

// entries are the tables as the kernel's maps take them.
type entries struct {
	shape uint32

	hostKeys   []gatewayHostKey
	hosts      []gatewayPlace
	prefixKeys []gatewayPrefixKey
	prefixes   []gatewayPlace
	macKeys    []gatewayMacKey
	macs       []gatewayPlace
	joinedKeys []gatewayPairKey
	joined     []uint32
	pairKeys   []uint32
	pairs      []gatewayPair
	gateKeys   []gatewayGateKey
	gates      []gatewayGate
	codeKeys   []uint32
	codes      []gatewayCodes
	neverKeys  []uint32
	nevers     []gatewayNevers
}

func newEntries(t *Tables) *entries {
	e := &entries{}
	for i := range t.Places {
		e.addPlace(&t.Places[i])
	}
	for _, s := range t.Stations {
		at := gatewayPlace{Place: s.Place, Zone: s.Zone, Flags: s.flags()}
		e.shape |= shapeStations
		if s.Bare {
			at.Flags |= placeBare
			e.shape |= shapeBare
		}
		if s.VLAN.Only {
			e.shape |= shapeVLANs
		}
		e.macKeys, e.macs = append(e.macKeys, gatewayMacKey{Mac: uint64(s.MAC), Vlans: s.VLAN.key()}), append(e.macs, at)
	}
	for _, j := range t.Joined {
		e.joinedKeys, e.joined = append(e.joinedKeys, gatewayPairKey{Client: j.Client, Server: j.Server}), append(e.joined, j.Pair)
	}
	for i := range t.Pairs {
		p := &t.Pairs[i]
		e.pairKeys = append(e.pairKeys, uint32(i))
		e.pairs = append(e.pairs, gatewayPair{Otherwise: p.Default.entry(), Frames: p.EtherTypes.entry(), Flags: p.flags()})
	}
	for i := range t.Gates {
		e.addGate(&t.Gates[i])
	}
	for i := range t.Codes {
		var c gatewayCodes
		for n, one := range t.Codes[i] {
			to := &c.Of[n]
			to.Action, to.Floor, to.Reason, to.Rule = uint8(one.Action), uint8(one.Floor), one.Reason, one.Rule
		}
		e.codeKeys, e.codes = append(e.codeKeys, uint32(i)), append(e.codes, c)
	}
	for i, list := range t.Nevers {
		e.addNevers(uint32(i), list)
	}
	return e
}

func (e *entries) addNevers(codes uint32, list []Never) {
	var all gatewayNevers
	for i, n := range list {
		to := &all.Of[i]
		to.Codes, to.Rule, to.Reason, to.From, to.To, to.Low, to.High, to.Unit = n.Codes, n.Rule, n.Reason, n.From, n.To, n.Low, n.High, n.Unit
		if n.HasUnit {
			to.HasUnit = 1
		}
	}
	e.neverKeys, e.nevers = append(e.neverKeys, codes), append(e.nevers, all)
}

func (e *entries) addPlace(p *Place) {
	at := gatewayPlace{Place: p.Place, Zone: p.Zone, Bits: uint32(p.Prefix.Bits()), Flags: p.flags()}
	if p.VLAN.Only {
		e.shape |= shapeVLANs
	}
	if p.Prefix.IsSingleIP() {
		e.shape |= shapeHosts
		e.hostKeys, e.hosts = append(e.hostKeys, p.host()), append(e.hosts, at)
		return
	}
	e.shape |= shapePrefixes
	e.prefixKeys = append(e.prefixKeys, gatewayPrefixKey{Bits: 32 + uint32(p.Prefix.Bits()), Host: p.host()})
	e.prefixes = append(e.prefixes, at)
}

func (e *entries) addGate(g *PortGate) {
	if g.Pair == AnyPair {
		e.shape |= shapeSafeTypes
	} else if g.Transport != EtherType && g.Gate.Action != Pass {
		e.pairs[g.Pair].Flags |= pairPorts
		if g.Gate.Action != Ask && g.Gate.Action != Codes || g.Gate.Floor != FloorPass {
			e.pairs[g.Pair].Flags |= pairDrops
		}
	}
	e.gateKeys = append(e.gateKeys, gatewayGateKey{Pair: g.Pair, Port: g.Port, Transport: g.Transport})
	e.gates = append(e.gates, g.Gate.entry())
}

// table is what one map is to hold.
type table struct {
	entries int
	fill    func(*ebpf.Map) error
}

// tables gives what the map of each name is to hold. An entry that is there twice is
// an error: which one holds would be chance.
func (e *entries) tables() map[string]table {
	return map[string]table{
		gatewayMapHosts:    newTable(e.hostKeys, e.hosts, ebpf.UpdateNoExist),
		gatewayMapPrefixes: newTable(e.prefixKeys, e.prefixes, ebpf.UpdateNoExist),
		gatewayMapMacs:     newTable(e.macKeys, e.macs, ebpf.UpdateNoExist),
		gatewayMapPairOf:   newTable(e.joinedKeys, e.joined, ebpf.UpdateNoExist),
		gatewayMapPairs:    newTable(e.pairKeys, e.pairs, ebpf.UpdateAny),
		gatewayMapGates:    newTable(e.gateKeys, e.gates, ebpf.UpdateNoExist),
		gatewayMapCodesOf:  newTable(e.codeKeys, e.codes, ebpf.UpdateAny),
		gatewayMapNeverOf:  newTable(e.neverKeys, e.nevers, ebpf.UpdateAny),
	}
}

func newTable[K comparable, V any](keys []K, values []V, flags ebpf.MapUpdateFlags) table {
	return table{len(keys), func(m *ebpf.Map) error {
		if flags == ebpf.UpdateNoExist {
			if err := once(keys); err != nil {
				return fmt.Errorf("table %v, %w", m, err)
			}
		}
		return fillMap(m, keys, values)
	}}
}

// once holds that no key is there twice.
func once[K comparable](keys []K) error {
	seen := make(map[K]struct{}, len(keys))
	for i, k := range keys {
		if seen[k] = struct{}{}; len(seen) <= i {
			return fmt.Errorf("entry %d (%+v): is there twice", i, k)
		}
	}
	return nil
}

// fillMap puts entries into a map, all by one call where the kernel can do that (5.6, of prefixes
// 5.13): one call each takes most of the time.
func fillMap[K, V any](m *ebpf.Map, keys []K, values []V) error {
	if len(keys) == 0 {
		return nil
	}
	n, err := m.BatchUpdate(keys, values, nil)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("table %v, after %d of %d entries: %w", m, n, len(keys), err)
	}
	for i := range keys {
		if err := m.Update(&keys[i], &values[i], ebpf.UpdateAny); err != nil {
			return fmt.Errorf("table %v, entry %d (%+v): %w", m, i, keys[i], err)
		}
	}
	return nil
}
