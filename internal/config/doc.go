// Package config reads the one configuration file. It must not run anything,
// know a command line or fill in a value from elsewhere: no environment, no other
// file is read into it, so that the file alone tells what was meant.
//
// Every key has a default and a comment, both in config.go and nowhere else:
// default.yaml, which "firedoor check --default" prints, and the page
// docs/formats/config.md are written from there by
//
//	go test ./internal/config -run TestGenerated -update
//
// and a test fails while they are stale.
package config
