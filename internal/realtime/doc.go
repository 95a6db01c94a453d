// Package realtime gives a goroutine a thread from which neither other programs nor Go's own scheduler
// take the processor. It must not decide who is worth it: whoever holds the processor may wait for nobody.
package realtime
