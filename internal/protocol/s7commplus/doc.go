// Package s7commplus reads S7comm-plus, the protocol of Siemens S7-1200/1500
// controllers, their engineering tool and their panels: sessions, variables by
// symbol or address, objects and their attributes, blocks, start and stop, and
// the values of subscriptions. It is carried by ISO transport over TCP and taken
// over from cotp and s7comm.
//
// There is no public specification. What is read here follows the facts on which
// independent public work agrees: T. Wiens' dissector and S7CommPlusDriver, the
// S7comm parser of ICSNPP (header and digest), and the research papers on the
// session keys; each was checked against real captures.
//
// The golden files were read against the dissector (the reader of each function, of
// values, objects, addresses, return values and notifications) and, for what a CPU is
// asked to do and what is invoked, against the tables of the library s7commplus that
// G. Molenaar keeps; so were, by hand, the messages of three captures of others: session
// and its key, reads by symbol, streamed reads, credits and notifications. In no capture of
// others are blocks, variants, descriptions of variables and lists of types.
//
// # The protocol
//
// A message has a header (0x72, version, length of the data in two bytes), data,
// and a trailer (0x72, version, two zeros). A message without a trailer is a
// fragment and goes on in the next. With version 3 a digest stands before the
// data of each fragment: its length (32) and as many bytes. With version 2 a
// digest may stand behind the body, which says how long it is, so that it is
// never looked at. Versions 0xfe and 0xff are keep-alives.
//
// Data, numbers big-endian; a "v" number has seven bits in each byte, most
// significant first, bit 7 tells that more follow:
//
//	opcode 0x31 request, 0x32 and 0x02 response, 0x33 notification
//	request   0 0, function (2), 0 0, sequence (2), session (4), flags, body
//	response  0 0, function (2), 0 0, sequence (2), flags, return value (v), body
//
// A request whose flags have bit 6 set is not answered; where a controller sends
// response 0x02 all the same nothing is told of it.
//
// # What it does not do
//
// It offers no refusals: messages of newer controllers are signed, and a changed
// one ends the session. It must not pass on what proves a password (attributes 303,
// 304, 309, 1830, 1846) nor the texts and blobs of attributes, must not decode
// what blocks contain, and must not guess the variables of an answer whose request
// was not seen. What runs inside TLS is told to be encrypted and left alone.
package s7commplus
