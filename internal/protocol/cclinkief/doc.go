// Package cclinkief reads CC-Link IE Field Basic (UDP 61450 and 61451): the cyclic
// data between a master and its slave stations, node search, and the setting of a
// node's IP address.
//
// It is made from public descriptions, never seen on a wire here: the layout of
// each message as the open stack c-link of rt-labs has it, which cites the
// specifications BAP-C2010ENG-001 to -004 (CC-Link IE Field Network Basic) and
// BAP-C2006ENG-003 (SLMP) of the CC-Link Partner Association.
//
// The golden files were read against these layouts: 32 words and 64 bits a
// station, a station's second part behind its first, addresses and numbers with the least
// byte first.
//
// Requests are sent to everybody and answers to the master alone, so they lie in
// different flows: a request expects no answer here, and an answer stands alone.
//
// It must not read SLMP, whose headers it shares, beyond the two commands that
// belong to the network, and must not know makers by their number.
package cclinkief
