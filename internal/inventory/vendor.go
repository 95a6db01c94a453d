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
	if !isOwn(m) {
		return ""
	}
	return makerOf(uint32(m >> 24))
}

// isOwn tells whether a MAC is one that its maker gave to one device.
func isOwn(m firedoor.MAC) bool { return m != 0 && !m.IsLocal() && !m.IsGroup() && !isShared(m) }

// makerOf is the maker that a prefix is registered to, "" if that says nothing.
func makerOf(prefix uint32) string {
	switch name := macs.ValidMACPrefixMap[[3]byte{byte(prefix >> 16), byte(prefix >> 8), byte(prefix)}]; name {
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

// recentMakers is how many prefixes are remembered with their makers: a device is
// described whenever it does something new, and a plant buys of few makers. One that
// shares its place with another is looked up again.
const recentMakers = 256

type recentMaker struct {
	prefix uint32
	name   string
}

// vendor is Vendor, remembered.
func (v *Inventory) vendor(m firedoor.MAC) string {
	if !isOwn(m) {
		return ""
	}
	prefix := uint32(m >> 24)
	r := &v.makers[prefix*0x9e3779b1>>24]  // the top byte of a product that mixes all bits
	if r.prefix != prefix || prefix == 0 { // 0 is what no place holds yet
		*r = recentMaker{prefix, makerOf(prefix)}
	}
	return r.name
}

// vendorOf returns the maker by the first MAC of an asset that tells one.
func (v *Inventory) vendorOf(as *asset) (string, uint32) {
	for _, n := range as.nodes {
		if nd := &v.nodes[n]; nd.ip.IsZero() {
			if s := v.vendor(nd.mac); s != "" {
				return s, n
			}
		}
	}
	return "", none
}
