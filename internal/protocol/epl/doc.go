// Package epl reads Ethernet POWERLINK version 2 (EPSG DS 301): network management
// commands, service data objects by index, polled process data, and what nodes say
// of themselves when the managing node asks (IdentResponse, StatusResponse).
//
// Questions and answers are mostly sent to groups, each to one of its own, so they
// lie in different flows: a request expects no answer here, and an answer stands
// alone. Beacons (SoC) and invitations of nobody (SoA) give nothing.
//
// It must not know what process data mean: only the mapping of a node tells.
package epl
