package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// General status of answers (CIP volume 1, B-1).
const (
	cipOK             = 0x00
	cipConnectionFail = 0x01
	cipPathSegment    = 0x04
	cipPathUnknown    = plant.CIPPathUnknown
	cipPartial        = 0x06
	cipNoService      = 0x08
	cipBadValue       = 0x09
	cipConflict       = 0x0c // not in this state
	cipNotSettable    = 0x0e
	cipPrivilege      = plant.CIPPrivilege
	cipNotEnough      = 0x13
	cipNoAttribute    = 0x14
	cipTooMuch        = 0x15
	cipNoObject       = 0x16
	cipBadParameter   = 0x20
	cipEmbedded       = 0x1e
	cipTagError       = 0xff

	cipBeyond    = 0x2105 // extensions of cipTagError
	cipWrongType = 0x2107
)

// Services.
const (
	cipReset         = 0x05
	cipStart         = 0x06
	cipStop          = 0x07
	cipGetList       = 0x03
	cipSetList       = 0x04
	cipReadFragment  = 0x52
	cipWriteFragment = 0x53
	cipInstances     = 0x55
	cipLargeOpen     = 0x5b
)

// Classes.
const (
	cipIdentity = 0x01
	cipRouter   = 0x02
	cipAssembly = 0x04
	cipManager  = 0x06
	cipFileOf   = 0x37
	cipSymbolOf = 0x6b
	cipClockOf  = 0x8b // a controller's clock
	cipModeOf   = 0x8e // a controller's mode: what its tools start and stop

	cipTimeUTC = 11 // attributes of the clock: microseconds since 1970
	cipTimeSet = 6
)

// maxNested is how deep requests may lie in requests: a packet of several within
// an unconnected send.
const maxNested = 2

