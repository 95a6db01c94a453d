// Package dhcp reads DHCP for IPv4 (RFC 2131, RFC 2132): which address a MAC
// was given and what the client calls itself.
//
// It must not take an offer for a lease, must not pass on authentication
// options, and must not judge a server as rogue: that is a detector's work.
package dhcp
