// Package sv reads sampled values (IEC 61850-9-2, clause 8; profile IEC 61869-9):
// currents and voltages that merging units publish to a group on Ethernet, 4000
// times a second and more.
//
// It must not judge, must not scale samples or name them, and must do little for
// a frame: there are very many.
//
// # What becomes of a frame
//
// Each sample unit (ASDU) is one sample: object is the stream's id, code is the
// sample counter, the unit is the APPID. Both profiles encode a channel as a value
// and its quality, 32 bits each, and other data sets are mostly words of 32 bits
// too: data whose length is a multiple of four are i32, others bytes. What describes a stream is a sample of its own, the
// first time and when it changes: configuration revision, synchronisation, sample
// rate (0: not told), units in a frame, bytes of data.
package sv
