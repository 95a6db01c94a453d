// Package cotp reads the start of ISO transport connections over TCP (RFC 1006,
// ISO 8073 class 0): who connects to which transport selector, whether the
// device accepts, and who carries on inside. S7comm, S7comm-plus and MMS are handed
// over to their own parsers; an inner protocol without one keeps its flow
// recognised and quiet.
//
// It must not read what the inner protocols say, must not take other users of
// the same framing (remote desktops, telephony) for its own, and must not join
// more than wire.MaxTSDU bytes.
package cotp
