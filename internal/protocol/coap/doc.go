// Package coap reads CoAP over UDP (RFC 7252), with observation (RFC 7641) and the
// methods FETCH, PATCH and iPATCH (RFC 8132): what is asked of which resource, what
// became of it, and notifications as samples.
//
// An answer is joined to its request by the token. A payload that is nothing but a
// number in plain text is a value, always a 64-bit real; other plain text is a text.
//
// It must not read queries (they may hold keys), must not put blocks together, and
// must not take a server's own requests for its client's: those of a server to its
// client are passed over.
package coap
