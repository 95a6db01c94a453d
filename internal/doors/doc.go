// Package doors is what a console knows of gateways: it asks their control sockets for
// status, policy and isolations, follows the file of what they stopped, and says which
// door stands between two devices. It also tries a policy on the journal.
//
// It must not give a gateway orders, decide anything itself, which is for package
// policy, or make a gateway wait: it asks with a deadline and reads files that are
// written anyway. What it keeps is bounded, and what is cut off is counted.
package doors
