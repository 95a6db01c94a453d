// Package mdns reads multicast DNS (RFC 6762) and the services announced with
// it (RFC 6763): host names, addresses, service types and models.
//
// It must not take a probe for an announcement, must not read unicast DNS or
// NBNS, and must not pass on text entries it has no word for.
package mdns