// serve appends the answer to one request of the message router. depth is how
// many requests it lies in.
func (s *cipSession) serve(b, request []byte, depth int) []byte {
	if len(request) < 2 || len(request) < 2+2*int(request[1]) {
		service := byte(0)
		if len(request) > 0 {
			service = request[0] & 0x7f
		}
		return plant.CIPAnswer(b, service, cipNotEnough)
	}
	service, path, data := request[0]&0x7f, request[2:2+2*int(request[1])], request[2+2*int(request[1]):]
	p, ok := parsePath(path, s.name)
	s.name = p.symbol
	switch {
	case !ok || depth > maxNested:
		return plant.CIPAnswer(b, service, cipPathSegment)
	case len(p.symbol) > 0:
		return s.tag(b, service, &p, data)
	}
	switch p.class {
	case cipIdentity:
		return s.identity(b, service, &p)
	case cipRouter:
		if service == plant.CIPMultiple {
			return s.together(b, data, depth)
		}
	case cipAssembly:
		return s.assembly(b, service, &p, data)
	case cipManager:
		return s.manage(b, service, data, depth)
	case cipFileOf:
		return s.files(b, service, &p, data)
	case cipSymbolOf:
		return s.symbols(b, service, &p, data)
	case cipModeOf:
		return s.mode(b, service)
	case cipClockOf:
		return s.clock(b, service, data)
	default:
		return plant.CIPAnswer(b, service, cipPathUnknown)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

// identity serves class 1.
func (s *cipSession) identity(b []byte, service uint8, p *cipPath) []byte {
	if p.instance != 1 {
		return plant.CIPAnswer(b, service, cipNoObject)
	}
	id := s.device.identity.wire()
	switch service {
	case plant.CIPGetAll:
		return id.Append(plant.CIPAnswer(b, service, cipOK))
	case plant.CIPGetSingle:
		var all [64]byte
		a := id.Append(all[:0])
		// Where the attributes begin in all of them.
		starts := [...]int{1: 0, 2: 2, 3: 4, 4: 6, 5: 8, 6: 10, 7: 14, 8: len(a)}
		if p.attribute < 1 || p.attribute+1 >= len(starts) {
			return plant.CIPAnswer(b, service, cipNoAttribute)
		}
		return append(plant.CIPAnswer(b, service, cipOK), a[starts[p.attribute]:starts[p.attribute+1]]...)
	case cipReset, cipStart, cipStop:
		return s.mode(b, service)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

// mode starts and stops the machine; a reset does both.
func (s *cipSession) mode(b []byte, service uint8) []byte {
	m := s.device.machine
	if m == nil {
		return plant.CIPAnswer(b, service, cipNoService)
	}
	var err error
	switch service {
	case cipStart:
		err = m.Start()
	case cipStop:
		err = m.Stop()
	case cipReset:
		if err = m.Stop(); err == nil {
			err = m.Start()
		}
	default:
		return plant.CIPAnswer(b, service, cipNoService)
	}
	if err != nil {
		return plant.CIPAnswer(b, service, cipPrivilege)
	}
	return plant.CIPAnswer(b, service, cipOK)
}

// together serves a multiple service packet.
func (s *cipSession) together(b, data []byte, depth int) []byte {
	if len(data) < 2 {
		return plant.CIPAnswer(b, plant.CIPMultiple, cipNotEnough)
	}
	n := int(binary.LittleEndian.Uint16(data))
	if n == 0 || len(data) < 2+2*n || depth >= maxNested {
		return plant.CIPAnswer(b, plant.CIPMultiple, cipNotEnough)
	}
	at := len(b)
	b = plant.CIPAnswer(b, plant.CIPMultiple, cipOK)
	first := len(b)
	b = append(b, byte(n), byte(n>>8))
	for range n {
		b = append(b, 0, 0)
	}
	for i := range n {
		from, to := int(binary.LittleEndian.Uint16(data[2+2*i:])), len(data)
		if i+1 < n {
			to = int(binary.LittleEndian.Uint16(data[4+2*i:]))
		}
		if from < 2+2*n || from > to || to > len(data) {
			return plant.CIPAnswer(b[:at], plant.CIPMultiple, cipBadParameter)
		}
		begin := len(b)
		if begin-at > cipMaxMessage/2 { // many small requests with large answers
			return plant.CIPAnswer(b[:at], plant.CIPMultiple, cipTooMuch)
		}
		binary.LittleEndian.PutUint16(b[first+2+2*i:], uint16(begin-first))
		b = s.serve(b, data[from:to], depth+1)
		if b[begin+2] != cipOK && b[begin+2] != cipPartial {
			b[at+2] = cipEmbedded
		}
	}
	return b
}

// assembly reads and sets the data of an assembly (attribute 3).
func (s *cipSession) assembly(b []byte, service uint8, p *cipPath, data []byte) []byte {
	instance := p.instance
	if instance < 0 && p.pointCount > 0 {
		instance = p.points[0]
	}
	a, consumed := s.device.assemblyOf(instance)
	switch {
	case a == nil:
		return plant.CIPAnswer(b, service, cipNoObject)
	case p.attribute >= 0 && p.attribute != 3:
		return plant.CIPAnswer(b, service, cipNoAttribute)
	}
	switch service {
	case plant.CIPGetSingle:
		return a.append(plant.CIPAnswer(b, service, cipOK))
	case plant.CIPSetSingle:
		if !consumed {
			return plant.CIPAnswer(b, service, cipNotSettable)
		}
		switch n := a.size(); {
		case len(data) < n:
			return plant.CIPAnswer(b, service, cipNotEnough)
		case len(data) > n:
			return plant.CIPAnswer(b, service, cipTooMuch)
		}
		a.take(data)
		return plant.CIPAnswer(b, service, cipOK)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

func (d *CIP) assemblyOf(instance int) (a *CIPAssembly, consumed bool) {
	for i := range d.produced {
		if int(d.produced[i].Instance) == instance {
			return &d.produced[i], false
		}
	}
	for i := range d.consumed {
		if int(d.consumed[i].Instance) == instance {
			return &d.consumed[i], true
		}
	}
	return nil, false
}

// tag serves reads and writes of a tag by name.
func (s *cipSession) tag(b []byte, service uint8, p *cipPath, data []byte) []byte {
	i, there := s.device.byName[string(p.symbol)]
	if !there {
		return plant.CIPAnswer(b, service, cipPathUnknown)
	}
	if p.member > 0 { // an element of what is no array
		return plant.CIPRefuse(b, service, cipTagError, cipBeyond)
	}
	return s.value(b, service, s.device.tags[i], data)
}

func (s *cipSession) value(b []byte, service uint8, v *Value, data []byte) []byte {
	switch service {
	case plant.CIPReadTag, cipReadFragment:
		need := 2
		if service == cipReadFragment {
			need = 6 // and the offset
		}
		if len(data) < need {
			return plant.CIPAnswer(b, service, cipNotEnough)
		}
		if binary.LittleEndian.Uint16(data) != 1 || need == 6 && binary.LittleEndian.Uint32(data[2:]) != 0 {
			return plant.CIPRefuse(b, service, cipTagError, cipBeyond)
		}
		kind := cipType(v.Kind)
		b = plant.CIPAnswer(b, service, cipOK, byte(kind), byte(kind>>8))
		return appendLow(b, v.Kind, v.raw())
	case plant.CIPWriteTag, cipWriteFragment:
		return s.write(b, service, v, data)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}

func (s *cipSession) write(b []byte, service uint8, v *Value, data []byte) []byte {
	head := 4
	if service == cipWriteFragment {
		head = 8
	}
	switch {
	case len(data) < head:
		return plant.CIPAnswer(b, service, cipNotEnough)
	case binary.LittleEndian.Uint16(data) != cipType(v.Kind):
		return plant.CIPRefuse(b, service, cipTagError, cipWrongType)
	case binary.LittleEndian.Uint16(data[2:]) != 1 || head == 8 && binary.LittleEndian.Uint32(data[4:]) != 0:
		return plant.CIPRefuse(b, service, cipTagError, cipBeyond)
	case len(data) < head+v.Kind.Size():
		return plant.CIPAnswer(b, service, cipNotEnough)
	case v.Store == nil:
		return plant.CIPAnswer(b, service, cipPrivilege)
	}
	v.store(rawLow(data[head : head+v.Kind.Size()]))
	return plant.CIPAnswer(b, service, cipOK)
}

// symbols serves the list of tags, and tags by their number in it.
func (s *cipSession) symbols(b []byte, service uint8, p *cipPath, data []byte) []byte {
	if service == cipInstances {
		return s.instances(b, max(p.instance, 0), data)
	}
	if p.instance < 1 || p.instance > len(s.device.tags) {
		return plant.CIPAnswer(b, service, cipPathUnknown)
	}
	return s.value(b, service, s.device.tags[p.instance-1], data)
}

// instances lists tags from a number on: their numbers, and the attributes asked
// for: 1 the name, 2 the type.
func (s *cipSession) instances(b []byte, from int, data []byte) []byte {
	if len(data) < 2 || len(data) != 2+2*int(binary.LittleEndian.Uint16(data)) {
		return plant.CIPAnswer(b, cipInstances, cipNotEnough)
	}
	at := len(b)
	b = plant.CIPAnswer(b, cipInstances, cipOK)
	for i := max(from, 1); i <= len(s.device.tags); i++ {
		t := s.device.tags[i-1]
		if len(b)-at+4+2+len(t.Name)+2 > cipRoom {
			b[at+2] = cipPartial
			break
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		for a := data[2:]; len(a) > 0; a = a[2:] {
			switch binary.LittleEndian.Uint16(a) {
			case 1:
				b = binary.LittleEndian.AppendUint16(b, uint16(len(t.Name)))
				b = append(b, t.Name...)
			case 2:
				b = binary.LittleEndian.AppendUint16(b, cipType(t.Kind))
			default:
				return plant.CIPAnswer(b[:at], cipInstances, cipNoAttribute)
			}
		}
	}
	return b
}

// clock reads and sets the clock of a controller, one attribute of a list.
func (s *cipSession) clock(b []byte, service uint8, data []byte) []byte {
	m := s.device.machine
	if m == nil {
		return plant.CIPAnswer(b, service, cipPathUnknown)
	}
	if len(data) < 4 || data[0] != 1 || data[1] != 0 || data[3] != 0 {
		return plant.CIPAnswer(b, service, cipNotEnough)
	}
	attribute := data[2]
	switch {
	case service == cipGetList && (attribute == cipTimeUTC || attribute == cipTimeSet):
		b = plant.CIPAnswer(b, service, cipOK, 1, 0, attribute, 0, 0, 0)
		return binary.LittleEndian.AppendUint64(b, uint64(m.Clock(s.now)/1000))
	case service == cipSetList && attribute == cipTimeSet && len(data) == 12:
		if m.SetClock(s.now, int64(binary.LittleEndian.Uint64(data[4:])*1000)) != nil {
			return plant.CIPAnswer(b, service, cipPrivilege)
		}
		return plant.CIPAnswer(b, service, cipOK, 1, 0, attribute, 0, 0, 0)
	}
	return plant.CIPAnswer(b, service, cipNoService)
}
