// Package all is the list of protocols, in the order they are probed.
//
// It must not hold anything else: no code, no defaults, no init. A protocol is
// its folder plus one line here.
package all
