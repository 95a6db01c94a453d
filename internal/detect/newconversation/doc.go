// Package newconversation tells of devices that begin to speak with each other.
//
// It must not speak of clients that are new themselves (newdevice does), nor of
// what is sent to everybody.
package newconversation
