// Package dlms reads DLMS/COSEM (IEC 62056-5-3) in the wrapper of TCP and UDP (IEC
// 62056-47: port 4059) and in HDLC frames (IEC 62056-46) that gateways carry over
// TCP: associations, GET, SET and ACTION with class, OBIS code and attribute or
// method, the outcome of each, notifications, and what a meter says of itself.
//
// The golden files were read against the plugin for Wireshark of A. B. Oliveira (as
// bearxiong99/wireshark-dlms keeps it: results, classes and their members, HDLC) and the list of
// APDUs that several open libraries copy from the standard: every tag, choice, result and type
// of data by number. So were, by hand, five captures of others: associations, objects singly
// and in lists, blocks, a profile by range, releases, the clock in HDLC frames. Ciphered
// services by the association's key, refused blocks and what a meter sends unasked in HDLC no
// capture of others shows.
//
// It must not read what authenticates (passwords, challenges, keys), must not
// decipher, and must not put blocks or segments together: what is in them is not
// told, and of a segmented frame only the first part is looked at. A meter that
// opens the connection itself and is then asked is not read: a request of the
// server's side is passed over.
package dlms
