// Package s7comm reads S7comm, the protocol of Siemens S7-300/400 controllers
// and of everything that talks to them or like them (S7-1200/1500 with PUT/GET):
// variables, blocks, start and stop, diagnosis, clock, passwords, cyclic data
// and messages. There is no public specification; facts are those that decades
// of independent implementations agree on.
//
// Each variable of a request is an operation of its own. While a program is
// loaded the controller asks the engineering station for the pieces: those
// operations (functions 0x1b and 0x1c) are emitted from the controller's
// direction, and the client of the conversation stays the engineering station.
//
// It must not pass on passwords in any form, must not decode what blocks
// contain, and must not guess an answer's variables when the request was not
// seen.
package s7comm
