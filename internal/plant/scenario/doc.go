// Package scenario is the data file of an attack, or of an honest exercise: its
// form (docs/formats/scenario.md), its reader with all checks, and the list of
// scenarios that are built in.
//
// It must not run anything and must not know a plant: whether hosts and tags
// exist is asked through Place.
package scenario
