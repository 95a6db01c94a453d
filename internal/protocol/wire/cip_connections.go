package wire

// CIPConnection is what a Forward Open settled (CIP volume 1, 3-5.5).
type CIPConnection struct {
	// OT and TO are the connection ids of originator-to-target and
	// target-to-originator packets.
	OT, TO uint32
	// Serial, Vendor and Originator name the connection for a Forward Close.
	Serial     uint16
	Vendor     uint16
	Originator uint32
	Class      uint8 // transport class: 0 and 1 carry I/O, 3 carries messages
	Safety     bool  // its path has a safety segment (CIP volume 5)
	HasSlot    bool
	Slot       uint32   // where the route leads in the rack
	Output     CIPPoint // what the target consumes
	Input      CIPPoint // what the target produces
}

// CIPPoint is the object at one end of an I/O connection; the zero value means
// that the path did not say.
type CIPPoint struct {
	HasAssembly bool
	Assembly    uint32 // instance of the assembly object
	Tag         string // produced and consumed tags
}

// MaxCIPConnections is how many open connections of one session are remembered;
// one more makes the oldest forgotten.
const MaxCIPConnections = 128

// CIPConnections are the open connections of one session. It is shared between
// the parser of the session and the parsers of its I/O flows, which have the
// same two addresses and so run in the same shard; a flow with other addresses
// (multicast) is given a table of its own.
type CIPConnections struct {
	list []CIPConnection
	next int // slot to reuse when full
}

// Open remembers a connection, in place of one with the same name or ids.
func (t *CIPConnections) Open(c CIPConnection) {
	for i := range t.list {
		if o := &t.list[i]; o.same(&c) || o.OT == c.OT && o.TO == c.TO {
			*o = c
			return
		}
	}
	if len(t.list) < MaxCIPConnections {
		t.list = append(t.list, c)
		return
	}
	t.list[t.next] = c
	t.next = (t.next + 1) % MaxCIPConnections
}

func (c *CIPConnection) same(o *CIPConnection) bool {
	return c.Serial == o.Serial && c.Vendor == o.Vendor && c.Originator == o.Originator
}

// Close forgets the connection with the serial number, vendor and originator.
func (t *CIPConnections) Close(serial, vendor uint16, originator uint32) {
	gone := CIPConnection{Serial: serial, Vendor: vendor, Originator: originator}
	for i := range t.list {
		if t.list[i].same(&gone) {
			t.list = append(t.list[:i], t.list[i+1:]...)
			t.next = 0
			return
		}
	}
}

// ByOT finds the connection by its originator-to-target id, nil if unknown.
func (t *CIPConnections) ByOT(id uint32) *CIPConnection {
	for i := range t.list {
		if t.list[i].OT == id {
			return &t.list[i]
		}
	}
	return nil
}

// ByTO finds the connection by its target-to-originator id, nil if unknown.
func (t *CIPConnections) ByTO(id uint32) *CIPConnection {
	for i := range t.list {
		if t.list[i].TO == id {
			return &t.list[i]
		}
	}
	return nil
}
