package nbns

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is the NetBIOS name service.
var Protocol = &protocol.Protocol{
	Name:   "nbns",
	UDP:    []uint16{137},
	Probe:  probe,
	Orient: orient,
	Sheet:  protocol.Sheet{Title: "NetBIOS name service", Depth: protocol.Names, By: "RFC 1002"},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventLookup, firedoor.EventIdentity, firedoor.EventMalformed},
}

// probe asks for encoded names and records that end where the message does
// (some node status answers have bytes behind them).
func probe(b []byte) protocol.Match {
	d, ok := wire.ReadDNS(b)
	if !ok || d.Kind() != wire.NetBIOS {
		return protocol.No
	}
	var r wire.Record
	for {
		more, ok := d.Next(&r)
		switch {
		case !ok:
			return protocol.No
		case !more:
			return protocol.Yes
		case r.Type != typeNB && r.Type != typeStatus && r.Type != typeNull:
			return protocol.No
		}
	}
}

func orient(b []byte) protocol.Orientation {
	d, ok := wire.ReadDNS(b)
	switch {
	case !ok:
		return protocol.OrientUnknown
	case d.IsResponse():
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
