package trial

import "slices"

// Device is the TCP of a device: it takes bytes in order, and of bytes that come twice
// before they are in order the first or, with Last, the last. Behind it are two servers, that
// differ in how they find the end of a request: Harm counts what either of them reads.
type Device struct {
	Next  uint32
	Last  bool
	Got   []byte
	Reset bool // a frame said that the connection ends
	// Never tells of a request, from its function on, that it is never blocked; may be nil.
	Never func(request []byte) bool
	early map[uint32]byte

	begins   uint32  // its number of the connection
	closed   bool    // it was told with the number that it waits for that the connection ends
	before   *Device // as it was in the connection before this one
	said     uint32  // bytes it answered with
	here     []byte  // what waits for the rest of a request, of who goes by the function
	throwing []byte  // the request that it does not know, while it throws away what comes
	read     [][]byte
}

// Again has the device take another connection of its client, with a number of its own.
func (d *Device) Again(begins uint32) {
	before := *d
	*d = Device{Next: ClientBegins, Last: d.Last, Reset: d.Reset, Never: d.Never, begins: begins, before: &before}
}

// Take is a frame that arrives.
func (d *Device) Take(f []byte) {
	if d.closed {
		return
	}
	if d.early == nil {
		d.early = map[uint32]byte{}
	}
	seq := be.Uint32(f[38:])
	for i, c := range f[54:] {
		at := seq + uint32(i)
		if int32(at-d.Next) < 0 || int32(at-d.Next) > 1<<16 {
			continue
		}
		if _, there := d.early[at]; !there || d.Last {
			d.early[at] = c
		}
	}
	was := len(d.Got)
	for {
		c, there := d.early[d.Next]
		if !there {
			break
		}
		delete(d.early, d.Next)
		d.Got = append(d.Got, c)
		d.Next++
	}
	d.byFunction(d.Got[was:])
}

// byFunction reads requests as libmodbus does: it looks at neither length nor protocol
// identifier, knows the size of a request by its function, and throws away what has come
// until it says that it does not know a function.
func (d *Device) byFunction(b []byte) {
	if d.throwing != nil {
		return
	}
	d.here = append(d.here, b...)
	for len(d.here) >= 8 {
		n := 8
		switch function := d.here[7]; {
		case function == 0:
		case function <= 6:
			n = 12
		case function == 15 || function == 16:
			if n = 13; len(d.here) >= n {
				n += int(d.here[12])
			}
		case function == 22:
			n = 14
		case function == 23:
			if n = 17; len(d.here) >= n {
				n += int(d.here[16])
			}
		}
		if len(d.here) < n {
			return
		}
		if n == 8 && d.here[7] != 17 {
			d.throwing, d.here = slices.Clone(d.here[:8]), nil
			return
		}
		d.read = append(d.read, slices.Clone(d.here[7:n]))
		d.here = d.here[n:]
	}
}

// Answer is the answer to a request that the device does not know: from then on it
// reads again what comes. It is nil where there is none to be given.
func (d *Device) Answer() []byte {
	if d.throwing == nil {
		return nil
	}
	q := d.throwing
	d.throwing = nil
	return []byte{q[0], q[1], 0, 0, 0, 3, q[6], q[7] | 0x80, 1}
}

// Harm counts the forbidden writes among the requests that servers read in what came.
func (d *Device) Harm() (n int) {
	if d.before != nil {
		d.before.Never = d.Never
		n = d.before.Harm()
	}
	for stream := d.Got; len(stream) >= 8; {
		size := 6 + int(be.Uint16(stream[4:]))
		if size > len(stream) || size < 8 {
			break
		}
		if d.harms(stream[7:size]) {
			n++
		}
		stream = stream[size:]
	}
	for _, r := range d.read {
		if d.harms(r) {
			n++
		}
	}
	return n
}

// harms tells whether a request, from its function on, is one that no policy here lets pass
// and that no device declines.
func (d *Device) harms(r []byte) bool {
	const registers, most = 10, 100
	switch function, data := r[0], r[1:]; {
	case d.Never != nil && d.Never(r):
		return false
	case len(data) < 4 || be.Uint16(data) == 0xffff:
		return false
	case function == 6:
		return be.Uint16(data) >= registers || be.Uint16(data[2:]) > most
	case function == 16 && len(data) > 4:
		return int(be.Uint16(data))+int(be.Uint16(data[2:])) > registers
	default:
		return function == 5 || function == 15 || function == 22 || function == 23
	}
}
