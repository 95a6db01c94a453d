// Package pnio reads what PROFINET IO sends straight on Ethernet: DCP, which
// finds, names and addresses devices, cyclic real-time data, and alarms
// (IEC 61158-6-10, by clause names, for its tables are not numbered the same in
// all editions).
//
// Whose bytes are where in a frame is settled on UDP: of IO-CM it hears connects,
// their answers, releases and records that are written, and nothing else (package
// pniocm tells what was asked). What nobody was heard to settle it must not split.
// It must not judge. Clock synchronisation (PTCP) and fragments are passed over, and
// subframes of a packed frame are not told apart.
//
// # Safety
//
// A submodule speaks PROFIsafe when F-Parameters were written to it: their checksum
// fits. Its data are told as safety data, status byte and checksum among them, for
// how long those are is engineering data. Where the parameters were not seen (they
// are written once, when the relation begins) a safety telegram is bytes like others:
// the checksum hangs on parameters that are in no frame, and ident numbers of safe
// modules are the makers' own.
//
// # What becomes of a frame
//
//	DCP get, set         an operation for each block, answered with each block's result
//	DCP identify, hello  an operation for each filter, one for a hello; no answer is waited for
//	DCP answers          facts; answers to identify are facts only
//	cyclic data          one sample for each submodule that has data, from the answer
//	                     to the connect on: object is slot, subslot and way, code the
//	                     data status of the frame; a status that is bad is in the
//	                     function. Else one sample a frame: object is the frame id,
//	                     values are all data of the frame as bytes
//	alarms               one sample for each notification, acknowledgement and error
package pnio
