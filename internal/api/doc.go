// Package api is what a console answers over HTTP: the JSON API that its page
// is built on, live events, the one-time link, and the page itself.
//
// It must not keep anything that must last, must not reach the plant, and must
// not answer anybody but a browser or program that addresses it by a loopback
// name: handlers ask the store and say what it says.
package api
