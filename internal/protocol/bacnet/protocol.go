package bacnet

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is BACnet/IP.
var Protocol = &protocol.Protocol{
	Name:       "bacnet",
	UDP:        []uint16{47808},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "BACnet/IP", Holds: "for each of 256 requests that wait 512 items of 24 bytes; four messages of 32 KiB being joined", Depth: protocol.Deep, By: "ANSI/ASHRAE 135-2020",
		Unread: []string{"BACnet/SC: as TLS", "MS/TP and ARCNET: no network of ours carries them", "constructed values, texts of makers' own properties: the property only"},
		Peers:  []string{"node-bacnet"}},
	Functions: listFunctions,
	Further:   []string{"write property (null)", "write property multiple (null)", "confirmed request"},
	Varied:    []uint32{uint32(writeProperty), uint32(writeMultiple)},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&objects, &elements, &devices, &names, &privates, &channels, &networks, &peers, &foreigns},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLookup,
		firedoor.EventFileTransfer, firedoor.EventEncrypted, firedoor.EventMalformed,
	},
}

// probe wants a whole datagram: a link header whose length is that of the
// datagram, and headers in it that exist.
func probe(b []byte) protocol.Match {
	l, reason := readLink(b)
	if reason != "" || l.size != len(b) {
		return protocol.No
	}
	if !l.carries {
		if l.fits() && (l.six || l.function <= linkSecure) {
			return protocol.Yes
		}
		return protocol.No
	}
	n, reason := readNetwork(l.body)
	if reason != "" || n.reserved {
		return protocol.No
	}
	if n.message {
		if n.kind <= networkNumberIs || n.kind >= networkProprietary {
			return protocol.Yes
		}
		return protocol.No
	}
	if a, ok := readApplication(n.body); ok && a.plausible(n.body) {
		return protocol.Yes
	}
	return protocol.No
}

// plausible tells whether the header's reserved bits are zero and its service is
// one that exists.
func (a *application) plausible(b []byte) bool {
	flags := b[0] & 0xf
	switch a.kind {
	case kindConfirmed:
		return flags&1 == 0 && b[1]&0x80 == 0 && a.service <= lastService && (a.segmented() || flags&flagMore == 0)
	case kindUnconfirmed:
		return flags == 0 && a.service <= lastUnasked
	case kindSimpleAck:
		return flags == 0 && a.service <= lastService && len(a.body) == 0
	case kindComplexAck:
		return flags&3 == 0 && a.service <= lastService && (a.segmented() || flags&flagMore == 0)
	case kindSegmentAck:
		return flags&0xc == 0 && len(a.body) == 0
	case kindError:
		return flags == 0 && a.service <= lastService && len(a.body) >= 4
	case kindReject:
		return flags == 0 && len(a.body) == 0
	default:
		return flags&0xe == 0 && len(a.body) == 0
	}
}

// orient takes who asks for the client and who reports for the server. Who
// broadcasts speaks to nobody: the address it sends to serves nothing.
func orient(b []byte) protocol.Orientation {
	l, reason := readLink(b)
	switch {
	case reason != "":
		return protocol.OrientUnknown
	case l.carries && l.toAll() && (l.six || l.function != linkForwarded):
		return protocol.SentByClient
	case !l.carries && (l.function == linkResult || l.function == linkReadPeersAck || l.function == linkReadForeignAck):
		return protocol.SentByServer
	case !l.carries:
		return protocol.SentByClient
	}
	n, reason := readNetwork(l.body)
	if reason != "" || n.message || l.function == linkForwarded && !l.six {
		return protocol.OrientUnknown
	}
	a, ok := readApplication(n.body)
	if !ok {
		return protocol.OrientUnknown
	}
	var asks bool
	switch a.kind {
	case kindConfirmed:
		asks = confirmed[a.service].form != formReport
	case kindUnconfirmed:
		f := unconfirmed[a.service].form
		asks = f != formReport && f != formAnnounce
	case kindSegmentAck, kindAbort:
		asks = a.flags&flagServer == 0
	default:
		asks = false
	}
	if asks {
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
