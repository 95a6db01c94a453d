// Package valueoutside tells of written values outside the range that was
// learned for the exact client, server and object.
//
// It must not learn ranges itself: the baseline does.
package valueoutside
