package datapath

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"firedoor/internal/realtime"

	"golang.org/x/sys/unix"

	"firedoor"
)

// What is here is the worker's half of bpf/stream.h: both must agree on where a stream
// lies, and take turns in the same way.

// MaxStreams is how many streams are remembered; a further one is asked about.
const MaxStreams = 1 << 16

// Said is how many of a stream's last bytes are remembered.
const Said = len(gatewayStream{}.Said)

const (
	streamWays  = 4
	streamIdle  = 2 * time.Hour
	streamOver  = time.Minute
	streamAsked = 3 * time.Second
	// streamUnderWay is how long a frame may be under way: behind that silence the numbers with which a
	// connection began tell a repetition no more.
	streamUnderWay = 10 * time.Second
	// maxSpin is how often somebody looks whether the kernel's turn is over. A turn takes a
	// part of a microsecond.
	maxSpin = 10000
)

// Owners of a stream.
const (
	ownFree = iota
	ownKernel
	ownBusy
	ownWorker
	ownInside
)

// StreamKey says which connection is meant, from its client's side. The client's
// frames come in at Port.
type StreamKey struct {
	Outer, Inner   uint16 // VLANs, 0 for none
	Client, Server firedoor.IP
	ClientPort     uint16
	ServerPort     uint16
	Port           int
}

func (k *StreamKey) flow() (f gatewayFlow) {
	family := uint32(6)
	if k.Client.Is4() {
		family = 4
	}
	var b [20]byte
	binary.BigEndian.PutUint32(b[:], family<<24|uint32(k.Outer)<<12|uint32(k.Inner))
	f.Domain = binary.NativeEndian.Uint32(b[:])
	put := func(to *[4]uint32, ip firedoor.IP) {
		binary.BigEndian.PutUint64(b[:], ip.Hi)
		binary.BigEndian.PutUint64(b[8:], ip.Lo)
		from := b[:16]
		if family == 4 {
			clear(b[:12])
			copy(b[:4], b[12:16])
			clear(b[12:16])
		}
		for i := range to {
			to[i] = binary.NativeEndian.Uint32(from[4*i:])
		}
	}
	put(&f.Src, k.Client)
	put(&f.Dst, k.Server)
	f.Sport, f.Dport, f.Port = k.ClientPort, k.ServerPort, uint32(k.Port)
	return f
}

// Position is where a client's side of a connection is.
type Position struct {
	Known   bool   // Next holds
	Partial bool   // and is within a message
	Current bool   // nothing went by unseen since it was written down
	Blind   bool   // nobody judged for a while since it was written down
	Left    bool   // a worker left it, and nobody touched it after that
	Hears   bool   // and waits for what its server says
	Next    uint32 // sequence number of the byte that comes next
	Acked   uint32 // what the server said that it has, also in answers that passed by the worker
	Said    []byte // what went on before Next, at most Said bytes; borrowed
	Handshake
}

// Handshake is how a connection began.
type Handshake struct {
	Opens    bool   // a SYN of its client went on, and nothing began by it
	Opening  uint32 // where the client's bytes would begin by that
	Answered bool   // somebody saw its server take it
	Answer   uint32 // the server's number then
	First    uint32 // where the client's bytes began
}

// Streams is what the kernel and a worker know together of connections. One worker at
// a time may use it; it is not safe for concurrent use.
type Streams struct {
	all   []gatewayStream
	pulse *gatewayPulse
}

// StreamFile gives a file that a worker may be given to see streams by.
func (d *Datapath) StreamFile() (*os.File, error) {
	return d.file(gatewayMapStreams, "streams")
}

func (d *Datapath) file(name, words string) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(d.maps[name].FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", words, err)
	}
	return os.NewFile(uintptr(fd), words), nil
}

// OpenStreams takes over what StreamFile and Pulse gave. It needs no rights.
func OpenStreams(streams int, pulse *Pulse) (*Streams, error) {
	size := unsafe.Sizeof(gatewayStream{}) * MaxStreams
	memory, err := unix.Mmap(streams, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("streams: %w", err)
	}
	s := &Streams{all: unsafe.Slice((*gatewayStream)(unsafe.Pointer(unsafe.SliceData(memory))), MaxStreams), pulse: pulse.shared}
	return s, nil
}

