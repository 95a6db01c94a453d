// Package tls reads what TLS (RFC 5246, RFC 8446) shows before it encrypts:
// the name a client asks for, its JA4 fingerprint, the version and application
// protocol agreed on, and the certificates of both sides where they travel
// in the clear.
//
// It must not decrypt, must not check a certificate or call one bad, must not
// read DTLS or QUIC, and must stay with JA4: the other fingerprints of that
// family are not freely licensed.
package tls
