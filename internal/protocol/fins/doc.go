// Package fins reads Omron's Factory Interface Network Service over UDP and over
// TCP with the header of FINS/TCP, after the communications commands reference
// manual of the CS, CJ and CP series (W342) and that of the older CV series, whose
// memory area codes are other numbers in the same byte (W227), and the operation
// manual of the Ethernet units for the header of TCP (W421, section 7).
//
// It must not read a password (protecting the program area carries one), must not
// keep what a transfer moves, and must not guess what an answer holds whose request
// was not seen.
//
// # What is where
//
// A message is ten octets of header, the command (MRC and SRC), in answers the end
// code, and what the command says. Over TCP sixteen octets stand before it: "FINS",
// the length from behind it on, a command, an error code. The commands of that
// header have the code 0x10000 + command.
//
// The unit of an operation is DA2 (0 is the CPU, 16 and more a unit of the CPU bus)
// where DNA is the local network, as there the node is the server itself and
// senders may write 0 for it; beyond a gateway it is DNA, DA1 and DA2 in one number.
//
// Either side may ask. What a flow's server asks of its client has its own words
// and objects.
package fins