func now() uint64 { return uint64(realtime.Now()) }

// ago is for how long something is over, ns. The kernel may have written it down since: 0 then, as in bpf/stream.h.
func (s *Streams) ago(at uint64) uint64 {
	now := now()
	return now - min(at, now)
}

// placeOf gives the first place in which a stream may lie.
func placeOf(f *gatewayFlow, seed uint64) uint32 {
	for _, w := range (*[unsafe.Sizeof(gatewayFlow{}) / 4]uint32)(unsafe.Pointer(f)) {
		seed = (seed ^ uint64(w)) * 0x9e3779b97f4a7c15
		seed ^= seed >> 32
	}
	return uint32(seed)
}

// Enter takes the worker's turn at a stream, which gets a place if it has none. It
// returns ok false where there is none to be had. Leave must follow.
func (s *Streams) Enter(k *StreamKey) (place int, p Position, ok bool) {
	f := k.flow()
	first := placeOf(&f, s.pulse.Seed)
	if n, found := s.find(&f, first); found {
		p, ok = s.enter(&s.all[n])
		return n, p, ok
	}
	for i := range uint32(streamWays) {
		n := int((first + i) % MaxStreams)
		if e := &s.all[n]; s.claim(e) {
			*e = gatewayStream{Owner: ownInside, Flow: f, SeenNs: now()}
			return n, Position{}, true
		}
	}
	atomic.StoreUint64(&s.pulse.Full, now())
	return 0, p, false
}

// find gives the place of a stream that has one.
func (s *Streams) find(f *gatewayFlow, first uint32) (place int, ok bool) {
	for i := range uint32(streamWays) {
		n := int((first + i) % MaxStreams)
		if e := &s.all[n]; atomic.LoadUint32(&e.Owner) != ownFree && e.Flow == *f {
			return n, true
		}
	}
	return 0, false
}

// Opens says that a client's SYN went on by which its bytes would begin at first. It gives
// no stream a place.
func (s *Streams) Opens(k *StreamKey, first uint32) {
	f := k.flow()
	n, ok := s.find(&f, placeOf(&f, s.pulse.Seed))
	if !ok {
		return
	}
	e := &s.all[n]
	if was, ok := s.turn(e); ok {
		e.Opens, e.Opening = 1, first
		atomic.StoreUint32(&e.Owner, was)
	}
}

// Full tells whether a stream found no place in the last so many ns, or one that was not finished
// lost its own: then nobody may know where one stands that is not found.
func (s *Streams) Full(within int64) bool {
	at := atomic.LoadUint64(&s.pulse.Full)
	return at != 0 && s.ago(at) < uint64(within)
}

func (s *Streams) claim(e *gatewayStream) bool {
	was := atomic.LoadUint32(&e.Owner)
	if was == ownBusy || was != ownFree && s.ago(e.SeenNs) < uint64(idleOf(e)) {
		return false
	}
	if !atomic.CompareAndSwapUint32(&e.Owner, was, ownInside) {
		return false
	}
	if was != ownFree && unfinished(e) {
		atomic.StoreUint64(&s.pulse.Full, now())
	}
	return true
}

// unfinished tells whether somebody who knows nothing of a stream would judge the rest of a
// message as its beginning: it ended within one, or its server lacks bytes, and so may stand within one.
func unfinished(e *gatewayStream) bool {
	lacks := int32(e.Next-e.Acked) > 0 && int32(e.Next-e.Heard) > 0
	return e.Known != 0 && (e.Partial != 0 || e.Unseen != 0 || lacks)
}

func idleOf(e *gatewayStream) time.Duration {
	switch {
	case e.Known == 0:
		return streamAsked
	case e.Closing != 0 || e.GoesOn == 0:
		return streamOver
	}
	return streamIdle
}

// turn takes the worker's turn and tells whose it was.
func (s *Streams) turn(e *gatewayStream) (was uint32, ok bool) {
	for range maxSpin {
		was = atomic.LoadUint32(&e.Owner)
		if was != ownBusy && atomic.CompareAndSwapUint32(&e.Owner, was, ownInside) {
			return was, true
		}
	}
	return was, false
}

