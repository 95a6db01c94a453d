// Package capture reads frames: from capture files, which are pcap or pcapng, plain
// or compressed with gzip, xz or zstd, told apart by content and not by name; and
// from live interfaces, through the kernel's packet rings.
//
// It must not look into frames (that is package packet's), must not clamp or
// correct timestamps, must not map files into memory (one that shrinks while
// it is read would kill the process) and must not keep frames: what it hands
// over is borrowed from its read buffer.
//
// Both formats are walked by our own code over one buffer. pcapng is small
// enough for that, and the reader of gopacket's pcapgo could not be used here:
// it does not know byte offsets, which a damaged capture must be reported with;
// it trusts a frame's captured length without holding it against its block's;
// it keeps every name and secret of a file in memory, without a limit; and it
// parses and allocates each packet's options. It serves as a judge in the tests.
package capture
