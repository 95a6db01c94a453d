// Package melsec reads Mitsubishi Electric's MC protocol in its frames 1E, 3E and
// 4E, which SLMP shares, after the MELSEC communication protocol reference manual
// (SH-080008) and the SLMP reference manual (SH-080956ENG), and the frames of
// MELSOFT, the maker's engineering tools, which nobody specified in public.
//
// It must not read a password or a token, must not keep what a transfer moves, and
// must not say of MELSOFT more than can be shown. C frames (serial lines) are not read.
//
// # Frames
//
// 3E and 4E, request: subheader 50 00 (4E: 54 00, serial 2, 00 00), network, PC,
// module I/O (2), station, length (2) of what follows, monitoring timer (2),
// command (2), subcommand (2), data. The answer has subheader d0 00 or d4 00 and
// the end code in place of timer and commands. Numbers are little-endian; in ASCII
// the same fields stand as upper-case hexadecimal digits, highest first.
//
// 1E, request: subheader (the command), PC, timer (2), data. The answer: subheader
// with its highest bit set, complete code, data. There is no length: it follows from
// the command, and for an answer from its request. Where that was not seen the answer is
// passed over up to the next request. In ASCII (SH-081256, 18; the FX3U-ENET-ADP manual, 7.3) each
// octet is two digits, highest first: also the letters of a device, which stand before its number.
//
// The unit of an operation is 0 for the station that is connected (network 0, PC
// ff, I/O 03ff, station 0), else network, PC, station and the low octet of the I/O
// number, an octet each.
//
// Labels (041a, 041c, 141a, 141b) are the names that a program gives its variables. What
// is read has a type; what is written has none, and no place among the points.
//
// Devices are named as the maker does: D:100, X:1A; inputs, outputs, links and the
// like count in hexadecimal digits. Bit devices that are read by words give bits.
// Subcommands 0080 to 0083 say whose a device is: U3E0/G:10, J1/W:100; what an index
// register or an address in another device decides (indexed/D:100Z4, @D:0) has no place among the points.
// Extended file registers of 1E (17 to 1b, 3b, 3c) are R-block:2/70 and R-direct:70.
// What is monitored are the devices that were entered on the same connection.
//
// # MELSOFT
//
// What is read of it rests on captures of an FX5U and its tool (UDP 5560), and on a
// public dissector for four advisories of 2021 (Nozomi Networks: CVE-2021-20594,
// 20597, 20598, 20599). Octets 0 to 20: 57 01 (answer: d7 00 or d7 01), a number,
// addresses, and at 19 the length (2, little-endian) of what follows: a header of 24
// octets that begins 1c 0a 16 (answer: 26, 9c 0a 18, status at 4), the command (2,
// big-endian), its number (2), the length of its data where a footer with a token
// follows (2, else 0), data. That 186x are 182x of the MC protocol with texts of two
// octets a letter and that 0410 reads so many elements of an area, which are bits, words
// or double words, the captures show: names, pointers, offsets and sizes fit each
// other. Anything else is told by its number. The tool takes another port for
// each request, so what is open is shared by the flows of two ends. Frames
// that begin 5a 00 00 and da 00 00 find and open links; only their last octet is told.
package melsec
