package plant

import (
	"encoding/binary"
	"time"
)

// s7Link is one connection to an S7 controller.
type s7Link struct {
	f    *factory
	conn *Conn
	ref  uint16
}

// openS7 connects, sets up and then calls ready.
func (f *factory) openS7(client, server *Host, link, slot uint8, ready func(l *s7Link)) {
	l := &s7Link{f: f, conn: f.net.Dial(client, server, f.ephemeral(), PortTPKT), ref: uint16(f.rnd.N(200))}
	f.talk(l.conn, 5*time.Millisecond, []exchange{
		{COTPConnect(nil, 1, link, 0, slot), COTPConfirm(nil, 1, link, 0, slot)},
		{l.next().Setup(nil, 480), S7{l.ref}.SetupAnswer(nil, 240)},
	}, func() { ready(l) })
}

func (l *s7Link) next() S7 {
	l.ref++
	return S7{l.ref}
}

// poll reads items again and again; values are taken when the answer leaves.
func (l *s7Link) poll(period time.Duration, items []S7Item, values func() [][]byte) {
	first := time.Duration(l.f.net.now-l.f.start) + l.f.about(period)
	l.f.every(first, period, func() {
		s := l.next()
		l.conn.Client(s.Read(nil, items...))
		l.f.after(l.f.latency(), func() { l.conn.Server(s.ReadAnswer(nil, items, values()...)) })
	})
}

func (l *s7Link) write(items []S7Item, values ...[]byte) {
	s := l.next()
	l.conn.Client(s.Write(nil, items, values...))
	codes := make([]byte, len(items))
	for i := range codes {
		codes[i] = 0xff
	}
	l.f.after(l.f.latency(), func() { l.conn.Server(s.WriteAnswer(nil, codes...)) })
}

var (
	fillerValues = []S7Item{
		{Area: S7Block, Type: S7TypeWord, DB: 20, Count: 2},
		{Area: S7Block, Type: S7TypeReal, DB: 20, Count: 1, Byte: 8},
		{Area: S7Flags, Type: S7TypeBit, Count: 1, Byte: 10},
	}
	fillerCounters = []S7Item{{Area: S7Block, Type: S7TypeByte, DB: 21, Count: 8}}
	fillerSpeed    = []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 30, Count: 1}}
	capperValues   = []S7Item{{Area: S7Block, Type: S7TypeWord, DB: 5, Count: 3, Byte: 2}, {Area: S7Outputs, Type: S7TypeByte, Count: 1, Byte: 4}}
)

// filling is the filler and capper line.
func (f *factory) filling() {
	fill := &f.filler
	words := func() [][]byte {
		running := byte(0)
		if fill.running {
			running = 1
		}
		w := binary.BigEndian.AppendUint16(nil, uint16(fill.speed))
		return [][]byte{binary.BigEndian.AppendUint16(w, uint16(fill.tank)), float(fill.weight), {running}}
	}
	f.at(90*time.Millisecond, func() {
		f.openS7(f.host("filler-hmi"), f.host("filler-plc"), 2, 2, func(l *s7Link) {
			l.poll(time.Second, fillerValues, words)
			k := 0
			f.every(26*time.Second, 35*time.Second, func() {
				k++
				fill.speedSP = []int{180, 175, 190, 185, 170}[k%5]
				l.write(fillerSpeed, binary.BigEndian.AppendUint16(nil, uint16(fill.speedSP)))
			})
		})
		f.openS7(f.host("scada"), f.host("filler-plc"), 2, 2, func(l *s7Link) {
			l.poll(2*time.Second, fillerValues, words)
			l.poll(10*time.Second, fillerCounters, func() [][]byte {
				return [][]byte{binary.BigEndian.AppendUint64(nil, uint64(fill.count))}
			})
		})
		f.openS7(f.host("scada"), f.host("capper-plc"), 2, 2, func(l *s7Link) {
			l.poll(2*time.Second, capperValues, func() [][]byte {
				w := binary.BigEndian.AppendUint16(nil, uint16(fill.speed))
				w = binary.BigEndian.AppendUint16(w, uint16(fill.count))
				return [][]byte{binary.BigEndian.AppendUint16(w, uint16(180+f.rnd.N(9))), {byte(1 << (fill.count % 8))}}
			})
		})
	})
}

// identity are the exchanges by which an engineering station asks a controller
// who it is.
func (l *s7Link) identity(order, station, serial string, firmware [4]byte) []exchange {
	a, b := l.next(), l.next()
	return []exchange{
		{a.SZL(nil, 0x0011, 0), S7{a.Ref}.SZLAnswer(nil, 0x0011, 0, S7Module(1, order, [4]byte{0, 7, 0, 1}),
			S7Module(6, order, [4]byte{0, 7, 0, 1}), S7Module(7, "", firmware))},
		{b.SZL(nil, 0x001c, 0), S7{b.Ref}.SZLAnswer(nil, 0x001c, 0, S7Component(1, station), S7Component(2, station),
			S7Component(4, "Original Siemens Equipment"), S7Component(5, serial), S7Component(7, "CPU 315-2 PN/DP"))},
	}
}

// upload are the exchanges that read a block out of a controller.
func (l *s7Link) upload(block string, content []byte) []exchange {
	a, b, c := l.next(), l.next(), l.next()
	return []exchange{
		{a.StartUpload(nil, block), a.StartUploadAnswer(nil, 7, len(content))},
		{b.Upload(nil, 7), b.UploadAnswer(nil, content, false)},
		{c.EndUpload(nil, 7), c.EndUploadAnswer(nil)},
	}
}

// download sends a block; the controller asks for its parts.
func (l *s7Link) download(block string, content []byte, done func()) {
	const part = 200
	f := l.f
	first := l.next()
	f.talk(l.conn, 4*time.Millisecond, []exchange{{first.RequestDownload(nil, block, len(content)), first.RequestDownloadAnswer(nil)}}, func() {
		own := S7{Ref: 0x8000}
		for len(content) > 0 {
			n := min(part, len(content))
			own.Ref++
			l.conn.Server(own.DownloadBlock(nil, block))
			f.net.Wait(800 * time.Microsecond)
			l.conn.Client(own.DownloadBlockAnswer(nil, content[:n], n < len(content)))
			f.net.Wait(1200 * time.Microsecond)
			content = content[n:]
		}
		own.Ref++
		l.conn.Server(own.DownloadEnd(nil, block))
		f.net.Wait(time.Millisecond)
		l.conn.Client(own.DownloadEndAnswer(nil))
		s := l.next()
		f.talk(l.conn, 4*time.Millisecond, []exchange{{s.Insert(nil, block), s.ProgramAnswer(nil)}}, done)
	})
}
