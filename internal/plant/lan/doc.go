// Package lan is an Ethernet and IP network that happens in a queue of events:
// switches, routers, cables, and hosts that speak ARP, IPv4, IPv6, ICMP, UDP and a
// small but honest TCP. What a mirror port would see is handed to whoever taps the
// world. Equal seeds and equal calls give equal bytes on every machine. The details
// of a stack (TTL, window, options, timers) are the manners of a device kind, so
// that hosts look as different here as they do in a factory.
//
// It must not open sockets, start goroutines or read a clock: time is the number in
// the queue. It must not know any protocol above TCP and UDP, nor what the plant
// makes: that is the business of those who listen and dial.
package lan
