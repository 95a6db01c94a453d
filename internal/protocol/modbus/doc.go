// Package modbus reads Modbus/TCP: the Modbus Application Protocol V1.1b3 inside
// the framing of Modbus Messaging on TCP/IP V1.0b.
//
// It must not read Modbus RTU or ASCII inside TCP (they have no header of their
// own), must not open what vendors put into function codes of their own (UMAS in
// function 90), and must not judge a request: a quantity above the limit is a
// malformed event and still an operation.
package modbus
