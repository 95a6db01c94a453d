// Package gateway is the role that stands in the line: it brings a policy into the
// kernel, runs the worker that judges what the kernel cannot, and takes orders to
// isolate and to release.
//
// It must not hold a store, records or a console in the worker's half: that one has the policy,
// the parsers and the frames. Nothing here may be needed for frames to go on that the
// kernel judges by itself.
package gateway
