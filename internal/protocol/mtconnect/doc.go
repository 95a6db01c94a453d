// Package mtconnect reads what adapters of machine tools tell their MTConnect agent:
// SHDR, lines of text with a time, names of data items and their values (ANSI/MTC1.4,
// part 5, and the description of the agent). Every data item is a sample, a ping an
// operation, and what an adapter says of its machine identity.
//
// It must not read assets, and must not guess what a data item means: the agent's model
// of the device tells, which is not on this wire. No capture of it was at hand.
package mtconnect
