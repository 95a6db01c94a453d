/* Streams: where messages of a client begin. Whether one may be judged alone hangs on
 * the bytes before it: what looks like a request may be the rest of another one. So a
 * message is only believed where the last one ended, in a connection of which the server
 * confirmed the beginning; after anything else the worker has it, until it says
 * where the next message begins. */
#pragma once

/* How long a place is kept that nothing is heard of: of a connection; of one that is over,
 * or whose client said nothing yet; of one that its server did not take yet. */
#define IDLE_NS 7200000000000ULL
#define OVER_NS 60000000000ULL
#define ASKED_NS 3000000000ULL

/* How long a frame may be under way: behind that silence the numbers with which a connection
 * began tell a repetition no more. */
#define UNDER_WAY_NS 10000000000ULL

/* For how long something is over. Another core, or a worker, may have written it down after now was read: 0 then, and
 * not the longest time that there is, behind which all is forgotten. */
inline_ __u64 ago(__u64 now, __u64 then) { return then < now ? now - then : 0; }

inline_ void flow_of(const struct frame *f, int back, struct flow *to)
{
	__builtin_memcpy(to->src, back ? f->dst : f->src, sizeof(to->src));
	__builtin_memcpy(to->dst, back ? f->src : f->dst, sizeof(to->dst));
	to->domain = f->domain;
	to->port = back ? !f->port : f->port;
	to->sport = back ? f->dport : f->sport;
	to->dport = back ? f->sport : f->dport;
}

#define FLOW_WORDS (sizeof(struct flow) / 4)

inline_ __u32 place_of(const struct flow *k, __u64 seed)
{
	const __u32 *w = (const __u32 *)k;

	for (unsigned i = 0; i < FLOW_WORDS; i++) {
		seed = (seed ^ w[i]) * 0x9e3779b97f4a7c15ULL;
		seed ^= seed >> 32;
	}
	return seed;
}

inline_ int same_flow(const struct flow *a, const struct flow *b)
{
	const __u32 *v = (const __u32 *)a, *w = (const __u32 *)b;
	__u32 differs = 0;

	for (unsigned i = 0; i < FLOW_WORDS; i++)
		differs |= v[i] ^ w[i];
	return !differs;
}

inline_ struct pulse *the_pulse(void)
{
	__u32 zero = 0;

	return lookup(&heartbeat, &zero);
}

/* Whether what comes next may be the rest of a message. */
inline_ int is_torn(const struct stream *s) { return s->partial || s->unseen; }

/* Whether somebody who knows nothing of a stream would judge the rest of a message as its
 * beginning: it ended within one, or its server lacks bytes, and so may stand within one. */
inline_ int is_unfinished(const struct stream *s)
{
	return s->known && (is_torn(s) || ((__s32)(s->next - s->acked) > 0 && (__s32)(s->next - s->heard) > 0));
}

/* A place that is free, or whose stream was not heard of for long; BUSY then. Who says that a
 * stream ends may go on with it behind that. */
inline_ int claim(struct pulse *p, struct stream *s, __u64 now)
{
	__u32 was = s->owner;
	__u64 keep = !s->known ? ASKED_NS : s->closing || !s->goes_on ? OVER_NS : IDLE_NS;

	if (was == BUSY || (was != FREE && ago(now, s->seen_ns) < keep))
		return 0;
	if (swap_if(&s->owner, was, BUSY) != was)
		return 0;
	if (was != FREE && is_unfinished(s))
		p->full = now;
	return 1;
}

/* Gives the place of a stream plus one, 0 where it has none. Where all places are
 * taken a new stream gets none, and is asked about. */
proven __u32 find_stream(const struct flow *k, int make)
{
	struct pulse *p = the_pulse();
	struct stream *s;
	__u32 first, n;
	__u64 now;

	if (!k || !p)
		return 0;
	first = place_of(k, p->seed);
	for (int i = 0; i < WAYS; i++) {
		n = (first + i) % STREAMS;
		s = lookup(&streams, &n);
		if (s && s->owner != FREE && same_flow(&s->flow, k))
			return n + 1;
	}
	if (!make)
		return 0;
	now = now_ns();
	for (int i = 0; i < WAYS; i++) {
		n = (first + i) % STREAMS;
		s = lookup(&streams, &n);
		if (!s || !claim(p, s, now))
			continue;
		s->flow = *k;
		s->known = s->partial = s->closing = s->kept = s->hears = s->goes_on = s->opens = s->answered = s->unseen = s->passed = 0;
		s->seen_ns = now;
		swap(&s->owner, KERNEL);
		return n + 1;
	}
	p->full = now; /* nobody who comes later knows of it */
	return 0;
}

/* Whether a connection of which nothing is known may be one of which somebody knew: lately one
 * found no place, or lost it unfinished. Within IDLE_NS its next bytes may be the rest of a message,
 * and nobody may take them for a beginning (Gate.strayed of package inline); within UNDER_WAY_NS
 * its beginning may come once more (Gate.mayBeLate). */
