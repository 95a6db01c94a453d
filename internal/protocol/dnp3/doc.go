// Package dnp3 reads DNP3 (IEEE 1815-2012) over TCP and UDP: link frames with the
// checks over their header and every block (clause 9), segments of the transport
// function (8), and application fragments (4) with their objects (Annex A). What
// a master asks is an operation for each object, joined with the response by
// addresses and sequence number; what an outstation reports by itself, or when
// classes are polled, are samples.
//
// It must not read what users type or what authenticates them: terminal input,
// passwords of files and secure authentication (group 120) are stepped over. It
// must not pass on absolute times or contents of files, and must not judge: an
// object that breaks the rules is a malformed event and its request an operation
// all the same. Frames that fail their check are dropped, as devices drop them.
//
// # Numbers and words
//
// The code of an operation is the function code of its request. Link services
// have none: their code is 256 plus the function of the link frame. The unit is
// the outstation's address. A response without its request is a partial
// operation of code 129, its objects are samples.
//
// Objects are named after what they are, never after how they are encoded:
//
//	binary-input:3     the point; all of a kind: analog-input:all
//	binary-input-event a buffer of events, by groups 2, 4, 11, 13, 22, 23, 32, 33, 42, 43, 111, 113
//	class:0 ... 3      what polls and unsolicited reporting are set up with
//	attribute:252      device attribute, by its variation
//	file:NAME          where the request says the name; file where it has a handle
//	time, common-time, time-delay, internal-indication:7, authentication:2
//	flags:counter:3    the quality of a point that is not simply online, told before its value
//	group:85/variation:1 where this package has no name
//
// An answer's values stand with the operation when it holds exactly the range
// that was asked for; whatever else comes back is told as samples. The values of
// a relay output block are its control code, count, on time and off time.
//
// Requests come from the client, unless an outstation made the connection to its
// master: then operations are told of frames that the server sent. A request in
// several segments has its span over the link frame that completes it.
package dnp3
