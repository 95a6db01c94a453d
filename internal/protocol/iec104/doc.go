// Package iec104 reads IEC 60870-5-104: the frames of its clause 5, and inside
// them the application data of IEC 60870-5-101 with the object addresses, causes
// and common addresses of the sizes that -104 fixes (2, 2 and 3 octets). What
// the controlling station sends are operations, joined with the confirmation or
// refusal that comes back by type, common address and object address; what the
// controlled station tells by itself or when interrogated are samples, one for
// each object. File transfer is followed, its content is not read.
//
// Some devices keep the field sizes of their serial line. They are recognised
// when several frames fit one other choice of sizes and none fits the standard.
//
// It must not read what IEC 60870-5-7 adds for authentication beyond its type
// (keys and passwords travel there), must not read serial frames of -101 that
// are carried in TCP, and must not judge: a frame out of sequence is a malformed
// event and its command an operation all the same.
//
// # Numbers and words
//
// The code of an operation is the type identification. Frames that only control
// the connection have none: their code is 256 plus the control octet. A point
// whose quality is not good gives a sample of its quality before its value.
package iec104
