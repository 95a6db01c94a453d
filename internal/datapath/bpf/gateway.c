//go:build ignore

/* The gateway's program at its two ports: a frame comes in at one and leaves by the
 * other, is dropped, or goes to user space to be asked about.
 *
 * It decides by tables alone (Tables in tables.go says what they mean) and never
 * waits. It must not hold a rule of its own, beyond those that keep a link alive.
 * Maps of tables are made anew for each policy and never change while they are
 * used: they lie in one of two slots, and config.active says in which. */

#include "kernel.h"
#include "shared.h"
#include "frame.h"
#include "stream.h"
#include "reset.h"

/* ---- who talks to whom ---- */

/* A place that is known for this VLAN goes before one for any, at equal length. */
inline_ struct place *find_host(const struct frame *f, const __u32 *addr)
{
	struct host_key k = {.domain = f->domain};
	struct place *p;

	__builtin_memcpy(k.addr, addr, sizeof(k.addr));
	if (f->shape & SHAPE_VLANS) {
		p = look(&hosts, f->slot, &k);
		if (p)
			return p;
	}
	k.domain |= swap32(ANY_VLAN);
	return look(&hosts, f->slot, &k);
}

inline_ struct place *find_prefix(const struct frame *f, const __u32 *addr)
{
	struct prefix_key k = {.bits = 160, .host = {.domain = f->domain}};
	struct place *here = 0, *any;

	__builtin_memcpy(k.host.addr, addr, sizeof(k.host.addr));
	if (f->shape & SHAPE_VLANS)
		here = look(&prefixes, f->slot, &k);
	k.host.domain |= swap32(ANY_VLAN);
	any = look(&prefixes, f->slot, &k);
	if (here && (!any || here->bits >= any->bits))
		return here;
	return any;
}

/* A host that is known by its MAC alone is known by it in IP frames too; one that has addresses is not, and does not hide
 * another one that has the same MAC in any VLAN. */
inline_ int is_known_by_mac(const struct frame *f, const struct place *p) { return !f->domain || p->flags & PLACE_BARE; }

inline_ struct place *find_mac(const struct frame *f, __u64 mac)
{
	struct mac_key k = {.mac = mac, .vlans = f->vlans};
	struct place *p;

	if (f->shape & SHAPE_VLANS) {
		p = look(&macs, f->slot, &k);
		if (p && is_known_by_mac(f, p))
			return p;
	}
	k.vlans = ANY_VLAN;
	p = look(&macs, f->slot, &k);
	return p && is_known_by_mac(f, p) ? p : 0;
}

proven int find_place(const struct frame *f, int of_sender, struct place *to)
{
	const __u32 *addr;
	struct place *p = 0;

	if (!f || !to)
		return 0;
	addr = of_sender ? f->src : f->dst;
	if (f->domain && f->shape & SHAPE_HOSTS)
		p = find_host(f, addr);
	/* No sender is a group (IEEE 802.3, 3.2.3). */
	if (!p && f->shape & SHAPE_MACS && (!f->domain || f->shape & SHAPE_BARE_MACS) && !(of_sender && f->src_mac >> 40 & GROUP))
		p = find_mac(f, of_sender ? f->src_mac : f->dst_mac);
	if (!p && f->domain && f->shape & SHAPE_PREFIXES)
		p = find_prefix(f, addr);
	if (p)
		*to = *p;
	return 0;
}

proven __u32 find_pair(__u32 slot, const struct place *client, const struct place *server)
{
	struct pair_key k;
	__u32 *id;

	if (!client || !server)
		return 0;
	k.client = client->place;
	k.server = server->place;
	id = look(&pair_of, slot, &k);
	if (id)
		return *id;
	if (client->place == client->zone && server->place == server->zone)
		return 0;
	k.client = client->zone;
	k.server = server->zone;
	id = look(&pair_of, slot, &k);
	return id ? *id : 0;
}

/* ---- what holds for them ---- */

struct decision {
	struct gate gate; /* action is the verdict: PASS, DROP, RESET or ASK */
	__u32 code;       /* Modbus function code + 1, where the floor is by codes */
	__u32 slot, generation;
	__u8 pretend; /* for a trial: 1 as if somebody answered, 2 as if nobody did, 3 as if for a short time */
	__u8 looked, stale, shed; /* shed: it is not asked about, though somebody may answer */
	__u8 late; /* nobody answers, for so short a time that it may still be asked about */
	__u8 tcp;  /* and its ports can be read */
	__u8 back; /* the sender answers a client */
	__u8 asked; /* and that one was seen to ask: a datagram */
};

