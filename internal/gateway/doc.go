// Package gateway is the role that stands in the line: it brings a policy into the
// kernel, runs the worker that judges what the kernel cannot, and takes orders to
// isolate and to release.
//
// The worker's half must hold no store, no records and no console: it has the policy,
// the parsers and the frames. Nothing here may be needed for frames to go on that the
// kernel judges by itself.
package gateway
