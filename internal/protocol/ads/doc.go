// Package ads reads Beckhoff's ADS over AMS/TCP (port 48898) and the discovery of
// AMS routers over UDP (port 48899), after the AMS/ADS specification of Beckhoff's
// information system (TE1000, "ADS protocol", index groups, return codes), the names
// in Beckhoff's published ADS library, and captures of TwinCAT 2 for the datagrams,
// which nobody has specified.
//
// It must not read a password (adding a route carries one), must not tell what the
// registry of a device holds, must not keep what a file moves, and must not guess the
// type of a value: a value has one when the device itself told it.
//
// # What is where
//
// All numbers are little-endian. Over TCP six octets stand before a message: zero and
// the length. A message begins with 32 octets: NetId and port of who it is for, NetId
// and port of who sends it, command, flags, length of the rest, error, invoke id.
//
// The unit of an operation is the AMS port that was asked (851 is the first program
// of TwinCAT 3), with the last two numbers of the NetId in front (256, 65536 and so on
// times) where they are not 1.1, which is the router itself: 3.1 is its third bus.
//
// The code of an operation is the command; of datagrams 0x10000 + the service.
// Either side may ask over one connection. What a flow's server asks of its client
// has its own words and objects; notifications are samples.
package ads
