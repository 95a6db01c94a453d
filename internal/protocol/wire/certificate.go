package wire

import (
	"bytes"

	"firedoor"
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

// tagVersion is the context tag of the version in TBSCertificate (RFC 5280, 4.1).
const tagVersion = 0xa0

// maxSubject is how many parts of a subject are looked at.
const maxSubject = 16

// owners are what a certificate is evidence of, by who showed it: a client's may be
// its user's, and then the name is that of a person at the device.
var owners = [2]firedoor.Identity{
	firedoor.FromClient: {About: firedoor.AboutClient, Confidence: 30, Source: "tls client certificate"},
	firedoor.FromServer: {About: firedoor.AboutServer, Confidence: 50, Source: "tls certificate"},
}

// issuers are those who issued them: nobody's word but that of the certificate.
var issuers = [2]firedoor.Identity{
	firedoor.FromClient: {About: firedoor.AboutClient, Kind: firedoor.FactIssuer, Confidence: 30, Source: "tls client certificate"},
	firedoor.FromServer: {About: firedoor.AboutServer, Kind: firedoor.FactIssuer, Confidence: 50, Source: "tls certificate"},
}

// Certificate tells the subject and the issuer of the first certificate of the message that shows a
// chain (RFC 5246, 7.4.2 and 7.4.6), and whether it gives a role in Modbus/TCP
// Security: then Modbus is sealed, and it is the client that has the role. What
// does not parse is passed over: whether a certificate is good is not for us. False
// for fits: the certificate is longer than its message.
func (v *Voice) Certificate(emit func(*firedoor.Event), dir firedoor.Direction, b []byte) (role, fits bool) {
	if len(b) < 6 {
		return false, true // a client that has none shows an empty list
	}
	n := int(b[3])<<16 | int(b[4])<<8 | int(b[5])
	if n > len(b)-6 {
		return false, false
	}
	if role = bytes.Contains(b[6:6+n], []byte(oidModbusRole)); role {
		v.Fact(emit, firedoor.Identity{
			About: firedoor.AboutServer, Kind: firedoor.FactService, Confidence: 90,
			Source: "tls certificate", Value: []byte("modbus"),
		})
	}
	subject, issuer := namesOf(b[6 : 6+n])
	v.subject(emit, dir, subject)
	if f := issuers[dir]; !subject.Failed() {
		if f.Value = issuerOf(issuer); len(f.Value) > 0 {
			v.Fact(emit, f)
		}
	}
	return role, true
}

// issuerOf is the name of an issuer, or of its organisation where it has none.
func issuerOf(r BER) (name []byte) {
	for range maxSubject {
		if r.Failed() || r.Len() == 0 {
			break
		}
		set := r.Into(TagSet)
		pair := set.Into(TagSequence)
		oid := pair.Take(TagOID)
		_, text := pair.Any()
		switch {
		case pair.Failed():
			return nil
		case string(oid) == oidCommonName:
			return text
		case string(oid) == oidOrganisation && name == nil:
			name = text
		}
	}
	return name
}

// subject tells the parts of a subject that say who somebody is.
func (v *Voice) subject(emit func(*firedoor.Event), dir firedoor.Direction, subject BER) {
	for range maxSubject {
		if subject.Failed() || subject.Len() == 0 {
			return
		}
		set := subject.Into(TagSet)
		pair := set.Into(TagSequence)
		oid := pair.Take(TagOID)
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
		v.Fact(emit, f)
	}
}

// namesOf walks to the subject and the issuer of a certificate (RFC 5280, 4.1); what it
// returns has Failed when the certificate is none.
func namesOf(b []byte) (subject, issuer BER) {
	r := ReadBER(b)
	outer := r.Into(TagSequence)
	body := outer.Into(TagSequence)
	tag, _ := body.Any()
	if tag == tagVersion {
		body.Take(TagInteger) // serial number
	}
	body.Take(TagSequence) // algorithm
	issuer = body.Into(TagSequence)
	body.Take(TagSequence) // validity
	return body.Into(TagSequence), issuer
}
