//go:build ignore

/* The gateway's program at its two ports: a frame comes in at one and leaves by the
 * other, is dropped, or goes to user space to be asked about.
 *
 * It decides by tables alone (Tables in tables.go says what they mean) and never
 * waits. It must not hold a rule of its own, beyond those that keep a link alive.
 * Maps below "tables" are made anew for each policy and never change while they
 * are used; the others outlive policies and processes. */

#include "kernel.h"

/* ---- what user space shares with this program; kept in step by layout_linux.go ---- */

enum { PASS, DROP, RESET, ASK, CODES };           /* Action */
enum { FLOOR_PASS, FLOOR_DROP, FLOOR_CODES };     /* Floor */
enum { GATE_SAFETY = 1 };                         /* gate.flags */
enum { PAIR_PORTS = 1 };                          /* pair.flags: a port of it is not simply passed */

enum { /* reasons of our own; below are those of the tables */
	REASON_LINK = 0xff00, REASON_NEIGHBOUR, REASON_QUARANTINE, REASON_MALFORMED, REASON_FRAGMENT,
	REASON_UNSURE, REASON_STREAM, REASON_STALE, REASON_BYPASS, REASON_BROKEN,
};

enum { /* what the tables hold, so that nothing is looked up in empty ones */
	SHAPE_VLANS = 1, SHAPE_HOSTS = 2, SHAPE_PREFIXES = 4, SHAPE_MACS = 8, SHAPE_BARE_MACS = 16,
	SHAPE_SAFE_TYPES = 32,
};

#define ANY_VLAN 0xffffffU
#define ANY_PAIR 0xffffffffU
#define ETHERTYPE 255 /* stands for a transport in keys of gates */

struct gate {
	__u8 action, floor, flags, unused;
	__u16 reason, codes;
	__u32 rule;
};

struct gate_key {
	__u32 pair;
	__u16 port;
	__u8 transport, unused;
};

struct pair {
	struct gate otherwise; /* what has no gate of its own */
	struct gate frames;    /* EtherTypes that have none */
	__u32 flags;
};

struct pair_key { __u32 client, server; };

struct code {
	__u8 action, floor;
	__u16 reason;
	__u32 rule;
};

struct codes { struct code of[256]; };

struct place { __u32 place, zone, bits, bare; };

struct host_key {
	__u32 domain; /* family and VLANs, big endian */
	__u32 addr[4];
};

struct prefix_key {
	__u32 bits;
	struct host_key host;
};

struct mac_key {
	__u64 mac;
	__u32 vlans, unused;
};

struct config {
	__u64 limit_ns;   /* a heartbeat older than that is none */
	__u32 bypass;     /* everything passes */
	__u32 quarantine; /* somebody is in quarantine */
	__u32 reports;    /* reports of each kind and CPU in a tenth of a second */
	__u32 unused;
};

struct held_key {
	__u64 value; /* a place, or a MAC */
	__u32 generation, is_mac;
};

struct held { __u32 rule; };

struct count_key {
	__u32 rule, generation;
	__u16 reason;
	__u8 verdict, unused;
};

struct count { __u64 frames, bytes; };

enum { TOTAL_INSIDE, TOTAL_OUTSIDE, TOTAL_UNCOUNTED, TOTAL_UNREPORTED, TOTALS };

struct flow {
	__u32 src[4], dst[4]; /* client, server */
	__u32 domain;
	__u16 sport, dport;
};

struct stream { /* what the client of a connection sent */
	__u32 last, next; /* where its last message began and where the next one has to */
	__u64 seen_ns;
	__u32 asked, unused; /* not at the start of a message, for all we know */
};

#define SNIPPET 128
struct report {
	__u64 ns;
	__u32 rule, generation, length;
	__u16 reason, vlan;
	__u8 verdict, port, kept, tagged;
	__u32 unused;
	__u8 head[SNIPPET];
};

struct bucket { __u64 since; __u32 used, unused; };

/* ---- set once, when a policy's program is loaded ---- */

const volatile __u32 ports[2]; /* interfaces: inside, outside */
const volatile __u32 asks[2];  /* interfaces towards user space, for frames that came in inside, outside */
const volatile __u32 generation;
const volatile __u32 shape;

/* ---- maps that outlive a policy ---- */

