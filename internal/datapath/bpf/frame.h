/* Reading a frame's headers. What cannot be read is malformed and says no more; it
 * is not judged here. */
#pragma once

#define TYPE_IP4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IP6 0x86dd
#define TYPE_SUPERVISION 0x88fb
#define TYPE_HSR 0x892f
#define ICMP 1
#define TCP 6
#define UDP 17
#define ICMP6 58
#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16
#define URG 32
#define SOURCE 6         /* where the sender's address stands in a frame */
#define GROUP 1          /* in the first byte of an address: it is a group's */
#define MAX_TAGS 4       /* VLAN tags in a frame, beside the one a card stripped */
#define SNAP 8           /* bytes of LLC and SNAP: three of LLC, three of an organization, a type */
#define MAX_EXTENSIONS 6 /* headers between IPv6 and the transport */
#define MAX_OPTIONS 40   /* of IPv4: there are no more bytes for them */
#define OPTION_END 0
#define OPTION_NONE 1
#define LOOSE_ROUTE 131
#define STRICT_ROUTE 137

struct frame {
	__u64 src_mac, dst_mac;
	__u32 src[4], dst[4];        /* network order; IPv4 is in the first */
	__u32 vlans;                 /* outer << 12 | inner */
	__u32 domain;                /* with the family, as in host_key; 0: no addresses */
	__u32 slot, shape;           /* of the tables that hold for this frame */
	__u32 port;                  /* where it came in */
	__u32 seq, ack;
	__u32 payload, size;         /* where, and how many bytes */
	__u32 network, segment;      /* where the headers of IP and TCP begin */
	__u16 type;                  /* EtherType; 0: a length stands there */
	__u16 sport, dport;
	__u8 transport, flags;       /* flags of TCP; the type of ICMP */
	__u8 fragment, malformed, neighbour;
	__u8 routed;                 /* it goes on to another host from where it is sent to */
	__u8 astray;                 /* PAIR_TELLS or PAIR_STOPS: it came in at the other port than its sender is at */
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

/* What stands behind a length: SNAP has a type there (RFC 1042), and who takes it takes IP in
 * it as in any frame. So it is between the same two ends, but whoever judges content does not
 * look for it there: as with a part of a packet its ports are not known. */
inline_ __u32 read_snap(struct __sk_buff *skb, struct frame *f, __u32 at, struct ethernet *room)
{
	__u32 length = f->type, type;

	f->type = 0;
	if (length < SNAP || load_bytes(skb, at, room, SNAP) || mac_of(room->dst) != 0xaaaa03000000ULL)
		return at;
	type = room->src[0] << 8 | room->src[1];
	if (type < 0x600 || is_tag(type))
		return at;
	f->type = type;
	f->fragment = 1;
	return at + SNAP;
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
	if (f->type == TYPE_HSR && !load_bytes(skb, at, &e, 6) && e.dst[4] == TYPE_SUPERVISION >> 8 && e.dst[5] == (TYPE_SUPERVISION & 0xff))
		f->type = TYPE_SUPERVISION; /* behind a tag, as all is in a ring of HSR; what else is there goes by the tag's type */
	return f->type < 0x600 ? read_snap(skb, f, at, &e) : at;
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
	f->ack = swap32(h.ack);
	f->flags = h.flags;
	size = (h.offset >> 4) * 4;
	if (size < sizeof(h) || at + size > end) {
		f->malformed = 1;
		return;
	}
	f->segment = at;
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
	if (length < sizeof(h) || at + length != end) { /* receivers differ in which of two lengths they go by */
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

/* Tells whether options of IPv4 name a host that the packet has yet to go to (RFC 791, 3.1: loose
 * and strict source routes, with something left behind their pointer). at is where options begin. */
inline_ int source_routed(struct __sk_buff *skb, __u32 at, __u32 end)
{
	for (int i = 0; i < MAX_OPTIONS; i++) {
		__u8 option[3] = {};

		if (at >= end || load_bytes(skb, at, option, 1) || option[0] == OPTION_END)
			return 0;
		if (option[0] == OPTION_NONE) {
			at++;
			continue;
		}
		if (at + 2 > end || load_bytes(skb, at, option, 2) || option[1] < 2)
			return 0;
		if ((option[0] == LOOSE_ROUTE || option[0] == STRICT_ROUTE) && at + 3 <= end && !load_bytes(skb, at, option, 3) && option[2] <= option[1])
			return 1;
		at += option[1];
	}
	return 0;
}

inline_ void read_ip4(struct __sk_buff *skb, struct frame *f, __u32 at)
{
	struct { __u8 first, tos; __u16 total, id, fragment; __u8 ttl, transport; __u16 sum; __u32 src, dst; } h;
	__u32 header, total;

	if (load_bytes(skb, at, &h, sizeof(h)) || h.first >> 4 != 4) {
		f->malformed = 1;
		return;
	}
	f->network = at;
	f->src[0] = h.src;
	f->dst[0] = h.dst;
	f->domain = domain_of(4, f->vlans);
	f->transport = h.transport;
	header = (h.first & 15) * 4;
	total = swap16(h.total);
	if (header < sizeof(h) || total < header || at + total > skb->len)
		f->malformed = 1;
	f->fragment |= (h.fragment & swap16(0x3fff)) != 0;
	if (header > sizeof(h) && source_routed(skb, at + sizeof(h), at + header))
		f->routed = f->fragment = 1;
	read_transport(skb, f, at + header, at + total);
	/* Who belongs to a group (IGMP, RFC 9776): switches listen in, and so does nobody behind a router. */
	if (h.transport == 2 && h.ttl == 1 && (h.dst & swap32(0xf0000000)) == swap32(0xe0000000) && !f->malformed && !f->fragment)
		f->neighbour = 1;
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
		if (t == 43 && swap16(h.fragment) & 0xff) { /* segments left (RFC 8200, 4.4) */
			f->routed = f->fragment = 1;
			return at;
		}
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

/* An address of IPv4 in one of IPv6 (::ffff:0:0/96; mapped of package packet): it must not be on the wire (RFC 4942, 2.2),
 * for who takes it takes it for IPv4. */
inline_ int is_mapped(const __u32 *a) { return a[0] == 0 && a[1] == 0 && a[2] == swap32(0xffff); }

inline_ void read_ip6(struct __sk_buff *skb, struct frame *f, __u32 at)
{
	struct { __u32 first; __u16 length; __u8 next, hops; } h;
	__u32 end;

	/* The addresses lie in a frame as they do in a packet. */
	if (load_bytes(skb, at, &h, sizeof(h)) || (h.first & 0xf0) != 0x60 || load_bytes(skb, at + sizeof(h), f->src, sizeof(f->src) + sizeof(f->dst))) {
		f->malformed = 1;
		return;
	}
	if (is_mapped(f->src) || is_mapped(f->dst)) { /* whose they are is not asked */
		f->malformed = 1;
		return;
	}
	f->network = at;
	f->domain = domain_of(6, f->vlans);
	f->transport = h.next;
	at += sizeof(h) + sizeof(f->src) + sizeof(f->dst);
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
	/* The same of IPv6 (MLD, RFC 9777). */
	if (f->transport == ICMP6 && !f->malformed && !f->fragment && ((f->flags >= 130 && f->flags <= 132) || f->flags == 143) && h.hops == 1 &&
	    (f->dst[0] & swap32(0xff000000)) == swap32(0xff000000))
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

proven int read_frame(struct __sk_buff *skb, struct frame *f)
{
	__u32 at;

	if (!f)
		return 0;
	at = read_link(skb, f);
	if (f->malformed)
		return 0;
	if (f->type == TYPE_IP4)
		read_ip4(skb, f, at);
	else if (f->type == TYPE_IP6)
		read_ip6(skb, f, at);
	else if (f->type == TYPE_ARP)
		read_arp(skb, f, at);
	return 0;
}

/* Types in which bridges speak to each other (toBridges of package inline has the same). Others are of devices whatever
 * address they go to: a device of EtherCAT takes what comes. */
inline_ int of_bridges(__u16 type)
{
	switch (type) {
	case 0:      /* a length: spanning tree, and Cisco's */
	case 0x22ea: /* MSRP */
	case 0x8808: /* pauses */
	case 0x8809: /* LACP, OAM */
	case 0x88f5: /* MVRP */
	case 0x88f6: /* MMRP */
	case 0x8902: /* CFM, rings of G.8032 */
	case 0x8940: /* ECP */
		return 1;
	}
	return 0;
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
	case 0x888e: /* EAPOL */
	case 0x80e1: /* DLR, the ring of EtherNet/IP */
		return 1;
	}
	/* Supervision of PRP and HSR, to a group of its own (IEC 62439-3, 4.3): the first edition of HSR tags its data with that type too. */
	if (f->type == TYPE_SUPERVISION && (f->dst_mac & ~0xffULL) == 0x01154e000100ULL)
		return 1;
	/* Of bridges; of Cisco's (CDP, VTP, DTP, UDLD) and their spanning tree for each VLAN. */
	return of_bridges(f->type) && ((f->dst_mac & ~0xfULL) == 0x0180c2000000ULL || (f->dst_mac & ~1ULL) == 0x01000cccccccULL);
}
