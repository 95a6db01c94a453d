// Package wire reads what several protocols carry in common: TPKT and COTP,
// CIP, the DNS message, BER, DCE/RPC and the binary encoding of OPC UA; and it holds the scratch that parsers of
// identity speak their facts with.
//
// It must not know a protocol's ports, must not judge, must not allocate per
// message, must not import a protocol, and must not keep state between messages
// (except the CIP connection table and the COTP session, which two protocols of
// one flow share).
package wire
