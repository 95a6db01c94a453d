// Package lon reads LonTalk over IP: CNIP packets (EIA-852, ISO/IEC 14908-4) and in
// them LonTalk (EIA-709.1, ISO/IEC 14908-1): updates and polls of network variables,
// network management and diagnosis, and who a node says it is (service pin message,
// answer to a query of the identifier).
//
// Nodes talk as equals: whoever sends first is the client of a flow, though both may
// ask. A transaction is joined by its number and the nodes' own addresses.
//
// It must not read keys and challenges, nor know what a network variable means: only
// the installation's data base tells.
package lon
