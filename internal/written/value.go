package written

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"firedoor"
)

// Values of one scalar each. Errors say what is wrong and do not repeat the value.

// Limits of values.
const (
	MaxName = 63
	MaxText = 400 // characters of what people read
)

// NameForm tells whether text is a name as hosts, zones and scenarios have.
func NameForm(text string) bool {
	return text != "" && len(text) <= MaxName && text[0] != '-' &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Name reads a name of small letters, digits and hyphens.
func Name(n *yaml.Node) (string, error) {
	if n.Tag != "!!str" && NameForm(n.Value) {
		return "", fmt.Errorf("must be text: put it in quotes")
	}
	if !NameForm(n.Value) {
		return "", fmt.Errorf("is no name: small letters, digits and hyphens, at most %d", MaxName)
	}
	return n.Value, nil
}

// Text reads what people read.
func Text(n *yaml.Node) (string, error) {
	if n.Tag != "!!str" {
		return "", fmt.Errorf("must be text: put it in quotes")
	}
	text := strings.Join(strings.Fields(n.Value), " ")
	switch {
	case text == "":
		return "", fmt.Errorf("is empty: people read it, so say something")
	case len([]rune(text)) > MaxText:
		return "", fmt.Errorf("is too long: at most %d characters", MaxText)
	case strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }):
		return "", fmt.Errorf("holds characters that cannot be shown")
	}
	return text, nil
}

// Number reads a number of at most a million millions.
func Number(n *yaml.Node) (float64, error) {
	v, err := strconv.ParseFloat(n.Value, 64)
	if n.Tag != "!!int" && n.Tag != "!!float" || err != nil {
		return 0, fmt.Errorf("must be a number")
	}
	const most = 1e12
	if v-v != 0 || math.Abs(v) > most {
		return 0, fmt.Errorf("is too large a number")
	}
	return v, nil
}

// Count reads a whole number.
func Count(n *yaml.Node, least, most int) (int, error) {
	v, err := strconv.Atoi(n.Value)
	if n.Tag != "!!int" || err != nil {
		return 0, fmt.Errorf("must be a whole number")
	}
	if v < least || v > most {
		return 0, fmt.Errorf("must be from %d to %d", least, most)
	}
	return v, nil
}

// Bool reads true or false.
func Bool(n *yaml.Node) (bool, error) {
	if n.Tag != "!!bool" {
		return false, fmt.Errorf("must be true or false")
	}
	return strings.EqualFold(n.Value, "true"), nil
}

// OneOf reads one of some words.
func OneOf(n *yaml.Node, words ...string) (string, error) {
	for _, w := range words {
		if n.Value == w {
			return w, nil
		}
	}
	return "", fmt.Errorf("must be one of %s", strings.Join(words, ", "))
}

// Address reads the IP address of one device.
func Address(n *yaml.Node) (netip.Addr, error) {
	a, err := netip.ParseAddr(n.Value)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Addr{}, fmt.Errorf("is no IP address: write it like 192.168.0.77")
	}
	if a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, fmt.Errorf("is no address of one device")
	}
	return a, nil
}

// MAC reads the MAC of one device.
func MAC(n *yaml.Node) (firedoor.MAC, error) {
	m, err := GroupMAC(n)
	if err != nil || m.IsGroup() {
		return 0, fmt.Errorf("%s", notOfADevice)
	}
	return m, nil
}

const notOfADevice = `is no MAC of a device: write it like "3c:52:82:11:22:33"`

// GroupMAC reads a MAC of a device or a group.
func GroupMAC(n *yaml.Node) (firedoor.MAC, error) {
	const form = `is no MAC: write it like "3c:52:82:11:22:33", or "01:0c:cd:01:00:01" for a group`
	digits := strings.ReplaceAll(n.Value, ":", "")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 6 || len(n.Value) != 17 {
		return 0, fmt.Errorf("%s", form)
	}
	m := firedoor.MACFrom(b)
	if !strings.EqualFold(m.String(), n.Value) || m == 0 {
		return 0, fmt.Errorf("%s", form)
	}
	return m, nil
}

// Printable is text from a file as a problem may show it.
func Printable(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strconv.QuoteToASCII(text)
}
