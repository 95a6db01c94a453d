package lan

import "time"

// Option is the kind number of a TCP option (IANA, "TCP Option Kind Numbers").
type Option uint8

// The options stacks send in the first segments.
const (
	OptionEnd        Option = 0
	OptionNOP        Option = 1
	OptionMSS        Option = 2
	OptionScale      Option = 3
	OptionSACK       Option = 4
	OptionTimestamps Option = 8
)

// Sequence is how a stack chooses the initial sequence number of a connection.
type Sequence uint8

// The ways of choosing it.
const (
	SequenceRandom Sequence = iota // no pattern
	SequenceClock                  // a clock of 250 kHz (RFC 9293 section 3.4.1)
	SequenceStep                   // 64000 more for every connection and every half second
)

// Identification is how a stack fills the identification field of IPv4.
type Identification uint8

// The ways of filling it.
const (
	IdentificationCounter Identification = iota // one more for every packet
	IdentificationZero                          // zero, for packets that are never fragmented
	IdentificationRandom                        // no pattern
	// IdentificationConnection: a counter of its own for every connection, zero in a
	// SYN-ACK; no pattern elsewhere.
	IdentificationConnection
)

// Manners are what a kind of device has of its own in the details of its stack.
// The zero value of a field means what Linux does, unless said otherwise.
type Manners struct {
	Kind string // a name for people

	// IP.
	TTL             uint8 // of IPv4
	HopLimit        uint8 // of IPv6
	Identification  Identification
	DontFragment    bool // in TCP
	DontFragmentAll bool // in everything else too
	PortUnreachable bool // answers UDP to a closed port with ICMP; false by default
	IPv6            bool // has a link-local address; false by default

	// TCP.
	Window          uint16   // in the first segment, bytes
	Buffer          uint32   // window afterwards, bytes; 0: as Window
	WindowScale     int8     // shift offered; -1: the option is absent
	MSS             uint16   // offered; 0 with no OptionMSS in Options: 536
	Options         []Option // of a SYN, in this order, with the padding such stacks send
	TimestampHz     uint32   // ticks of the timestamp clock
	Sequence        Sequence
	InitialSegments int           // congestion window at first, in segments
	DelayedAck      time.Duration // 0: acknowledges at once
	AckEvery        int           // this many segments are never left without acknowledgement
	RTOInitial      time.Duration
	RTOMin          time.Duration
	RTOMax          time.Duration
	SYNRetries      int
	Retries         int           // of data, then the connection is given up
	KeepAlive       time.Duration // idle time before the first probe; 0: none
	KeepAliveEvery  time.Duration
	KeepAliveTries  int
	KeepAliveByte   bool // probes carry a byte of rubbish
	TimeWait        time.Duration
	PortFirst       uint16 // range of ephemeral ports
	PortLast        uint16
	PortRandom      bool // chosen without pattern; false: one after the other
	Connections     int  // at most, closed ones in TIME-WAIT not counted; 0: MaxConnections
	RefuseWhenFull  bool // a SYN too many is refused; false: it is dropped

	// Resolution of addresses.
	ARPLifetime   time.Duration // of an entry
	ARPUnicast    bool          // asks the old address before it asks everybody
	ARPConfirm    bool          // TCP that gets on keeps the entry alive
	ARPLearns     bool          // takes up what it did not ask for
	ARPWaiting    int           // packets that wait for one address
	ARPProbes     int           // asks for its own address before it uses it (RFC 5227)
	GratuitousARP int           // announcements of a new address

	// Time.
	Mbit     int           // speed of its port
	Latency  time.Duration // of the stack, from the last bit of a frame to the application
	Jitter   time.Duration // at most this much more
	PerFrame time.Duration // of the processor; frames beyond its speed wait, and then are lost
}

// options of well-known stacks.
func linuxOptions() []Option {
	return []Option{OptionMSS, OptionSACK, OptionTimestamps, OptionNOP, OptionScale}
}

func windowsOptions() []Option {
	return []Option{OptionMSS, OptionNOP, OptionScale, OptionNOP, OptionNOP, OptionSACK}
}

func bsdOptions() []Option {
	return []Option{OptionMSS, OptionNOP, OptionScale, OptionNOP, OptionNOP, OptionTimestamps, OptionSACK, OptionEnd, OptionEnd}
}

func vxworksOptions() []Option {
	return []Option{OptionMSS, OptionNOP, OptionScale, OptionNOP, OptionNOP, OptionTimestamps}
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// filled is m with what it leaves open.
func (m *Manners) filled() *Manners {
	if m == nil {
		return Linux().filled()
	}
	f := *m
	f.TTL = or(f.TTL, 64)
	f.HopLimit = or(f.HopLimit, 64)
	f.Window = or(f.Window, 64240)
	f.Buffer = or(f.Buffer, uint32(f.Window))
	if f.Options == nil {
		f.Options = linuxOptions()
	}
	f.MSS = or(f.MSS, 536)
	f.MSS = min(f.MSS, mtu-40)
	f.TimestampHz = or(f.TimestampHz, 1000)
	f.InitialSegments = or(f.InitialSegments, 10)
	f.AckEvery = or(f.AckEvery, 2)
	f.RTOInitial = or(f.RTOInitial, time.Second)
	f.RTOMin = or(f.RTOMin, 200*time.Millisecond)
	f.RTOMax = or(f.RTOMax, 120*time.Second)
	f.SYNRetries = or(f.SYNRetries, 6)
	f.Retries = or(f.Retries, 15)
	f.KeepAliveEvery = or(f.KeepAliveEvery, 75*time.Second)
	f.KeepAliveTries = or(f.KeepAliveTries, 9)
	f.TimeWait = or(f.TimeWait, 60*time.Second)
	f.PortFirst = or(f.PortFirst, 32768)
	f.PortLast = max(or(f.PortLast, 60999), f.PortFirst)
	f.Connections = or(f.Connections, MaxConnections)
	f.ARPLifetime = or(f.ARPLifetime, time.Minute)
	f.ARPWaiting = min(or(f.ARPWaiting, 3), MaxWaiting)
	f.Mbit = or(f.Mbit, 1000)
	f.Latency = or(f.Latency, 40*time.Microsecond)
	return &f
}

// has tells whether a SYN of the kind carries the option.
func (m *Manners) has(o Option) bool {
	for _, x := range m.Options {
		if x == o {
			return true
		}
	}
	return false
}
