package datapath

import (
	"time"

	"firedoor"
)

// MaxLosses is how many pairs the kernel tells apart whose frames it drops, or would (Would), by rule and
// reason, from one reading to the next. A drop of a further one is in the counters by
// rule and reason all the same, and in Totals.Unpaired: nothing that is counted makes
// room for it.
const MaxLosses = 16384

// Loser says who lost frames, to which rule and why. It is a key: what is equal is one pair.
type Loser struct {
	Turn           uint32 // goes up with each reading
	Generation     uint32 // of the tables
	Rule           uint32
	Reason         uint16
	Action         Action
	Port           int    // where the frames came in
	Outer, Inner   uint16 // VLANs, 0 for none
	Client, Server firedoor.Endpoint
	Transport      uint8  // EtherType where Client and Server are MACs
	Number         uint16 // the server's port, which Server has too, or the EtherType
}

// Lost is what a pair lost in a turn. First and Last are since the machine started.
type Lost struct {
	Loser

	Count

	ClientMAC, ServerMAC firedoor.MAC // of the first frame
	First, Last          time.Duration
}
