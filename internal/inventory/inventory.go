package inventory

import (
	"crypto/sha256"
	"strconv"
	"time"

	"firedoor"
)

// Limits that are not settings. Each has a stated behaviour when it is reached.
const (
	// MaxIdentifiers is how many MACs and addresses (with their past intervals)
	// an asset holds; then the oldest closed interval makes room, and without
	// one the new address is counted and not kept.
	MaxIdentifiers = 64
	// MaxClaims is how many addresses a MAC may claim by ARP and still be one
	// host; beyond, it answers for others (proxy ARP) and is a router.
	MaxClaims = 32
	// MaxUnclaimed is how many addresses a MAC may send from without claiming
	// them by ARP; beyond, it is a router.
	MaxUnclaimed = 3
	// MaxOwn6 is how many global IPv6 addresses are taken for one host's own
	// (privacy addresses) before further ones are taken for others'.
	MaxOwn6 = 16
	// MaxRelations and MaxHistory are kept per asset; later ones are counted.
	MaxRelations = 32
	MaxHistory   = 64
	// MaxContests is how many addresses can be under dispute at a time; beyond,
	// the holder keeps its address and the dispute is counted.
	MaxContests = 4096
	// MaxEdges is how many (client, server, protocol) are kept to tell roles
	// from; later ones are counted.
	MaxEdges = 200_000
	// MaxProtocols and MaxTalks bound the protocols told apart, in all and per
	// address; further ones tell nothing about roles.
	MaxProtocols = 255
	MaxTalks     = 32
)

// Spans of traffic time.
const (
	// SettleAfter is how long the holder of an address must be silent before a
	// challenger that did not come by DHCP gets it.
	SettleAfter = int64(time.Minute)
	// ContradictionWindow is how close together two claims to one address must
	// be to contradict each other.
	ContradictionWindow = int64(5 * time.Minute)
	// FlapWindow and MaxFlaps tell a failover from a fight: so many moves of a
	// virtual address, each so soon after the other, are a contradiction.
	FlapWindow = int64(time.Minute)
	MaxFlaps   = 3
	// FloodOver is how long no newcomer may be one too many before newcomers
	// are told one by one again.
	FloodOver = int64(time.Minute)
	// Repeat is how long the same contradiction or flood is told only once.
	Repeat = int64(time.Hour)
)

// Config has the settings; zero members take the defaults. The functions name
// what the inventory knows as numbers; nil writes the number.
type Config struct {
	SegmentName func(firedoor.Segment) string
	CaptureName func(uint32) string
	// Industrial tells the protocols of the factory floor; nil: none is.
	Industrial func(protocol string) bool
	// Changed is given every change, in order; it is borrowed. It must not
	// call the inventory. Nil drops them.
	Changed func(*firedoor.AssetChange)

	// MaxAssets (50,000): beyond, new assets are counted, not admitted.
	MaxAssets int
	// MaxAddresses (150,000) counts MACs and addresses of all assets; beyond,
	// new ones are counted, not kept.
	MaxAddresses int
	// MaxFacts (96) is per asset, a quarter of it for an asset that came after
	// learning; MaxAllFacts (200,000) for all. Beyond, facts are counted.
	MaxFacts    int
	MaxAllFacts int
	// MaxNewcomers (4,096) is how many assets that came after Freeze are kept.
	// Beyond, the oldest that said nothing makes room; if all did, new ones are
	// counted, not admitted.
	MaxNewcomers int
	// NewcomerBurst (1,024) and NewcomersPerMinute (60) limit how fast
	// newcomers are admitted; an eighth on top of it is for those that ask to
	// change a device.
	NewcomerBurst      int
	NewcomersPerMinute int
	// AnnouncePerMinute (32): newcomers told one by one in a minute of traffic
	// time; beyond, they are told by one ChangeFlood.
	AnnouncePerMinute int
}

// The most there may be where Config does not say.
const (
	DefaultMaxAssets    = 50_000
	DefaultMaxAddresses = 150_000
	DefaultMaxFacts     = 200_000 // of all assets
)

func (c *Config) defaults() {
	for _, d := range []struct {
		p *int
		n int
	}{{&c.MaxAssets, DefaultMaxAssets}, {&c.MaxAddresses, DefaultMaxAddresses}, {&c.MaxFacts, 96}, {&c.MaxAllFacts, DefaultMaxFacts},
		{&c.MaxNewcomers, 4096}, {&c.NewcomerBurst, 1024}, {&c.NewcomersPerMinute, 60}, {&c.AnnouncePerMinute, 32}} {
		if *d.p <= 0 {
			*d.p = d.n
		}
	}
	if c.SegmentName == nil {
		c.SegmentName = func(s firedoor.Segment) string { return strconv.FormatUint(uint64(s), 10) }
	}
	if c.CaptureName == nil {
		c.CaptureName = func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	}
	if c.Industrial == nil {
		c.Industrial = func(string) bool { return false }
	}
	if c.Changed == nil {
		c.Changed = func(*firedoor.AssetChange) {}
	}
}

