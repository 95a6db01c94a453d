package inventory

import (
	"github.com/gopacket/gopacket/macs"

	"firedoor"
)

// Vendor returns the maker a MAC's first three bytes are registered to, empty
// if that says nothing: locally administered and redundancy MACs, blocks kept
// private, and blocks that the registry parts among several makers.
func Vendor(m firedoor.MAC) string {
	if m == 0 || m.IsLocal() || m.IsGroup() || isShared(m) {
		return ""
	}
	switch name := macs.ValidMACPrefixMap[[3]byte{byte(m >> 40), byte(m >> 32), byte(m >> 24)}]; name {
	case "IEEE Registration Authority", "Private", "ICANN, IANA Department":
		return ""
	default:
		return string(clean(nil, []byte(name)))
	}
}

// vendorOf returns the maker by the first MAC of an asset that tells one.
func (v *Inventory) vendorOf(as *asset) (string, uint32) {
	for _, n := range as.nodes {
		if nd := &v.nodes[n]; nd.ip.IsZero() {
			if s := Vendor(nd.mac); s != "" {
				return s, n
			}
		}
	}
	return "", none
}
