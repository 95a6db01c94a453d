/* Telling whose frames are dropped, or would be in a conduit that only tests: each is counted for its
 * pair, and the first one of a pair is shown. Nothing here is done for any other frame that passes. */
#pragma once

struct lost_frame { /* what is told of a frame that is dropped */
	struct lost_key of;
	__u64 client_mac, server_mac;
	__u32 bytes;
	__u16 client_port;
};

inline_ void put_mac(__u32 *to, __u64 mac)
{
	to[0] = mac >> 32;
	to[1] = mac;
}

/* Who lost the frame, to which rule. Only what is dropped is read a second time. */
inline_ void who_lost(const struct frame *f, const struct decision *d, struct lost_frame *to)
{
	struct lost_key *k = &to->of;
	int back = d->back != 0;

	to->client_mac = back ? f->dst_mac : f->src_mac;
	to->server_mac = back ? f->src_mac : f->dst_mac;
	if (f->domain) {
		__builtin_memcpy(k->client, back ? f->dst : f->src, sizeof(k->client));
		__builtin_memcpy(k->server, back ? f->src : f->dst, sizeof(k->server));
		k->domain = f->domain;
		k->transport = f->transport;
		k->port = back ? f->sport : f->dport;
		to->client_port = back ? f->dport : f->sport;
	} else {
		put_mac(k->client, to->client_mac);
		put_mac(k->server, to->server_mac);
		k->domain = domain_of(0, f->vlans);
		k->transport = ETHERTYPE;
		k->port = f->type;
	}
	k->rule = d->gate.rule;
	k->generation = d->generation;
	k->reason = d->gate.reason;
	k->verdict = d->gate.action;
	k->in = f->port;
}

/* Counts a frame that is dropped for its pair. It returns whether the frame is to be
 * shown: the first of a pair in a turn, or one of a pair that has no room. */
proven int lose(struct __sk_buff *skb, const struct config *c, const struct decision *d, struct lost_frame *to)
{
	struct lost first = {.frames = 1};
	struct frame f = {};
	struct lost *n;

	if (!c || !d || !to)
		return 0;
	f.port = port_of(skb);
	read_frame(skb, &f);
	who_lost(&f, d, to);
	to->of.turn = *(volatile __u32 *)&c->turn;
	first.first_ns = now_ns();
	n = lookup(&losses, &to->of);
	if (!n) {
		first.bytes = to->bytes;
		first.last_ns = first.first_ns;
		first.client_mac = to->client_mac;
		first.server_mac = to->server_mac;
		if (!update(&losses, &to->of, &first, UPDATE_NEW))
			return 1;
		n = lookup(&losses, &to->of); /* another core was faster */
	}
	if (!n) {
		count_total(TOTAL_UNPAIRED, to->bytes);
		return 1;
	}
	count_up(&n->frames, 1);
	count_up(&n->bytes, to->bytes);
	n->last_ns = first.first_ns;
	return 0;
}

/* Each CPU tells so many in a tenth of a second. */
inline_ int may_report(const struct config *c, __u32 which, __u64 now)
{
	struct bucket *b = lookup(&buckets, &which);

	if (!b)
		return 0;
	if (now - b->since > 100000000ULL) {
		b->since = now;
		b->used = 0;
	}
	if (b->used >= c->reports)
		return 0;
	b->used++;
	return 1;
}

inline_ void report(struct __sk_buff *skb, const struct config *c, const struct lost_frame *lost)
{
	__u64 now = now_ns();
	struct report *r = 0;
	__u32 keep = skb->len;

	if (may_report(c, lost->of.verdict != DROP, now))
		r = ring_reserve(&reports, sizeof(*r), 0);
	if (!r) {
		count_total(TOTAL_UNREPORTED, lost->bytes);
		return;
	}
	if (keep > SNIPPET)
		keep = SNIPPET;
	r->ns = now;
	r->of = lost->of;
	r->client_mac = lost->client_mac;
	r->server_mac = lost->server_mac;
	r->client_port = lost->client_port;
	r->length = skb->len;
	r->vlan = skb->vlan_tci;
	r->tagged = skb->vlan_present != 0;
	/* At least an Ethernet header is there; the bound is for the verifier. */
	if (keep < 14 || load_bytes(skb, 0, r->head, keep))
		keep = 0;
	r->kept = keep;
	ring_submit(r, 0);
}

/* By itself, and not within forward: what that holds counts to the stack of all it calls, of which there are
 * 512 bytes, and older kernels take each function's part for a multiple of 32. */
proven int tell_lost(struct __sk_buff *skb, const struct config *c, const struct decision *d, __u32 bytes)
{
	struct lost_frame lost = {.bytes = bytes};

	if (c && d && lose(skb, c, d, &lost))
		report(skb, c, &lost);
	return 0;
}
