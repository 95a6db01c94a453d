package scenario

import (
	"encoding/hex"
	"firedoor/internal/written"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Values of one scalar each. Errors say what is wrong and do not repeat the value.

// tagOf reads a tag or a block: what controllers call things, without spaces.
func tagOf(n *yaml.Node) (string, error) {
	if n.Tag != "!!str" {
		return "", fmt.Errorf("must be text: put it in quotes")
	}
	bad := strings.ContainsFunc(n.Value, func(r rune) bool { return r <= ' ' || r > '~' })
	if n.Value == "" || len(n.Value) > written.MaxName || bad {
		return "", fmt.Errorf("is no name of a tag or block: printable ASCII without spaces, at most %d", written.MaxName)
	}
	return n.Value, nil
}

func portOf(n *yaml.Node) (uint16, error) {
	v, err := written.Count(n, 1, math.MaxUint16)
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
