package trial

import "pgregory.net/rapid"

// Device is the TCP of a device: it takes bytes in order, and of bytes that come twice
// before they are in order the first or, with Last, the last.
type Device struct {
	Next  uint32
	Last  bool
	Got   []byte
	Reset bool // a frame said that the connection ends
	early map[uint32]byte
}

// Take is a frame that arrives.
func (d *Device) Take(f []byte) {
	if f[47]&RST != 0 {
		d.Reset = true
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
	for {
		c, there := d.early[d.Next]
		if !there {
			return
		}
		delete(d.early, d.Next)
		d.Got = append(d.Got, c)
		d.Next++
	}
}

// Harm counts the forbidden writes among the requests a device reads.
func Harm(stream []byte) (n int) {
	for len(stream) >= 8 {
		size := 6 + int(be.Uint16(stream[4:]))
		if size > len(stream) || size < 8 {
			return n
		}
		switch function, data := stream[7], stream[8:size]; {
		case function == 6 && len(data) == 4 && (be.Uint16(data) > 9 && be.Uint16(data) != 0xffff || be.Uint16(data) <= 9 && be.Uint16(data[2:]) > 100),
			function == 16 && len(data) > 4 && be.Uint16(data) != 0xffff,
			function == 5 && len(data) == 4 && be.Uint16(data) != 0xffff:
			n++
		}
		stream = stream[size:]
	}
	return n
}

// Line is what lies between client and server: whoever is tried, and perhaps others.
type Line interface {
	// Client is a frame of the client; it gives those that come to the server.
	Client(f []byte) [][]byte
	// Server is one of the server; it gives those of the client that come to it by that.
	Server(f []byte) [][]byte
	// Restart puts another one in the place of who judges; with inside it is lost while it judges.
	Restart(inside bool)
	// Silence leaves the line without anybody who judges, or ends that.
	Silence(on bool)
}

// deliver gives frames to a device, which answers at once what it has already; lost
// tells which ones do not come.
func deliver(l Line, d *Device, frames [][]byte, lost func() bool) {
	for len(frames) > 0 {
		f := frames[0]
		frames = frames[1:]
		if f[47]&(SYN|RST) != 0 || f[47]&FIN != 0 && len(f) == 54 || lost() { // numbers of such frames are wrong here: a device ignores them
			continue
		}
		old := len(f) > 54 && int32(be.Uint32(f[38:])+uint32(len(f)-54)-d.Next) <= 0
		if d.Take(f); old {
			frames = append(frames, l.Server(TCP(PLC, HMI, ServerBegins, d.Next, ACK, nil))...)
		}
	}
}

// Numbers with which connections of these trials begin.
const (
	ClientBegins = uint32(1000)
	ServerBegins = uint32(9000)
)

// Connect has a connection made.
func Connect(l Line) {
	l.Client(TCP(HMI, PLC, ClientBegins-1, 0, SYN, nil))
	l.Server(TCP(PLC, HMI, ServerBegins-1, ClientBegins, SYN|ACK, nil))
	l.Client(TCP(HMI, PLC, ClientBegins, ServerBegins, ACK, nil))
}

func requests(t *rapid.T, n int, odd bool) (out [][]byte) {
	kinds := 8
	if odd {
		kinds++
	}
	for i := range rapid.IntRange(1, n).Draw(t, "requests") {
		id := uint16(i)
		out = append(out, rapid.SampledFrom([][]byte{ReadSome(id), ReadSome(id), WriteOne(id, 5, 50), WriteOne(id, 20, 1), WriteOne(id, 5, 5000), Request(id, 16, 0, 30, 0, 1, 2, 0, 9),
			Request(id, 5, 0, 3, 0xff, 0), Request(id, 43, 14, 1, 0), {byte(id), 0, 0, 9, 0, 3, 1, 1, 1}}[:kinds]).Draw(t, "request"))
	}
	return out
}

// disturb draws what befalls who judges.
func disturb(t *rapid.T, l Line) {
	switch rapid.IntRange(0, 11).Draw(t, "disturbance") {
	case 0:
		l.Restart(false)
	case 1:
		l.Restart(true)
	case 2:
		l.Silence(true)
	case 3, 4:
		l.Silence(false)
	}
}

// Attack has a drawn attacker send over a line: it cuts, repeats, changes, overlaps and
// reorders, sends what its device throws away, says that connections begin and end, and does so while who judges dies. It
// gives the device behind the line.
func Attack(t *rapid.T, l Line, disturbed bool) *Device {
	Connect(l)
	device := &Device{Next: ClientBegins, Last: rapid.Bool().Draw(t, "last wins")}
	lost := func() bool { return rapid.IntRange(0, 7).Draw(t, "wrong checksum") == 0 }
	var stream []byte
	for _, r := range requests(t, 8, true) {
		stream = append(stream, r...)
	}
	for range rapid.IntRange(1, 60).Draw(t, "segments") {
		if disturbed {
			disturb(t, l)
		}
		from := rapid.IntRange(max(0, len(device.Got)-12), len(stream)-1).Draw(t, "from")
		if rapid.Bool().Draw(t, "next") {
			from = min(len(device.Got), len(stream)-1)
		}
		piece := append([]byte(nil), stream[from:min(len(stream), from+rapid.SampledFrom([]int{1, 2, 7, 8, 9, 10, 12, 12, 12, 24, 40}).Draw(t, "bytes"))]...)
		if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
			piece[rapid.IntRange(0, len(piece)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		}
		seq, flags := ClientBegins+uint32(from), byte(ACK)
		switch rapid.IntRange(0, 15).Draw(t, "lie") {
		case 0:
			seq, flags, piece = seq-1, SYN, nil
		case 1:
			flags = RST
		case 2:
			flags |= FIN
		case 3: // a whole request in the place of what comes
			piece = ReadSome(uint16(from))
		}
		deliver(l, device, l.Client(TCP(HMI, PLC, seq, ServerBegins, flags, piece)), lost)
		if rapid.Bool().Draw(t, "acknowledge") {
			deliver(l, device, l.Server(TCP(PLC, HMI, ServerBegins, device.Next, ACK, nil)), lost)
		}
	}
	return device
}

// maxRepeats is how often an honest client sends something before it gives up.
const maxRepeats = 8

// Converse has an honest client send requests over a line that loses frames, and send again
// what was not acknowledged. It gives the device and what was asked of it; done is
// false where the client had to give up.
func Converse(t *rapid.T, l Line, disturbed bool) (device *Device, asked []byte, done bool) {
	Connect(l)
	device = &Device{Next: ClientBegins}
	for _, r := range requests(t, 12, false) {
		asked = append(asked, r...)
	}
	for repeats := 0; len(device.Got) < len(asked) && repeats < maxRepeats; {
		if disturbed {
			disturb(t, l)
		}
		before, from := len(device.Got), len(device.Got)
		lost := func() bool { return repeats < 3 && rapid.IntRange(0, 9).Draw(t, "lost") == 0 }
		for range rapid.IntRange(1, 2).Draw(t, "at once") {
			size := 6 + int(be.Uint16(asked[from+4:]))
			deliver(l, device, l.Client(TCP(HMI, PLC, ClientBegins+uint32(from), ServerBegins, ACK, asked[from:from+size])), lost)
			if from += size; from == len(asked) {
				break
			}
		}
		if repeats > 2 {
			l.Silence(false)
		}
		if rapid.IntRange(0, 3).Draw(t, "acknowledge") > 0 {
			deliver(l, device, l.Server(TCP(PLC, HMI, ServerBegins, device.Next, ACK, nil)), lost)
		}
		if repeats++; len(device.Got) > before {
			repeats = 0
		}
	}
	return device, asked, len(device.Got) == len(asked)
}