/* A pair that is not there cannot be: if it is, nothing passes and the counter says why. */
inline_ void no_gate(struct gate *g)
{
	*g = (struct gate){.action = DROP, .floor = FLOOR_DROP, .reason = REASON_BROKEN};
}

/* Reads the gate of a pair for a port; tells whether it is of that very port. */
proven int find_gate(__u32 slot, __u32 pair, __u8 transport, __u16 port, struct gate *to)
{
	struct gate_key k = {.pair = pair, .port = port, .transport = transport};
	struct gate *g;
	struct pair *p;

	if (!to)
		return 0;
	g = look(&gates, slot, &k);
	if (g) {
		*to = *g;
		return 1;
	}
	p = look(&pairs, slot, &pair);
	if (p)
		*to = transport == ETHERTYPE ? p->frames : p->otherwise;
	else
		no_gate(to);
	return 0;
}

inline_ int stops(const struct gate *g) { return g->action == DROP || g->action == RESET; }

#include "modbus.h"
#include "astray.h"

/* What somebody who answers has no time for goes by its floor. */
proven int is_shed(const struct frame *f, const struct decision *d)
{
	struct unasked_key k = {};

	if (!f || !d)
		return 0;
	__builtin_memcpy(k.addr, f->src, sizeof(k.addr));
	if (lookup(&unasked, &k))
		return 1;
	__builtin_memcpy(k.addr, f->dst, sizeof(k.addr));
	if (lookup(&unasked, &k))
		return 1;
	k.conduit = d->gate.conduit;
	if (!k.conduit)
		return 0;
	k.generation = d->generation;
	if (lookup(&unasked, &k))
		return 1;
	__builtin_memcpy(k.addr, f->src, sizeof(k.addr));
	if (lookup(&unasked, &k))
		return 1;
	__builtin_memset(k.addr, 0, sizeof(k.addr));
	return lookup(&unasked, &k) != 0;
}

/* How old a heartbeat may be for that what the floor would stop is asked about all the same: behind a pause
 * of the machine a frame comes before the next heartbeat, and what nobody reads is stopped too. As long as a worker
 * takes it that a frame waited (maxWait in worker_linux.go). */
#define LATE_NS 500000000LL

/* Whether nobody answers what is asked of this frame; it sees one answer. */
inline_ int nobody_answers(const struct config *c, const struct frame *f, struct decision *d)
{
	struct pulse *p = the_pulse();
	__s64 old;

	if (!d->looked && d->pretend) {
		d->looked = 1;
		d->stale = d->pretend > 1;
		d->late = d->pretend == 3;
	} else if (!d->looked) {
		d->looked = 1;
		old = p ? (__s64)(now_ns() - *(volatile __u64 *)&p->beat) : LATE_NS;
		d->stale = !p || old > (__s64)c->limit_ns;
		d->late = d->stale && old < LATE_NS;
		if (!d->stale && c->shedding)
			d->stale = d->shed = is_shed(f, d);
	}
	return d->stale;
}

/* What holds for what nobody here may let pass while nobody answers. */
inline_ __u8 unjudged(const struct decision *d) { return d->late ? ASK : DROP; }

/* A floor that is not by codes. */
inline_ __u8 plain_floor(const struct decision *d, __u8 floor)
{
	if (floor != FLOOR_PASS && d->late)
		return ASK;
	if (floor == FLOOR_RESET)
		return d->tcp ? RESET : DROP;
	return floor == FLOOR_PASS ? PASS : DROP;
}

inline_ __u8 floor_of(const struct decision *d)
{
	struct code *c;

	if (d->gate.floor != FLOOR_CODES)
		return plain_floor(d, d->gate.floor);
	c = find_code(d->slot, &d->gate, d->code);
	if (!c)
		return unjudged(d);
	return c->action == ASK ? plain_floor(d, c->floor) : c->action;
}

/* Why a floor is said: a client that is shed has somebody who answers others. */
inline_ __u16 why_floor(const struct decision *d) { return d->shed ? REASON_SHED : REASON_STALE; }

