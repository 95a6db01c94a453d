package firedoor

import "strconv"

// AssetID is the stable name of an asset: derived from the segment and the
// identifier it was first seen with, so the same capture gives the same id.
// Zero means "no asset".
type AssetID uint64

const assetIDDigits = 12

// AssetIDFrom makes an id of the first 48 bits of a digest; b must hold at
// least six bytes.
func AssetIDFrom(b []byte) AssetID { return AssetID(MACFrom(b)) }

// AppendTo appends the id as "a-" and twelve hexadecimal digits; nothing for zero.
func (id AssetID) AppendTo(dst []byte) []byte {
	if id == 0 {
		return dst
	}
	const hex = "0123456789abcdef"
	dst = append(dst, 'a', '-')
	for i := 4 * (assetIDDigits - 1); i >= 0; i -= 4 {
		dst = append(dst, hex[id>>i&0xf])
	}
	return dst
}

// String is AppendTo as a string.
func (id AssetID) String() string { return string(id.AppendTo(nil)) }

// MarshalText is String, for JSON.
func (id AssetID) MarshalText() ([]byte, error) { return id.AppendTo(nil), nil }

// UnmarshalText reads what MarshalText wrote; empty text is zero.
func (id *AssetID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = 0
		return nil
	}
	n, ok := ParseAssetID(string(b))
	if !ok {
		return strconv.ErrSyntax
	}
	*id = n
	return nil
}

// ParseAssetID reads what String wrote; false if it is not an id.
func ParseAssetID(s string) (AssetID, bool) {
	if len(s) != assetIDDigits+2 || s[:2] != "a-" {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:], 16, 64)
	return AssetID(n), err == nil && n != 0
}

// Moment is when something was seen and the frame that proves it.
type Moment struct {
	Time  int64 // traffic time, ns since 1970
	Frame FrameRef
}

// ChangeKind says what became of the inventory.
type ChangeKind uint8

// The kinds of change. Which of them deserves an alert is for detectors to
// judge; the inventory only says what it saw.
const (
	ChangeNewAsset      ChangeKind = iota + 1 // never seen before
	ChangeNewAddress                          // a seen asset has one more address
	ChangeAddressMoved                        // an address went from Other to Asset
	ChangeReplaced                            // Asset took the place of Other
	ChangeVirtualMoved                        // a shared address went from Other to Asset: a failover
	ChangeContradiction                       // Asset and Other (0: not admitted) claim one address at the same time
	ChangeIdentity                            // Asset says something else of itself than before
	ChangeRouter                              // the MAC of Asset forwards for others
	ChangeMerged                              // Other was found to be Asset; its id now resolves to Asset
	ChangeSplit                               // Asset was found not to be Other
	ChangeFlood                               // more new assets than are admitted or announced one by one
)

var changeNames = [...]string{"", "new-asset", "new-address", "address-moved", "replaced", "virtual-address-moved",
	"contradiction", "identity-changed", "router", "merged", "split", "flood"}

// String is the word used in files.
func (k ChangeKind) String() string {
	if int(k) < len(changeNames) {
		return changeNames[k]
	}
	return "unknown"
}

// AssetChange is one change of the inventory. It is plain text and safe to
// print: Old and New are cleaned.
type AssetChange struct {
	Kind   ChangeKind
	Known  bool // Asset was there when learning ended
	Fact   FactKind
	Slot   uint16
	Asset  AssetID
	Other  AssetID
	Old    string // the value, address or MAC before
	New    string // and after
	Source string // static: "arp", "s7comm szl"
	Reason string // static words
	At     Endpoint
	Moment
	Before FrameRef // evidence of what was there before, where there is some
	// ChangeReplaced, else zero: Since is the time of Frame, for that the one
	// before stays silent shows only later; Former tells of Other.
	Since  int64
	Former Description
}

// Description is what to call an asset in a sentence.
type Description struct {
	Name  string // its address where it has no other
	Role  Role
	Known bool // it was there when learning ended
}

// Role is what an asset is for, in the field's words.
type Role string

