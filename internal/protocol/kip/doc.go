// Package kip reads KNXnet/IP (KNX system specification 03_08; ISO 22510): search,
// description, connections, and what tunnelling, routing and device management
// carry in cEMI (03_06_03): group values, properties, memory, addresses, restarts.
// Devices tell who they are in their descriptions (03_08_02, 7.5.4).
//
// A tunnelled request is answered by its confirmation (L_Data.con), which says that
// it was sent on the bus and not what came of it; what others on the bus say comes
// as samples. On the routing group everybody asks and nobody answers.
//
// It must not read keys, passwords or what is secured, and must not know what a
// group address means: only the project tells.
package kip
