// Package wire reads what several protocols carry in common: TPKT and COTP,
// CIP, the DNS message and BER; and it holds the scratch that parsers of
// identity speak their facts with.
//
// It must not know a protocol's ports, must not judge, must not allocate per
// message and must not import a protocol.
package wire
