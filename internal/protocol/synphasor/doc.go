// Package synphasor reads the synchrophasor protocol (IEEE C37.118.2-2011, clause
// 6, and C37.118-2005): commands to a phasor measurement unit or concentrator,
// the names of its stations, and the measurements of data frames by the layout
// that configuration frame 2 or 3 told in the same flow.
//
// It must not read a data frame whose configuration was not seen (nothing in it
// says where a value begins), must not read what extended frames carry, and must
// not scale values: they are told as they stand.
package synphasor
