// Package eplv1 reads Ethernet Powerlink version 1 (Ethernet type 0x3e3f), as nodes
// spoke it before EPSG DS 301: polled process data, invitations to send, and what a
// node says of itself when it is invited to. The layout is that of the "Powerlink
// WhitePaper V0006-B" as the authors of Wireshark's dissector tell it; the paper itself
// was not at hand.
//
// As in version 2 a request expects no answer here, and an answer stands alone. The
// beacons of a cycle (SoC, EoC) give nothing.
//
// It must not know what process data or the messages of the generic channel mean.
package eplv1
