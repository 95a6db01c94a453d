package sensor

import (
	"firedoor/internal/baseline"
	"firedoor/internal/point"
)

// lanes is how many parts the per-conversation state is in. It is fixed, so
// that limits and evictions are the same for any number of shards.
const lanes = 16

// MaxShards is the largest number of shards that is of any use.
const MaxShards = lanes

// Limits of the sensor. Totals are shared out over the lanes with room to
// spare, for address pairs do not spread evenly.
const (
	// MaxFlows bounds the flows alive at once; past it those idle longest go,
	// flows without operations first.
	MaxFlows = 262_144
	// MaxConversations bounds the conversations remembered; past it those that
	// never carried an operation make room, and then new ones are refused.
	MaxConversations = 24_576
	// MaxStatements bounds the distinct operations learned; past it new ones
	// are counted and told as one alert.
	MaxStatements = 262_144
	// maxUnproven bounds those of conversations in which only one end was seen.
	maxUnproven = 8192
	// MaxOneSided bounds the flows in which only one end was seen so far: forged
	// ones cost nothing to send. Past it the oldest of them is over.
	MaxOneSided = 8192
	// MaxRanges bounds the written elements whose range is learned.
	MaxRanges = 262_144
	// MaxPoints bounds the process values kept, and maxUnprovenPoints those of
	// conversations in which only one end was ever seen.
	MaxPoints         = 131_072
	maxUnprovenPoints = 16_384
	// maxAsks bounds the unanswered operations remembered.
	maxAsks = 32_768
	// maxHeld bounds the chunks of bytes that wait behind holes in streams.
	maxHeld = 16_384
	// maxExpected bounds the flows announced by other flows, a lane.
	maxExpected = 256
	// sweepRound is in how many ticks all flows are looked at for silence.
	sweepRound = 8
	spread     = 2 // a lane may hold twice its even share
)

// tickEvery is how far apart, in traffic time, the moments are at which lanes and
// site look at the clock: flows that fell silent end, what was held for a time is
// told. They lie on a grid and between two frames, so that nothing hangs on how
// frames come in epochs, which on a live network is chance.
const tickEvery = int64(1e9)

// epoch is how many frames are handed over at a time, and epochBytes how many
// bytes of them.
const (
	epoch      = 512
	epochBytes = 1 << 20
)

// Idle times after which a flow is over, in nanoseconds of traffic time.
const (
	idleOpen    = int64(30 * 60e9) // an established connection
	idleHalf    = int64(60e9)      // a handshake that was never completed
	idleClosed  = int64(10e9)      // both ends closed
	idleUDP     = int64(120e9)
	idleOther   = int64(300e9)
	answerLimit = int64(30e9) // an operation is "no-response" after this
)

// limits are one lane's.
type limits struct {
	flows, asks, held int
	table             baseline.Limits
	points            point.Limits
}

// laneLimits are the limits of a lane; tests set smaller ones.
func (o *Options) laneLimits() limits {
	if o.limits != nil {
		return *o.limits
	}
	return limits{
		flows: MaxFlows / lanes * spread,
		asks:  maxAsks / lanes * spread,
		held:  maxHeld / lanes * spread,
		table: baseline.Limits{
			Conversations: MaxConversations / lanes * spread,
			Statements:    MaxStatements / lanes * spread,
			Ranges:        MaxRanges / lanes * spread,
			Unproven:      maxUnproven / lanes * spread,
		},
		points: point.Limits{Points: MaxPoints / lanes * spread, Unproven: maxUnprovenPoints / lanes * spread},
	}
}
