// Package dtls recognises DTLS (RFC 6347, RFC 9147 for what still has the record
// header of version 1.2): CIP Security on UDP port 2221, CoAP, media. It says that
// a flow is encrypted, with which version, and whose certificates were shown where
// they travel in the clear.
//
// It must not decrypt, must not check a certificate, must not look for the short
// records of DTLS 1.3 where no hello came before, and must not keep anything of a
// flow but what it said and a chain of certificates on its way.
package dtls
