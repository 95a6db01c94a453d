package firedoor

// Address is an end of a conversation in a file.
type Address struct {
	IP   string `json:"ip,omitempty"`
	Port uint16 `json:"port,omitempty"`
	MAC  string `json:"mac,omitempty"`
}

// Address is the end as files show it; nil where nothing is known of it.
func (e *Endpoint) Address() *Address {
	if e.IP.IsZero() && e.MAC == 0 {
		return nil
	}
	return &Address{IP: e.IP.String(), Port: e.Port, MAC: e.MAC.String()}
}

// Conversation is one conversation of conversations.json
// (docs/formats/conversations.md).
type Conversation struct {
	Segment    string      `json:"segment"`
	Client     Address     `json:"client"`
	Server     Address     `json:"server"`
	SentTo     string      `json:"sent_to,omitempty"` // the address that both use in place of the other's
	Ports      []uint16    `json:"ports,omitempty"`   // further ones of the server, while learning
	Protocol   string      `json:"protocol"`
	Learned    bool        `json:"learned"`
	First      string      `json:"first"`
	Last       string      `json:"last"`
	Flows      uint32      `json:"flows"`
	Packets    [2]uint64   `json:"packets"` // from the client, from the server
	Bytes      [2]uint64   `json:"bytes"`
	Operations uint64      `json:"operations"`
	Errors     uint64      `json:"errors"`
	NoResponse uint64      `json:"no_response"`
	Partial    uint64      `json:"partial"`
	Samples    uint64      `json:"samples"`
	Malformed  uint32      `json:"malformed"`
	Encrypted  uint32      `json:"encrypted"`
	Inside     []Inside    `json:"inside,omitempty"`
	OneWay     uint32      `json:"one_way"`
	Rhythm     *Rhythm     `json:"rhythm,omitempty"` // of what nobody can read
	Verbs      []string    `json:"verbs"`
	Statements []Statement `json:"statements"`
}

// Inside is what encrypted sessions presumably hold and what says so. It is a
// conclusion: nothing was decrypted.
type Inside struct {
	Protocol string `json:"protocol"`
	By       string `json:"by"` // "certificate role", "alpn", "alpn offered", "port 802"
}

// Rhythm is what can be said of a binary protocol that nobody reads, where it is
// regular, and of encrypted sessions. Arrays are by sender, client first: how many
// messages were listened to, their commonest lengths in bytes, and what all of them
// begin with, in hex.
type Rhythm struct {
	Period    int64       `json:"period_ns"` // mean time between two messages of the client
	Messages  [2]uint32   `json:"messages"`
	Lengths   [2][]uint32 `json:"lengths"`
	Prefix    [2]string   `json:"prefix"`
	Irregular bool        `json:"irregular,omitempty"` // encrypted, and no machine's beat
}

// Statement is one learned or later seen operation of a conversation. Period
// is the mean time between two of them, in nanoseconds; 0 for a single one.
type Statement struct {
	Protocol   string  `json:"protocol,omitempty"` // where it is not the conversation's
	Unit       *uint32 `json:"unit,omitempty"`
	Verb       string  `json:"verb"`
	Function   string  `json:"function"`
	Code       uint32  `json:"code"`
	Object     string  `json:"object,omitempty"`
	Quantity   *uint32 `json:"quantity,omitempty"`
	Learned    bool    `json:"learned"`
	Count      uint32  `json:"count"`
	Errors     uint32  `json:"errors"`
	NoResponse uint32  `json:"no_response"`
	First      string  `json:"first"`
	Last       string  `json:"last"`
	Period     int64   `json:"period_ns"`
	Written    []Range `json:"written,omitempty"` // by element, as learned
	Beyond     bool    `json:"beyond,omitempty"`  // something else was written too while learning, which nobody understood
}

// Range is the learned range of one written element.
type Range struct {
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Count uint32  `json:"count"`
}
