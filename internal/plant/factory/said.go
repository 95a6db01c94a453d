package factory

import (
	"fmt"
	"math"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/truth"
)

// said puts a request into the words of an event line: one operation for each
// point that is written or read, one for an order. Reads keep their first point.
func said(m *image, r *device.Request) []truth.Operation {
	if m == nil {
		return nil
	}
	op := truth.Operation{Protocol: m.dialect.protocol(), Verb: verbWords[r.Verb], Function: r.Verb.String()}
	switch r.Verb {
	case device.Read:
		if len(r.Points) > 0 {
			op.Object, op.Tag = m.object(r.Points[0]), m.tag(r.Points[0])
		}
		return []truth.Operation{op}
	case device.Write:
		var list []truth.Operation
		for i, p := range r.Points {
			w := op
			w.Object, w.Tag = m.object(p), m.tag(p)
			w.Values, w.Engineering = []int64{wireValue(p, r.Values[i])}, []float64{r.Values[i]}
			list = append(list, w)
		}
		return list
	case device.Raw:
		op.Function = fmt.Sprintf("function %d", r.Code)
	}
	if r.Block != "" {
		op.Object = "block:" + r.Block
	}
	return []truth.Operation{op}
}

// verbWords are the verbs of event lines.
var verbWords = map[device.Verb]string{device.Read: "read", device.Write: "write", device.Identify: "identify", device.Stop: "control", device.Start: "control",
	device.Mode: "control", device.Download: "program", device.Upload: "program", device.ListBlocks: "program", device.ReadClock: "read",
	device.SetClock: "configure", device.Raw: "diagnose", device.Connect: "session", device.Disconnect: "session"}

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

// wireValue is a value as the wire carries it; a real number as its bits.
func wireValue(p device.Point, v float64) int64 {
	switch {
	case p.Kind == device.Float32:
		return int64(math.Float32bits(float32(v)))
	case p.Kind == device.Bool:
		return int64(v)
	case p.Scale != 0:
		return int64(math.Round(v * p.Scale))
	}
	return int64(math.Round(v))
}

func writeOf(p device.Point, v float64) device.Request {
	return device.Request{Verb: device.Write, Points: []device.Point{p}, Values: []float64{v}}
}
