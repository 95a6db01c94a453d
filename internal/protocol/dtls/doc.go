// Package dtls recognises DTLS (RFC 6347, RFC 9147 for what still has the record
// header of version 1.2): CIP Security on UDP port 2221, CoAP, media. It says that
// a flow is encrypted, and with which version.
//
// It must not decrypt, must not read handshakes beyond their first bytes, must not
// look for the short records of DTLS 1.3 and must not keep anything of a flow but
// what it said.
package dtls
