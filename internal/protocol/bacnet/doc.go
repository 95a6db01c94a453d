// Package bacnet reads BACnet/IP (ASHRAE 135, annex J; annex U for IPv6): which
// objects and properties are read, written and commanded, what devices report
// unasked, and what they say of themselves.
//
// It must not read passwords (of reinitialize device and device communication
// control), what files, virtual terminals, text messages and private transfers
// hold, or what a tunnel encrypts; it must not know what a maker's own objects
// and properties mean.
//
// Both ends of a flow have the same port and may ask. What the side taken for the
// server asks of the client says so in its function and in its object ("client/..."),
// so that it is never learned as the client's right.
//
// # Numbers
//
// The code of an operation or sample is the confirmed service choice; 0x100 + the
// unconfirmed service choice; 0x200 + the BVLC function (0x280 + that of annex U);
// 0x300 + the network layer message type. The unit is a device behind a router:
// network number * 256 + its address there.
//
// Unsigned numbers and enumerations up to 32 bits are told as u32, signed ones as
// i32, object identifiers as u32. Texts, dates and lists of mixed types are no
// values. An event notification's values are event type, from state, to state.
package bacnet
