// Package c1222 reads ANSI C12.22 (IEEE 1703) over TCP and UDP (port 1153), the
// protocol of American meters: the services of its messages (identify, read, write,
// logon and the rest) with the tables and procedures they touch, what the node
// answered, who logs on, and what a meter says of itself (identify, table 1).
//
// A message is an ACSE PDU of BER elements; its user information holds services,
// each behind its length. Answers are joined by invocation identifier. What goes
// enciphered is told as such.
//
// It must not read passwords, tickets and keys, must not decipher, and must not put
// segments of a message together. Requests of the server's side are passed over.
package c1222
