// Package lldp reads the Link Layer Discovery Protocol (IEEE 802.1AB) with the
// inventory of LLDP-MED (ANSI/TIA-1057) and PROFINET's additions: what a
// neighbour says it is.
//
// It must not build a topology, must not judge, and must not pass on the
// elements of organisations it has no word for.
package lldp
