package tls

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Names in a certificate's subject (X.520), as object identifier contents.
const (
	oidCommonName   = "\x55\x04\x03"
	oidSerial       = "\x55\x04\x05"
	oidOrganisation = "\x55\x04\x0a"
)

// oidModbusRole is the extension that gives a role in Modbus/TCP Security (2018,
// 1.3.6.1.4.1.50316.802.1), with tag and length.
const oidModbusRole = "\x06\x0b\x2b\x06\x01\x04\x01\x83\x89\x0c\x86\x22\x01"

// Context tags of TBSCertificate (RFC 5280, 4.1).
const tagVersion = 0xa0

// maxNames is how many parts of a subject are looked at.
const maxNames = 16

// owners are what a certificate is evidence of, by who showed it: a client's may be
// its user's, and then the name is that of a person at the device.
var owners = [2]firedoor.Identity{
	firedoor.FromClient: {About: firedoor.AboutClient, Confidence: 30, Source: "tls client certificate"},
	firedoor.FromServer: {About: firedoor.AboutServer, Confidence: 50, Source: "tls certificate"},
}

// certificate tells the subject of the first certificate of a chain (RFC 5246,
// 7.4.2 and 7.4.6). TLS 1.3 encrypts this message. What does not parse is passed
// over: whether a certificate is good is not for this package.
func (p *parser) certificate(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) {
	if len(b) < 6 {
		return // a client that has none shows an empty list
	}
	n := int(b[3])<<16 | int(b[4])<<8 | int(b[5])
	if n > len(b)-6 {
		p.voice.Malformed(emit, "certificate longer than its message", 0)
		return
	}
	if bytes.Contains(b[6:6+n], []byte(oidModbusRole)) { // what is sealed here is Modbus, and it is the client that has the role
		p.voice.Fact(emit, firedoor.Identity{
			About: firedoor.AboutServer, Kind: firedoor.FactService, Confidence: 90,
			Source: "tls certificate", Value: []byte("modbus"),
		})
		p.voice.Sealed(emit, firedoor.Encrypted{Protocol: "tls", Version: version(p.chosen), Inside: "modbus", By: "certificate role"})
	}
	subject := subjectOf(b[6 : 6+n])
	for range maxNames {
		if subject.Failed() || subject.Len() == 0 {
			return
		}
		set := subject.Into(wire.TagSet)
		pair := set.Into(wire.TagSequence)
		oid := pair.Take(wire.TagOID)
		_, text := pair.Any()
		if pair.Failed() || subject.Failed() {
			return
		}
		f := owners[dir]
		f.Value = text
		switch string(oid) {
		case oidCommonName:
			f.Kind = firedoor.FactName
		case oidSerial:
			f.Kind = firedoor.FactSerial
		case oidOrganisation:
			f.Kind = firedoor.FactVendor
		default:
			continue
		}
		p.voice.Fact(emit, f)
	}
}

// subjectOf walks to the subject of a certificate (RFC 5280, 4.1); what it
// returns has Failed when the certificate is none.
func subjectOf(b []byte) wire.BER {
	r := wire.ReadBER(b)
	outer := r.Into(wire.TagSequence)
	body := outer.Into(wire.TagSequence)
	tag, _ := body.Any()
	if tag == tagVersion {
		body.Take(wire.TagInteger) // serial number
	}
	body.Take(wire.TagSequence) // algorithm
	body.Take(wire.TagSequence) // issuer
	body.Take(wire.TagSequence) // validity
	return body.Into(wire.TagSequence)
}
