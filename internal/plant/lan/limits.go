package lan

import "time"

// What can grow, and what happens at the limit. Nothing known makes room for
// something new. What applications ask of At and After is theirs to bound; timers
// are bounded by the connections they belong to.
const (
	// MaxFrames bounds the frames under way at once; one more is lost, as in a
	// switch without memory, and counted in Stats.Overflow.
	MaxFrames = 1 << 16
	// MaxNeighbours bounds the address resolution cache of a host; for one more
	// address nothing is resolved and its packets are dropped.
	MaxNeighbours = 4096
	// MaxWaiting bounds the packets that wait for one address to be resolved, unless
	// the kind has a smaller number; further ones are dropped.
	MaxWaiting = 16
	// MaxTable bounds the address table of a switch; further addresses are not
	// learned, and frames to them are flooded.
	MaxTable = 16384
	// MaxConnections bounds the connections of a host of a kind that names no
	// smaller number; one more is refused as Manners.RefuseWhenFull says, one more
	// of its own fails with ErrFull.
	MaxConnections = 4096
	// MaxTimeWait bounds the closed connections a host keeps in TIME-WAIT; one more
	// is forgotten at once.
	MaxTimeWait = 1024
	// MaxLate bounds the segments of a connection that came before their turn; one
	// more is dropped and comes again when its sender repeats it.
	MaxLate = 64
	// MaxSend bounds the bytes of a connection that are sent and not acknowledged or
	// wait to be sent; Send refuses what would pass it.
	MaxSend = 1 << 20
	// MaxGroups bounds the multicast groups of a host; Join refuses one more.
	MaxGroups = 32
	// MaxFragmented bounds the fragmented datagrams a host puts together at a time;
	// fragments of one more are dropped.
	MaxFragmented = 8
	// MaxFlows bounds the flows a router remembers; what belongs to a flow that
	// found no room is not known as established.
	MaxFlows = 1 << 16
	// MaxAsked bounds the pings of a host under way; one more fails without being sent.
	MaxAsked = 1024
)

const (
	mtu           = 1500
	headerLen     = 14                // Ethernet
	minFrame      = 60                // without the checksum, IEEE 802.3 clause 4.2.3.3
	tableAge      = 300 * time.Second // IEEE 802.1Q clause 8.8.3
	switchLatency = 4 * time.Microsecond
	trunkMbit     = 1000
	// egressMemory bounds how long a frame may wait for a port of a switch: what
	// would wait longer is dropped, as by a switch whose memory is full.
	egressMemory = 25 * time.Millisecond
	// backlogFrames bounds how many frames wait for a host whose processor is busy.
	backlogFrames  = 128
	fragmentLife   = 30 * time.Second
	fragmentRoom   = 65535
	flowIdle       = 120 * time.Second
	flowIdleTCP    = time.Hour
	resolveTries   = 3
	announceEvery  = 2 * time.Second // RFC 5227 section 1.1
	resolveEvery   = time.Second
	resolveAll     = 3500 * time.Millisecond // after which a question is answered or never
	placeLatency   = 20 * time.Microsecond   // of a gateway on a cable
	defaultTimeout = time.Second             // of a ping
)
