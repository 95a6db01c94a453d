package capture

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/packet"
)

// liveInterface is one interface that is captured on. What is not atomic belongs
// to the goroutine in Fill, or is guarded by Live.state where it says so.
type liveInterface struct {
	name     string
	capture  uint32
	rings    []*ring // guarded for writing
	linkType packet.LinkType
	returns  bool // what is sent on it comes back on it: loopback
	number   uint32

	frames, bytes atomic.Uint64
	last          atomic.Int64

	// Guarded by Live.state.
	index            int
	gone             bool   // there is no interface of that index any more
	up               bool   // and a carrier is there
	refused          error  // why opening it again failed
	missed           uint64 // in lives of the interface that are over
	missedBase       uint64 // the interface's counter when we came
	missedNow        uint64 // its counter when last seen
	dropped, freezes uint64 // of rings that are closed
}

// open finds the interface and makes its rings.
func (in *liveInterface) open(links []link, cfg *LiveConfig) error {
	at, err := in.find(links)
	if err != nil {
		return err
	}
	in.adopt(at)
	return in.openRings(cfg)
}

// find gives the interface of that name if it can be captured on.
func (in *liveInterface) find(links []link) (*link, error) {
	at := linkNamed(links, in.name)
	if at == nil {
		return nil, fmt.Errorf("%s: no such network interface (ip link lists those that are there)", in.name)
	}
	if _, ok := linkTypeOf(at.hardware); !ok {
		return nil, fmt.Errorf("%s: frames of this kind of interface (hardware type %d) are not known", in.name, at.hardware)
	}
	if at.flags&unix.IFF_UP == 0 {
		return nil, fmt.Errorf("%s: the interface is not up (ip link set %s up)", in.name, in.name)
	}
	return at, nil
}

// adopt takes an interface for the one of our name.
func (in *liveInterface) adopt(at *link) {
	in.index = at.index
	in.gone, in.refused = false, nil
	in.linkType, _ = linkTypeOf(at.hardware)
	in.returns = at.hardware == unix.ARPHRD_LOOPBACK
	in.missed += in.missedNow - in.missedBase
	in.missedBase, in.missedNow = at.missed, at.missed
	in.up = at.running()
}

func (in *liveInterface) openRings(cfg *LiveConfig) error {
	var rings []*ring
	err := func() error {
		for range cfg.Fanout {
			r, err := openRing(in, cfg.RingBytes)
			if err != nil {
				return err
			}
			rings = append(rings, r)
		}
		return in.start(rings, cfg)
	}()
	if err != nil {
		for _, r := range rings {
			r.close()
		}
		return err
	}
	in.rings = rings
	return nil
}

// start makes rings receive, each its share.
func (in *liveInterface) start(rings []*ring, cfg *LiveConfig) error {
	// Until they share, each ring would hear everything: they are deaf first.
	if err := in.filter(rings, refuse); err != nil {
		return err
	}
	for _, r := range rings {
		if err := r.bind(in.index); err != nil {
			return in.problem("binding to the interface", err)
		}
	}
	if cfg.Promiscuous {
		if err := rings[0].listenToAll(in.index); err != nil {
			return in.problem("entering promiscuous mode", err)
		}
	}
	if len(rings) > 1 {
		if err := share(rings); err != nil {
			return in.problem("sharing frames among rings", err)
		}
	}
	if in.returns {
		return in.filter(rings, acceptReceived)
	}
	return in.filter(rings, accept)
}

func (in *liveInterface) filter(rings []*ring, what int) error {
	for _, r := range rings {
		if err := r.filter(what); err != nil {
			return in.problem("setting a filter", err)
		}
	}
	return nil
}

// listenToAll takes in frames addressed to others, until the socket is closed.
func (r *ring) listenToAll(index int) error {
	return unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC})
}

// reopen starts capturing again on an interface that was deleted and is back; it
// tells whether the rings are others now. A single ring is bound to the new
// interface, which needs no right. Rings that share frames cannot be bound again
// and are made anew, which needs CAP_NET_RAW still: without it the interface stays
// down, and its Problem says so.
func (in *liveInterface) reopen(links []link, cfg *LiveConfig) (changed bool) {
	at, err := in.find(links)
	if err != nil {
		return false // not back yet; observe says so
	}
	was := *at
	if len(in.rings) == 1 {
		in.adopt(&was)
		if err := in.start(in.rings, cfg); err != nil {
			in.gone, in.refused = true, err
		}
		return false
	}
	old := in.rings
	in.adopt(&was)
	if err := in.openRings(cfg); err != nil {
		in.gone, in.refused = true, err
		return false
	}
	in.closeRings(old)
	return true
}

// observe notes the state of the interface.
func (in *liveInterface) observe(links []link) {
	at := linkIndexed(links, in.index)
	if at == nil || !in.bound() {
		in.gone, in.up = true, false
		return
	}
	in.missedNow = max(in.missedNow, at.missed)
	in.up = at.running() && !in.gone
}