// Stats counts what is held and what was turned away.
type Stats struct {
	Assets, Known, Newcomers int
	Addresses, Facts, Edges  int
	NotAdmitted              uint64 // sightings of assets that were not admitted
	Recycled                 uint64 // silent newcomers that made room
	Unannounced              uint64 // newcomers admitted but not told one by one
	AddressesRefused         uint64 // addresses not kept at MaxIdentifiers or MaxAddresses
	FactsRefused             uint64 // facts not kept, at a limit or about nobody known
	EdgesRefused             uint64
	ContestsRefused          uint64
	NotesRefused             uint64 // relations and history entries beyond their limits
	TrafficUnplaced          uint64 // packets of senders that were not admitted
}

// Inventory holds the assets.
type Inventory struct {
	cfg       Config `snapshot:"-"`
	nodes     []node
	freeNodes []uint32
	assets    []asset
	freeAsset []uint32
	addresses []address
	freeAddr  []uint32
	byMAC     map[macKey]uint32 // node
	byIP      map[ipKey]uint32  // address
	byID      map[firedoor.AssetID]uint32
	edges     map[edge]uint16 // verbs seen
	protocols []string
	texts     map[string]string
	contests  []contest // addresses under dispute, oldest first
	door      door
	stats     Stats
	clock     int64 // traffic time of the last call
	turn      uint64
	frozen    bool
	change    firedoor.AssetChange `snapshot:"-"`

	makers [recentMakers]recentMaker `snapshot:"-"`
}

type macKey struct {
	segment firedoor.Segment
	mac     firedoor.MAC
}

type ipKey struct {
	segment firedoor.Segment
	ip      firedoor.IP
}

const none = ^uint32(0)

// node is one identifier: a MAC, or an address in one interval.
type node struct {
	segment    firedoor.Segment
	asset      uint32
	mac        firedoor.MAC // nodes with an address: the MAC it was last seen with
	ip         firedoor.IP  // zero: this is a MAC
	origin     firedoor.AssetID
	from, to   int64 // to 0: still open
	first      int64
	last       int64
	lease      int64 // when the DHCP lease ends; 0: none
	packets    uint64
	bytes      uint64
	frame      firedoor.FrameRef
	source     string
	confidence uint8
	own        bool // the address belongs to the asset of its MAC
	claimed    bool // by ARP or DHCP
	virtual    bool // moves between assets
	known      bool
	// Of a MAC only.
	router  bool
	returns bool   // it sends frames that come back to it
	shared  bool   // a virtual router's MAC
	behind  uint32 // addresses it passed on
	holder  firedoor.AssetID
	// Of an address only: other MACs that passed it on.
	passed [2]firedoor.MAC
	talk   []talk
}

type asset struct {
	id        firedoor.AssetID
	segment   firedoor.Segment
	nodes     []uint32
	facts     []fact
	relations []relation
	history   []record
	aliases   []alias
	known     bool
	newcomer  bool
	spoke     bool // took part in an operation
	live      bool
	serial    uint64 // admission number, to tell a reused slot
	told      int64  // start of the hour in which identity changes are counted
	tellings  uint8
}

// alias is an id that was merged into an asset, and whether it was known.
type alias struct {
	id    firedoor.AssetID
	known bool
}

type relation struct {
	kind   string
	other  firedoor.AssetID
	ip     firedoor.IP
	reason string
	at     firedoor.Moment
}

type record struct {
	kind   string
	a, b   firedoor.AssetID
	value  string
	reason string
	at     firedoor.Moment
}

// New returns an empty inventory.
func New(cfg Config) *Inventory {
	cfg.defaults()
	return &Inventory{cfg: cfg, byMAC: map[macKey]uint32{}, byIP: map[ipKey]uint32{},
		byID: map[firedoor.AssetID]uint32{}, edges: map[edge]uint16{}, texts: map[string]string{}}
}

// Stats counts what is held and what was turned away.
func (v *Inventory) Stats() Stats {
	s := v.stats
	s.Edges = len(v.edges)
	return s
}

// Freeze says that learning is over: all assets there now are known and never
// make room for others.
func (v *Inventory) Freeze() {
	v.frozen = true
	v.stats.Known, v.stats.Newcomers = v.stats.Assets, 0
	v.door.queue, v.door.serials = v.door.queue[:0], v.door.serials[:0]
	for i := range v.assets {
		v.assets[i].known, v.assets[i].newcomer = v.assets[i].live, false
		for j := range v.assets[i].aliases {
			v.assets[i].aliases[j].known = true
		}
	}
	for i := range v.nodes {
		v.nodes[i].known = true
	}
}

