// Package uadp reads OPC UA PubSub in its binary form (OPC 10000-14, 7.2.4), over
// UDP and on Ethernet: data sets that publishers send to groups, and the discovery
// messages in which they say what is in them.
//
// Its format is from the specification. No capture of real devices was at hand and
// the usual dissectors do not know it, so it was tried on bytes of the product's own
// and, by hand, on messages that open62541 (tests of its encryption) holds as bytes.
//
// The golden files were read against the specification's published text (release 1.05,
// 7.2.4.4 to 7.2.4.6 and the layouts of annex A): flags and order of both headers, sizes
// and writers, each kind of data set, padding of raw fields, chunks, security header,
// announcements by their number and what is asked for, each with the bytes beside it. What
// is inside an action's header was not looked up, and is not read.
//
// It must not pass on what texts of fields without a name hold, nor of such whose name speaks of
// a secret, must not guess the layout of raw data sets
// that nobody described, must not put chunks together, and must not claim a
// datagram that could as well be another protocol's.
//
// # What becomes of a message
//
// Each field of a data set is one sample. Its object names the publisher, the
// writer group, the writer and the field: by its name if the data set was described
// in the same flow, else by its place. Parts that the message leaves out are left
// out; without a writer the place of the data set in the message stands for it. The
// code is the sequence number of the data set, else of the group's message, else 0.
// A field or data set whose status is not good has its status as a second sample.
//
// Raw fields have neither type nor length. They are told as such when the data set
// was described, up to the first field of which the description does not say how much
// room it has; else the data set is told as bytes.
package uadp
