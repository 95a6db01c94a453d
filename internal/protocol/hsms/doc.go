// Package hsms reads HSMS (SEMI E37) and in it SECS-II (SEMI E5), the language of
// semiconductor equipment: who the equipment is, what its host asks and commands, and
// alarms and events as samples. A process program on its way is told with its sum.
//
// The client is taken for the host: what the server asks by itself is passed over, but
// alarms and events are those of the equipment whoever connected.
//
// It must not read reports, whose layout the host defined, nor parameters of commands.
// No capture of it was at hand: it follows descriptions of the standards.
package hsms
