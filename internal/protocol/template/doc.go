// Package template reads the template protocol, which nobody speaks: it is
// invented to show every feature of the contract in one small folder. Copy it to
// start a protocol (docs/ADD-A-PROTOCOL.md).
//
// It must not be in the list of protocols (nothing in production may probe for
// it), and must not become larger than a person reads in ten minutes.
//
// # The protocol
//
// A device listens on TCP port 4001. Messages of both directions, all numbers
// big-endian:
//
//	0  2  magic 0x7e54
//	2  1  type; bit 7 set: the answer
//	3  2  number: the answer repeats it
//	5  2  length of the body, at most 1024
//	7     body
//
//	type          request                        answer
//	1 hello       -                              texts: vendor, model, firmware
//	2 read        registers (2 each)             status, values (2 each)
//	3 write       registers and values (2 + 2)   status
//	4 set         register, value                none is sent
//	5 login       texts: user, password          status
//	6 subscribe   UDP port of the client         status
//	7 resolve     text: name                     status, IPv4 address
//	8 compact     -                              status
//	9 sample      sequence, values (2 each)      none is sent; server to client over UDP
//
// A text is its length in one byte and as many bytes. Status 0 is ok, 1 no such
// register, 2 denied, 3 busy. After compact was answered with 0 both sides leave
// the magic and the number away, the length has one byte, and answers come in the
// order of requests.
package template
