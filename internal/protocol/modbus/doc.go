// Package modbus reads Modbus over TCP and UDP: the Modbus Application Protocol V1.1b3
// inside the framing of Modbus Messaging on TCP/IP V1.0b, or inside the frames of
// Modbus over Serial Line V1.02 (RTU) as serial device servers pass them on. Over UDP,
// which no specification describes and several devices speak, a datagram holds one or
// more whole messages; no capture from elsewhere shows it.
//
// In function 90 it reads UMAS, which Schneider Electric's engineering tools speak
// with its controllers. That has no public specification; the layouts are those
// which the series "The Unity (UMAS) protocol" (lirasenlared.blogspot.com, 2017),
// Kaspersky's "The secrets of Schneider Electric's UMAS protocol" (2022), the
// message definitions of Apache PLC4X and a captured session agree on. What is
// known from one of them alone is read only where it fits to the last byte.
//
// Not read of UMAS: which coils and registers are written by its own function
// (0x25), of which nobody published a layout; which variables are monitored (0x50)
// and what the data dictionary (0x26) is asked for, whose layouts one source alone
// has and no capture of ours confirms; the numbers that begin and end a program's
// transfer, the check of a controller (0x58) and what is said of cards, racks and
// modules, which nobody described.
//
// It must not read Modbus ASCII, must not tell what is in a controller's memory
// (fingerprints of passwords are) or behind the name in a reservation, and must
// not judge a request: a quantity above the limit is a malformed event and still
// an operation.
package modbus
