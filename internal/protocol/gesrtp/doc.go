// Package gesrtp reads GE-SRTP, the service request transport protocol of GE's
// (now Emerson's) Series 90, VersaMax and PACSystems controllers (TCP port 18245):
// which service was asked for, the memory that is read and written with its
// values, and what the controller said.
//
// It is made from public descriptions, never seen on a wire here: G. Denton, F.
// Karpisek, F. Breitinger, I. Baggili, "Leveraging the SRTP protocol for
// over-the-network memory acquisition of a GE Fanuc Series 90-30" (Digital
// Investigation 22, 2017), and how open programs build and read the messages
// (ge-ethernet-SRTP, gesrtp-py, the GE classes of HslCommunication, a dissector for
// Wireshark that was never merged).
//
// The golden files were read against these descriptions: selectors and the
// first service codes as in the paper's tables, counts and offsets from zero, bits from
// the byte in which they begin.
//
// It must not read what goes with a change of privilege level or a logon (the
// password does), must not put programs together that are stored or loaded (the
// dissector names the services, 0x3f and 0x40, and reads nothing behind; how their packets
// follow each other is not public), and must not read mailbox types that are not
// described.
package gesrtp
