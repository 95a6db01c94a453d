package melsec

import (
	"testing"

	"firedoor/internal/protocol"
)

// 1E in ASCII has no more of its own than 24 digits: texts of digits that say anything but a request about a
// device that exists are left alone, and no beginning of one waits that cannot become one.
func TestProbeOldASCII(t *testing.T) {
	const read = "01FF000A4420000000640100"
	for n := range len(read) {
		if got := probe([]byte(read[:n])); got != protocol.More {
			t.Errorf("%q: %v, want more", read[:n], got)
		}
	}
	for text, want := range map[string]protocol.Match{
		read:                                     protocol.Yes,
		"00FF000A4D20000000640800":               protocol.Yes,
		"02FF000A4D20000000640300" + "1010":      protocol.Yes,
		"03FF000A544E000000050100" + "0007":      protocol.Yes,
		read + "0":                               protocol.No, // something behind it
		read + "\r\n":                            protocol.No,
		"01FF000A4420000000640101":               protocol.No, // no zero behind the count
		"01FF000A4420000000640000":               protocol.No, // 256 may be, but it is too rare to go by
		"01FF000A5120000000640100":               protocol.No, // no device has these letters
		"01FF000A3132000000640100":               protocol.No,
		"01FF000A4420010000640100":               protocol.No, // no device has this number
		"01FF8000442000000064" + "0100":          protocol.No, // nobody waits so long
		"01ff000a4420000000640100":               protocol.No, // small letters
		"0103000A4420000000640100":               protocol.No, // another station: not enough by itself
		"010":                                    protocol.No,
		"01FG":                                   protocol.No,
		"0AFF000A4420000000640100":               protocol.No, // no such command
		"15FF000A":                               protocol.No, // a command without a device
		"16FF000A03414243":                       protocol.No,
		"8100000A":                               protocol.No, // an answer
		"000000000000000000000000":               protocol.No,
		"0123456789ABCDEF01234567":               protocol.No,
		"150 Opening data connection\r\n":        protocol.No,
		"331 Password required\r\n":              protocol.No,
		"30820122300D06092A864886F70D0101010500": protocol.No,
	} {
		if got := probe([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
