// Package detect is the contract of detectors: observations in, alerts out.
//
// It must not parse, learn or keep the inventory: what a detector needs to know
// of the plant it asks through World. It must not read a clock or a random
// number: the same observations give the same alerts.
package detect
