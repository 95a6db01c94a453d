// Package cip reads the cyclic data of CIP transport classes 0 and 1: UDP
// datagrams, usually on port 2222, each a sequenced address and a block of
// process data (CIP volume 2, 3-2).
//
// The messages of CIP (services, paths, Forward Open) travel inside EtherNet/IP
// encapsulation and are read by package enip, which expects these flows and
// gives them the connections it saw opened. Without that a datagram still says
// which connection it belongs to, but not which way it runs, whether a sequence
// count stands before the data, or what assembly it is.
//
// It must not guess those, must not interpret the data (the run/idle header of
// outputs included: only the device description says whether there is one) and
// must not compare one datagram with the last.
package cip
