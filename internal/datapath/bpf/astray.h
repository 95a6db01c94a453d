/* Frames whose sender is not at the port at which they come in. Which port that is says its place, so that a frame
 * which comes from where it should costs no look-up more. */
#pragma once

/* Reasons of user space (firedoor.Reason). */
enum { SAYS_RULE = 1, SAYS_DEFAULT = 2, SAYS_OTHERWISE = 3, SAYS_NEVER = 4, SAYS_INSIDE = 7, SAYS_WRONG_SIDE = 18 };

/* Nobody's address (0.0.0.0, ::), or one of a single link: it is at either port, whatever prefix it lies in. */
inline_ int is_anywhere(const struct frame *f)
{
	if (!f->domain)
		return 0;
	if ((f->domain & swap32(0xff000000)) == swap32(4U << 24))
		return f->src[0] == 0 || (f->src[0] & swap32(0xffff0000)) == swap32(0xa9fe0000);
	return (f->src[0] & swap32(0xffc00000)) == swap32(0xfe800000) || !(f->src[0] | f->src[1] | f->src[2] | f->src[3]);
}

inline_ int is_astray(const struct frame *f, const struct place *src)
{
	if (!(src->flags & (f->port ? PLACE_INSIDE : PLACE_OUTSIDE)))
		return 0;
	return src->place != src->zone || !is_anywhere(f); /* a host of its own is one by any address */
}

/* What becomes of it: PAIR_TELLS, PAIR_STOPS or nothing. Where one of the two ways has a conduit that one says so. */
proven int what_of_astray(__u32 slot, __u32 pair, __u32 pair_back)
{
	struct pair *p = look(&pairs, slot, &pair), *back;

	if (p && !(p->flags & PAIR_JOINED)) {
		back = look(&pairs, slot, &pair_back);
		if (back && back->flags & PAIR_JOINED)
			p = back;
	}
	return p ? p->flags & (PAIR_TELLS | PAIR_STOPS) : PAIR_STOPS;
}

/* Nothing passes a gate from the wrong side but safety traffic, of which this is not asked, and what is never
 * blocked: of a port where something is, whoever answers judges each request, and while nobody does nothing
 * passes. Where it is only told, whoever answers tells, and of frames without IP the kernel. */
inline_ void from_wrong_side(const struct frame *f, struct gate *g)
{
	if (f->astray == PAIR_STOPS && g->reason != SAYS_NEVER) {
		*g = (struct gate){.action = DROP, .floor = FLOOR_DROP, .reason = SAYS_WRONG_SIDE, .conduit = g->conduit};
		return;
	}
	if (f->type != TYPE_IP4 && f->type != TYPE_IP6) { /* nobody is asked about those */
		if (g->action == PASS && g->reason != SAYS_NEVER)
			*g = (struct gate){.reason = SAYS_WRONG_SIDE, .conduit = g->conduit, .flags = g->flags | GATE_TOLD};
		return;
	}
	if (g->action == CODES)
		g->action = ASK;
	else if (g->action == PASS)
		*g = (struct gate){.action = ASK, .floor = FLOOR_PASS, .reason = SAYS_WRONG_SIDE, .rule = g->rule, .conduit = g->conduit, .flags = g->flags};
	if (f->astray == PAIR_STOPS && g->action == ASK)
		g->floor = FLOOR_DROP;
}
