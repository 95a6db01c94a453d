package bsap_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol/bsap"
)

// message is a request to the database over IP.
func message(data string) []byte {
	little := binary.LittleEndian
	head := append(little.AppendUint16(little.AppendUint16(little.AppendUint16(nil, 14), 1), 6), make([]byte, 8)...)
	body := little.AppendUint32(nil, uint32(11+len(data)))
	body = append(body, 0, 1, 0, 0, 0, 0xa0, 0)
	return append(append(head, body...), data...)
}

// TestSeveralWritten holds that each signal of a write is told with what is written to it, and that the rest is not
// passed over in silence where one is written in a way that nobody knows.
func TestSeveralWritten(t *testing.T) {
	const number, off, unknown = "\x0b\x00\x00\x80\x3f", "\x0a", "\x07\x01"
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"by address", "\x80\x01\x00\x0f\x03" + "\x11\x00" + number + "\x12\x00" + off + "\x13\x00" + number,
			[]string{"1 address:17 [0 0 128 63]", "2 address:18 [0]", "3 address:19 [0 0 128 63]"}},
		{"by name", "\x84\x0f\x02" + "@A\x00" + off + "@B\x00" + number, []string{"1 @A [0]", "2 @B [0 0 128 63]"}},
		{"one", "\x80\x01\x00\x0f\x01" + "\x11\x00" + number, []string{"0 address:17 [0 0 128 63]"}},
		{"in an unknown way", "\x80\x01\x00\x0f\x02" + "\x11\x00" + unknown + "\x12\x00" + off,
			[]string{"1 address:17 []", "signals behind one whose value is written in an unknown way"}},
		{"in an unknown way at last", "\x80\x01\x00\x0f\x02" + "\x11\x00" + off + "\x12\x00" + unknown, []string{"1 address:17 [0]", "2 address:18 []"}},
		{"fewer than it says", "\x80\x01\x00\x0f\x02" + "\x11\x00" + off, []string{"1 address:17 [0]", "data end too early"}},
	} {
		var got []string
		if _, err := bsap.Protocol.New().Parse(firedoor.FromClient, message(c.data), hear(&got)); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
	for n, more := range map[int]int{64: 0, 65: 1} {
		var got []string
		data := "\x80\x01\x00\x0f" + string([]byte{byte(n)}) + strings.Repeat("\x11\x00"+off, n)
		if _, err := bsap.Protocol.New().Parse(firedoor.FromClient, message(data), hear(&got)); err != nil || len(got) != 64+more {
			t.Errorf("%d signals: %d said (%v)", n, len(got), err)
		}
	}
}

func hear(to *[]string) func(*firedoor.Event) {
	return func(e *firedoor.Event) {
		switch e.Kind {
		case firedoor.EventOperation:
			*to = append(*to, fmt.Sprintf("%d %s %v", e.Operation.Item, e.Operation.Object.AppendTo(nil), e.Operation.Values.Raw))
		case firedoor.EventMalformed:
			*to = append(*to, e.Malformed.Reason)
		}
	}
}