struct { number(type, MAP_PROGRAMS); number(max_entries, 2); kind(key, __u32); kind(value, __u32); } programs SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_MMAPABLE); kind(key, __u32); kind(value, struct config); } config SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_MMAPABLE); kind(key, __u32); kind(value, __u64); } heartbeat SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 16384); kind(key, struct held_key); kind(value, struct held); } quarantine SEC(".maps");
struct { number(type, MAP_PERCPU_HASH); number(max_entries, 65536); kind(key, struct count_key); kind(value, struct count); } counts SEC(".maps");
struct { number(type, MAP_PERCPU_ARRAY); number(max_entries, TOTALS); kind(key, __u32); kind(value, struct count); } totals SEC(".maps");
struct { number(type, MAP_RINGBUF); number(max_entries, 1 << 20); } reports SEC(".maps");
struct { number(type, MAP_PERCPU_ARRAY); number(max_entries, 2); kind(key, __u32); kind(value, struct bucket); } buckets SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 65536); kind(key, struct flow); kind(value, struct stream); } streams SEC(".maps");
struct { number(type, MAP_LRU_HASH); number(max_entries, 65536); kind(key, struct flow); kind(value, __u64); } talks SEC(".maps");

/* ---- tables: of one policy; sizes are set by the loader ---- */

struct { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct host_key); kind(value, struct place); } hosts SEC(".maps");
struct { number(type, MAP_LPM); number(max_entries, 1); number(map_flags, F_NO_PREALLOC); kind(key, struct prefix_key); kind(value, struct place); } prefixes SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct mac_key); kind(value, struct place); } macs SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct pair_key); kind(value, __u32); } pair_of SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, 1); kind(key, __u32); kind(value, struct pair); } pairs SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct gate_key); kind(value, struct gate); } gates SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, 1); kind(key, __u32); kind(value, struct codes); } codes_of SEC(".maps");

/* ---- reading the headers ---- */

#define TYPE_IP4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IP6 0x86dd
#define ICMP 1
#define TCP 6
#define UDP 17
#define ICMP6 58
#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16
#define URG 32
#define MAX_TAGS 4       /* VLAN tags in a frame, beside the one a card stripped */
#define MAX_EXTENSIONS 6 /* headers between IPv6 and the transport */

struct frame {
	__u64 src_mac, dst_mac;
	__u32 src[4], dst[4];        /* network order; IPv4 is in the first */
	__u32 vlans;                 /* outer << 12 | inner */
	__u32 domain;                /* with the family, as in host_key; 0: no addresses */
	__u32 seq;
	__u32 payload, size;         /* where, and how many bytes */
	__u16 type;                  /* EtherType; 0: a length stands there */
	__u16 sport, dport;
	__u8 transport, flags;       /* flags of TCP; the type of ICMP */
	__u8 fragment, malformed, neighbour, unused;
};

struct ethernet { __u8 dst[6], src[6]; __u16 type; } __attribute__((packed));

inline_ __u64 mac_of(const __u8 *b)
{
	return (__u64)b[0] << 40 | (__u64)b[1] << 32 | (__u64)b[2] << 24 | (__u64)b[3] << 16 | (__u64)b[4] << 8 | b[5];
}

inline_ void add_tag(struct frame *f, __u32 vid)
{
	if (vid == 0) /* a priority tag names no VLAN */
		return;
	if (f->vlans == 0)
		f->vlans = vid << 12;
	else /* the outermost stays, the innermost replaces those between */
		f->vlans = (f->vlans & 0xfff000) | vid;
}

