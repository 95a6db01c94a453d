package gateway

import (
	"fmt"
	"net"

	"firedoor"
)

func firedoorReason(reason uint16) string { return firedoor.Reason(reason).String() }

// parseMAC reads a MAC as files have it.
func parseMAC(text string) (firedoor.MAC, error) {
	hw, err := net.ParseMAC(text)
	if err != nil || len(hw) != 6 {
		return 0, fmt.Errorf("%q is no MAC", text)
	}
	return firedoor.MACFrom(hw), nil
}
