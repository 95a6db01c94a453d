package factory

import (
	"fmt"
	"math"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/truth"
)

// said puts a request into the words of an event line, so that both can be joined:
// one operation for each point that is written, one for everything else, with its
// first point. What is said in several messages stands for the first of them.
func said(m *image, r *device.Request) []truth.Operation {
	if m == nil {
		return nil
	}
	unit := m.dialect.unit()
	op := truth.Operation{Protocol: m.dialect.protocol(), Unit: &unit, Verb: verbWords[r.Verb], Function: r.Verb.String()}
	order := r.Verb
	if order == device.Mode && r.Code == 1 { // back to running
		order = device.Start
	}
	if w, ok := orderWords[m.dialect.family()][order]; ok {
		op.Function, op.Object = w.function, w.object
	}
	switch r.Verb {
	case device.Read:
		if len(r.Points) > 0 {
			op.Function, op.Object, op.Tag = readWords(r.Points[0].Area), m.object(r.Points[0]), m.tag(r.Points[0])
		}
	case device.Write:
		var list []truth.Operation
		for i, p := range r.Points {
			w := op
			w.Object, w.Tag, w.Engineering = m.object(p), m.tag(p), []float64{r.Values[i]}
			w.Function, w.Type, w.Values = wire(p, r.Values[i])
			list = append(list, w)
		}
		return list
	case device.Raw:
		op.Function, op.Verb = fmt.Sprintf("function %d", r.Code), "configure"
		if w, ok := rawWords[r.Code]; ok {
			op.Function, op.Verb = w.function, w.verb
		}
		if r.Code == umasFunction { // another protocol travels in it
			op.Protocol = "umas"
		}
	case device.Download:
		op.Object = "block:" + r.Block + "/P"
	case device.Upload:
		op.Object = "block:" + r.Block + "/A"
	}
	return []truth.Operation{op}
}

// verbWords are the verbs of event lines.
var verbWords = map[device.Verb]string{
	device.Read: "read", device.Write: "write", device.Identify: "identify", device.Stop: "control", device.Start: "control",
	device.Mode: "control", device.Download: "program", device.Upload: "program", device.ListBlocks: "read", device.ReadClock: "read",
	device.SetClock: "configure", device.Raw: "diagnose", device.Connect: "session", device.Disconnect: "session",
}

// words are a function and the object that it is always about.
type words struct{ function, object string }

// orderWords are what event lines call an order that has no points.
var orderWords = map[dialect]map[device.Verb]words{
	modbus: {device.Identify: {"read device identification", "device-id:0"}},
	step7: {
		device.Identify: {"read szl", "szl:0x0011/index:0x0000"}, device.Stop: {"plc stop", "pi:P_PROGRAM"}, device.Start: {"pi service warm restart", "pi:P_PROGRAM"},
		device.Download: {"request download", ""}, device.Upload: {"start upload", ""},
	},
	logix: {
		device.Identify: {"get attributes all", "class:0x1/instance:1"}, device.Stop: {"stop", "class:0x8e/instance:1"},
		device.Start: {"start", "class:0x8e/instance:1"}, device.Mode: {"stop", "class:0x8e/instance:1"},
	},
}

// rawWords are the Modbus functions that a scan tries out, as event lines have them.
var rawWords = map[uint8]struct{ function, verb string }{
	1: {"read coils", "read"}, 2: {"read discrete inputs", "read"}, 3: {"read holding registers", "read"}, 4: {"read input registers", "read"},
	7: {"read exception status", "diagnose"}, 8: {"diagnostics: return query data", "diagnose"}, 11: {"get comm event counter", "diagnose"},
	12: {"get comm event log", "diagnose"}, 17: {"report server id", "identify"}, 20: {"read file record", "read"}, 24: {"read fifo queue", "read"},
	43: {"read device identification", "identify"}, umasFunction: {"read id", "identify"},
}

// umasFunction is the Modbus function that a maker's own protocol travels in; the
// trial asks it who is there.
const umasFunction = 90

// family is the protocol without the differences in how it is used.
func (d dialect) family() dialect {
	if d == modbusReals {
		return modbus
	}
	return d
}

// unit is the unit identifier, or the slot.
func (d dialect) unit() uint32 {
	switch d {
	case step7:
		return 2
	case logix:
		return 0
	}
	return 1
}

// protocol is the name that event lines give it.
func (d dialect) protocol() string {
	switch d {
	case step7:
		return "s7comm"
	case logix:
		return "cip"
	}
	return "modbus"
}

// readWords is the function that reads an area.
func readWords(a device.Area) string {
	switch a {
	case device.Coil:
		return "read coils"
	case device.Discrete:
		return "read discrete inputs"
	case device.Holding:
		return "read holding registers"
	case device.Register:
		return "read input registers"
	case device.Tag:
		return "read tag"
	}
	return "read var"
}

// object names a point as event lines do.
func (m *image) object(p device.Point) string {
	switch p.Area {
	case device.Coil:
		return fmt.Sprintf("coil:%d", p.Address)
	case device.Discrete:
		return fmt.Sprintf("discrete:%d", p.Address)
	case device.Holding:
		return fmt.Sprintf("holding:%d", p.Address)
	case device.Register:
		return fmt.Sprintf("input:%d", p.Address)
	case device.Tag:
		return p.Name
	}
	switch p.Kind {
	case device.Bool:
		return fmt.Sprintf("DB%d.DBX%d.%d", p.Number, p.Address, p.Bit)
	case device.Int16, device.Uint16:
		return fmt.Sprintf("DB%d.DBW%d", p.Number, p.Address)
	}
	return fmt.Sprintf("DB%d.DBD%d", p.Number, p.Address)
}

// tag is the controller's name for a point.
func (m *image) tag(p device.Point) string {
	for i := range m.points {
		if m.points[i] == p {
			return m.tags[i].Name
		}
	}
	return ""
}

// wire is how a value is written: the function, and the values as an event line has
// them. Modbus has only bits and registers; elsewhere a real number is its bits.
func wire(p device.Point, v float64) (function, kind string, values []int64) {
	scaled := v
	if p.Scale != 0 && p.Kind != device.Float32 {
		scaled *= p.Scale
	}
	n := int64(math.Round(scaled))
	if p.Kind == device.Float32 {
		n = int64(math.Float32bits(float32(v)))
	}
	switch {
	case p.Area == device.Coil:
		return "write single coil", "bit", []int64{n}
	case p.Area == device.Holding && p.Kind.Size() > 2:
		return "write multiple registers", "u16", []int64{n >> 16 & 0xffff, n & 0xffff}
	case p.Area == device.Holding:
		return "write single register", "u16", []int64{n & 0xffff}
	case p.Area == device.Tag:
		function = "write tag"
	default:
		function = "write var"
	}
	return function, kindWords[p.Kind], []int64{n}
}

// kindWords are the types of event lines.
var kindWords = map[device.Kind]string{device.Bool: "bool", device.Int16: "i16", device.Uint16: "u16", device.Int32: "i32", device.Float32: "f32"}

func writeOf(p device.Point, v float64) device.Request {
	return device.Request{Verb: device.Write, Points: []device.Point{p}, Values: []float64{v}}
}
