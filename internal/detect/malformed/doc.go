// Package malformed tells of messages that break the rules of their protocol.
//
// It must not parse: it repeats the static reason that the parser gave.
package malformed
