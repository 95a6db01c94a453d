// Package reassembly puts bytes back in order: IP fragments into datagrams
// (Fragments) and TCP segments into streams (Stream), in bounded memory.
//
// It must not know what the bytes mean, must not keep a table of flows (its
// users hold a Stream for each direction), must not read a clock and must not
// guess at bytes it did not see: what is lost is said to be lost.
//
// # Streams
//
// A Stream hands every byte to its Sink once, in order, as soon as all before it
// were handed over or given up. In-order bytes are the packet's own; only what
// arrives early is copied, into the chunks of a Pool.
//
// Of each packet its user asks the sender's Stream whether it was Reused, tells
// the other direction's Stream what is Acked, and then gives the Segment.
//
// Start. A SYN starts a stream one behind its sequence number, data on it (TCP
// Fast Open) included. Without a SYN the first segment that carries data or a
// FIN defines the start; what arrives later from before it is old data and is
// left out. Pure acknowledgements start nothing: a keep-alive would start one
// byte early.
//
// Overlap. The first copy wins, whether it was handed over or is only held, as
// most receivers have it for what they acknowledged. Bytes that differ from a
// held copy are counted (Conflicts): the sender tries to show different things
// to different readers. Handed over bytes are not kept and cannot be compared.
//
// Holes. Behind a hole bytes are held until the hole is filled, or until
//   - the other side acknowledged all of it: the receiver has it, the capture
//     has not (AckedUnseen). An acknowledgement alone gives up nothing, only
//     together with data or a FIN behind the hole: mirrors deliver
//     acknowledgements before data, and senders of forged ones must not be able
//     to make us skip bytes that are still to come;
//   - no acknowledgement was ever seen (one-way mirror) and MaxBeyond more
//     segments came behind the hole;
//   - a limit is hit: MaxPieces pieces of ChunkSize for a stream, the Pool's
//     chunks for all its streams. The stream that needs room gives up its hole
//     up to the lowest byte it has;
//   - the flow ends (RST, Close).
//
// What a capture cut off a segment (missing) is given up at once when the
// segment is in order, and is a hole like any other when it is early.
//
// Window. Sequence numbers more than MaxAhead ahead, or from before the start,
// are wild: ignored and counted. After MaxWild wild segments in a row, each
// beginning where the one before ended, the stream follows them after a gap of
// unknown size (Gap(0)); the first of them are lost. While nothing was handed
// over there is nothing to lose, and the first wild segment is believed.
//
// End. A FIN ends the stream once all before it is handed over or given up. A
// RST ends it at once if it lies 0 ... MaxResetAhead ahead of what is next;
// others are counted as wild, as receivers ignore them (RFC 5961). After the
// end everything is left out and counted - but Reused tells when the sender
// goes on regardless, or starts a new connection, and the flow is to be begun
// anew. A RST says the same for the other direction: its Stream is the
// caller's to close.
//
// Bytes held arrived with their own segment, whatever freed them: Pool.Late says
// which that was.
//
// # Fragments
//
// Datagrams are keyed by segment, addresses, protocol and identification.
// Overlaps: IPv4, the first copy wins and it is counted; IPv6, the datagram is
// dropped with all fragments still to come (RFC 5722). An exact copy of bytes
// already there is a duplicate, not an overlap, in both. Fragments that the
// capture cut, that are no multiple of eight long (but for the last), empty, or
// disagree about the end are left out and counted. Bounded by MaxDatagrams and
// MaxPages (oldest datagram goes first) and by FragmentTimeout of traffic time
// after the first fragment.
package reassembly
