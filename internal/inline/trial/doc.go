// Package trial has what those who judge streams are tried with: frames of a client and a
// server, a policy between them, a device that takes bytes as devices do, and attackers
// that are drawn.
//
// It must not judge anything, and nothing but tests may import it.
package trial