// bound tells whether the kernel still has our sockets at the interface: another
// may have come to its name and index.
func (in *liveInterface) bound() bool {
	if len(in.rings) == 0 {
		return false
	}
	address, err := unix.Getsockname(in.rings[0].fd)
	packetAddress, ok := address.(*unix.SockaddrLinklayer)
	return err == nil && ok && packetAddress.Ifindex == in.index
}

// stats reads the kernel's counters.
func (in *liveInterface) stats() LiveStats {
	s := LiveStats{
		Name:      in.name,
		Frames:    in.frames.Load(),
		Bytes:     in.bytes.Load(),
		LastFrame: in.last.Load(),
		Missed:    in.missed + in.missedNow - in.missedBase,
		Dropped:   in.dropped,
		Freezes:   in.freezes,
		State:     LiveRunning,
	}
	for _, r := range in.rings {
		r.readStats()
		s.Dropped += r.dropped
		s.Freezes += r.freezes
	}
	switch {
	case in.rings == nil:
		s.State = LiveFinished
	case !in.up:
		s.State, s.Problem = LiveDown, in.why()
	}
	return s
}

// why tells why the interface is down.
func (in *liveInterface) why() string {
	switch {
	case in.refused != nil:
		return in.refused.Error()
	case in.gone:
		return in.name + ": the interface is gone; capturing goes on when it is back"
	default:
		return in.name + ": the interface is down or has no carrier; capturing goes on when it is back"
	}
}

// count completes a frame and counts it.
func (in *liveInterface) count(f *packet.Frame) {
	in.number++
	f.Capture, f.Number, f.Link = in.capture, in.number, in.linkType
	// One goroutine counts, others only read: no need to lock the bus.
	in.frames.Store(in.frames.Load() + 1)
	in.bytes.Store(in.bytes.Load() + uint64(f.WireLen))
	in.last.Store(f.Time)
}

// close closes all rings; what they counted stays.
func (in *liveInterface) close() {
	in.closeRings(in.rings)
	in.rings, in.up, in.gone = nil, false, true
}

func (in *liveInterface) closeRings(rings []*ring) {
	for _, r := range rings {
		r.readStats()
		in.dropped += r.dropped
		in.freezes += r.freezes
		r.close()
	}
}

// problem says what failed, where, and what to do about it.
func (in *liveInterface) problem(what string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: %s is not permitted: live capture needs the right CAP_NET_RAW "+
			"(run as root, or setcap cap_net_raw=ep on the program, or AmbientCapabilities=CAP_NET_RAW in its unit): %w", in.name, what, err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("%s: %s: there is not enough memory; make the rings smaller: %w", in.name, what, err)
	case errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("%s: %s: this kernel has no packet sockets, or the unit's RestrictAddressFamilies lacks AF_PACKET: %w", in.name, what, err)
	default:
		return fmt.Errorf("%s: %s: %w", in.name, what, err)
	}
}

// link is a network interface as the kernel lists it.
type link struct {
	index    int
	name     string
	hardware uint16 // ARPHRD_...
	flags    uint32 // IFF_...
	missed   uint64 // frames dropped before anybody could see them
}

// running tells whether frames can come in.
func (l *link) running() bool {
	return l.flags&unix.IFF_UP != 0 && l.flags&unix.IFF_RUNNING != 0
}

// Places in rtnl_link_stats64, as numbers of 8 bytes.
const (
	statDropped = 6
	statMissed  = 15
)

// readLinks lists all network interfaces.
func readLinks() ([]link, error) {
	answer, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	var links []link
	for i := range messages {
		m := &messages[i]
		if m.Header.Type != syscall.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		info := (*unix.IfInfomsg)(unsafe.Pointer(&m.Data[0]))
		l := link{index: int(info.Index), hardware: info.Type, flags: info.Flags}
		attributes, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			return nil, fmt.Errorf("listing network interfaces: %w", err)
		}
		for _, a := range attributes {
			l.read(a.Attr.Type, a.Value)
		}
		links = append(links, l)
	}
	return links, nil
}

// read takes over what an attribute tells.
func (l *link) read(kind uint16, value []byte) {
	switch kind {
	case unix.IFLA_IFNAME:
		l.name = unix.ByteSliceToString(value)
	case unix.IFLA_STATS64:
		if len(value) >= (statMissed+1)*8 {
			l.missed = ne.Uint64(value[statDropped*8:]) + ne.Uint64(value[statMissed*8:])
		}
	}
}

func linkNamed(links []link, name string) *link {
	for i := range links {
		if links[i].name == name {
			return &links[i]
		}
	}
	return nil
}

func linkIndexed(links []link, index int) *link {
	for i := range links {
		if links[i].index == index {
			return &links[i]
		}
	}
	return nil
}

// linkTypeOf tells how frames of a kind of interface begin.
func linkTypeOf(hardware uint16) (packet.LinkType, bool) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return packet.LinkEthernet, true
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT:
		return packet.LinkRaw, true
	}
	return 0, false
}
