// Package newobject tells of clients that change what they never touched, on a
// device they may change: another register, tag, block or function.
//
// It must not judge the value written (valueoutside does), nor clients without
// the right (newwriter does).
package newobject
