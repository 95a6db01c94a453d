// Package newoperation tells of what a known client reads, identifies or
// diagnoses for the first time: the rarer in the plant, the more it says.
//
// It must not judge operations that change a device, nor unknown clients, nor
// the first questions of a conversation that is new as a whole.
package newoperation