inline_ int is_tag(__u16 type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/* Gives where the network header begins. The tag that the card or the kernel
 * stripped is the outermost. */
inline_ __u32 read_link(struct __sk_buff *skb, struct frame *f)
{
	struct ethernet e;
	__u32 at = sizeof(e);

	if (load_bytes(skb, 0, &e, sizeof(e))) {
		f->malformed = 1;
		return 0;
	}
	f->dst_mac = mac_of(e.dst);
	f->src_mac = mac_of(e.src);
	f->type = swap16(e.type);
	if (skb->vlan_present)
		add_tag(f, skb->vlan_tci & 0xfff);
	for (int i = 0; i < MAX_TAGS; i++) {
		struct { __u16 tci, type; } tag;

		if (!is_tag(f->type))
			break;
		if (load_bytes(skb, at, &tag, sizeof(tag))) {
			f->malformed = 1;
			return 0;
		}
		add_tag(f, swap16(tag.tci) & 0xfff);
		f->type = swap16(tag.type);
		at += sizeof(tag);
	}
	if (is_tag(f->type))
		f->malformed = 1;
	if (f->type < 0x600)
		f->type = 0;
	return at;
}

inline_ __u32 domain_of(__u32 family, __u32 vlans) { return swap32(family << 24 | vlans); }

inline_ void read_tcp(struct __sk_buff *skb, struct frame *f, __u32 at, __u32 end)
{
	struct { __u16 sport, dport; __u32 seq, ack; __u8 offset, flags; __u16 window; __u32 rest; } h;
	__u32 size;

	if (at + sizeof(h) > end || load_bytes(skb, at, &h, sizeof(h))) {
		f->malformed = 1;
		return;
	}
	f->sport = swap16(h.sport);
	f->dport = swap16(h.dport);
	f->seq = swap32(h.seq);
	f->flags = h.flags;
	size = (h.offset >> 4) * 4;
	if (size < sizeof(h) || at + size > end) {
		f->malformed = 1;
		return;
	}
	f->payload = at + size;
	f->size = end - f->payload;
}

inline_ void read_udp(struct __sk_buff *skb, struct frame *f, __u32 at, __u32 end)
{
	struct { __u16 sport, dport, length, sum; } h;
	__u32 length;

	if (at + sizeof(h) > end || load_bytes(skb, at, &h, sizeof(h))) {
		f->malformed = 1;
		return;
	}
	f->sport = swap16(h.sport);
	f->dport = swap16(h.dport);
	length = swap16(h.length);
	if (length < sizeof(h) || at + length > end) {
		f->malformed = 1;
		return;
	}
	f->payload = at + sizeof(h);
	f->size = length - sizeof(h);
}

inline_ void read_transport(struct __sk_buff *skb, struct frame *f, __u32 at, __u32 end)
{
	if (f->fragment || f->malformed)
		return;
	switch (f->transport) {
	case TCP:
		read_tcp(skb, f, at, end);
		break;
	case UDP:
		read_udp(skb, f, at, end);
		break;
	case ICMP:
	case ICMP6:
		if (at + 4 > end || load_bytes(skb, at, &f->flags, 1))
			f->malformed = 1;
	}
}

inline_ void read_ip4(struct __sk_buff *skb, struct frame *f, __u32 at)
{
	struct { __u8 first, tos; __u16 total, id, fragment; __u8 ttl, transport; __u16 sum; __u32 src, dst; } h;
	__u32 header, total;

	if (load_bytes(skb, at, &h, sizeof(h)) || h.first >> 4 != 4) {
		f->malformed = 1;
		return;
	}
	f->src[0] = h.src;
	f->dst[0] = h.dst;
	f->domain = domain_of(4, f->vlans);
	f->transport = h.transport;
	header = (h.first & 15) * 4;
	total = swap16(h.total);
	if (header < sizeof(h) || total < header || at + total > skb->len)
		f->malformed = 1;
	f->fragment = (h.fragment & swap16(0x3fff)) != 0;
	read_transport(skb, f, at + header, at + total);
}

/* Walks over the headers between IPv6 and the transport; gives where that begins. */
inline_ __u32 read_extensions(struct __sk_buff *skb, struct frame *f, __u32 at, __u32 end)
{
	for (int i = 0; i <= MAX_EXTENSIONS; i++) {
		struct { __u8 next, length; __u16 fragment; } h;
		__u8 t = f->transport;

		if (t != 0 && t != 43 && t != 44 && t != 51 && t != 60)
			return at;
		if (i == MAX_EXTENSIONS || at + 8 > end || load_bytes(skb, at, &h, sizeof(h)))
			break;
		f->transport = h.next;
		if (t == 44) {
			at += 8;
			if (h.fragment & swap16(0xfff9)) {
				f->fragment = 1;
				return at;
			}
		} else if (t == 51) {
			at += (h.length + 2) * 4;
		} else {
			at += (h.length + 1) * 8;
		}
		if (at > end)
			break;
	}
	f->malformed = 1;
	return at;
}

inline_ void read_ip6(struct __sk_buff *skb, struct frame *f, __u32 at)
{
	struct { __u32 first; __u16 length; __u8 next, hops; __u32 src[4], dst[4]; } h;
	__u32 end;

	if (load_bytes(skb, at, &h, sizeof(h)) || (h.first & 0xf0) != 0x60) {
		f->malformed = 1;
		return;
	}
	__builtin_memcpy(f->src, h.src, sizeof(h.src));
	__builtin_memcpy(f->dst, h.dst, sizeof(h.dst));
	f->domain = domain_of(6, f->vlans);
	f->transport = h.next;
	at += sizeof(h);
	end = at + swap16(h.length);
	if (end > skb->len) {
		f->malformed = 1;
		return;
	}
	at = read_extensions(skb, f, at, end);
	read_transport(skb, f, at, end);
	/* A hop limit of 255 proves that a neighbour sent it (RFC 4861, 6.1). */
	if (f->transport == ICMP6 && !f->malformed && !f->fragment && f->flags >= 133 && f->flags <= 137 && h.hops == 255)
		f->neighbour = 1;
}

inline_ void read_arp(struct __sk_buff *skb, struct frame *f, __u32 at)
{
	struct { __u16 hardware, type; __u8 sizes[2]; __u16 op; __u8 smac[6], sip[4], tmac[6], tip[4]; } __attribute__((packed)) h;

	f->neighbour = 1;
	if (load_bytes(skb, at, &h, sizeof(h)) || h.type != swap16(TYPE_IP4) || h.sizes[1] != 4)
		return;
	__builtin_memcpy(f->src, h.sip, 4);
	__builtin_memcpy(f->dst, h.tip, 4);
	f->domain = domain_of(4, f->vlans);
}

inline_ void read_frame(struct __sk_buff *skb, struct frame *f)
{
	__u32 at = read_link(skb, f);

	if (f->malformed)
		return;
	if (f->type == TYPE_IP4)
		read_ip4(skb, f, at);
	else if (f->type == TYPE_IP6)
		read_ip6(skb, f, at);
	else if (f->type == TYPE_ARP)
		read_arp(skb, f, at);
}

/* What keeps a link alive belongs to the link and not to a device. An address of
 * the link must not open a way for IP: a host takes IP sent to a group address. */
inline_ int keeps_link(const struct frame *f)
{
	switch (f->type) {
	case TYPE_IP4:
	case TYPE_IP6:
	case TYPE_ARP:
		return 0;
	case 0x88cc: /* LLDP */
	case 0x88e3: /* MRP */
	case 0x88f7: /* PTP */
	case 0x88fb: /* PRP, HSR supervision */
	case 0x888e: /* EAPOL */
		return 1;
	}
	return (f->dst_mac & ~0xfULL) == 0x0180c2000000ULL;
}

/* ---- who talks to whom ---- */

/* A place that is known for this VLAN goes before one for any, at equal length. */
inline_ struct place *find_host(const struct frame *f, const __u32 *addr)
{
	struct host_key k = {.domain = f->domain};
	struct place *p;

	__builtin_memcpy(k.addr, addr, sizeof(k.addr));
	if (shape & SHAPE_VLANS) {
		p = lookup(&hosts, &k);
		if (p)
			return p;
	}
	k.domain |= swap32(ANY_VLAN);
	return lookup(&hosts, &k);
}

inline_ struct place *find_prefix(const struct frame *f, const __u32 *addr)
{
	struct prefix_key k = {.bits = 160, .host = {.domain = f->domain}};
	struct place *here = 0, *any;

	__builtin_memcpy(k.host.addr, addr, sizeof(k.host.addr));
	if (shape & SHAPE_VLANS)
		here = lookup(&prefixes, &k);
	k.host.domain |= swap32(ANY_VLAN);
	any = lookup(&prefixes, &k);
	if (here && (!any || here->bits >= any->bits))
		return here;
	return any;
}

inline_ struct place *find_mac(const struct frame *f, __u64 mac)
{
	struct mac_key k = {.mac = mac, .vlans = f->vlans};
	struct place *p;

	if (shape & SHAPE_VLANS) {
		p = lookup(&macs, &k);
		if (p)
			return p;
	}
	k.vlans = ANY_VLAN;
	return lookup(&macs, &k);
}

inline_ void find_place(const struct frame *f, const __u32 *addr, __u64 mac, struct place *to)
{
	struct place *p = 0;

	if (f->domain && shape & SHAPE_HOSTS)
		p = find_host(f, addr);
	/* A host that is known by its MAC alone is known by it in IP frames too. */
	if (!p && shape & SHAPE_MACS && (!f->domain || shape & SHAPE_BARE_MACS)) {
		p = find_mac(f, mac);
		if (p && f->domain && !p->bare)
			p = 0;
	}
	if (!p && f->domain && shape & SHAPE_PREFIXES)
		p = find_prefix(f, addr);
	if (p)
		*to = *p;
}

inline_ __u32 find_pair(const struct place *client, const struct place *server)
{
	struct pair_key k = {client->place, server->place};
	__u32 *id = lookup(&pair_of, &k);

	if (id)
		return *id;
	if (client->place == client->zone && server->place == server->zone)
		return 0;
	k.client = client->zone;
	k.server = server->zone;
	id = lookup(&pair_of, &k);
	return id ? *id : 0;
}

/* ---- what holds for them ---- */

struct decision {
	struct gate gate; /* action is the verdict: PASS, DROP, RESET or ASK */
	__u32 code;       /* Modbus function code + 1, where the floor is by codes */
};

/* A pair that is not there cannot be: if it is, nothing passes and the counter says why. */
inline_ void no_gate(struct gate *g)
{
	*g = (struct gate){.action = DROP, .floor = FLOOR_DROP, .reason = REASON_BROKEN};
}

/* Reads the gate of a pair for a port; tells whether it is of that very port. */
inline_ int find_gate(__u32 pair, __u8 transport, __u16 port, struct gate *to)
{
	struct gate_key k = {.pair = pair, .port = port, .transport = transport};
	struct gate *g = lookup(&gates, &k);
	struct pair *p;

	if (g) {
		*to = *g;
		return 1;
	}
	p = lookup(&pairs, &pair);
	if (p)
		*to = transport == ETHERTYPE ? p->frames : p->otherwise;
	else
		no_gate(to);
	return 0;
}

inline_ int stops(const struct gate *g) { return g->action == DROP || g->action == RESET; }

inline_ void flow_of(const struct frame *f, int back, struct flow *to)
{
	__builtin_memcpy(to->src, back ? f->dst : f->src, sizeof(to->src));
	__builtin_memcpy(to->dst, back ? f->src : f->dst, sizeof(to->dst));
	to->domain = f->domain;
	to->sport = back ? f->dport : f->sport;
	to->dport = back ? f->sport : f->dport;
}

/* The function code of a request that lies in this frame whole and alone, plus
 * one; 0 where it is anything else. */
inline_ __u32 modbus_code(struct __sk_buff *skb, const struct frame *f)
{
	struct { __u16 transaction, protocol, length; __u8 unit, code; } __attribute__((packed)) h;

	if (f->size < sizeof(h) || f->size > 260 || load_bytes(skb, f->payload, &h, sizeof(h)))
		return 0;
	if (h.protocol != 0 || swap16(h.length) + 6U != f->size)
		return 0;
	return h.code + 1U;
}

inline_ struct code *find_code(const struct gate *g, __u32 code)
{
	__u32 k = g->codes;
	struct codes *c = lookup(&codes_of, &k);

	if (!c || code == 0)
		return 0;
	return &c->of[(code - 1) & 0xff];
}

inline_ void ask(struct decision *d, __u16 reason)
{
	d->gate.action = ASK;
	d->gate.reason = reason;
}

/* Whether a message may be judged alone hangs on the bytes before it: what looks
 * like a request may be the middle of another one. So a message is only believed
 * where the last one ended, in a connection seen from its first byte; and after
 * anything else the connection is asked about until user space knows where it is. */
inline_ int in_step(const struct frame *f, __u32 code, struct flow *k, struct stream **found)
{
	struct stream *s;

	if (f->flags & (SYN | URG)) /* bytes in a SYN; bytes that the receiver takes out of the stream */
		return 0;
	s = lookup(&streams, k);
	*found = s;
	if (!s || s->asked)
		return 0;
	if (code && f->seq == s->next)
		return 1;
	/* The same once more: another length would move what follows. */
	return code && f->seq == s->last && f->seq + f->size == s->next;
}

/* A segment without bytes says nothing, but where a connection begins and ends. */
inline_ void bare_segment(const struct frame *f, struct flow *k)
{
	if (f->flags & SYN) {
		struct stream s = {.last = f->seq + 1, .next = f->seq + 1, .seen_ns = now_ns()};

		/* Where there is no room the connection is asked about. */
		update(&streams, k, &s, UPDATE_ANY);
	} else if (f->flags & (FIN | RST)) {
		delete(&streams, k);
	}
}

inline_ void by_code(struct __sk_buff *skb, const struct frame *f, struct decision *d)
{
	struct stream *s = 0;
	struct flow k = {};
	struct code *c;

	if (f->transport == TCP) {
		flow_of(f, 0, &k);
		if (f->size == 0) {
			bare_segment(f, &k);
			d->gate.action = PASS;
			return;
		}
	}
	d->code = modbus_code(skb, f);
	if (f->transport == TCP && !in_step(f, d->code, &k, &s)) {
		if (s)
			s->asked = 1;
		ask(d, REASON_STREAM);
		return;
	}
	c = find_code(&d->gate, d->code);
	if (!c) {
		ask(d, d->gate.reason);
		return;
	}
	d->gate.action = c->action;
	d->gate.reason = c->reason;
	d->gate.rule = c->rule;
	/* Dropped bytes come again. What is asked about is passed whole or not at all. */
	if (s && c->action != DROP && f->seq == s->next) {
		s->last = s->next;
		s->next += f->size;
		s->seen_ns = now_ns();
	}
}

inline_ void as_request(struct __sk_buff *skb, const struct frame *f, struct decision *d)
{
	if (d->gate.action == CODES) {
		by_code(skb, f, d);
	} else if (d->gate.action == ASK && d->gate.floor == FLOOR_CODES) {
		d->code = modbus_code(skb, f);
		if (f->transport == TCP && f->size == 0)
			d->gate.floor = FLOOR_PASS;
	} else if (d->gate.action == RESET && f->transport != TCP) {
		d->gate.action = DROP;
	}
}

inline_ void as_answer(const struct frame *f, struct decision *d)
{
	if (d->gate.action == CODES)
		d->gate.action = PASS;
	else if (d->gate.action == ASK && d->gate.floor == FLOOR_CODES)
		d->gate.floor = FLOOR_PASS;
	else if (d->gate.action == RESET && f->transport != TCP)
		d->gate.action = DROP;
}

/* Answers of UDP are known by the request that went before. */
#define TALK_NS 60000000000ULL

inline_ void remember_talk(const struct frame *f)
{
	struct flow k = {};
	__u64 now = now_ns(), *seen;

	flow_of(f, 0, &k);
	seen = lookup(&talks, &k);
	if (seen)
		*seen = now;
	else
		update(&talks, &k, &now, UPDATE_ANY);
}

inline_ int was_asked_for(const struct frame *f)
{
	struct flow k = {};
	__u64 *seen;

	flow_of(f, 1, &k);
	seen = lookup(&talks, &k);
	return seen && now_ns() - *seen < TALK_NS;
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
 * d->gate is that of a request, back that of an answer. A connection of TCP cannot
 * have begun by a gate that stops, so the other one is meant; of two that let it
 * pass the stricter holds, or a client would choose by its own port number. */
inline_ int answer_holds(const struct frame *f, struct decision *d, int exact, const struct gate *back, int exact_back)
{
	if (stops(&d->gate)) {
		if (stops(back))
			return 0;
		if (f->transport == TCP || (f->transport == UDP && was_asked_for(f)))
			return 1;
		/* It may be an answer; nobody here knows. */
		if (d->gate.floor == FLOOR_CODES)
			d->gate.floor = FLOOR_DROP;
		ask(d, REASON_UNSURE);
		return 0;
	}
	if (stops(back)) {
		if (f->transport == UDP)
			remember_talk(f);
		return 0;
	}
	if (d->gate.action == PASS)
		return back->action == ASK || (exact_back && !exact);
	return 0;
}

inline_ void judge_ports(struct __sk_buff *skb, const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d, int held)
{
	int exact, exact_back, answer, way = direction(f);
	struct gate back;

	exact = find_gate(pair, f->transport, f->dport, &d->gate);
	exact_back = find_gate(pair_back, f->transport, f->sport, &back);
	if ((d->gate.flags | back.flags) & GATE_SAFETY) {
		if (!(d->gate.flags & GATE_SAFETY))
			d->gate = back;
		d->gate.action = PASS;
		return;
	}
	if (held) /* nothing but safety passes, and nothing is remembered */
		return;
	answer = way == SENDER_ANSWERS;
	if (way == EITHER)
		answer = answer_holds(f, d, exact, &back, exact_back);
	if (answer) {
		d->gate = back;
		as_answer(f, d);
	} else {
		as_request(skb, f, d);
	}
}

/* A frame of which ports are not known, or not to be believed, goes by its pair. */
inline_ void judge_pair(const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d)
{
	__u16 reason = f->malformed ? REASON_MALFORMED : REASON_FRAGMENT;
	struct pair *p = lookup(&pairs, &pair), *back = lookup(&pairs, &pair_back);

	if (!p || !back) {
		no_gate(&d->gate);
		return;
	}
	d->gate = p->otherwise;
	if (d->gate.action == RESET)
		d->gate.action = DROP;
	if (f->malformed && stops(&d->gate)) {
		d->gate.reason = reason;
		return;
	}
	if (d->gate.floor == FLOOR_CODES)
		d->gate.floor = FLOOR_DROP;
	if ((p->flags | back->flags) & PAIR_PORTS || stops(&d->gate) != stops(&back->otherwise) ||
	    d->gate.action == ASK || back->otherwise.action == ASK)
		ask(d, reason);
}

/* Frames without IP are never asked about. What may pass one way may pass the
 * other: cyclic traffic has no client. */
inline_ void judge_type(const struct frame *f, __u32 pair, __u32 pair_back, struct decision *d)
{
	struct gate back;

	if (shape & SHAPE_SAFE_TYPES && find_gate(ANY_PAIR, ETHERTYPE, f->type, &d->gate))
		return;
	find_gate(pair, ETHERTYPE, f->type, &d->gate);
	find_gate(pair_back, ETHERTYPE, f->type, &back);
	if (back.flags & GATE_SAFETY || (stops(&d->gate) && back.action == PASS))
		d->gate = back;
	if (d->gate.action != PASS)
		d->gate.action = DROP;
	if (f->malformed && d->gate.action == DROP)
		d->gate.reason = REASON_MALFORMED;
}

inline_ struct held *held_place(__u32 place)
{
	struct held_key k = {.value = place, .generation = generation};

	return place ? lookup(&quarantine, &k) : 0;
}

inline_ struct held *held_mac(__u64 mac)
{
	struct held_key k = {.value = mac, .is_mac = 1};

	return lookup(&quarantine, &k);
}

inline_ struct held *find_held(const struct frame *f, const struct place *src, const struct place *dst)
{
	struct held *h = held_place(src->place);

	if (!h)
		h = held_place(dst->place);
	if (!h)
		h = held_place(src->zone);
	if (!h)
		h = held_place(dst->zone);
	if (!h)
		h = held_mac(f->src_mac);
	if (!h)
		h = held_mac(f->dst_mac);
	return h;
}

inline_ void judge_between(struct __sk_buff *skb, const struct frame *f, const struct place *src, const struct place *dst,
			   struct decision *d, int held)
{
	__u32 pair, pair_back;

	if (f->neighbour) {
		d->gate = (struct gate){.action = PASS, .reason = REASON_NEIGHBOUR};
		return;
	}
	pair = find_pair(src, dst);
	pair_back = find_pair(dst, src);
	if (!f->domain && !(f->malformed && (f->type == TYPE_IP4 || f->type == TYPE_IP6)))
		judge_type(f, pair, pair_back, d);
	else if (f->malformed || f->fragment)
		judge_pair(f, pair, pair_back, d);
	else
		judge_ports(skb, f, pair, pair_back, d, held);
}

apart int judge(struct __sk_buff *skb, struct config *c, struct decision *d)
{
	struct place src = {}, dst = {};
	struct held *h = 0;
	struct frame f = {};

	if (!c || !d)
		return 0;
	read_frame(skb, &f);
	if (keeps_link(&f)) {
		d->gate = (struct gate){.action = PASS, .reason = REASON_LINK};
		return 0;
	}
	find_place(&f, f.src, f.src_mac, &src);
	find_place(&f, f.dst, f.dst_mac, &dst);
	if (c->quarantine)
		h = find_held(&f, &src, &dst);
	judge_between(skb, &f, &src, &dst, d, h != 0);
	if (h && !(d->gate.flags & GATE_SAFETY))
		d->gate = (struct gate){.action = DROP, .reason = REASON_QUARANTINE, .rule = h->rule};
	return 0;
}

/* ---- when nobody answers ---- */

inline_ int nobody_answers(const struct config *c)
{
	__u32 zero = 0;
	volatile __u64 *beat = lookup(&heartbeat, &zero);

	return !beat || (__s64)(now_ns() - *beat) > (__s64)c->limit_ns;
}

/* Without user space a request by codes is judged by its code alone, whatever came
 * before in its connection: cutting all connections that are older than the
 * gateway would be worse. */
inline_ __u8 floor_of(const struct decision *d)
{
	struct code *c;

	if (d->gate.floor != FLOOR_CODES)
		return d->gate.floor == FLOOR_PASS ? PASS : DROP;
	c = find_code(&d->gate, d->code);
	if (!c)
		return DROP;
	if (c->action == ASK)
		return c->floor == FLOOR_PASS ? PASS : DROP;
	return c->action;
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

inline_ void count_verdict(const struct gate *g, __u32 bytes)
{
	struct count_key k = {.rule = g->rule, .generation = generation, .reason = g->reason, .verdict = g->action};
	struct count *n = lookup(&counts, &k), first = {.frames = 1, .bytes = bytes};

	if (n) {
		n->frames++;
		n->bytes += bytes;
	} else if (update(&counts, &k, &first, UPDATE_ANY)) {
		count_total(TOTAL_UNCOUNTED, bytes);
	}
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

inline_ void report(struct __sk_buff *skb, const struct config *c, const struct gate *g, __u8 port)
{
	__u64 now = now_ns();
	struct report *r = 0;
	__u32 keep = skb->len;

	if (may_report(c, g->action == RESET, now))
		r = ring_reserve(&reports, sizeof(*r), 0);
	if (!r) {
		count_total(TOTAL_UNREPORTED, skb->len);
		return;
	}
	if (keep > SNIPPET)
		keep = SNIPPET;
	r->ns = now;
	r->rule = g->rule;
	r->generation = generation;
	r->length = skb->len;
	r->reason = g->reason;
	r->vlan = skb->vlan_tci;
	r->tagged = skb->vlan_present != 0;
	r->verdict = g->action;
	r->port = port;
	r->unused = 0;
	/* At least an Ethernet header is there; the bound is for the verifier. */
	if (keep < 14 || load_bytes(skb, 0, r->head, keep))
		keep = 0;
	r->kept = keep;
	ring_submit(r, 0);
}

/* ---- the programs ---- */

/* Stands at the ports for good; the policy's program behind it is changed for both
 * ports at once. Without one nothing passes: that is only so before the first. */
SEC("tc") int at_port(struct __sk_buff *skb)
{
	tail_call(skb, &programs, 0);
	return ANSWER_DROP;
}

SEC("tc") int forward(struct __sk_buff *skb)
{
	__u8 port = skb->ifindex == ports[0] ? 0 : 1;
	__u32 bytes = skb->len, zero = 0;
	struct config *c = lookup(&config, &zero);
	struct decision d = {};

	if (!c)
		return ANSWER_DROP;
	if (skb->vlan_present)
		bytes += 4;
	count_total(port, bytes);
	if (c->bypass)
		d.gate.reason = REASON_BYPASS;
	else
		judge(skb, c, &d);
	if (d.gate.action == ASK && nobody_answers(c)) {
		d.gate.action = floor_of(&d);
		d.gate.reason = REASON_STALE;
	}
	count_verdict(&d.gate, bytes);
	if (d.gate.action == PASS)
		return redirect(ports[!port], 0);
	if (d.gate.action == ASK)
		return redirect(asks[port], 0);
	report(skb, c, &d.gate, port);
	return ANSWER_DROP;
}

/* Says in cb what would be decided, for BPF_PROG_RUN. */
SEC("tc") int probe(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct config *c = lookup(&config, &zero);
	struct decision d = {};

	if (!c)
		return ANSWER_DROP;
	judge(skb, c, &d);
	skb->cb[0] = d.gate.action;
	skb->cb[1] = d.gate.reason;
	skb->cb[2] = d.gate.rule;
	skb->cb[3] = d.gate.floor;
	skb->cb[4] = floor_of(&d);
	return ANSWER_OK;
}

char license_[] SEC("license") = "Apache-2.0"; /* nothing here is for GPL programs only */