inline_ int was_full(__u64 within)
{
	struct pulse *p = the_pulse();

	return !p || (p->full && ago(now_ns(), p->full) < within);
}

inline_ struct stream *stream_at(__u32 place)
{
	__u32 n = place - 1;

	return place ? lookup(&streams, &n) : 0;
}

/* Takes the kernel's turn and gives who had it before; FREE where somebody else has
 * it. From a worker it is only taken where that does not answer. */
inline_ __u32 enter(struct stream *s, int stale)
{
	if (swap_if(&s->owner, KERNEL, BUSY) == KERNEL)
		return KERNEL;
	if (stale && swap_if(&s->owner, WORKER, BUSY) == WORKER)
		return WORKER;
	return FREE;
}

inline_ int is_known(const struct stream *s)
{
	struct pulse *p = the_pulse();

	return s->known && p && s->epoch == p->epoch;
}

/* Whether nothing went by unseen since it was last known to be right: the epoch goes up by one with other
 * tables, and by more where frames pass unseen (unsure in streams_linux.go). */
inline_ int is_seen(const struct stream *s)
{
	struct pulse *p = the_pulse();

	return s->known && p && p->epoch - s->epoch <= 1;
}

/* Whether a request's bytes are those that were sent there before. Other bytes may
 * find a receiver that has some of the first ones already. */
inline_ int said_before(struct __sk_buff *skb, const struct frame *f, const struct stream *s)
{
	__u32 back = s->next - f->seq, at = SAID - back;
	__u8 b[REQUEST], differs = 0;

	if (f->size != REQUEST || back < REQUEST || back > s->kept || load_bytes(skb, f->payload, b, REQUEST))
		return 0;
	forget_bounds(at);
	if (at > SAID - REQUEST)
		return 0;
	for (int i = 0; i < REQUEST; i++)
		differs |= b[i] ^ s->said[at + i];
	return !differs;
}

/* Whether the server said that it has all of a segment. It throws that away, whatever it says: it may be the
 * byte of a keep-alive, without which the connection ends. */
inline_ int is_had(const struct frame *f, const struct stream *s)
{
	__u32 end = f->seq + f->size;

	return (__s32)(s->acked - end) >= 0 || ((__s32)(s->heard - end) >= 0 && (__s32)(s->next - s->heard) >= 0);
}

/* Bytes went on. Of what cannot be remembered a repetition is asked about. */
inline_ void went_on(struct __sk_buff *skb, const struct frame *f, struct stream *s)
{
	__u8 kept = 0;

	if (f->size == REQUEST) {
		__builtin_memmove(s->said, s->said + REQUEST, SAID - REQUEST);
		if (!load_bytes(skb, f->payload, s->said + SAID - REQUEST, REQUEST))
			kept = s->kept + REQUEST > SAID ? SAID : s->kept + REQUEST;
	}
	s->kept = kept;
	s->goes_on = 1;
	s->next += f->size;
	s->seen_ns = now_ns();
}

/* The client says that it begins. */
inline_ void opens(const struct frame *f, struct stream *s)
{
	s->opening = f->seq + 1;
	s->opens = 1;
	if (ago(now_ns(), s->seen_ns) > UNDER_WAY_NS)
		s->answered = 0;
}

/* The server takes the connection: from here on messages can be counted. A SYN alone
 * proves nothing: within a connection the server ignores it, and who sent it would
 * choose where messages begin. The same numbers once more are a repetition, which changes
 * nothing, as long as the server has no bytes. What else fits no SYN, or is the same behind
 * bytes, may be of a connection that goes on or of another one: what its client says next
 * cannot be judged, as in Gate.synAck of package inline. */
inline_ void connection_taken(const struct frame *f, struct stream *s)
{
	struct pulse *p = the_pulse();
	int same = s->answered && s->answer == f->seq && s->first == f->ack;
	int fits = s->opens && s->opening == f->ack;

	if (!p || (!s->known && !fits))
		return;
	if (s->known && same && s->acked == s->first && s->heard == s->first)
		return;
	s->answered = 1;
	s->answer = f->seq;
	s->first = f->ack;
	s->opens = 0;
	s->seen_ns = now_ns();
	if (s->known && (same || !fits)) {
		s->partial = 1;
		return;
	}
	s->next = s->acked = s->heard = f->ack;
	s->known = 1;
	s->partial = s->closing = s->kept = s->hears = s->goes_on = s->unseen = 0;
	s->epoch = p->epoch;
}

inline_ void acknowledged(const struct frame *f, struct stream *s)
{
	if ((__s32)(f->ack - s->acked) > 0 && (__s32)(s->next - f->ack) >= 0)
		s->acked = f->ack;
}

/* In the worker's turn an answer passes by it where it says no more than how far its server
 * is: to wake somebody for that costs as much as to judge the request. The worker
 * reads it before the client's next frame. */
inline_ int passes_by(const struct frame *f, struct stream *s)
{
	if (!is_known(s) || s->hears || (f->flags & (SYN | FIN | RST | URG | ACK)) != ACK)
		return 0;
	s->heard = f->ack;
	return 1;
}
