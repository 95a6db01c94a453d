/* What user space shares with the program: maps and what is in them. The other
 * half is layout_linux.go. */
#pragma once

enum { PASS, DROP, RESET, ASK, CODES, WOULD };    /* Action; WOULD, of a verdict alone: it passes, and is told as what would be dropped */
enum { FLOOR_PASS, FLOOR_DROP, FLOOR_CODES, FLOOR_RESET }; /* Floor */
enum { GATE_SAFETY = 1, GATE_MUTE = 2, GATE_ENFORCES = 4, GATE_TOLD = 8 }; /* gate.flags; MUTE: nothing is judged by answers; TOLD: what passes is told */
enum { /* pair.flags: a port of it is not simply passed; nor while nobody answers; whose word on what is astray counts; what that is */
	PAIR_PORTS = 1, PAIR_DROPS = 2, PAIR_JOINED = 4, PAIR_TELLS = 8, PAIR_STOPS = 16,
};
enum { /* place.flags: its MAC alone makes it; the port that it is at; its ARP passes at the other one too */
	PLACE_BARE = 1, PLACE_INSIDE = 2, PLACE_OUTSIDE = 4, PLACE_SPARED = 8,
};

enum { /* reasons of our own; below are those of the tables */
	REASON_LINK = 0xff00, REASON_NEIGHBOUR, REASON_QUARANTINE, REASON_MALFORMED, REASON_FRAGMENT,
	REASON_UNSURE, REASON_STREAM, REASON_STALE, REASON_BYPASS, REASON_BROKEN, REASON_SHED, REASON_ROUTED,
	REASON_UNSAID,
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
	__u32 conduit; /* of the caller's, + 1; 0 is none */
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

#define NEVERS 64 /* of a code table */

struct never { /* requests that pass though their code alone would not, while nobody judges */
	__u32 codes; /* a bit for each function code; 0: no more follow */
	__u32 rule;
	__u16 reason;
	__u16 from, to;  /* addresses: all elements lie between */
	__u16 low, high; /* what functions 5 and 6 write; a coil is 0 or 1 */
	__u8 has_unit, unit;
};

struct nevers { struct never of[NEVERS]; };

struct place { __u32 place, zone, bits, flags; };

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
	__u32 active;     /* the slot of the tables in force */
	__u32 shedding;   /* somebody is not asked about */
	__u32 turn;       /* of what is lost: that of earlier ones is being read */
	struct { __u32 generation, shape; } slots[2];
};

struct held_key {
	__u64 value; /* a place, or a MAC */
	__u32 generation, is_mac;
};

struct held { __u32 rule; };

struct unasked_key { /* nobody is asked about: a conduit, an end in it, or an end anywhere */
	__u32 conduit, generation; /* 0, 0: anywhere */
	__u32 addr[4];             /* 0: all of the conduit */
};

struct count_key {
	__u32 rule, generation;
	__u16 reason;
	__u8 verdict, unused;
};

struct count { __u64 frames, bytes; };

enum { TOTAL_INSIDE, TOTAL_OUTSIDE, TOTAL_UNCOUNTED, TOTAL_UNREPORTED, TOTAL_UNPAIRED, TOTALS };

#define LOSSES 16384 /* pairs of two turns whose drops are told apart */

struct lost_key { /* who lost frames to what, in a turn */
	__u32 client[4], server[4]; /* a MAC lies in the first two where the family is 0 */
	__u32 domain;               /* family and VLANs, as in host_key */
	__u32 rule, generation, turn;
	__u16 reason, port;         /* port: the server's, or an EtherType */
	__u8 verdict, transport, in, unused;
};

struct lost {
	__u64 frames, bytes, first_ns, last_ns;
	__u64 client_mac, server_mac; /* of the first frame */
};

struct flow {
	__u32 src[4], dst[4]; /* client, server */
	__u32 domain;
	__u16 sport, dport;
	__u32 port; /* where the client's frames come in: nobody speaks for it from the other side */
};

/* Who may change a stream. The kernel and the worker take turns: each enters before it
 * looks at anything but flow and owner. A worker that dies inside leaves INSIDE behind. */
enum { FREE, KERNEL, BUSY, WORKER, INSIDE };

#define STREAMS 65536 /* a power of two */
#define WAYS 4        /* places in which one stream may lie */
#define SAID 48       /* bytes that are remembered of it */
#define REQUEST 12    /* bytes of a request that is judged here; the others are asked about */

struct stream { /* what the client of a connection sent */
	__u32 owner, epoch; /* epoch: pulse.epoch when it was last known to be right */
	struct flow flow;
	__u32 next;    /* the number of the byte that comes next */
	__u32 acked;   /* what the server said that it has */
	__u32 opening; /* where it would begin if the server takes the SYN that came last; opens says that one came */
	__u64 seen_ns;
	__u8 known;    /* next holds */
	__u8 partial;  /* and is within a message */
	__u8 closing;  /* somebody said that it ends */
	__u8 kept;     /* so many bytes of said, the last ones, stand before next */
	__u8 said[SAID];
	__u32 heard;   /* what the server said that it has, in answers that passed by the worker */
	__u8 hears;    /* the worker waits for answers: none passes by it */
	__u8 goes_on;  /* its client said something after the server took it */
	__u8 opens;
	__u8 answered; /* somebody saw its server take it: */
	__u32 answer;  /* the server's number then */
	__u32 first;   /* and where its client's bytes began */
	__u8 unseen;   /* its server took a connection while it was nobody's turn who could note it */
	__u8 passed;   /* something passed in the worker's turn, of which that does not know */
	__u8 unused[2];
};

