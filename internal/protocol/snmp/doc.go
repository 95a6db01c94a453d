// Package snmp reads SNMP version 1, 2c and 3 (RFC 1157, RFC 3416, RFC 3412):
// what is read and set, and what a device says about itself in its system and
// entity groups.
//
// It must not pass on a community or a user's name of version 3 (they are
// secrets or next to them), must not pass on strings that are set, and must
// not know any other management information base.
package snmp
