// Package sbus reads SAIA S-Bus on Ethernet (UDP port 5050): which command was
// asked of which station, the media that are read and written with their values,
// what the station answered, and what it is (command 0x20).
//
// An answer does not repeat its command: it is joined to the request by its
// sequence number. The format is that of the open dissectors of the protocol, tried
// on the bytes of real controllers.
//
// It must not read texts, memory and files on their way (a password may be among
// them), and must not follow the streams of blocks.
package sbus
