package scenario

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"firedoor"

	"go.yaml.in/yaml/v3"
)

// Values of one scalar each. Errors say what is wrong and do not repeat the value.

const maxName = 63

// nameForm tells whether text is a name as hosts and scenarios have.
func nameForm(text string) bool {
	return text != "" && len(text) <= maxName && text[0] != '-' &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func nameOf(n *yaml.Node) (string, error) {
	if n.Tag != "!!str" && nameForm(n.Value) {
		return "", fmt.Errorf("must be text: put it in quotes")
	}
	if !nameForm(n.Value) {
		return "", fmt.Errorf("is no name: small letters, digits and hyphens, at most %d", maxName)
	}
	return n.Value, nil
}

// tagOf reads a tag or a block: what controllers call things, without spaces.
func tagOf(n *yaml.Node) (string, error) {
	if n.Tag != "!!str" {
		return "", fmt.Errorf("must be text: put it in quotes")
	}
	bad := strings.ContainsFunc(n.Value, func(r rune) bool { return r <= ' ' || r > '~' })
	if n.Value == "" || len(n.Value) > maxName || bad {
		return "", fmt.Errorf("is no name of a tag or block: printable ASCII without spaces, at most %d", maxName)
	}
	return n.Value, nil
}

func textOf(n *yaml.Node) (string, error) {
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

func numberOf(n *yaml.Node) (float64, error) {
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

func countOf(n *yaml.Node, least, most int) (int, error) {
	v, err := strconv.Atoi(n.Value)
	if n.Tag != "!!int" || err != nil {
		return 0, fmt.Errorf("must be a whole number")
	}
	if v < least || v > most {
		return 0, fmt.Errorf("must be from %d to %d", least, most)
	}
	return v, nil
}

func portOf(n *yaml.Node) (uint16, error) {
	v, err := countOf(n, 1, math.MaxUint16)
	return uint16(v), err
}

func durationOf(n *yaml.Node) (time.Duration, error) { return ParseDuration(n.Value) }

// lengthOf reads a time that is longer than nothing.
func lengthOf(n *yaml.Node) (time.Duration, error) {
	d, err := ParseDuration(n.Value)
	if err == nil && d < time.Millisecond {
		return 0, fmt.Errorf("is too short: at least 1ms")
	}
	return d, err
}

func boolOf(n *yaml.Node) (bool, error) {
	if n.Tag != "!!bool" {
		return false, fmt.Errorf("must be true or false")
	}
	return strings.EqualFold(n.Value, "true"), nil
}

func oneOf(n *yaml.Node, words ...string) (string, error) {
	for _, w := range words {
		if n.Value == w {
			return w, nil
		}
	}
	return "", fmt.Errorf("must be one of %s", strings.Join(words, ", "))
}

// amountOf reads 2.5, "0.5 sigma" or "3 %".
func amountOf(n *yaml.Node) (Amount, error) {
	text, unit := strings.TrimSpace(n.Value), Engineering
	if rest, ok := strings.CutSuffix(text, "sigma"); ok {
		text, unit = strings.TrimSpace(rest), Sigma
	} else if rest, ok := strings.CutSuffix(text, "%"); ok {
		text, unit = strings.TrimSpace(rest), Percent
	}
	v, err := strconv.ParseFloat(text, 64)
	const most = 1e9
	if err != nil || v-v != 0 || math.Abs(v) > most || v == 0 {
		return Amount{}, fmt.Errorf(`is no amount: write it like 2.5, "0.5 sigma" or "3 %%"`)
	}
	return Amount{v, unit}, nil
}

// String writes an amount as amountOf reads it.
func (a Amount) String() string {
	return strconv.FormatFloat(a.Value, 'g', -1, 64) + [...]string{"", " sigma", " %"}[a.Unit]
}

func addressOf(n *yaml.Node) (netip.Addr, error) {
	a, err := netip.ParseAddr(n.Value)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Addr{}, fmt.Errorf("is no IP address: write it like 192.168.0.77")
	}
	if a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, fmt.Errorf("is no address of one device")
	}
	return a, nil
}

func macOf(n *yaml.Node) (firedoor.MAC, error) {
	const form = `is no MAC of a device: write it like "3c:52:82:11:22:33"`
	digits := strings.ReplaceAll(n.Value, ":", "")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 6 || len(n.Value) != 17 {
		return 0, fmt.Errorf("%s", form)
	}
	m := firedoor.MACFrom(b)
	if !strings.EqualFold(m.String(), n.Value) || m.IsGroup() {
		return 0, fmt.Errorf("%s", form)
	}
	return m, nil
}

func messageOf(n *yaml.Node) ([]byte, error) {
	if n.Tag != "!!str" {
		return nil, fmt.Errorf("must be text: put the hexadecimal digits in quotes")
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	switch {
	case err != nil:
		return nil, fmt.Errorf("must be pairs of hexadecimal digits; spaces may stand between them")
	case len(b) == 0:
		return nil, fmt.Errorf("is empty: give at least one byte")
	case len(b) > MaxMessage:
		return nil, fmt.Errorf("is too long: at most %d bytes", MaxMessage)
	}
	return b, nil
}

func techniqueOf(n *yaml.Node) (string, error) {
	digits, ok := strings.CutPrefix(n.Value, "T")
	if !ok || len(digits) != 4 || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("is no id of ATT&CK for ICS: write it like T0836")
	}
	return n.Value, nil
}

// printable is text from a file as a problem may show it.
func printable(text string) string { return strconv.QuoteToASCII(shortened(text)) }

func shortened(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