inline_ void say(struct decision *d, __u8 action, __u16 reason)
{
	d->gate.action = action;
	d->gate.reason = reason;
}

/* What a floor says; what it asks about is told as what is asked about. */
inline_ void say_floor(struct decision *d, __u8 action) { say(d, action, action == ASK ? d->gate.reason : why_floor(d)); }

/* Without user space a request by codes that is not known to stand in a stream is judged
 * by its code alone, whatever came before in its connection, until somebody judged for the first time: cutting
 * all connections that are older than the gateway would be worse. From then on it waits, for the next
 * worker or until its client begins anew: requests that overlap, each of them a read, are a write
 * to a server that has the first part of the second one already. */
inline_ int is_old(const struct frame *f, const struct decision *d)
{
	struct pulse *p = the_pulse();

	return p && !p->judged && !d->shed && !(f->flags & SYN) && !was_full(IDLE_NS);
}

inline_ void say_unplaced(const struct frame *f, struct decision *d)
{
	if (!is_old(f, d))
		say(d, unjudged(d), REASON_STREAM);
	else
		say_floor(d, floor_of(d));
}

/* What the table says of the function code of a whole request. */
inline_ void say_code(struct decision *d, int stale)
{
	struct code *c = find_code(d->slot, &d->gate, d->code);

	if (!c) {
		say(d, stale ? unjudged(d) : ASK, stale ? REASON_STREAM : d->gate.reason);
		return;
	}
	say(d, c->action, c->reason);
	d->gate.rule = c->rule;
	if (stale && c->action == ASK)
		say_floor(d, plain_floor(d, c->floor));
}

/* Whose turn is next behind a segment: who is asked about it goes on with its stream. */
inline_ __u32 next_turn(const struct decision *d, __u32 was) { return d->gate.action == ASK ? WORKER : was; }

/* A segment in the kernel's turn; gives whose turn is next. Where nobody answers a
 * request of any length is judged: its repetition is not, so it may be lost, and no more. */
inline_ __u32 in_turn(struct __sk_buff *skb, const struct frame *f, struct stream *s, struct decision *d, __u32 was, int stale)
{
	if (f->flags & SYN)
		opens(f, s);
	if (f->size == 0) {
		if (f->flags & (FIN | RST) && f->seq == s->next) /* else the server does not believe it */
			s->closing = 1;
		if (s->known && (f->flags & (SYN | RST | ACK)) == ACK)
			s->goes_on = 1;
		d->gate.action = PASS;
		return was;
	}
	if (stale && !s->known) {
		say_unplaced(f, d);
		return next_turn(d, was);
	}
	/* Where nobody answers what was right under the last tables is held to: a segment that does not fit comes again. */
	if (!(stale ? is_seen(s) : is_known(s)) || is_torn(s) || f->flags & (SYN | URG)) {
		say(d, stale ? unjudged(d) : ASK, REASON_STREAM);
		return next_turn(d, was);
	}
	if (f->seq != s->next) {
		say(d, is_had(f, s) || said_before(skb, f, s) ? PASS : stale ? unjudged(d) : ASK, REASON_STREAM);
		return next_turn(d, was);
	}
	say_code(d, stale);
	/* It could be the end of a message that somebody let begin: so only where it is known that it is none. */
	if (stale && d->gate.action != PASS && is_known(s))
		is_never(skb, f, d);
	/* Of 12 bytes only those functions are that any server knows; behind another one it may throw away what comes. */
	if (d->gate.action == PASS && !stale && (f->size != REQUEST || d->code > 7 || s->next - s->acked > SAID - REQUEST))
		say(d, ASK, REASON_STREAM);
	if (d->gate.action == PASS) {
		went_on(skb, f, s);
		return KERNEL;
	}
	return next_turn(d, was);
}

/* Whether a segment that passes changes where its stream stands; an acknowledgement alone does not. */
inline_ int changes(const struct frame *f, const struct decision *d)
{
	return d->gate.action == PASS && (f->size > 0 || f->flags & (SYN | FIN | RST));
}

