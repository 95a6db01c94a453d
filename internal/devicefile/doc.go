// Package devicefile reads what makers say of the cyclic data of their devices: EDS
// files of EtherNet/IP and GSDML files of PROFINET. It gives lines of the map that
// names points (docs/formats/points.md).
//
// It must not know points or traffic, and believes nothing: these files come from
// everywhere.
package devicefile
