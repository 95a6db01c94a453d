package trial

import "pgregory.net/rapid"

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
	// Reload brings the same policy into force once more.
	Reload()
}

// deliver gives frames to a device, which answers at once what it has already; lost
// tells which ones do not come.
func deliver(l Line, d *Device, frames [][]byte, lost func() bool) {
	for len(frames) > 0 {
		f := frames[0]
		frames = frames[1:]
		if f[47] == RST|ACK { // the other half of it is the client's
			d.Reset, d.closed = true, d.closed || be.Uint32(f[38:]) == d.Next
		}
		if f[47]&(SYN|RST) != 0 || f[47]&FIN != 0 && len(f) == 54 || lost() { // numbers of such frames are wrong here: a device ignores them
			continue
		}
		old := len(f) > 54 && int32(be.Uint32(f[38:])+uint32(len(f)-54)-d.Next) <= 0
		if d.Take(f); old {
			frames = append(frames, l.Server(TCP(PLC, HMI, d.begins+d.said, d.Next, ACK, nil))...)
		}
	}
}

// acknowledge has a device say what it has, and answer what it does not know, which it tells.
func acknowledge(l Line, d *Device, lost func() bool) (answered bool) {
	answer := d.Answer()
	f := TCP(PLC, HMI, d.begins+d.said, d.Next, ACK, answer)
	d.said += uint32(len(answer))
	deliver(l, d, l.Server(f), lost)
	return answer != nil
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

// hidden is a request behind the eight bytes that a server takes for a whole request where it does
// not know its function: all of it an echo, to be split there.
func hidden(id uint16) []byte {
	return append(Request(id, 8, make([]byte, 12)...)[:8], WriteOne(0, 20, 1)...)
}

// within is a write of many registers that are allowed, whose last values are a write.
func within(id uint16) []byte {
	return Request(id, 16, append([]byte{0, 0, 0, 7, 14, 0, 0}, WriteOne(0, 20, 1)...)...)
}

// requests draws some of an honest client, or with odd of one that is not: its lengths and
// identifiers may be false.
func requests(t *rapid.T, n int, odd bool) (out [][]byte) {
	kinds := 8
	if odd {
		kinds = 11
	}
	liar := odd && rapid.IntRange(0, 3).Draw(t, "liar") == 0 // a lie ends a connection: most must get further
	for i := range rapid.IntRange(1, n).Draw(t, "requests") {
		id := uint16(i)
		r := rapid.SampledFrom([][]byte{ReadSome(id), ReadSome(id), WriteOne(id, 5, 50), WriteOne(id, 20, 1), WriteOne(id, 5, 5000), Request(id, 16, 0, 30, 0, 1, 2, 0, 9),
			Request(id, 5, 0, 3, 0xff, 0), Request(id, 43, 14, 1, 0), {byte(id), 0, 0, 9, 0, 3, 1, 1, 1}, hidden(id), within(id)}[:kinds]).Draw(t, "request")
		if liar && rapid.IntRange(0, 5).Draw(t, "lies") == 0 {
			r[rapid.IntRange(2, 5).Draw(t, "where")] = rapid.SampledFrom([]byte{0, 1, 2, 5, 7, 20, 200, 255}).Draw(t, "says")
		}
		out = append(out, r)
	}
	return out
}

// disturb draws what befalls who judges, and tells whether he was lost.
func disturb(t *rapid.T, l Line) (lost bool) {
	switch n := rapid.IntRange(0, 11).Draw(t, "disturbance"); n {
	case 0, 1:
		l.Restart(n == 1)
		return true
	case 2:
		l.Silence(true)
		return true
	case 3, 4:
		l.Silence(false)
	case 5:
		if rapid.IntRange(0, 3).Draw(t, "reload") == 0 { // it takes longer than all else
			l.Reload()
		}
	}
	return false
}

// beginAgain draws what an attacker does with the beginning of a connection: it repeats its SYN, and
// its server's second answer comes, sooner or later, twice if need be; or it ends the connection and
// begins another one with the number of the first, with another SYN that its server does not take.
// There are servers that always begin with one number.
func beginAgain(t *rapid.T, l Line, d *Device) {
	syn := func(seq uint32) (arrives bool) {
		for _, f := range l.Client(TCP(HMI, PLC, seq, 0, SYN, nil)) {
			arrives = arrives || f[47] == SYN
		}
		return arrives
	}
	never := func() bool { return false }
	taken := func() { deliver(l, d, l.Server(TCP(PLC, HMI, d.begins-1, ClientBegins, SYN|ACK, nil)), never) }
	switch rapid.IntRange(0, 19).Draw(t, "beginning") {
	case 0:
		syn(ClientBegins - 1)
	case 1:
		syn(ClientBegins - 1)
		taken()
	case 2:
		taken()
	case 3:
		l.Client(TCP(HMI, PLC, d.Next+rapid.SampledFrom([]uint32{0, 0, 1}).Draw(t, "off"), d.begins+d.said, RST, nil))
		arrives := syn(ClientBegins - 1)
		if rapid.Bool().Draw(t, "decoy") {
			syn(ClientBegins + 499)
		}
		if !arrives {
			return
		}
		d.Again(d.begins + rapid.SampledFrom([]uint32{0, 1 << 20}).Draw(t, "number"))
		taken()
	}
}

// Attack has a drawn attacker send over a line: it cuts, repeats, changes, overlaps and
// reorders, sends what its device throws away, says that connections begin and end, and does so while who judges dies. It
// gives the device behind the line.
func Attack(t *rapid.T, l Line, disturbed bool) *Device {
	Connect(l)
	device := &Device{Next: ClientBegins, begins: ServerBegins, Last: rapid.Bool().Draw(t, "last wins")}
	lost := func() bool { return rapid.IntRange(0, 7).Draw(t, "wrong checksum") == 0 }
	var stream []byte
	for _, r := range requests(t, 8, true) {
		stream = append(stream, r...)
	}
	for range rapid.IntRange(1, 60).Draw(t, "segments") {
		if disturbed {
			disturb(t, l)
		}
		beginAgain(t, l, device)
		from := rapid.IntRange(min(max(0, len(device.Got)-12), len(stream)-1), len(stream)-1).Draw(t, "from")
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
			piece = rapid.SampledFrom([][]byte{ReadSome(uint16(from)), Request(uint16(from), 5, 0, 3, 0xff, 0)}).Draw(t, "whole")
		}
		deliver(l, device, l.Client(TCP(HMI, PLC, seq, device.begins, flags, piece)), lost)
		if rapid.Bool().Draw(t, "acknowledge") {
			acknowledge(l, device, lost)
		}
	}
	return device
}

