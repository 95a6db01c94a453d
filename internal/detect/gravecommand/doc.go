// Package gravecommand tells, where nothing was learned, of commands that are
// grave whoever sends them: stop, restart, load a program, change the mode.
//
// It must not speak where a baseline was learned: newwriter and newobject then
// know who may, and the same command never gives two alerts.
package gravecommand
