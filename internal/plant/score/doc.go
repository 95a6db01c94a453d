// Package score joins the truth of a simulated plant with the alerts that a
// sensor raised on it: which attacks were found, how late and by what, and which
// alerts were false, each number with its interval.
//
// It must not run a plant or a sensor, and must not be kind: what it cannot join
// counts as missed, and as false.
package score
