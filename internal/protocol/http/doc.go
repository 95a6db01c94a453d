// Package http reads the heads of HTTP/1 messages (RFC 9110, RFC 9112): the
// host a client asks, what both ends say they run, and who logs in.
//
// Of bodies it reads one kind: the first 4,096 bytes of what an MTConnect agent
// answers (mtconnect.go), whose requests are operations of "mtconnect".
//
// It must not pass on other bodies, paths, cookies or credentials (of those,
// the user's name leaves and nothing else), must not read HTTP/2, and must not
// look into tunnels.
package http