func (s *Streams) enter(e *gatewayStream) (p Position, ok bool) {
	if was, ok := s.turn(e); ok {
		p = Position{Known: e.Known != 0, Partial: e.Partial != 0 || e.Unseen != 0, Left: was == ownWorker && e.Passed == 0, Next: e.Next, Acked: e.Acked,
			Handshake: Handshake{e.Opens != 0, e.Opening, e.Answered != 0 && s.ago(e.SeenNs) < uint64(streamUnderWay), e.Answer, e.First}}
		since := atomic.LoadUint32(&s.pulse.Epoch) - e.Epoch
		p.Current, p.Blind = p.Known && since <= seen, p.Known && since >= unseen
		if heard := atomic.LoadUint32(&e.Heard); p.Current && int32(heard-p.Acked) > 0 {
			p.Acked = heard
		}
		p.Said = e.Said[Said-min(int(e.Kept), Said):]
		return p, true
	}
	return p, false
}

// Leave ends the worker's turn and says where the stream is now. With kernel the next
// request may be judged by its code again: all before it must have gone on, what the
// server may lack of it in Said.
func (s *Streams) Leave(place int, p *Position, kernel bool) {
	e := &s.all[place]
	began := p.Answered && (e.Opens != 0 && !p.Opens || e.Answered == 0 || e.Answer != p.Answer || e.First != p.First)
	if epoch := atomic.LoadUint32(&s.pulse.Epoch); e.Known == 0 || began || e.Epoch != epoch { // else the kernel knows it better
		e.Epoch = epoch
		atomic.StoreUint32(&e.Heard, p.Acked)
	}
	e.Hears, e.GoesOn, e.Passed = flag(p.Hears), 1, 0
	e.Known, e.Partial, e.Next, e.Acked = flag(p.Known), flag(p.Partial), p.Next, p.Acked
	if began {
		e.Closing, e.Unseen = 0, 0
	}
	e.Opens, e.Opening, e.Answered, e.Answer, e.First = flag(p.Opens), p.Opening, flag(p.Answered), p.Answer, p.First
	kept := min(len(p.Said), Said)
	copy(e.Said[Said-kept:], p.Said[len(p.Said)-kept:])
	e.Kept, e.SeenNs = uint8(kept), now()
	if p.Known {
		atomic.StoreUint32(&s.pulse.Judged, 1)
	}
	own := uint32(ownWorker)
	if kernel {
		own = ownKernel
	}
	atomic.StoreUint32(&e.Owner, own)
}

// Listen has answers come to the worker whose turn it is, from now on until it leaves.
func (s *Streams) Listen(place int) { s.all[place].Hears = 1 }

// Return ends the worker's turn and leaves the stream as it was found.
func (s *Streams) Return(place int) { atomic.StoreUint32(&s.all[place].Owner, ownWorker) }

// Over says that a connection ends: its place may be taken soon.
func (s *Streams) Over(place int) { s.all[place].Closing = 1 }

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// seed makes places of streams unforeseeable, once for as long as the maps live.
func (d *Datapath) seed() error {
	var b [8]byte
	if _, err := d.heartbeat.ReadAt(b[:], pulseSeed); err != nil {
		return err
	}
	if b != [8]byte{} {
		return nil
	}
	_, _ = rand.Read(b[:]) // never fails
	_, err := d.heartbeat.WriteAt(b[:], pulseSeed)
	return err
}

// Of a stream nothing went by unseen where it was written down in this epoch, or in the one before under the tables
// that were in force until then (is_seen in bpf/stream.h).
const (
	seen       = 1
	otherRules = 1       // so much the epoch goes up by other tables
	unseen     = 1 << 16 // and where frames passed that nobody judged: by more than all tables in between
)

// unsure says that streams may go on unseen from here on.
func (d *Datapath) unsure(by uint32) error {
	var b [4]byte
	_, err := d.heartbeat.ReadAt(b[:], pulseEpoch)
	binary.NativeEndian.PutUint32(b[:], binary.NativeEndian.Uint32(b[:])+by)
	_, written := d.heartbeat.WriteAt(b[:], pulseEpoch)
	return errors.Join(err, written)
}
