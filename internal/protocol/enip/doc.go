// Package enip reads EtherNet/IP: the encapsulation on TCP and UDP port 44818
// (CIP volume 2, chapter 2) and the CIP messages in it (CIP volume 1).
//
// Encapsulation commands are operations of "enip"; CIP services are operations
// of "cip", one for each service, with the service number as their code. The
// carriers Send RR Data and Send Unit Data are no operations of their own: each
// holds one CIP message, and that is the operation. An error of the
// encapsulation answers the CIP services it carried.
//
// Services in a Multiple Service Packet are numbered from 1. Envelopes (that packet,
// Unconnected Send, Execute PCCC) have no number wherever they stand, and session is
// their verb, as they do nothing by themselves; nor has what one of the other two
// carries alone, for it is one object. A PCCC command is an
// operation of "pccc" with command*256+function as its code, because its object
// is a data file and not a CIP path. The object of a CIP service is its
// request path; the path that a Forward Open connects to is among its values.
// The unit is the rack slot a route or an open connection leads to. An Unconnected
// Send that goes over several hops holds one for each; what is packed deeper than
// eight envelopes is malformed, and its envelopes are all that is told.
//
// The outcome is the general status, and the status byte of a PCCC command; the
// extended status is its detail, in words where the table of the connection manager,
// of Logix tags or of PCCC has some.
//
// A general status of 6 (partial transfer) counts as ok: the service was done
// and there is more to fetch. A service that no table here knows has the verb
// diagnose, unless its class tells more, and the function "service 0x..".
//
// Values: attributes of the specification's objects that are elements of one form
// are typed (attribute.go), all others are bytes; so are structures, whose
// template's handle stands in front and is passed over. A later part of a tag or
// template that is moved in parts has its byte offset in the object:
// Recipe/offset:480. PCCC reads and writes carry the file's type or, of a PLC-5,
// that of the data.
//
// What moves as a file is followed and hashed (transfer.go): the file object, the
// non-volatile storage object of Rockwell (class 0xa1, as its manuals describe it
// and firmware updates show it), files of an SLC 500 between open and close, and
// the memory of a PLC-5. A download to a file object names its file; an upload has the name that a
// download or the object itself told before on the same connection, else that of the object.
//
// How Logix controllers move programs is not public; logix.go reads what captures
// of a download and an upload show. A routine's code is a block, named by its path
// and summed the same in both directions; a whole download is the project "memory",
// summed over the code and data that were written, in their order. Code holds the
// addresses that the controller gave its tags: the same routine has another sum
// where they are others. Names of programs and routines are symbols that are set
// apart from them, and are not put together.
//
// A connection whose path has a safety segment is told as "safety forward open",
// and its data by package cip as safety input and output. Of CIP Security the
// objects are told without keys, certificates and lists; a datagram flow that
// starts DTLS is encrypted from there on. On TLS (port 2221) see package tls.
//
// Every connection is learned from its Forward Open; for one opened before the
// capture began, requests and answers are paired by sequence count. Class 0 and
// 1 connections are announced as expected flows of package cip.
//
// It must not judge what is asked, must not emit the data of services it does
// not know to write plain values (they may hold a password), and must not keep
// more of a flow than the limits named in its files.
package enip
