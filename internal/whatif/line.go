package whatif

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"firedoor"
)

// line is an event line, as far as a policy can look at it (docs/formats/events.md).
type line struct {
	Time          string           `json:"time"`
	Kind          string           `json:"kind"`
	Protocol      string           `json:"protocol"`
	Segment       string           `json:"segment"`
	Client        firedoor.Address `json:"client"`
	Server        firedoor.Address `json:"server"`
	SentTo        string           `json:"sent_to"`
	Unit          *uint32          `json:"unit"`
	Verb          string           `json:"verb"`
	Function      string           `json:"function"`
	Code          uint32           `json:"code"`
	Object        string           `json:"object"`
	Quantity      *uint32          `json:"quantity"`
	Values        []json.Number    `json:"values"`
	Type          string           `json:"type"`
	Outcome       string           `json:"outcome"`
	Partial       bool             `json:"partial"`
	Frame         *uint32          `json:"frame"`
	ResponseFrame *uint32          `json:"response_frame"`
	Capture       string           `json:"capture"`
}

// run is reads of one kind in a journal (docs/formats/journal.md).
type run struct {
	Segment string `json:"segment"`
	Client  string `json:"client"`
	Server  string `json:"server"`
	// Of both ends, where they were seen; of those without IP their only address.
	ClientMAC string  `json:"client_mac"`
	ServerMAC string  `json:"server_mac"`
	Port      uint16  `json:"server_port"`
	SentTo    string  `json:"sent_to"`
	Protocol  string  `json:"protocol"`
	Unit      *uint32 `json:"unit"`
	Function  string  `json:"function"`
	Code      uint32  `json:"code"`
	Object    string  `json:"object"`
	Quantity  *uint32 `json:"quantity"`
	Count     uint64  `json:"count"`
	Partial   uint64  `json:"partial"`
	Start     string  `json:"start"`
	End       string  `json:"end"`
}

// ends are the addresses of a run. Its client and server are the only one of those without IP.
func (x *run) ends() (client, server firedoor.Address) {
	client, server = firedoor.Address{IP: x.Client, MAC: x.ClientMAC}, firedoor.Address{IP: x.Server, MAC: x.ServerMAC, Port: x.Port}
	if client.IP == client.MAC && server.IP == server.MAC {
		client.IP, server.IP = "", ""
	}
	return client, onTheWire(server, x.SentTo)
}

// onTheWire is the server that a gateway sees: where a request was sent to everybody it knows no other.
func onTheWire(server firedoor.Address, sentTo string) firedoor.Address {
	if sentTo == "" {
		return server
	}
	return firedoor.Address{IP: sentTo, Port: server.Port}
}

var verbs = func() map[string]firedoor.Verb {
	out := map[string]firedoor.Verb{}
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		out[v.String()] = v
	}
	return out
}()

var types = func() map[string]firedoor.ValueType {
	out := map[string]firedoor.ValueType{}
	for t := firedoor.Bit; t <= firedoor.F64; t++ {
		out[t.String()] = t
	}
	return out
}()

func nanoseconds(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time", text)
	}
	return t.UnixNano(), nil
}

// endpoint reads an end; an end without an address is a group of Ethernet.
func endpoint(a *firedoor.Address) (ip firedoor.IP, mac firedoor.MAC, err error) {
	if a.IP != "" {
		if ip, err = parseIP(a.IP); err != nil {
			return ip, 0, err
		}
	}
	if a.MAC != "" {
		if mac, err = parseMAC(a.MAC); err != nil {
			return ip, 0, err
		}
	}
	return ip, mac, nil
}

// values packs what a line tells as firedoor.Values, big-endian; raw is room for them.
func (l *line) values(raw []byte) (firedoor.Values, []byte, error) {
	t := types[l.Type]
	v := firedoor.Values{Type: t, Count: len(l.Values)}
	if t == firedoor.NoValue || len(l.Values) == 0 {
		return firedoor.Values{}, raw, nil
	}
	if t == firedoor.Bit {
		v.Type = firedoor.Bool
	}
	raw = raw[:0]
	for _, n := range l.Values {
		bits, err := bitsOf(n.String())
		if err != nil {
			return firedoor.Values{}, raw, err
		}
		switch v.Type.Size() {
		case 1:
			raw = append(raw, byte(bits))
		case 2:
			raw = binary.BigEndian.AppendUint16(raw, uint16(bits))
		case 4:
			raw = binary.BigEndian.AppendUint32(raw, uint32(bits))
		default:
			raw = binary.BigEndian.AppendUint64(raw, bits)
		}
	}
	v.Raw = raw
	return v, raw, nil
}

func bitsOf(text string) (uint64, error) {
	if strings.HasPrefix(text, "-") {
		n, err := json.Number(text).Int64()
		return uint64(n), err
	}
	var n uint64
	for _, d := range []byte(text) {
		if d < '0' || d > '9' {
			return 0, fmt.Errorf("%q is no value", text)
		}
		n = n*10 + uint64(d-'0')
	}
	return n, nil
}
