// Package genisys reads Genisys, the protocol of railway signalling and of other
// plants by which an office polls field stations (Union Switch & Signal; TCP ports
// 10001 and 10002 behind serial servers), after the description that comes with CISA's
// parser ICSNPP-Genisys, and the recording beside it.
//
// The golden files were read against ICSNPP-Genisys, its parser and its log: the first
// messages of the log, and all polls, recalls and indications of both recordings there
// as a second small program decoded them. Headers 0xf4 to 0xf8 are not in that source, and
// what a checkback or an execution does is known by its name alone.
//
// It must not know what an indication or a control means: only the station's wiring
// tells.
//
// # What is where
//
// A message is a header octet 0xf1 to 0xfe, the address of the station, pairs of an
// address and a value, a CRC-16 with the low octet first, and 0xf6. What is 0xf0 or
// more between header and end is sent as 0xf0 and its low half; some senders leave the
// checksum as it is. An acknowledgement has no checksum, a poll need not have one.
//
// The code of an operation is the header. The office asks; a station answers with an
// acknowledgement, indications or what it understood of a control, whatever was asked.
package genisys
