//go:build !linux

package main

import "context"

// Run says that this system has no gateway.
func (c *gatewayCommand) Run(context.Context, *Main) error {
	return usageError{"a gateway needs Linux: it works inside its kernel"}
}

// Run says the same.
func (c *gatewayWorkerCommand) Run(*Main) error {
	return usageError{"a gateway needs Linux: it works inside its kernel"}
}

// Run says the same.
func (c *gatewayControlCommand) Run(*Main) error {
	return usageError{"a gateway needs Linux: it works inside its kernel"}
}
