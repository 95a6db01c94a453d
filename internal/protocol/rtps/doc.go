// Package rtps reads the wire protocol of DDS (OMG DDSI-RTPS 2.x over UDP): who
// takes part (vendor, product, host), which topics a participant says it publishes
// or subscribes to, and that data of a topic or writer were sent.
//
// Nobody asks anything: whoever sends is the client of its flow. A writer's topic is
// known where its announcement came on the same flow; elsewhere the writer is told
// by its entity identifier.
//
// It must not read the data (their layout is agreed outside the protocol), nor tell
// users and process numbers of a host; what DDS Security protects is not read.
package rtps
