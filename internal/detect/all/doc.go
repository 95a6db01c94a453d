// Package all is the list of detectors. It must not hold anything else.
package all