inline_ void by_code(struct __sk_buff *skb, const struct config *c, const struct frame *f, struct decision *d)
{
	int stale = nobody_answers(c, f, d);
	struct flow k = {};
	struct stream *s;
	__u32 was, next;

	d->code = modbus_code(skb, f);
	if (f->transport != TCP) {
		say_code(d, stale);
		return;
	}
	flow_of(f, 0, &k);
	s = stream_at(find_stream(&k, f->flags & SYN && f->size == 0 && !(stale && !d->shed && was_full(UNDER_WAY_NS))));
	if (!s) {
		if (f->size == 0 && !(stale && f->flags & SYN)) /* that comes again, and what begins without a place goes no further */
			d->gate.action = PASS;
		else if (stale)
			say_unplaced(f, d);
		else
			say(d, ASK, REASON_STREAM);
		return;
	}
	was = enter(s, stale);
	if (was == FREE) { /* it is the worker's turn: all of the connection goes there */
		say(d, !stale ? ASK : f->size > 0 ? unjudged(d) : PASS, REASON_STREAM);
		return;
	}
	next = in_turn(skb, f, s, d, was, stale);
	if (was == WORKER && changes(f, d)) /* that may go on where it was only put aside, with a memory of its own */
		s->passed = 1;
	swap(&s->owner, next);
}

inline_ void as_request(struct __sk_buff *skb, const struct config *c, const struct frame *f, struct decision *d)
{
	if (d->gate.action == CODES || (d->gate.action == ASK && d->gate.floor == FLOOR_CODES && nobody_answers(c, f, d))) {
		by_code(skb, c, f, d);
		if (d->gate.action == ASK)
			d->stale = 0; /* its floor was looked at, and by more than its code */
	} else if (d->gate.action == ASK && d->gate.floor == FLOOR_CODES) {
		d->code = modbus_code(skb, f);
		if (f->transport == TCP && f->size == 0)
			d->gate.floor = FLOOR_PASS;
	} else if (d->gate.action == RESET && f->transport != TCP) {
		d->gate.action = DROP;
	}
}

/* An answer to requests that are judged by their codes. It passes; in the worker's
 * turn it does so by the worker, if that has anything to hear in it. */
inline_ void answer_by_code(const struct config *c, const struct frame *f, struct decision *d)
{
	struct flow k = {};
	struct stream *s = 0;
	__u32 was;

	d->gate.action = PASS;
	if (f->transport != TCP)
		return;
	flow_of(f, 1, &k);
	s = stream_at(find_stream(&k, 0));
	was = s ? enter(s, 0) : FREE;
	if (was == FREE) { /* the worker hears where its client is */
		int taken = (f->flags & (SYN | ACK)) == (SYN | ACK);

		if (s && !taken && (s->owner == BUSY || (d->gate.flags & GATE_MUTE && passes_by(f, s))))
			return;
		if (!nobody_answers(c, f, d))
			say(d, ASK, REASON_STREAM);
		else if (s && taken)
			s->unseen = s->passed = 1;
		return;
	}
	if ((f->flags & (SYN | ACK)) == (SYN | ACK))
		connection_taken(f, s);
	else if (f->flags & ACK)
		acknowledged(f, s);
	if (f->flags & (FIN | RST))
		s->closing = 1;
	swap(&s->owner, KERNEL);
}

inline_ void as_answer(const struct config *c, const struct frame *f, struct decision *d)
{
	if (d->gate.action == CODES) {
		answer_by_code(c, f, d);
	} else if (d->gate.action == ASK && d->gate.floor == FLOOR_CODES) {
		d->gate.floor = FLOOR_PASS;
	} else if (d->gate.action == RESET && f->transport != TCP) {
		d->gate.action = DROP;
	}
}

/* Answers of UDP are known by the request that went before. */
#define TALK_NS 60000000000ULL
#define TOLD_NS 1000000000ULL /* it is noted no more often that a talk goes on */

inline_ void note_talk(const struct flow *k)
{
	__u64 now = now_ns(), *seen = lookup(&talks, k);

	if (!seen)
		update(&talks, k, &now, UPDATE_ANY);
	else if (ago(now, *seen) > TOLD_NS)
		*seen = now;
}

/* Whether somebody asked. Who answers goes on talking: much is ordered once (measured values, cyclic
 * data) and then sent for as long as both live. */
inline_ int talked(const struct flow *k)
{
	__u64 now = now_ns(), *seen = lookup(&talks, k);

	if (!seen || ago(now, *seen) >= TALK_NS)
		return 0;
	if (ago(now, *seen) > TOLD_NS)
		*seen = now;
	return 1;
}

