// Package uplink carries records from the edge to the console, in NATS
// JetStream: within the process without any port, over loopback to a second
// process, or to a server elsewhere. A record counts as left once it is
// acknowledged, and it is acknowledged once it is on the disk.
//
// It must not know what a record says, and must not keep the position of those
// who consume: they keep it themselves, in one transaction with what they made
// of the records.
package uplink
