// Package opcua reads OPC UA over its own binary transport (OPC 10000-6, 7.1):
// the hand-shake, secure channels, and the services that clients call on servers.
// Each node, path or method of a request is an operation of its own; an answer
// brings each its status and value. Data changes of subscriptions are samples,
// joined with their node by the client's handle where its creation was seen.
//
// Of a message longer than what is kept the beginning is read. The items of an answer that lie
// behind it have the outcome of the service, and no values; those of a request are not told.
//
// Channels without security and those that only sign are read. An encrypted one
// is told as such, with its policy and what its certificates say.
//
// It must not pass on passwords, tokens, nonces, what byte strings hold or texts of a
// node whose name is not known or speaks of a secret, must not judge certificates, and must not guess the nodes of an answer
// whose request was not seen.
package opcua
