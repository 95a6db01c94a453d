// Package pniocm reads the context management of PROFINET IO (IEC 61158-6-10, by
// names of PDUs and fields): how a controller or supervisor connects to a device,
// parameterizes it, reads and writes its records, and lets it go. It is carried by
// connectionless DCE/RPC (C706) over UDP, port 34964 and others that are told on
// the way.
//
// It must not take the RPC of others: interfaces are told by their UUID, and the
// endpoint mapper, which all have, only where it speaks of PROFINET. It must not
// read what is sent straight on Ethernet: what a connect settles about frames
// package pnio hears for itself. It must not read records of devices' own layout:
// they are bytes.
//
// # What becomes of a message
//
//	connect          an operation for the relation (AR) and one for each
//	                 communication relation (IOCR): values are data length, frame
//	                 id, send clock factor, reduction ratio. What submodules are
//	                 expected and what differs are facts of modules
//	release, control an operation; control by the words of its command
//	read, write      an operation for each record; what was read or written are its
//	                 bytes. Identification and maintenance data are facts too
//	endpoint mapper  an operation; the answer's annotation is facts
//	fault, reject    the answer, with RPC's own status
//	ping, working, no call, acknowledgements, cancel: passed over, they say
//	                 nothing of what is asked
//
// Codes are operation numbers, those of the endpoint mapper with 0x100 added.
// A device may answer a request to its port 34964 from another port, where it is
// then asked further: whoever runs the parser gives it the datagrams of both
// (protocol.Protocol's Elsewhere). Where the request was not seen the answer is
// partial.
//
// # Safety
//
// PROFIsafe parameters (F-Parameter, PROFIsafe profile V2) are told by name,
// whatever record holds them: their checksum fits. Which modules are safe only the
// engineering data say.
package pniocm
