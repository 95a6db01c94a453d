// Package arp reads ARP (RFC 826): who says that a MAC and an IPv4 address are his.
//
// It must not judge (two claims for one address are for a detector), must not
// take a probe for a claim (RFC 5227) and must not believe what a sender says
// about its target.
package arp
