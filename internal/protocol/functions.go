package protocol

import "firedoor"

// Function is what a protocol calls one thing that can be asked, and what it is for.
type Function struct {
	Code  uint32
	Verb  firedoor.Verb // 0 for what answers or reports
	Words string        // "" where nobody gave the code a meaning
	// Of is what the words hang on beside the code, "" for nothing: a class of objects,
	// a part of the request.
	Of string
	// Protocol is the one that is spoken inside, "" for the protocol itself.
	Protocol string
}