struct pulse { /* what the program and user space tell each other all the time */
	__u64 beat;  /* when somebody last answered */
	__u64 seed;  /* of the places of streams */
	__u32 epoch; /* goes up when streams may have gone on unseen */
	__u32 core;  /* on which somebody was asked last */
	__u64 full;  /* when a stream found no place last, or lost it unfinished; 0 is never */
	/* Of user space alone, for whoever comes after one that died: */
	__u64 client[2]; /* whose frame it has in hand, 0 where it is not known yet */
	__u32 in_hand;
	__u32 judged; /* somebody wrote down where a stream is: what is not known by then nobody judged */
};

#define SNIPPET 128
struct report {
	__u64 ns;
	struct lost_key of;
	__u64 client_mac, server_mac;
	__u32 length;
	__u16 vlan, client_port;
	__u8 kept, tagged, unused[6];
	__u8 head[SNIPPET];
};

struct bucket { __u64 since; __u32 used, unused; };

/* ---- set once, when the program is loaded ---- */

const volatile __u32 ports[2]; /* interfaces: inside, outside */
const volatile __u32 asks[2];  /* interfaces towards user space, for frames that came in inside, outside */

/* ---- maps that outlive a policy ---- */

struct { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_MMAPABLE); kind(key, __u32); kind(value, struct config); } config SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_MMAPABLE); kind(key, __u32); kind(value, struct pulse); } heartbeat SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 16384); kind(key, struct held_key); kind(value, struct held); } quarantine SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, 4096); kind(key, struct unasked_key); kind(value, __u32); } unasked SEC(".maps");
struct { number(type, MAP_PERCPU_HASH); number(max_entries, 65536); kind(key, struct count_key); kind(value, struct count); } counts SEC(".maps");
struct { number(type, MAP_HASH); number(max_entries, LOSSES); kind(key, struct lost_key); kind(value, struct lost); } losses SEC(".maps");
struct { number(type, MAP_PERCPU_ARRAY); number(max_entries, TOTALS); kind(key, __u32); kind(value, struct count); } totals SEC(".maps");
struct { number(type, MAP_RINGBUF); number(max_entries, 1 << 20); } reports SEC(".maps");
struct { number(type, MAP_PERCPU_ARRAY); number(max_entries, 2); kind(key, __u32); kind(value, struct bucket); } buckets SEC(".maps");
struct { number(type, MAP_ARRAY); number(max_entries, STREAMS); number(map_flags, F_MMAPABLE); kind(key, __u32); kind(value, struct stream); } streams SEC(".maps");
struct { number(type, MAP_LRU_HASH); number(max_entries, 65536); kind(key, struct flow); kind(value, __u64); } talks SEC(".maps");
struct { number(type, MAP_LRU_HASH); number(max_entries, 65536); kind(key, struct flow); kind(value, __u64); } openers SEC(".maps");

/* ---- tables: of one policy; the loader makes them, as large as they must be ---- */

#define SLOTS(of) number(type, MAP_ARRAY_OF_MAPS); number(max_entries, 2); kind(key, __u32); tables(values, of)

struct host_table { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct host_key); kind(value, struct place); };
struct prefix_table { number(type, MAP_LPM); number(max_entries, 1); number(map_flags, F_NO_PREALLOC); kind(key, struct prefix_key); kind(value, struct place); };
struct mac_table { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct mac_key); kind(value, struct place); };
struct pair_of_table { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct pair_key); kind(value, __u32); };
struct pair_table { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_INNER_MAP); kind(key, __u32); kind(value, struct pair); };
struct gate_table { number(type, MAP_HASH); number(max_entries, 1); kind(key, struct gate_key); kind(value, struct gate); };
struct code_table { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_INNER_MAP); kind(key, __u32); kind(value, struct codes); };
struct never_table { number(type, MAP_ARRAY); number(max_entries, 1); number(map_flags, F_INNER_MAP); kind(key, __u32); kind(value, struct nevers); }; /* by code table */

/* Never looked at: it makes the compiler describe what lies in tables, and reports,
 * which it else does not for types that are only pointed to. */
const volatile struct {
	struct host_key a;
	struct prefix_key b;
	struct mac_key c;
	struct place d;
	struct pair_key e;
	struct gate f;
	struct pair g;
	struct gate_key h;
	struct codes i;
	struct report j;
	struct nevers k;
} described SEC(".rodata.described");

struct { SLOTS(struct host_table); } hosts SEC(".maps");
struct { SLOTS(struct prefix_table); } prefixes SEC(".maps");
struct { SLOTS(struct mac_table); } macs SEC(".maps");
struct { SLOTS(struct pair_of_table); } pair_of SEC(".maps");
struct { SLOTS(struct pair_table); } pairs SEC(".maps");
struct { SLOTS(struct gate_table); } gates SEC(".maps");
struct { SLOTS(struct code_table); } codes_of SEC(".maps");
struct { SLOTS(struct never_table); } never_of SEC(".maps");

inline_ void *look(void *slots, __u32 slot, const void *key)
{
	void *table = lookup(slots, &slot);

	return table ? lookup(table, key) : 0;
}
