// Package ftp reads the control connection of FTP (RFC 959): who logs in with
// what outcome, and which files go which way.
//
// It must not keep or pass on a password or account, must not read data
// connections, and must not judge a transfer.
package ftp