// maxRepeats is how often an honest client sends something before it gives up.
const maxRepeats = 8

// Converse has an honest client send requests over a line that loses frames, and send again
// what was not acknowledged. It gives the device and what was asked of it; done is
// false where the client had to give up. Where who judges was lost while the server had a
// request that it does not know, the connection may be reset.
func Converse(t *rapid.T, l Line, disturbed bool) (device *Device, asked []byte, done bool) {
	Connect(l)
	device = &Device{Next: ClientBegins, begins: ServerBegins}
	for _, r := range requests(t, 12, false) {
		asked = append(asked, r...)
	}
	sent, doubts, torn := 0, 0, false
	for repeats := 0; len(device.Got) < len(asked) && repeats < maxRepeats; {
		if device.Reset {
			return device, asked, torn
		}
		if disturbed {
			torn = disturb(t, l) && doubts > 0 || torn
		}
		before, from := len(device.Got), len(device.Got)
		lost := func() bool { return repeats < 3 && rapid.IntRange(0, 9).Draw(t, "lost") == 0 }
		for range rapid.IntRange(1, 2).Draw(t, "at once") {
			size := 6 + int(be.Uint16(asked[from+4:]))
			if from >= sent && asked[from+7] == 43 {
				doubts++
			}
			deliver(l, device, l.Client(TCP(HMI, PLC, ClientBegins+uint32(from), ServerBegins, ACK, asked[from:from+size])), lost)
			from += size
			if sent = max(sent, from); from == len(asked) {
				break
			}
		}
		if repeats > 2 {
			l.Silence(false)
		}
		if says := rapid.IntRange(0, 3).Draw(t, "acknowledge") > 0 || repeats > 2; says && acknowledge(l, device, lost) {
			doubts--
		}
		if repeats++; len(device.Got) > before {
			repeats = 0
		}
	}
	return device, asked, len(device.Got) == len(asked) || device.Reset && torn
}
