// Package policy decides what may pass between the zones of a plant: zones, conduits
// and rules as a person wrote them, compiled into a Plan, and Decide, which gives a
// verdict on a connection, a flow or one operation. It also says what a policy means:
// what shadows what, whether anything passes from one zone to another, what differs
// between two policies.
//
// It must not read packets or files, keep state between two decisions, or know a
// clock: whoever asks brings the time, the value written before and how often was
// asked. The kernel's program is held against Decide, so Decide is total: every
// request gets a verdict with a reason.
package policy