inline_ int to_group(const struct frame *f) { return (f->dst_mac >> 40 & GROUP) != 0; }

/* A call to a group is answered by whoever belongs to it, so the key has no server. Its client may have
 * no address yet (DHCP): it is known by its MAC, or, for what answers to a group, not at all. */
inline_ void call_of(const struct frame *f, int back, __u64 client, struct flow *to)
{
	to->src[0] = client >> 32;
	to->src[1] = client;
	to->src[3] = to->dst[0] = to->dst[3] = ~0U; /* no addresses are like that */
	to->domain = f->domain;
	to->port = back ? !f->port : f->port;
	to->sport = back ? f->dport : f->sport;
	to->dport = back ? f->sport : f->dport;
}

proven int remember_call(const struct frame *f)
{
	struct flow k = {};

	if (!f)
		return 0;
	call_of(f, 0, f->src_mac, &k);
	note_talk(&k);
	k.src[0] = k.src[1] = 0;
	note_talk(&k);
	return 0;
}

inline_ void remember_talk(const struct frame *f)
{
	struct flow k = {};

	flow_of(f, 0, &k);
	note_talk(&k);
}

proven int was_asked_for(const struct frame *f)
{
	struct flow k = {};

	if (!f)
		return 0;
	flow_of(f, 1, &k);
	if (talked(&k))
		return 1;
	__builtin_memset(&k, 0, sizeof(k));
	call_of(f, 1, to_group(f) ? 0 : f->dst_mac, &k);
	return talked(&k);
}

/* Who opened a connection of TCP. It is remembered of those that went on: another policy may
 * stop them later, and admit one that would be opened from the other end. */
inline_ void remember_opener(const struct frame *f)
{
	struct flow k = {};
	__u64 now = now_ns();

	flow_of(f, 0, &k);
	update(&openers, &k, &now, UPDATE_ANY);
}

/* Whether the sender of a segment is known to have opened its connection, and its receiver did
 * not open another one on these ports since. */
inline_ int opened_by_sender(const struct frame *f)
{
	struct flow k = {};
	__u64 *own, *other;

	flow_of(f, 0, &k);
	own = lookup(&openers, &k);
	if (!own)
		return find_stream(&k, 0) != 0; /* which nobody pushes out */
	flow_of(f, 1, &k);
	other = lookup(&openers, &k);
	return !other || *other < *own;
}

enum { SENDER_ASKS, SENDER_ANSWERS, EITHER };

inline_ int direction(const struct frame *f)
{
	if (f->transport == TCP && f->flags & SYN)
		return f->flags & ACK ? SENDER_ANSWERS : SENDER_ASKS;
	if (f->transport == ICMP && (f->flags == 8 || f->flags == 0))
		return f->flags == 8 ? SENDER_ASKS : SENDER_ANSWERS;
	if (f->transport == ICMP6 && (f->flags == 128 || f->flags == 129))
		return f->flags == 128 ? SENDER_ASKS : SENDER_ANSWERS;
	return EITHER;
}

/* Which of two readings holds where the frame does not say who is the client.
 * d->gate is that of a request, back that of an answer. A connection of TCP that
 * nobody saw its sender open cannot have begun by a gate that stops, so the other one is meant;
 * of two that let it pass the stricter holds, or a client would choose by its own port number. */
inline_ int answer_holds(const struct frame *f, struct decision *d, int exact, const struct gate *back, int exact_back)
{
	if (stops(&d->gate)) {
		if (stops(back))
			return 0;
		d->asked = f->transport == UDP && was_asked_for(f);
		if (f->transport == TCP)
			return !opened_by_sender(f);
		if (d->asked)
			return 1;
		/* It may be an answer; nobody here knows. Who is asked does, or it is judged as a request; and so it is
		 * while nobody answers, whatever floor is written at what is dropped anyway. What is neither TCP
		 * nor UDP goes by its two ends alone, whoever answers. */
		if (f->transport == UDP || d->gate.floor == FLOOR_CODES)
			d->gate.floor = FLOOR_DROP;
		say(d, ASK, REASON_UNSURE);
		return 0;
	}
	if (f->transport == UDP && to_group(f))
		remember_call(f);
	if (stops(back)) {
		if (f->transport == UDP)
			remember_talk(f);
		return 0;
	}
	if (d->gate.action == PASS)
		return back->action != PASS || (exact_back && !exact);
	return 0;
}

