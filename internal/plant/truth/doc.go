// Package truth holds what really happened in a simulated plant: the content of
// truth.json (docs/formats/truth.md), its writer, its strict reader, and a
// recorder that a simulation fills as it goes.
//
// It must not know how a plant is simulated, and must not judge: whether an
// alert found something is for package score.
package truth
