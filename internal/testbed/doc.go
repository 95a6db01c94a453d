// Package testbed makes small networks of the kernel's own: pairs of interfaces,
// and two hosts in network namespaces with a place between them where a bridge or a
// gateway stands. Tests and benchmarks live in it.
//
// It must not know what stands in the middle, and nothing of the product may import
// it. What it makes goes when it is closed, or with the process.
package testbed
