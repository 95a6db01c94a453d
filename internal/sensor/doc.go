// Package sensor builds the passive pipeline and runs it: frames in; assets,
// conversations, alerts, event lines and a summary out.
//
//	sources -> clock -> decode -> lanes (flows, reassembly, parsers, baseline)
//	        -> merge by packet index -> inventory, peers, detectors -> result
//
// It must not parse, learn or judge itself: it connects the rooms that do. What
// it records must not depend on the number of shards: everything with a limit
// or a clock belongs to one of a fixed number of lanes, chosen by address pair,
// and shards only share the lanes out.
package sensor
