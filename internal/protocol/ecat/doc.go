// Package ecat reads EtherCAT (IEC 61158-4-12 and -6-12; ETG.1000.4 and .6) on
// Ethernet and UDP: reads and writes of registers of the slaves by their purpose,
// service data objects and files in mailboxes (ETG.1000.6, 5.6 and 5.8), process
// data, and network variables. Who the slaves are is told by their EEPROM and by
// the identity objects.
//
// A frame runs through all slaves and comes back to its sender, its source marked
// as locally administered: it is a flow of its own. What was written comes back as
// an echo and gives nothing; what was read gives an answer that stands alone. So a
// request expects no answer here. Frames going out have working counters of zero.
//
// It must not guess where a safety container (FSoE) lies among process data, nor
// what process data mean: only the configuration tells.
package ecat
