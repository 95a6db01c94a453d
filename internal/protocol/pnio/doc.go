// Package pnio reads what PROFINET IO sends straight on Ethernet: DCP, which
// finds, names and addresses devices, cyclic real-time data, and alarms
// (IEC 61158-6-10, by clause names, for its tables are not numbered the same in
// all editions).
//
// It must not read IO-CM (that is RPC over UDP), must not split cyclic data into
// inputs, outputs and provider or consumer status, and must not say whether they
// carry PROFIsafe: only the engineering data tell, and on the wire a safety
// telegram is bytes like others. It must not judge. Clock synchronisation (PTCP)
// and fragments are passed over, and subframes of a packed frame are not told
// apart.
//
// # What becomes of a frame
//
//	DCP get, set         an operation for each block, answered with each block's result
//	DCP identify, hello  an operation for each filter, one for a hello; no answer is waited for
//	DCP answers          facts; answers to identify are facts only
//	cyclic data          one sample a frame: object is the frame id, code the data
//	                     status, values are all data of the frame as bytes
//	alarms               one sample for each notification, acknowledgement and error
package pnio
