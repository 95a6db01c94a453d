package bacnet

import (
	"strconv"

	"firedoor"
)

// Spaces of what operations touch.
var (
	objects  = firedoor.Space{Name: "object", Append: appendObject, Place: place}
	elements = firedoor.Space{Name: "object-element", Axis: 1 + atIndex, Append: appendObject} // of arrays; for points only
	devices  = firedoor.Space{Name: "devices", Axis: 1}                                        // a range of instances
	names    = firedoor.Space{Name: "name"}
	privates = firedoor.Space{Name: "private", Append: appendPrivate}
	channels = firedoor.Space{Name: "channel", Append: appendChannel}
	networks = firedoor.Space{Name: "network"}
	peers    = firedoor.Space{Name: "broadcast-distribution-table", Append: appendName("broadcast-distribution-table")}
	foreigns = firedoor.Space{Name: "foreign-device-table", Append: appendForeign}
)

// An object of the space "object" is At: object identifier, property, array index
// plus one (0: no index), and marks. Text is the address of a device behind a
// router, network, length and octets as on the wire: it is not told, as the unit
// is, but tells what is learned apart.
const (
	atObject = iota
	atProperty
	atIndex
	atMarks

	noProperty = 0xffffffff

	// Marks: a write at another priority, of null, and what the server asks of
	// the client, is another operation.
	markPriority   = 0x1f
	markNull       = 0x20
	markTheirs     = 0x40
	markNoInstance = 0x80

	instanceBits = 22
	anyInstance  = 1<<instanceBits - 1
	routeHeader  = 3
)

// Types and properties that mean something here.
const (
	typeDevice = 8

	propertyAll      = 8
	propertyOptional = 80
	propertyRequired = 105
)

func appendObject(dst []byte, o *firedoor.Object) []byte {
	if o.At[atMarks]&markTheirs != 0 {
		dst = append(dst, "client/"...)
	}
	id := o.At[atObject]
	dst = appendWord(dst, objectTypes, "type-", id>>instanceBits)
	if o.At[atMarks]&markNoInstance == 0 {
		dst = strconv.AppendUint(append(dst, ':'), uint64(id&anyInstance), 10)
	}
	if o.At[atProperty] == noProperty {
		return dst
	}
	dst = append(dst, '/')
	if p := o.At[atProperty]; p >= firstLate && p-firstLate < uint32(len(lateProperties)) {
		dst = appendWord(dst, lateProperties, "", p-firstLate)
	} else {
		dst = appendWord(dst, properties, "property-", p)
	}
	if o.At[atIndex] != 0 {
		dst = strconv.AppendUint(append(dst, '['), uint64(o.At[atIndex]-1), 10)
		dst = append(dst, ']')
	}
	return dst
}

// arrays are the properties that are arrays of numbers (12). Their elements count from 1; 0 is
// how many there are.
var arrays = map[uint32]bool{
	76: true /* object-list */, 87: true /* priority-array */, 211: true /* subordinate-list */, 219: true, /* shed-levels */
	367: true /* control-groups */, 368: true /* execution-delay */, 371: true, /* property-list */
}

// place is where a property's value stands, whoever reads or writes it, at whatever priority.
// The elements of an array lie in a row, whether one of them was asked for or all; a maker's
// own property with several values is taken for one.
func place(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	at := *o
	at.At[atMarks] &= markTheirs | markNoInstance
	index := &at.At[atIndex]
	switch {
	case at.At[atProperty] == noProperty: // an event of an object, a command: not what a property is
		return firedoor.Object{}
	case v.Type == firedoor.Bit: // those of one value
	case *index == 0 && (arrays[at.At[atProperty]] || at.At[atProperty] >= firstOwn && v.Len() > 1):
		at.Space, *index = &elements, 2
	case *index != 0 && v.Len() > 1: // several of one element, which nobody described
		return firedoor.Object{}
	case *index != 0:
		at.Space = &elements
	}
	return at
}

// appendWord appends the word of a number, or the prefix and the number.
func appendWord(dst []byte, words []string, prefix string, n uint32) []byte {
	if n < uint32(len(words)) && words[n] != "-" {
		return append(dst, words[n]...)
	}
	return strconv.AppendUint(append(dst, prefix...), uint64(n), 10)
}

// unitOf is how a device behind a router is told from its neighbours: network
// number * 256 + its address there, or, of an address of several octets, what they
// give by exclusive or. A broadcast to a network is its 0.
func unitOf(route []byte) uint32 {
	if len(route) < routeHeader {
		return 0
	}
	octet := byte(0)
	for _, c := range route[routeHeader:] {
		octet ^= c
	}
	return uint32(route[0])<<16 | uint32(route[1])<<8 | uint32(octet)
}

func appendPrivate(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "vendor:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, "/service:"...), uint64(o.At[1]), 10)
}

func appendChannel(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "group:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, "/channel:"...), uint64(o.At[1]), 10)
}

// appendName returns a writer of a name alone.
func appendName(name string) func([]byte, *firedoor.Object) []byte {
	return func(dst []byte, _ *firedoor.Object) []byte { return append(dst, name...) }
}

// appendForeign writes the table, or one entry of it: IPv4 address and port plus one.
func appendForeign(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "foreign-device-table"...)
	if o.At[1] == 0 {
		return dst
	}
	separator := byte('/')
	for i := range 4 {
		dst = append(dst, separator)
		separator = '.'
		dst = strconv.AppendUint(dst, uint64(o.At[0]>>(24-8*i)&0xff), 10)
	}
	return strconv.AppendUint(append(dst, ':'), uint64(o.At[1]-1), 10)
}
