// Package telnet reads who logs in over Telnet (RFC 854).
//
// It must not keep or pass on what is typed but for the name at a login
// prompt, and must not guess an outcome that the server did not put in words.
package telnet
