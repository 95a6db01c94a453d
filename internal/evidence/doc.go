// Package evidence keeps the frames that were stopped, as files that any packet viewer
// opens (pcapng), in a folder that never grows beyond its bound.
//
// It must not know why a frame was stopped: whoever hands one over says so in words. It
// must not be called where frames wait.
package evidence
