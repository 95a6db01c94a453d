// Package newdevice tells of devices that were not there when learning ended,
// and of floods of them.
//
// It must not judge what changes a device: that is told for the exact client and
// server by newwriter and newobject, and a newcomer that did little else is not
// told twice.
package newdevice
