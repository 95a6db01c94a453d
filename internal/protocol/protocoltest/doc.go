// Package protocoltest is the contract of package protocol as a test: a protocol
// that has a capture and a line in protocol/all needs no test code of its own.
//
// It must not know any protocol by name (what holds for one holds for all), must
// not be linked into the product, and must not repeat what a golden file already
// says. It reads captures with gopacket instead of the product's own decoder, so
// that an error in one is not hidden by the same error in the other.
package protocoltest
