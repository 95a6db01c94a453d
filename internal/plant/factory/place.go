package factory

import (
	"slices"

	"firedoor/internal/plant/physics"
)

// HasHost tells whether the plant has a device of that name.
func (f *Factory) HasHost(name string) bool { return f.devices[name] != nil }

// HasNetwork tells whether the plant has a network of that name.
func (f *Factory) HasNetwork(name string) bool { return f.networkOf(name) != nil }

// HasTag tells whether a controller has a value of that name.
func (f *Factory) HasTag(host, tag string) bool {
	c := f.physics.Controller(host)
	return c != nil && c.Tag(tag) != nil
}

// HasBreakage tells whether something of that name can break.
func (f *Factory) HasBreakage(name string) bool {
	return slices.ContainsFunc(f.physics.Breakages(), func(b physics.Breakage) bool { return b.Name == name })
}
