// Package http reads the heads of HTTP/1 messages (RFC 9110, RFC 9112): the
// host a client asks, what both ends say they run, and who logs in.
//
// It must not keep or pass on bodies, paths, cookies or credentials (of those,
// the user's name leaves and nothing else), must not read HTTP/2, and must not
// look into tunnels.
package http
