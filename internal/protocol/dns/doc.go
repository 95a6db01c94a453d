// Package dns reads DNS (RFC 1035) over UDP and TCP: the names that were asked
// for, the addresses they were given, and names that belong to addresses.
//
// It must not read mDNS or NBNS (same format, other meaning: their own
// folders), must not pass on the contents of other records, and must not judge
// a name.
package dns
