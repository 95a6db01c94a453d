// Package ecat reads EtherCAT (IEC 61158-4-12 and -6-12; ETG.1000.4 and .6) on
// Ethernet and UDP: reads and writes of registers of the slaves by their purpose,
// service data objects and files in mailboxes (ETG.1000.6, 5.6 and 5.8), process
// data, and network variables. Who the slaves are is told by their EEPROM and by
// the identity objects.
//
// A frame runs through all slaves and comes back to its sender, its source marked
// as locally administered. Where both are seen they are one flow, and what comes back is
// the answer: each datagram of it belongs to the one that went out with the same index, in
// the same place, for the same. A working counter that is still zero says that no slave
// took it. A letter in a mailbox is answered by the reply that is fetched later. Where only
// frames that come back are seen, what was read stands alone. Frames going out have working
// counters of zero.
//
// Safety containers (FSoE, ETG.5100) lie anywhere among process data. They are told
// where four different ones in a row, of one connection, stood in one place with
// checksums that fit each other; those of one checksum only (one or two bytes of safe
// data) where both ways of a connection are seen and four in a row count up by one. What
// is not proven is process data like any other. No real ones were at hand: the checksum is that of
// descriptions.
//
// It must not guess what process data mean: only the configuration tells.
package ecat
