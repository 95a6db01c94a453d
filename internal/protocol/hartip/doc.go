// Package hartip reads HART-IP (FieldComm Group TS20085: TCP and UDP port 5094):
// sessions, the HART commands of token-passing and direct PDUs with their
// outcome, who the devices are (commands 0, 11, 13, 20, 21), and process
// variables, published or read. Numbers of commands are those of TS20127 (universal) and
// TS20151 (common practice).
//
// It must not read what is written by a command, or read beside process variables (a
// join key may be among it), and must not guess what the commands of one maker do: they are told by
// their number and counted as configuring.
package hartip
