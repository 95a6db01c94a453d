// Package egd reads Ethernet Global Data (GE Fanuc GFK-2224, chapter 4; UDP port
// 18246): exchanges, which a controller sends to others in a fixed period.
//
// It must not know what the bytes of an exchange mean: only the configuration of
// the consumer tells, and the signature of the configuration is all that a message
// says of it.
package egd
