// Package datapath is the gateway's way of a frame through the kernel: a program at
// each of two ports that passes a frame to the other one, drops it, or hands it to
// user space to be asked about, by tables that somebody fills.
//
// It must not know policies, protocols or files of ours: Tables are plain data, and
// what they are made from is not told here. It must not judge a frame in Go, nor be
// needed for frames to go on: what it attached stays in force when the process dies.
package datapath

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel -cc clang-19 -strip llvm-strip-19 -go-package datapath -type host_key -type prefix_key -type mac_key -type place -type pair_key -type pair -type gate -type gate_key -type codes -type nevers -type report -type lost_key -type lost -type stream -type flow -type pulse gateway bpf/gateway.c -- -Wall -Werror -mcpu=v3
