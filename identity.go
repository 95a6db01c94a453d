package firedoor

// FactKind says what a fact about an asset is.
type FactKind uint8

// The kinds of fact an Identity event can carry.
const (
	FactName     FactKind = iota + 1 // host or station name
	FactVendor                       // maker, in the device's own words
	FactModel                        // product name or code
	FactOrder                        // order or catalogue number
	FactFirmware                     // firmware or software version
	FactHardware                     // hardware version
	FactSerial
	FactModule   // a module in the rack: Slot says where
	FactSoftware // what runs there: user agent, server banner, TLS fingerprint
	FactSystem   // operating system
	FactAddress  // MAC and IP belong together (ARP, DHCP)
	FactRole     // the device says what it is: Value is a role word of words.md
	FactService  // a service it offers
	FactComment  // location, contact, plant designation
	FactIssuer   // who issued the certificate that it showed
)

var factNames = [...]string{"", "name", "vendor", "model", "order-number", "firmware", "hardware", "serial",
	"module", "software", "system", "address", "role", "service", "comment", "issuer"}

// String is the word used in files.
func (k FactKind) String() string {
	if int(k) < len(factNames) {
		return factNames[k]
	}
	return "unknown"
}

// Subject says whom an Identity is about.
type Subject uint8

// Subjects. AboutAddress takes MAC and IP from the event itself; of a protocol on
// Ethernet, the sender's MAC if it has none.
const (
	AboutSender Subject = iota
	AboutClient
	AboutServer
	AboutAddress
)

// Identity is one fact that traffic tells about a device. Values are borrowed
// text as on the wire; the receiver cleans, bounds and interns it.
type Identity struct {
	About      Subject
	Kind       FactKind
	Confidence uint8  // 0-100: 90 the device says so itself, 50 hearsay, 30 a guess
	Slot       uint16 // FactModule: the slot; other kinds: 0
	MAC        MAC    // AboutAddress
	IP         IP     // AboutAddress
	Source     string // static: "modbus device identification", "dhcp"
	Value      []byte
	Lease      uint32 // FactAddress from DHCP: seconds, else 0
}
