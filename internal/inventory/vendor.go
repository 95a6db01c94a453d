package inventory

import (
	"slices"
	"strings"

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
		return maker(string(clean(nil, []byte(name))))
	}
}

// legalForms are what companies are in law, in lower case and without dots: the
// registry writes it in every spelling, and nobody calls a maker by it.
var legalForms = []string{"a/s", "ab", "ag", "as", "bhd", "bv", "co", "cokg", "coltd", "corp", "corporation", "gmbh", "inc", "incorporated",
	"kg", "limited", "llc", "ltd", "ltda", "nv", "oy", "pte", "pvt", "sa", "sas", "sdn", "se", "spa", "srl", "sro"}

// loose is what may part words of a name but ends none.
const loose = " ,;:.-/&"

// maker is a company's name as people say it: without its legal form and without
// the punctuation that the registry leaves at the end.
func maker(name string) string {
	name = strings.TrimRight(name, loose)
	for {
		word := name[strings.LastIndexAny(name, " ,&")+1:]
		rest := strings.TrimRight(name[:len(name)-len(word)], loose)
		if rest == "" || !slices.Contains(legalForms, strings.ToLower(strings.ReplaceAll(word, ".", ""))) {
			return name
		}
		name = rest
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