/* What lets a datagram on one port pass, where the other reading of it may not. */
inline_ void unsure(struct gate *g)
{
	if (g->action == CODES) {
		g->action = ASK;
		g->floor = FLOOR_CODES;
	} else if (g->action == PASS) {
		*g = (struct gate){.action = ASK, .floor = FLOOR_PASS, .reason = REASON_UNSURE, .rule = g->rule, .conduit = g->conduit};
	}
}

/* Between one port and the same one (BACnet) an answer and a request have the same ends. Where
 * not both may pass somebody must read which it is; of each, for an answer is known by its request. */
inline_ void either_asks(const struct frame *f, struct gate *there, struct gate *back)
{
	if (f->transport == UDP && f->sport == f->dport && (there->action != back->action || there->action == CODES)) {
		unsure(there);
		unsure(back);
	}
}

inline_ void judge_ports(struct __sk_buff *skb, const struct config *c, const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d, int held)
{
	int exact, exact_back, answer, way = direction(f);
	struct gate back = {};

	exact = find_gate(f->slot, pair, f->transport, f->dport, &d->gate);
	exact_back = find_gate(f->slot, pair_back, f->transport, f->sport, &back);
	if ((d->gate.flags | back.flags) & GATE_SAFETY) {
		if (!(d->gate.flags & GATE_SAFETY))
			d->gate = back;
		d->gate.action = PASS;
		return;
	}
	if (held) /* nothing but safety passes, and nothing is remembered */
		return;
	if (f->astray) {
		from_wrong_side(f, &d->gate);
		from_wrong_side(f, &back);
	}
	either_asks(f, &d->gate, &back);
	answer = way == SENDER_ANSWERS;
	if (way == SENDER_ASKS && f->transport == TCP && !stops(&d->gate))
		remember_opener(f);
	if (way == EITHER)
		answer = answer_holds(f, d, exact, &back, exact_back);
	if (answer) {
		d->back = 1;
		d->gate = back;
		as_answer(c, f, d);
	} else {
		as_request(skb, c, f, d);
	}
}

/* Whether a gate lets not all pass while nobody answers. */
inline_ int holds(const struct gate *g) { return stops(g) || g->floor != FLOOR_PASS; }

/* A frame of which ports are not known, or not to be believed, goes by its pair: it could be of
 * any port, so it passes only where all do, whoever answers. */
inline_ void judge_pair(const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d)
{
	__u16 reason = f->malformed ? REASON_MALFORMED : REASON_FRAGMENT;
	struct pair *p = look(&pairs, f->slot, &pair), *back = look(&pairs, f->slot, &pair_back);
	struct gate other;

	if (!p || !back) {
		no_gate(&d->gate);
		return;
	}
	d->gate = p->otherwise;
	other = back->otherwise;
	if (f->astray && !((d->gate.flags | other.flags) & GATE_SAFETY)) {
		from_wrong_side(f, &d->gate);
		from_wrong_side(f, &other);
		if (f->astray == PAIR_STOPS && stops(&d->gate) && stops(&other))
			return;
	}
	if (f->routed && (p->otherwise.flags | back->otherwise.flags) & GATE_ENFORCES) { /* nobody judges for whom it is in the end */
		d->gate.rule = 0;
		say(d, DROP, REASON_ROUTED);
		return;
	}
	if (d->gate.action == RESET)
		d->gate.action = DROP;
	if (f->malformed && stops(&d->gate)) {
		d->gate.reason = reason;
		return;
	}
	if ((p->flags | back->flags) & PAIR_DROPS || holds(&d->gate) || holds(&other))
		d->gate.floor = FLOOR_DROP;
	if ((p->flags | back->flags) & PAIR_PORTS || stops(&d->gate) != stops(&other) ||
	    d->gate.action == ASK || other.action == ASK)
		say(d, ASK, reason);
}

/* Frames without IP are never asked about. What may pass one way may pass the
 * other: cyclic traffic has no client. But what a rule stops, no default of the other way lets pass
 * (policy.EitherWay). */
inline_ int either_way(const struct gate *there, const struct gate *back)
{
	return there->reason != SAYS_RULE || (back->reason != SAYS_DEFAULT && back->reason != SAYS_OTHERWISE && back->reason != SAYS_INSIDE);
}

