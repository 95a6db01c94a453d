// Package nbns reads the NetBIOS name service (RFC 1001, RFC 1002): the names
// and workgroups hosts register, defend, refresh and answer for.
//
// It must not read DNS or mDNS, must not tell group names as a host's name,
// and must not judge who answers for whom.
package nbns
