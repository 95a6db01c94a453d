package mms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/mms"
)

// ber is a value in BER with a length of three bytes.
func ber(tag byte, parts ...string) string {
	content := strings.Join(parts, "")
	n := len(content)
	return string([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}) + content
}

// read is a request for variables, in session and presentation.
func read(invoke byte, names ...string) string {
	var list strings.Builder
	for _, n := range names {
		n = strings.TrimPrefix(n, "LD/")
		list.WriteString("\x30" + string([]byte{byte(len(n) + 10)}) + "\xa0" + string([]byte{byte(len(n) + 8)}) + "\xa1" + string([]byte{byte(len(n) + 6)}) + "\x1a\x02LD\x1a" + string([]byte{byte(len(n))}) + n)
	}
	unit := ber(0xa0, "\x02\x01"+string([]byte{invoke}), ber(0xa4, ber(0xa1, ber(0xa0, list.String()))))
	return "\x01\x00\x01\x00" + ber(0x61, ber(0x30, "\x02\x01\x03", ber(0xa0, unit)))
}

// packets cuts a message into transport units that hold so many bytes.
func packets(message string, size int) string {
	var out strings.Builder
	for {
		n := min(size, len(message))
		end := byte(0)
		if n == len(message) {
			end = 0x80
		}
		out.WriteString(string([]byte{3, 0, byte((n + 7) >> 8), byte(n + 7), 2, 0xf0, end}) + message[:n])
		if message = message[n:]; message == "" {
			return out.String()
		}
	}
}

// said is what a parser says of a client's bytes, some at a time.
func said(t *testing.T, guarded bool, b string, step int) (out []string) {
	t.Helper()
	p := mms.Protocol.New()
	if g, ok := p.(protocol.Guarded); guarded && ok {
		g.Guard(true)
	}
	from := 0
	for to := 0; to < len(b); {
		to = min(to+step, len(b))
		n, err := p.Parse(firedoor.FromClient, []byte(b[from:to]), func(e *firedoor.Event) {
			switch e.Kind {
			case firedoor.EventOperation:
				out = append(out, string(e.Operation.Object.AppendTo(nil)))
			case firedoor.EventMalformed:
				out = append(out, fmt.Sprintf("%s, %t", e.Malformed.Reason, e.Malformed.Lost))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if from += n; to-from > protocol.MaxMessage {
			t.Fatalf("%d bytes wait", to-from)
		}
	}
	return out
}

func variables(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("LD/LLN0$ST$Mod%05d", i))
	}
	return out
}

// TestLongMessages holds that a message of 64 KiB is read however its transport cuts it, and that a longer one is
// passed over to its end: what its rest looks like is no message.
func TestLongMessages(t *testing.T) {
	after := packets(read(9, "LD/after"), 100)
	most := variables(2300) // 64 KiB
	for _, size := range []int{121, 1017, 60_000} {
		for _, step := range []int{1460, 1 << 20} {
			got := said(t, false, packets(read(1, most...), size)+after, step)
			if !slices.Equal(got, append(slices.Clone(most), "LD/after")) {
				t.Errorf("units of %d: %d said, %q first", size, len(got), got[:min(len(got), 1)])
			}
		}
	}
	inside := strings.Replace(packets(read(7, "LD/inside"), 1000), "\x02\xf0\x80", "\x02\xf0\x00", 1)
	for _, size := range []int{1017, 60_000} {
		for _, guarded := range []bool{false, true} {
			long := strings.Replace(packets(read(1, variables(4700)...), size), "\x02\xf0\x80", "\x02\xf0\x00", 1) + inside + packets("end", 10)
			want := []string{fmt.Sprintf("TSDU longer than the limit, %t", guarded), "LD/after"}
			if got := said(t, guarded, long+after, 5000); !slices.Equal(got, want) {
				t.Errorf("units of %d: %q, want %q", size, got[:min(len(got), 5)], want)
			}
		}
	}
}

// TestMoreVariablesThanAreTold holds that a request which names more says so.
func TestMoreVariablesThanAreTold(t *testing.T) {
	got := said(t, true, packets(read(1, make([]string, 8193)...), 60_000), 1<<20)
	if len(got) != 8193 || got[8192] != "more variables than are told, true" {
		t.Errorf("%d said, %q last", len(got), got[len(got)-1])
	}
}

// TestSessionInParts holds that a message which the session cuts is not passed over in silence.
func TestSessionInParts(t *testing.T) {
	whole := read(1, "LD/x")[4:]
	for _, c := range []struct {
		head string
		want []string
	}{
		{"\x01\x00\x01\x03\x19\x01\x03", []string{"LD/x"}},
		{"\x01\x00\x01\x03\x19\x01\x01", []string{"part of a message that the session cut, true"}},
		{"\x01\x00\x01\x03\x19\x01\x02", []string{"part of a message that the session cut, true"}},
		{"\x01\x00\x01\x02\x19\x00", []string{"part of a message that the session cut, true"}},
	} {
		if got := said(t, true, packets(c.head+whole, 1000), 1<<20); !slices.Equal(got, c.want) {
			t.Errorf("% x: %q, want %q", c.head, got, c.want)
		}
	}
}
