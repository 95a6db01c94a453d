// Package bsap reads the Bristol Standard Asynchronous Protocol over UDP: its serial
// frames, as converters send them, and the form that Bristol's controllers speak over
// IP (ports 1234 and 1235), after the description and the published logs of CISA's
// parser ICSNPP-BSAP; the serial form was tried on the recording beside it, of the form
// over IP there is none.
//
// It must not guess the values of signals that are read without their types, which else only the
// controller knows, and must not tell of polls and acknowledgements of the link, which ask for
// nothing. Of what is written a number and a switch-off are told, whose first octet says
// what they are; other such octets were not seen.
//
// The golden files were read against ICSNPP-BSAP's parser, its lists of names and its
// logs: the serial form on all 1419 operations of the recording there, where first reads
// after a write give the octets that were written; the form over IP on the lengths of
// messages in the log alone, of reads and of one write by address, and the parts of a signal in
// its answers there: a type, 0 with what has one octet, a value of one octet or four, which read as the
// numbers of the same signals in the serial recording, an address, two octets more. Which bit selects which part is
// in none of the sources; the order fits, and what does not come out even is not told. Nor is
// there a read by address: it is taken to select parts as one by name does, and to go on as a
// write by address, where its length is so to the octet. Where a write by name
// over IP has its count is uncertain: that parser has it elsewhere.
//
// # What is where
//
// Numbers are little-endian. A serial frame is 0x10 0x02, the frame with every 0x10
// doubled, 0x10 0x03, and a CRC over the frame and the 0x03. The frame: address (1;
// with bit 7 the header is global), serial number (1), global: destination (2), source
// (2), control (1); destination function (1), sequence (2), source function (1), node
// status (1), data.
//
// Over IP: length of the header (2: 14 or 22), number of messages (2), type (2),
// sequence (4), sequence answered (4), then messages: length (4), 1 octet, sequence
// (4), function (1) or, in answers, the return code; node status (1), data.
//
// The function 0xa0 is access to the database; its data begin with what is asked. A read
// by name goes on with an octet whose bits say how many octets of a selection follow,
// those, a security level, the number of signals (1) and their names, each ended by a
// zero. A write by name: security level, number, and for each a name and what is written;
// by address: version and security level (3), number, and addresses (2) in place of names.
//
// The code of an operation is 256 times the destination function and what is asked of
// the database; of its extension 0xa10000 and the function of two octets.
package bsap