// The roles that are inferred; a device may name others itself.
const (
	RolePLC              Role = "plc"
	RoleSafetyController Role = "safety-controller"
	RoleRTU              Role = "rtu"
	RoleIED              Role = "ied"
	RoleDrive            Role = "drive"
	RoleRobot            Role = "robot"
	RoleRemoteIO         Role = "remote-io"
	RoleHMI              Role = "hmi"
	RoleEngineering      Role = "engineering-workstation"
	RoleHistorian        Role = "historian"
	RoleOPCServer        Role = "opc-server"
	RoleSCADAServer      Role = "scada-server"
	RoleDataGateway      Role = "data-gateway"
	RoleJumpHost         Role = "jump-host"
	RoleSwitch           Role = "switch"
	RoleRouter           Role = "router"
	RoleFirewall         Role = "firewall"
	RolePrinter          Role = "printer"
	RoleCamera           Role = "camera"
	RoleDNSServer        Role = "dns-server"
	RoleDHCPServer       Role = "dhcp-server"
	RoleDomainController Role = "domain-controller"
	RoleServer           Role = "server"
	RoleWorkstation      Role = "workstation"
	RoleExternal         Role = "external-host"
)

// Asset is one device as the inventory exports it: the format of assets.json
// (docs/formats/assets.md). Times are RFC 3339 in UTC with nine decimals.
type Asset struct {
	ID          AssetID      `json:"id"`
	Aliases     []AssetID    `json:"aliases,omitempty"` // ids that were merged into this one and still resolve
	Known       bool         `json:"known"`             // there when learning ended
	Segment     string       `json:"segment"`
	Name        string       `json:"name,omitempty"`
	Role        Role         `json:"role,omitempty"`
	Level       string       `json:"level,omitempty"` // Purdue: "L1" ... "L5"
	RoleReason  string       `json:"role_reason,omitempty"`
	Vendor      string       `json:"vendor,omitempty"`
	Model       string       `json:"model,omitempty"`
	Firmware    string       `json:"firmware,omitempty"`
	Serial      string       `json:"serial,omitempty"`
	FirstSeen   string       `json:"first_seen"`
	LastSeen    string       `json:"last_seen"`
	Packets     uint64       `json:"packets"`
	Bytes       uint64       `json:"bytes"`
	HostsBehind int          `json:"hosts_behind,omitempty"` // addresses this MAC forwards for
	Identifiers []Identifier `json:"identifiers"`
	Facts       []Fact       `json:"facts"`
	Relations   []Relation   `json:"relations,omitempty"`
	History     []AssetEvent `json:"history,omitempty"`
}

// Evidence names the frame that proves something.
type Evidence struct {
	Capture string `json:"capture"`
	Frame   uint32 `json:"frame"` // 1-based in that capture
}

// Identifier is one thing an asset is recognised by.
type Identifier struct {
	Kind       string `json:"kind"` // "mac", "ip", "serial", "name"
	Value      string `json:"value"`
	Bond       string `json:"bond,omitempty"`   // "seen", "claimed", "virtual", "behind"
	From       string `json:"from"`             // the interval in which it belonged to the asset
	To         string `json:"to,omitempty"`     // empty: still does
	LastSeen   string `json:"last_seen"`        // last evidence of it
	Source     string `json:"source,omitempty"` // who says so
	Confidence uint8  `json:"confidence"`
	Evidence
}

// Fact is one thing known about an asset, and who says so.
type Fact struct {
	Kind       string  `json:"kind"`
	Value      string  `json:"value"`
	Slot       *uint16 `json:"slot,omitempty"` // modules: where in the rack
	Source     string  `json:"source"`
	Confidence uint8   `json:"confidence"`
	Best       bool    `json:"best,omitempty"` // the one to believe: highest confidence, then latest
	FirstSeen  string  `json:"first_seen"`
	LastSeen   string  `json:"last_seen"`
	Evidence
}

// Relation ties an asset to another without merging them.
type Relation struct {
	Kind   string  `json:"kind"` // "behind", "replaces", "replaced-by", "virtual-address" ...
	Asset  AssetID `json:"asset"`
	Value  string  `json:"value,omitempty"` // the address it is about
	Since  string  `json:"since"`
	Reason string  `json:"reason"`
	Evidence
}

// AssetEvent is one entry of an asset's history: how it came to be what it is.
type AssetEvent struct {
	Time   string    `json:"time"`
	Kind   string    `json:"kind"` // a ChangeKind, or "undone"
	Assets []AssetID `json:"assets"`
	Value  string    `json:"value,omitempty"`
	Reason string    `json:"reason"`
	Evidence
}
