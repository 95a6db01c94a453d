/* What the program needs of the kernel's interface, written out here so that it
 * is compiled without the headers of any one kernel. Numbers and layouts are those
 * of the kernel's stable interface for programs (include/uapi/linux/bpf.h). */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef int __s32;

#define SEC(name) __attribute__((section(name), used))
#define inline_ static __attribute__((always_inline))
/* A function that the kernel proves by itself, once, and not again for each call.
 * It may be given anything of the right type, so it looks at its pointers. */
#define proven __attribute__((noinline))
/* What the compiler worked out of a number the kernel has to see for itself: with it the
 * comparison that follows stays, and in a register that is used. */
#define forget_bounds(x) __asm__ volatile("" : "+r"(x))

/* Maps are described to the loader by the types of members that do not exist. */
#define number(name, value) int(*name)[value]
#define kind(name, t) t *name
#define tables(name, t) t *name[]

#define MAP_HASH 1
#define MAP_ARRAY 2
#define MAP_PERCPU_HASH 5
#define MAP_PERCPU_ARRAY 6
#define MAP_LRU_HASH 9
#define MAP_LPM 11
#define MAP_ARRAY_OF_MAPS 12
#define MAP_RINGBUF 27
#define F_NO_PREALLOC 1U
#define F_MMAPABLE (1U << 10)
#define F_INNER_MAP (1U << 12) /* arrays of different sizes may follow each other */
#define UPDATE_ANY 0
#define STORE_SUMMED 1 /* a sum that the kernel has of the frame is kept right */
#define UPDATE_NEW 1 /* what is there stays */

/* What a program at a port answers; TCX and clsact use the same numbers. */
#define ANSWER_OK 0
#define ANSWER_DROP 2

/* The frame as a program sees it; accesses become ones to the kernel's own. */
struct __sk_buff {
	__u32 len, pkt_type, mark, queue_mapping, protocol;
	__u32 vlan_present, vlan_tci, vlan_proto;
	__u32 priority, ingress_ifindex, ifindex, tc_index;
	__u32 cb[5];
};

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*delete)(void *map, const void *key) = (void *)3;
static __u64 (*now_ns)(void) = (void *)5;
static __u32 (*this_core)(void) = (void *)8;
static long (*store_bytes)(void *skb, __u32 offset, const void *from, __u32 len, __u64 flags) = (void *)9;
static long (*replace_sum)(void *skb, __u32 offset, __u64 from, __u64 to, __u64 flags) = (void *)10; /* of IP */
static long (*redirect_copy)(void *skb, __u32 ifindex, __u64 flags) = (void *)13;
static __s64 (*sum_of)(const void *from, __u32 from_size, const void *to, __u32 to_size, __u32 seed) = (void *)28;
static long (*change_tail)(void *skb, __u32 len, __u64 flags) = (void *)38;
static long (*redirect)(__u32 ifindex, __u64 flags) = (void *)23;
static long (*load_bytes)(const void *skb, __u32 offset, void *to, __u32 len) = (void *)26;
static void *(*ring_reserve)(void *ring, __u64 size, __u64 flags) = (void *)131;
static void (*ring_submit)(void *data, __u64 flags) = (void *)132;

/* Both are barriers as well. */
#define swap_if(at, was, to) __sync_val_compare_and_swap(at, was, to)
#define swap(at, to) __sync_lock_test_and_set(at, to)
#define count_up(at, by) __sync_fetch_and_add(at, by)

inline_ __u16 swap16(__u16 v) { return __builtin_bswap16(v); }
inline_ __u32 swap32(__u32 v) { return __builtin_bswap32(v); }