/* How strict a gate of frames without IP is: it lets pass, or lets pass and tells, or stops. */
inline_ int strictness(const struct gate *g) { return g->action != PASS ? 2 : g->flags & GATE_TOLD ? 1 : 0; }

inline_ void judge_type(const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d)
{
	struct gate back = {};

	if (f->shape & SHAPE_SAFE_TYPES && find_gate(f->slot, ANY_PAIR, ETHERTYPE, f->type, &d->gate))
		return;
	find_gate(f->slot, pair, ETHERTYPE, f->type, &d->gate);
	find_gate(f->slot, pair_back, ETHERTYPE, f->type, &back);
	if (f->astray && !((d->gate.flags | back.flags) & GATE_SAFETY)) {
		from_wrong_side(f, &d->gate);
		from_wrong_side(f, &back);
	}
	if (back.flags & GATE_SAFETY || (!to_group(f) && strictness(&back) < strictness(&d->gate) && either_way(&d->gate, &back))) {
		d->gate = back;
		d->back = 1;
	}
	if (d->gate.action != PASS)
		d->gate.action = DROP;
	else if (d->gate.flags & GATE_TOLD)
		d->gate.action = WOULD;
	if (f->malformed && d->gate.action != PASS)
		d->gate.reason = REASON_MALFORMED;
}

inline_ struct held *held_place(const struct decision *d, __u32 place)
{
	struct held_key k = {.value = place, .generation = d->generation};

	return place ? lookup(&quarantine, &k) : 0;
}

inline_ struct held *held_mac(__u64 mac)
{
	struct held_key k = {.value = mac, .is_mac = 1};

	return lookup(&quarantine, &k);
}

inline_ struct held *find_held(const struct frame *f, const struct decision *d, const struct place *src, const struct place *dst)
{
	struct held *h = held_place(d, src->place);

	if (!h)
		h = held_place(d, dst->place);
	if (!h)
		h = held_place(d, src->zone);
	if (!h)
		h = held_place(d, dst->zone);
	if (!h)
		h = held_mac(f->src_mac);
	if (!h)
		h = held_mac(f->dst_mac);
	return h;
}

inline_ void judge_between(struct __sk_buff *skb, const struct config *c, struct frame *f, const struct place *src,
			   const struct place *dst, struct decision *d, int held)
{
	const struct place nobody = {};
	int strange = is_astray(f, src);
	__u32 pair, pair_back;

	if (f->neighbour && (!strange || src->flags & PLACE_SPARED)) {
		d->gate = (struct gate){.action = PASS, .reason = REASON_NEIGHBOUR};
		return;
	}
	pair = find_pair(f->slot, src, dst);
	pair_back = find_pair(f->slot, dst, src);
	if (strange)
		f->astray = what_of_astray(f->slot, pair, pair_back);
	if (!f->domain && to_group(f)) /* which asks nothing */
		pair_back = find_pair(f->slot, &nobody, src);
	if (f->neighbour)
		d->gate = (struct gate){.action = f->astray == PAIR_STOPS ? DROP : f->astray ? WOULD : PASS, .reason = f->astray ? SAYS_WRONG_SIDE : REASON_NEIGHBOUR};
	else if (!f->domain && !(f->malformed && (f->type == TYPE_IP4 || f->type == TYPE_IP6)))
		judge_type(f, pair, pair_back, d);
	else if (f->malformed || f->fragment)
		judge_pair(f, pair, pair_back, d);
	else
		judge_ports(skb, c, f, pair, pair_back, d, held);
}

inline_ __u32 port_of(const struct __sk_buff *skb) { return skb->ifindex == ports[0] ? 0 : 1; }

proven int judge(struct __sk_buff *skb, struct config *c, struct decision *d)
{
	struct place src = {}, dst = {};
	struct held *h = 0;
	struct frame f = {};

	if (!c || !d)
		return 0;
	f.slot = d->slot = c->active & 1;
	f.shape = c->slots[d->slot].shape;
	d->generation = c->slots[d->slot].generation;
	f.port = port_of(skb);
	read_frame(skb, &f);
	d->tcp = f.transport == TCP && f.segment;
	if (keeps_link(&f)) {
		d->gate = (struct gate){.action = PASS, .reason = REASON_LINK};
		return 0;
	}
	find_place(&f, 1, &src);
	find_place(&f, 0, &dst);
	if (c->quarantine)
		h = find_held(&f, d, &src, &dst);
	judge_between(skb, c, &f, &src, &dst, d, h != 0);
	if (h && !(d->gate.flags & GATE_SAFETY))
		d->gate = (struct gate){.action = DROP, .reason = REASON_QUARANTINE, .rule = h->rule};
	if (d->gate.action == ASK)
		nobody_answers(c, &f, d);
	return 0;
}

