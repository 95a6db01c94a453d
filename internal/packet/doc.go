// Package packet decodes one frame's headers, from the link layer to TCP and
// UDP, into a flat Packet without allocating.
//
// It must not keep anything between frames (flows, fragments and duplicates are
// other rooms), must not read a clock, and must not fail: what cannot be decoded
// is said in the Packet.
package packet
