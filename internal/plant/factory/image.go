package factory

import (
	"math"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/physics"
)

// dialect is how a controller speaks of its memory.
type dialect uint8

const (
	modbus      dialect = iota // 16-bit registers, values scaled to integers
	modbusReals                // values as floating point in two registers
	step7                      // data blocks
	logix                      // named tags
)

// The data blocks of Siemens controllers.
const (
	blockSettings = 10 // what operators write
	blockValues   = 11
	blockCounters = 12
)

// port is where the dialect's server listens.
func (d dialect) port() uint16 {
	switch d {
	case step7:
		return 102
	case logix:
		return 44818
	}
	return 502
}

// image is a controller's memory as its protocol shows it: every tag has an
// address, given in the order of the tags.
type image struct {
	of      *physics.Controller
	dialect dialect
	tags    []*physics.Tag
	points  []device.Point // by place in tags
	next    map[slot]uint32
	changed func() // may be nil: told of every value that becomes another one over the network
}

// slot is where addresses are counted on.
type slot struct {
	area   device.Area
	number uint16
}

func newImage(c *physics.Controller, d dialect) *image {
	m := &image{of: c, dialect: d, tags: c.Tags, next: map[slot]uint32{}}
	for _, t := range c.Tags {
		m.points = append(m.points, m.place(t))
	}
	return m
}

// place gives a tag its address.
func (m *image) place(t *physics.Tag) device.Point {
	switch m.dialect {
	case logix:
		return device.Point{Area: device.Tag, Name: t.Name, Kind: m.kind(t)}
	case step7:
		return m.inBlock(t)
	}
	p := device.Point{Kind: m.kind(t), Scale: t.Scale}
	switch {
	case t.Type == physics.Bool && t.Role.Writable():
		p.Area = device.Coil
	case t.Type == physics.Bool:
		p.Area = device.Discrete
	case t.Role.Writable():
		p.Area = device.Holding
	default:
		p.Area = device.Register
	}
	at := slot{area: p.Area}
	p.Address = m.next[at]
	m.next[at] += uint32(max(1, p.Kind.Size()/2))
	return p
}

// inBlock puts a tag into one of three data blocks, on an even byte.
func (m *image) inBlock(t *physics.Tag) device.Point {
	p := device.Point{Area: device.Block, Number: blockValues, Kind: m.kind(t), Scale: t.Scale}
	switch {
	case t.Role.Writable():
		p.Number = blockSettings
	case t.Role == physics.Counter:
		p.Number = blockCounters
	}
	at := slot{p.Area, p.Number}
	p.Address = m.next[at]
	m.next[at] += uint32((p.Kind.Size() + 1) &^ 1)
	return p
}

// kind is how the memory holds a tag.
func (m *image) kind(t *physics.Tag) device.Kind {
	scaled := max(math.Abs(t.Max), math.Abs(t.Min)) * t.Scale
	switch {
	case t.Type == physics.Bool:
		return device.Bool
	case t.Role == physics.Counter:
		return device.Int32
	case t.Type == physics.Real && m.dialect != modbus:
		return device.Float32
	case scaled > math.MaxInt16 && m.dialect == modbus && t.Min >= 0 && scaled <= math.MaxUint16:
		return device.Uint16
	case scaled > math.MaxInt16:
		return device.Int32
	}
	return device.Int16
}

// find gives the address of a tag; false when the controller has none of that name.
func (m *image) find(tag string) (device.Point, *physics.Tag, bool) {
	for i, t := range m.tags {
		if t.Name == tag {
			return m.points[i], t, true
		}
	}
	return device.Point{}, nil, false
}

// values are the tags as a server holds them, by place.
func (m *image) values() []*device.Value {
	var list []*device.Value
	for i, t := range m.tags {
		v := &device.Value{Name: m.points[i].Name, Kind: m.points[i].Kind, Scale: m.points[i].Scale, Load: func() float64 { return t.Value }}
		if v.Name == "" {
			v.Name = t.Name
		}
		if t.Role.Writable() {
			v.Store = func(x float64) {
				before := t.Value
				m.of.Write(t, x)
				if t.Value != before && m.changed != nil {
					m.changed()
				}
			}
		}
		list = append(list, v)
	}
	return list
}

// modbus fills in the tables of a Modbus server.
func (m *image) modbus(s *device.ModbusConfig) {
	s.Coils, s.Discrete = map[uint16]*device.Value{}, map[uint16]*device.Value{}
	s.Holding, s.Input = map[uint16]*device.Value{}, map[uint16]*device.Value{}
	tables := map[device.Area]map[uint16]*device.Value{device.Coil: s.Coils, device.Discrete: s.Discrete, device.Holding: s.Holding, device.Register: s.Input}
	for i, v := range m.values() {
		tables[m.points[i].Area][uint16(m.points[i].Address)] = v
	}
}

// group is points that one request reads.
type group []device.Point

// groups are all points of the chosen roles, as many in a group as one request of
// the dialect takes: a range of registers, the items of a block, named tags.
func (m *image) groups(want func(*physics.Tag) bool) []group {
	var list []group
	byTable := map[slot]int{}
	for i, t := range m.tags {
		if !want(t) {
			continue
		}
		p := m.points[i]
		at := slot{p.Area, p.Number}
		g, known := byTable[at]
		if !known || len(list[g]) >= maxGroup {
			g = len(list)
			list = append(list, nil)
			byTable[at] = g
		}
		list[g] = append(list[g], p)
	}
	return list
}

// maxGroup is how many points one request asks for: the items of an S7 read
// (20 in a PDU of 240 bytes) with some room.
const maxGroup = 12
