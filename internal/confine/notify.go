package confine

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// States to tell the service manager.
const (
	Ready    = "READY=1"    // the service does its work
	Stopping = "STOPPING=1" // it is about to end
	Alive    = "WATCHDOG=1" // it is alive; see Watchdog
)

// Status gives a state that carries a line of text for "systemctl status".
func Status(text string) string { return "STATUS=" + text }

// Notify tells the service manager a state (sd_notify(3)): one of those above, or
// several with a newline between. Without a service manager that listens it does
// nothing. It works in a confined process too.
func Notify(state string) error {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	// A leading @ is an abstract name, to package net and to systemd alike.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	_, err = conn.Write([]byte(state))
	if closeErr := conn.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	return nil
}

// Watchdog is the interval in which the service manager wants to hear Alive, or 0
// if it does not. A caller should tell it at half that interval.
func Watchdog() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0 // meant for another process
	}
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 || micros > int64(24*time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond
}
