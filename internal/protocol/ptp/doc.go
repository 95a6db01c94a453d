// Package ptp reads the Precision Time Protocol, version 2 (IEEE 1588-2008 and -2019), and
// what IEEE 802.1AS (gPTP) makes of it, on Ethernet and over UDP: which clocks there are,
// which grandmaster they announce and how good it is, what is asked of them by management
// messages, and which masters are asked for unicast.
//
// The layout is that of published descriptions and of Wireshark's dissector; the standards
// themselves were not at hand.
//
// It must not judge: whether a grandmaster may be one is for a detector. It must not tell
// times, delays or corrections, which are others in each message, must not read version 1,
// which has another layout, nor what authenticates a message.
//
// # What becomes of a message
//
// What is sent again and again is told when it says something new of a clock: the first of
// each type from its port (without values), and an Announce when what it says of the
// grandmaster is not what that port announced before. Then there is a sample of the
// grandmaster (its identity as a number, and as text) when that is another one, and one of
// its state: priority 1, class, accuracy, variance, priority 2, steps removed, source of
// time, offset to UTC, flags. A repetition gives no event at all.
//
// Identities are written as 001b19.fffe.123456, ports of clocks as
// domain:0/clock:001b19.fffe.123456/port:1. Domains of another organisation's profile have
// its number behind (sdo:1 is gPTP). What is asked of all clocks has "all" in their place.
//
// A request of a management message is an operation. One that is marked as unicast waits for
// its answer. What a clock answers to a group is no operation of the group's: it is told
// as a sample.
package ptp
