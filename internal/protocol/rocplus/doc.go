// Package rocplus reads ROC Plus, the protocol of Emerson's ROC800, FloBoss and
// DL8000 flow computers and RTUs, over TCP (port 4000): which opcode was asked of
// which unit, the points that are read and written, who logs in, files on their
// way, what the device refused, and what it is (opcode 6).
//
// Opcodes and fields are those of the ROC Plus Protocol Specifications Manual as an
// open analyser of the protocol names them. Nothing in a message tells a request
// from an answer: the side does. Answers come in the order of requests. Genisys has the same
// check value: what may be one of its messages (to units 241 to 254) is taken when the next tells.
//
// The golden files were read against ICSNPP-ROC-Plus's parser (opcodes.golden, message
// by message) and so was the recording there, all 109 messages; the numbers of refusals
// against a vendor's list that ends with 17. The numbers of models, and opcodes that are
// not of ROC Plus, are not in that source.
//
// It must not read passwords. Which type a parameter has is told by 300 pages of point
// types: of its value only the size is known, and that not always.
package rocplus
