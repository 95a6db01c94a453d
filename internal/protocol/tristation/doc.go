// Package tristation reads TriStation (UDP port 1502), by which the engineering
// workstation programs the safety controllers of Triconex. Its maker has published
// nothing: numbers and fields are those that Nozomi Networks, FireEye and CISA
// described after the attack of 2017, tried on a recording of its program at work.
//
// The golden files were read against the first of them (Nozomi's dissector in Lua,
// tricotools): every function and reason of a refusal by number, what each answer
// belongs to, and the places of key, run state and project, of modules, and of a
// program's words. The plain answers of functions.golden were held against a second, the
// dissector in Lua of FireEye: its requests (0 to 74, 80), answers (101 to 170), reasons
// (200 to 255) and types of datagram, each by number, and none differs. Both have their
// words from the program of that attack, so what its author had wrong they all have.
//
// Of 113, 115, 116, 118, 125, 132, 145, 146, 148 and 167 neither has a request; that the
// others belong to the request of like name is what the names say, and no source gives
// the pairs. Which of two neighbours 122, 133 and 134 answer is not said, so any request
// without an answer of its own takes what comes with its number. CISA's report was not
// gone through again.
//
// It must not keep a byte of a program (a sum tells one from another), must not judge
// whether a program is good, and must not guess the fields of a function that nobody
// described: such a function has its words and its outcome.
//
// # What is where
//
// Numbers are little-endian. A datagram is type (1), channel (1), length of the
// message (2), the message, and a CRC-16 over all before it. A message is direction
// (1: 0 to the controller), connection (1), function (1), number (1: the answer
// repeats it), zero (2), sum of octets (2), length (2), data. An answer has a function
// of its own; 100 is a refusal, and its first octet the reason.
//
// The code of an operation is the function that was asked; of datagrams without a
// message 0x100 + the type.
//
// A program or function in transit is its number (2), that of the next (2), how many
// words of 32 bits it has, the first word and how many words come here (2 each), the
// words.
package tristation