// Known tells whether the asset was there when learning ended.
func (v *Inventory) Known(id firedoor.AssetID) bool {
	a, ok := v.byID[id]
	return ok && v.assets[a].known
}

// Resolve returns the asset an id stands for now: itself, or the one it was
// merged into. False if there is none (never was, or made room).
func (v *Inventory) Resolve(id firedoor.AssetID) (firedoor.AssetID, bool) {
	a, ok := v.byID[id]
	if !ok {
		return 0, false
	}
	return v.assets[a].id, true
}

// At returns the asset at an address. The MAC tells holders of one address
// apart; zero asks for the present one.
func (v *Inventory) At(seg firedoor.Segment, ip firedoor.IP, mac firedoor.MAC) (firedoor.AssetID, bool) {
	n := v.nodeAt(normal(firedoor.Endpoint{Segment: seg, IP: ip, MAC: mac}))
	if n == none {
		return 0, false
	}
	return v.assets[v.nodes[n].asset].id, true
}

// normal takes out what no asset can own: group addresses and "unspecified".
func normal(e firedoor.Endpoint) firedoor.Endpoint {
	if e.MAC.IsGroup() {
		e.MAC = 0
	}
	if e.IP.IsGroup() || e.IP.IsUnspecified() {
		e.IP = firedoor.IP{}
	}
	return e
}

// nodeAt finds the identifier at an endpoint, none if there is none.
func (v *Inventory) nodeAt(e firedoor.Endpoint) uint32 {
	if e.IP.IsZero() {
		return v.station(e.Segment, e.MAC)
	}
	ai, ok := v.byIP[ipKey{e.Segment, e.IP}]
	if !ok {
		return none
	}
	cur := v.addresses[ai].node
	if e.MAC == 0 || v.nodes[cur].mac == e.MAC {
		return cur
	}
	st := v.station(e.Segment, e.MAC)
	if st == none {
		return cur
	}
	for _, n := range v.assets[v.nodes[st].asset].nodes {
		if v.nodes[n].ip == e.IP && v.nodes[n].segment == e.Segment {
			return n // a past or shared interval
		}
	}
	if v.addresses[ai].challenger == e.MAC {
		return st
	}
	return cur
}

// station returns the node of a MAC, none if there is none.
func (v *Inventory) station(seg firedoor.Segment, mac firedoor.MAC) uint32 {
	if mac == 0 {
		return none
	}
	if n, ok := v.byMAC[macKey{seg, mac}]; ok {
		return n
	}
	return none
}

// makeID derives an id from a segment's name and an identifier.
func (v *Inventory) makeID(seg firedoor.Segment, mac firedoor.MAC, ip firedoor.IP, salt int) firedoor.AssetID {
	b := append(make([]byte, 0, 96), v.cfg.SegmentName(seg)...)
	if ip.IsZero() {
		b = mac.AppendTo(append(b, "\x00mac\x00"...))
	} else {
		b = ip.AppendTo(append(b, "\x00ip\x00"...))
	}
	for {
		sum := sha256.Sum256(strconv.AppendInt(append(b[:len(b):len(b)], 0), int64(salt), 10))
		if id := firedoor.AssetIDFrom(sum[:]); id != 0 {
			return id
		}
		salt++
	}
}

// emit hands out a change of asset a at a node's address.
func (v *Inventory) emit(kind firedoor.ChangeKind, m firedoor.Moment, a uint32, at firedoor.Endpoint, fill func(*firedoor.AssetChange)) {
	v.change = firedoor.AssetChange{Kind: kind, Moment: m, At: at}
	if a != none {
		v.change.Asset, v.change.Known = v.assets[a].id, v.assets[a].known
	}
	if fill != nil {
		fill(&v.change)
	}
	v.cfg.Changed(&v.change)
}

func (v *Inventory) relate(a uint32, kind string, other firedoor.AssetID, ip firedoor.IP, reason string, m firedoor.Moment) {
	if a == none || other == 0 || v.assets[a].id == other {
		return
	}
	as := &v.assets[a]
	for i := range as.relations {
		if r := &as.relations[i]; r.kind == kind && r.other == other && r.ip == ip {
			return
		}
	}
	if len(as.relations) >= MaxRelations {
		v.stats.NotesRefused++
		return
	}
	as.relations = append(as.relations, relation{kind, other, ip, reason, m})
}

func (v *Inventory) note(a uint32, kind string, other firedoor.AssetID, value, reason string, m firedoor.Moment) {
	if a == none {
		return
	}
	as := &v.assets[a]
	if len(as.history) >= MaxHistory {
		v.stats.NotesRefused++
		return
	}
	as.history = append(as.history, record{kind, as.id, other, value, reason, m})
}