/* ---- telling ---- */

inline_ void count_total(__u32 which, __u32 bytes)
{
	struct count *n = lookup(&totals, &which);

	if (n) {
		n->frames++;
		n->bytes += bytes;
	}
}

inline_ void count_verdict(const struct decision *d, __u32 bytes)
{
	const struct gate *g = &d->gate;
	struct count_key k = {.rule = g->rule, .generation = d->generation, .reason = g->reason, .verdict = g->action};
	struct count *n = lookup(&counts, &k), first = {.frames = 1, .bytes = bytes};

	if (n) {
		n->frames++;
		n->bytes += bytes;
	} else if (update(&counts, &k, &first, UPDATE_ANY)) {
		count_total(TOTAL_UNCOUNTED, bytes);
	}
}

#include "lost.h"

/* ---- the programs ---- */

/* Who answers wakes on the core on which it is asked, if it sits there. */
inline_ void ask_here(void)
{
	struct pulse *p = the_pulse();

	if (p)
		p->core = this_core();
}

/* Says to whoever answers whether the frame is a datagram whose request was seen: by the bit that
 * makes an address one of a group, which no sender's is (IEEE 802.3, 3.2.3). Nobody else
 * says it: what came with the bit set goes without. It returns whether the frame says the truth: what
 * the kernel has no room to change is not asked about. */
inline_ int say_asked(struct __sk_buff *skb, const struct decision *d)
{
	__u8 first, want;

	if (load_bytes(skb, SOURCE, &first, 1))
		return 0;
	want = (first & ~GROUP) | (d->asked ? GROUP : 0);
	return want == first || !store_bytes(skb, SOURCE, &want, 1, STORE_SUMMED);
}

SEC("tc") int forward(struct __sk_buff *skb)
{
	__u8 port = port_of(skb);
	__u32 bytes = skb->len, zero = 0;
	struct config *c = lookup(&config, &zero);
	struct decision d = {};

	if (!c)
		return ANSWER_DROP;
	if (skb->vlan_present)
		bytes += 4;
	count_total(port, bytes);
	if (c->bypass) {
		d.gate.reason = REASON_BYPASS;
		d.generation = c->slots[c->active & 1].generation; /* counted among what is of today */
	} else {
		judge(skb, c, &d);
	}
	if (d.gate.action == ASK && d.stale)
		say_floor(&d, floor_of(&d));
	if (d.gate.action == ASK && !say_asked(skb, &d)) {
		d.gate.action = DROP; /* told, as all that is dropped */
		d.gate.reason = REASON_UNSAID;
	}
	count_verdict(&d, bytes);
	if (d.gate.action == WOULD)
		tell_lost(skb, c, &d, bytes);
	if (d.gate.action == PASS || d.gate.action == WOULD)
		return redirect(ports[!port], 0);
	if (d.gate.action == ASK) {
		ask_here();
		return redirect(asks[port], 0);
	}
	tell_lost(skb, c, &d, bytes);
	if (d.gate.action == RESET && end_connection(skb, ports[!port]))
		return redirect(ports[port], 0);
	return ANSWER_DROP;
}

/* Says in cb what would be decided, for BPF_PROG_RUN; with the mark 1 as if nobody answered, with 2 as if for a short time. */
SEC("tc") int probe(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct config *c = lookup(&config, &zero);
	struct decision d = {.pretend = skb->mark == 1 ? 2 : skb->mark == 2 ? 3 : 1};

	if (!c)
		return ANSWER_DROP;
	judge(skb, c, &d);
	skb->cb[0] = d.gate.action | d.asked << 8;
	skb->cb[1] = d.gate.reason;
	skb->cb[2] = d.gate.rule;
	skb->cb[3] = d.gate.floor;
	skb->cb[4] = d.late && !d.stale ? d.gate.action : floor_of(&d);
	return ANSWER_OK;
}

char license_[] SEC("license") = "Apache-2.0"; /* nothing here is for GPL programs only */
