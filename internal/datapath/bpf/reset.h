/* Ending a connection of TCP: the segment at hand becomes one that says so, to its
 * receiver in the sender's name, and to its sender in the receiver's. The worker's half
 * is reset in internal/inline. */
#pragma once

#define TCP_HEADER 20

struct ending { /* what a checksum is made of, with zeros where IPv4 has less, and the header */
	__u32 src[4], dst[4], size, transport;
	__u16 sport, dport;
	__u32 seq, ack;
	__u8 offset, flags;
	__u16 window, sum, urgent;
};

inline_ void put_sum(struct ending *e)
{
	__u64 sum;

	e->sum = 0;
	sum = sum_of(0, 0, e, sizeof(*e), 0) & 0xffffffff;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	e->sum = ~sum;
}

/* Cuts the frame off behind a header of TCP without options. */
inline_ int cut_to_header(struct __sk_buff *skb, const struct frame *f)
{
	__u32 four = f->domain == domain_of(4, f->vlans), at = f->network + (four ? 2 : 4);
	__u16 was, size = swap16(f->segment - f->network + TCP_HEADER - (four ? 0 : 40));

	if (load_bytes(skb, at, &was, sizeof(was)) || change_tail(skb, f->segment + TCP_HEADER, 0))
		return 0;
	if (four && replace_sum(skb, f->network + 10, was, size, sizeof(was)))
		return 0;
	return !store_bytes(skb, at, &size, sizeof(size), 0);
}

inline_ int put_header(struct __sk_buff *skb, const struct frame *f, struct ending *e)
{
	put_sum(e);
	return !store_bytes(skb, f->segment, &e->sport, TCP_HEADER, 0);
}

inline_ int turn_round(struct __sk_buff *skb, const struct frame *f)
{
	__u32 four = f->domain == domain_of(4, f->vlans), at = f->network + (four ? 12 : 8), size = four ? 4 : 16;
	__u8 macs[12], turned[12];

	if (load_bytes(skb, 0, macs, sizeof(macs)))
		return 0;
	__builtin_memcpy(turned, macs + 6, 6);
	__builtin_memcpy(turned + 6, macs, 6);
	if (store_bytes(skb, 0, turned, sizeof(turned), 0))
		return 0;
	if (four) /* the header's sum stays */
		return !store_bytes(skb, at, f->dst, 4, 0) && !store_bytes(skb, at + 4, f->src, 4, 0);
	return !store_bytes(skb, at, f->dst, 16, 0) && !store_bytes(skb, at + size, f->src, 16, 0);
}

/* Tells the receiver, and makes of the frame what tells the sender; it returns whether
 * that may go back now. Nobody is told of an end that is one already, or of a packet in parts. */
proven int end_connection(struct __sk_buff *skb, __u32 to)
{
	struct frame f = {};
	struct ending e = {};
	__u32 behind;

	read_frame(skb, &f);
	if (f.transport != TCP || f.malformed || f.fragment || !f.segment || f.flags & RST)
		return 0;
	if (!cut_to_header(skb, &f))
		return 0;
	__builtin_memcpy(e.src, f.src, sizeof(e.src));
	__builtin_memcpy(e.dst, f.dst, sizeof(e.dst));
	e.size = swap32(TCP_HEADER);
	e.transport = swap32(TCP);
	e.offset = TCP_HEADER / 4 << 4;
	e.flags = RST | ACK;
	if (!(f.flags & SYN)) {
		e.sport = swap16(f.sport);
		e.dport = swap16(f.dport);
		e.seq = swap32(f.seq);
		e.ack = swap32(f.ack);
		if (!put_header(skb, &f, &e) || redirect_copy(skb, to, 0))
			return 0;
	}
	behind = f.seq + f.size + (f.flags & SYN ? 1 : 0) + (f.flags & FIN ? 1 : 0);
	e.sport = swap16(f.dport);
	e.dport = swap16(f.sport);
	e.seq = f.flags & ACK ? swap32(f.ack) : 0;
	e.ack = swap32(behind);
	return put_header(skb, &f, &e) && turn_round(skb, &f);
}
