// Package mtconnect reads what adapters of machine tools tell their MTConnect agent:
// SHDR, lines of text with a time, names of data items and their values (ANSI/MTC1.4,
// part 5, and the description of the agent). Every data item is a sample, a ping an
// operation, and what an adapter says of its machine identity.
//
// The golden files were read against the description of the lines that comes with the
// MTConnect Institute's C++ agent, and how that agent takes them apart: every line of
// items.golden and malformed.golden. What an agent answers over HTTP was not. A name with
// two fields is taken for a message, because nothing on the wire tells one from a value
// with a bar too many.
//
// It must not read assets, and must not guess what a data item means: the agent's model
// of the device tells, which is not on this wire. No capture of it was at hand.
package mtconnect
