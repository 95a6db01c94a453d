// Package mms reads MMS (ISO 9506) as IEC 61850-8-1 and ICCP use it: services
// over variables, lists, domains, programs and files, inside an ISO session
// (ISO 8327), presentation (ISO 8823) and association (ISO 8650). cotp hands it a
// transport connection whose first data speaks MMS.
//
// It must not read passwords of an association, octets of variables, or what files
// and domains contain; it must not read encodings of indefinite length,
// and must not guess what an answer is about when its request was not seen.
//
// # What becomes of a message
//
// Each variable of a read or write is an operation of its own; a named variable
// list is one, with the values of all its members. Code is the number of the
// confirmed service (read 4, write 5 ...); what has none is 0x100 + the number of
// the PDU (initiate 0x108, cancel 0x105, conclude 0x10b), and 0x200 + the session's
// number for what ends an association without MMS (release 0x209, abort 0x219).
// An initiate that session, presentation or association refuse fails in their words.
//
// Writing the control objects of IEC 61850 (functional constraint CO) is called
// select, operate and cancel; writing settings and control blocks, configure.
//
// Values of structures and arrays stand in their order without their nesting: all
// of one type as that type, else as i64, or as f64 if there is a real number among
// them; a bit string among others is the number that its bits write, the first
// being the highest. A variable of nothing but texts has these, not as a
// member of a list, where only the list has a name. Texts among numbers and octets have
// no value, nor have times inside of something larger. A time on its own is two u32: seconds; fraction and quality.
//
// A report (IEC 61850-8-1, 17.2) is a sample of its head - sequence number,
// configuration revision, buffer overflow, sub-sequence number, more to follow,
// entries, each 0 where the report leaves it out - and a sample for each entry,
// called by its reference if the report has it, else by its place in the data set.
package mms
