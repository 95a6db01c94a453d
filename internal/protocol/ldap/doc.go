// Package ldap reads who binds to a directory over LDAP (RFC 4511) and with
// what outcome.
//
// It must not keep or pass on a password or a SASL credential, and must not
// read what is searched for or changed.
package ldap
