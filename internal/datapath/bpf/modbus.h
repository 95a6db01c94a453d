/* Requests of Modbus, as far as they can be told apart without a parser: what stands at a
 * fixed place of one that lies in its segment whole and alone. */
#pragma once

/* How long a request is by its function, for servers that know it by that and do not look
 * at the length; 0 where they do not, or where it is not in the frame. */
inline_ __u32 modbus_size(struct __sk_buff *skb, const struct frame *f, __u8 code)
{
	__u8 bytes;

	if (code <= 6)
		return REQUEST;
	if (code == 22)
		return 14;
	if (code == 15 || code == 16)
		return f->size > 12 && !load_bytes(skb, f->payload + 12, &bytes, 1) ? 13U + bytes : 0;
	if (code == 23)
		return f->size > 16 && !load_bytes(skb, f->payload + 16, &bytes, 1) ? 17U + bytes : 0;
	return f->size;
}

/* The function code of a request that lies in this frame whole and alone, plus
 * one; 0 where it is anything else. */
inline_ __u32 modbus_code(struct __sk_buff *skb, const struct frame *f)
{
	struct { __u16 transaction, protocol, length; __u8 unit, code; } __attribute__((packed)) h;

	if (f->size < sizeof(h) || f->size > 260 || load_bytes(skb, f->payload, &h, sizeof(h)))
		return 0;
	if (h.code == 0 || h.code >= 0x80 || h.protocol != 0 || swap16(h.length) + 6U != f->size || modbus_size(skb, f, h.code) != f->size)
		return 0;
	return h.code + 1U;
}

inline_ struct code *find_code(__u32 slot, const struct gate *g, __u32 code)
{
	__u32 k = g->codes;
	struct codes *c = look(&codes_of, slot, &k);

	if (!c || code == 0)
		return 0;
	return &c->of[(code - 1) & 0xff];
}

#define COIL_ON 0xff00

/* Elements that a request may be about at once, by its function (Application Protocol, 6). */
inline_ __u32 most_of(__u8 code)
{
	return code <= 2 ? 2000 : code <= 4 ? 125 : code <= 6 ? 1 : code == 15 ? 1968 : 123;
}

struct head { __u8 unit, code; __u16 at, value; __u8 bytes; } __attribute__((packed));

/* Whether a request does as its function says: the worker takes nothing else for one. It gives the last
 * element, or more than there can be. */
inline_ __u32 last_of(const struct head *h)
{
	__u32 n = swap16(h->value), many = h->code == 15 || h->code == 16;

	if (h->code == 5 || h->code == 6)
		return h->code == 5 && n != 0 && n != COIL_ON ? ~0U : swap16(h->at);
	if (n == 0 || n > most_of(h->code) || (many && h->bytes != (h->code == 15 ? (n + 7) / 8 : 2 * n)))
		return ~0U;
	return swap16(h->at) + n - 1;
}

/* Whether the request in a frame, whole and alone, is one that is never blocked: by what it
 * touches, or writes. Only asked where its code would stop it and nobody judges it. */
proven int is_never(struct __sk_buff *skb, const struct frame *f, struct decision *d)
{
	struct head h = {};
	struct nevers *all;
	__u32 k, last, from, value;

	if (!f || !d || d->code == 0 || d->code > 17)
		return 0;
	k = d->gate.codes;
	all = look(&never_of, d->slot, &k);
	if (!all || load_bytes(skb, f->payload + 6, &h, d->code > 15 ? 7 : 6))
		return 0;
	last = last_of(&h);
	from = swap16(h.at);
	value = swap16(h.value);
	if (h.code == 5)
		value = value == COIL_ON;
	for (int i = 0; i < NEVERS && all->of[i].codes; i++) {
		const struct never *n = &all->of[i];

		if (!(n->codes >> (h.code & 31) & 1) || (n->has_unit && n->unit != h.unit) || from < n->from || last > n->to)
			continue;
		if ((h.code == 5 || h.code == 6) && (value < n->low || value > n->high))
			continue;
		d->gate.action = PASS;
		d->gate.reason = n->reason;
		d->gate.rule = n->rule;
		return 1;
	}
	return 0;
}
