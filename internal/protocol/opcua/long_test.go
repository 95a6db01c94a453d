package opcua_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/opcua"
)

var little = binary.LittleEndian

// service is a request or an answer without what tells sessions apart.
func service(code uint16, header, body string) string {
	return string(little.AppendUint16([]byte{1, 0}, code)) + header + body
}

var (
	requestHeader = "\x00\x00" + strings.Repeat("\x00", 12) + "\x00\x00\x00\x00" + "\xff\xff\xff\xff" + "\x00\x00\x00\x00" + "\x00\x00\x00"
	answerHeader  = strings.Repeat("\x00", 16) + "\x00" + "\xff\xff\xff\xff" + "\x00\x00\x00"
	opened        = "OPNF\x84\x00\x00\x00\x00\x00\x00\x00\x2f\x00\x00\x00http://opcfoundation.org/UA/SecurityPolicy#None\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x01\x00\x00\x00" +
		"\x01\x00\xbe\x01" + requestHeader + "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00"
)

func number(n int) string { return string(little.AppendUint32(nil, uint32(n))) }

// piece is a chunk of a request.
func piece(mark byte, request int, body string) string {
	return "MSG" + string(mark) + number(24+len(body)) + number(1) + number(1) + number(1) + number(request) + body
}

// pieces cuts a message into chunks whose bodies have so many bytes.
func pieces(request, size int, body string) (out []string) {
	for ; len(body) > size; body = body[size:] {
		out = append(out, piece('C', request, body[:size]))
	}
	return append(out, piece('F', request, body))
}

// write is an item that writes a number to a node, in a value with a time.
func write(node int) string {
	return string([]byte{1, 2, byte(node), byte(node >> 8)}) + number(13) + "\xff\xff\xff\xff" + "\x05\x05" + string([]byte{byte(node), byte(node >> 8)}) + "12345678"
}

// row is an item that writes so many bytes to a node.
func row(node, n int) string {
	return string([]byte{1, 2, byte(node), byte(node >> 8)}) + number(13) + "\xff\xff\xff\xff" + "\x05\x83" + number(n) + strings.Repeat("\x07", n) + "12345678"
}

// texts is an item that writes so many short texts to a node.
func texts(node, n int) string {
	return string([]byte{1, 2, byte(node), byte(node >> 8)}) + number(13) + "\xff\xff\xff\xff" + "\x01\x8c" + number(n) + strings.Repeat("\x04\x00\x00\x00text", n)
}

// told is what a parser says of what two ends say.
type told struct {
	asked, answered []string
	ids             map[uint32]string
	malformed       []string
	last            uint32
}

// talk gives pieces of a client, and then of a server, to a parser, some bytes at a time.
func talk(t *testing.T, p protocol.Parser, step int, client, server []string) *told {
	t.Helper()
	x := &told{ids: map[uint32]string{}}
	emit := func(e *firedoor.Event) {
		switch e.Kind {
		case firedoor.EventMalformed:
			x.malformed = append(x.malformed, e.Malformed.Reason)
		case firedoor.EventOperation:
			o := e.Operation
			name := fmt.Sprintf("%d %s %d %v", o.Item, o.Object.AppendTo(nil), o.Values.Count, o.Values.Raw[:min(2, len(o.Values.Raw))])
			if o.Phase == firedoor.Asked {
				if o.ID != x.last+1 {
					t.Errorf("operation %d behind %d", o.ID, x.last)
				}
				x.last = o.ID
				x.asked, x.ids[o.ID] = append(x.asked, name), name
			} else if o.Partial {
				x.last = o.ID
			} else {
				x.answered = append(x.answered, x.ids[o.ID])
				delete(x.ids, o.ID)
			}
		}
	}
	for dir, list := range [][]string{client, server} {
		all := []byte(strings.Join(list, ""))
		from := 0
		for to := 0; to < len(all); {
			to = min(to+step, len(all))
			n, err := p.Parse(firedoor.Direction(dir), all[from:to], emit)
			if err != nil {
				t.Fatal(err)
			}
			if from += n; to-from > protocol.MaxMessage {
				t.Fatalf("%d bytes wait", to-from)
			}
		}
	}
	return x
}

// TestLongRequests holds that each item of a request is told, however long that is and however it is cut.
func TestLongRequests(t *testing.T) {
	const many = 12_000 // 300 KB
	var list []string
	for i := range many {
		switch i {
		case 4000:
			list = append(list, row(i, 150_000))
		case 9000, 9001:
			list = append(list, row(i, 40_000))
		case 11_000:
			list = append(list, texts(i, 2000))
		default:
			list = append(list, write(i))
		}
	}
	ask := service(673, requestHeader, number(many)+strings.Join(list, ""))
	answer := service(676, answerHeader, number(many)+strings.Repeat("\x00\x00\x00\x00", many)+"\xff\xff\xff\xff")
	for _, size := range []int{700, 8192, 60_000, 130_000, 1 << 20} {
		for _, step := range []int{1460, 1 << 16} {
			x := talk(t, opcua.Protocol.New(), step, append([]string{opened}, pieces(7, size, ask)...), pieces(7, 8192, answer))
			if len(x.asked) != many+1 || len(x.answered) != many || len(x.malformed) > 0 {
				t.Fatalf("chunks of %d, %d at a time: %d asked, %d answered, %q", size, step, len(x.asked)-1, len(x.answered), x.malformed)
			}
			for i, got := range x.asked[1:] {
				want := fmt.Sprintf("%d ns=2;i=%d 1 [%d %d]", i+1, i, byte(i), byte(i>>8))
				switch i {
				case 4000:
					want = "4001 ns=2;i=4000 150000 [7 7]"
				case 9000, 9001:
					want = fmt.Sprintf("%d ns=2;i=%d 40000 [7 7]", i+1, i)
				case 11_000:
					want = "11001 ns=2;i=11000 0 []"
				}
				if got != want || x.answered[i] != got {
					t.Fatalf("chunks of %d, %d at a time: item %d is %q and is answered %q, want %q", size, step, i, got, x.answered[i], want)
				}
			}
		}
	}
}

// TestLongRequestsUnread holds that what is not told of a long request is said.
func TestLongRequestsUnread(t *testing.T) {
	before, behind := strings.Repeat(write(5), 6000), strings.Repeat(write(6), 5)
	for _, c := range []struct {
		name  string
		list  string
		says  int // how many items there are
		asked int
		want  string
	}{
		{"an item of many texts", before + texts(7, 9000) + behind, 6006, 6000, "items behind what is kept of a long request"},
		{"at first an item of many texts", texts(7, 30_000) + behind, 6, 1, "items behind what is kept of a long request"},
		{"fewer items than it says", before + behind, 6006, 6005, "body ends too early"},
		{"five long values", before + "\x01\x02\x01\x00" + number(13) + "\xff\xff\xff\xff\x01\xd8" + number(5) + strings.Repeat("\x0f"+number(40_000)+strings.Repeat("x", 40_000), 5) + behind, 6006, 6000, "items behind what is kept of a long request"},
	} {
		for _, size := range []int{8192, 1 << 20} {
			parts := append([]string{opened}, pieces(7, size, service(673, requestHeader, number(c.says)+c.list))...)
			x := talk(t, opcua.Protocol.New(), 4096, append(parts, pieces(8, 8192, service(673, requestHeader, number(1)+write(9)))...), nil)
			if len(x.asked) != c.asked+2 || x.asked[len(x.asked)-1] != "0 ns=2;i=9 1 [9 0]" || len(x.malformed) != 1 || x.malformed[0] != c.want {
				t.Errorf("%s, chunks of %d: %d asked, %q", c.name, size, len(x.asked)-2, x.malformed)
			}
		}
	}
}

// TestLongRequestAmongOthers holds that the items of a long request keep their answers where others are
// told between them.
func TestLongRequestAmongOthers(t *testing.T) {
	const many = 9000
	var list strings.Builder
	for i := range many {
		list.WriteString(write(i))
	}
	p := opcua.Protocol.New()
	asked, answered := 0, map[uint32]bool{}
	ids := map[uint32]string{}
	emit := func(e *firedoor.Event) {
		if o := e.Operation; e.Kind == firedoor.EventOperation && o.Code == 673 && !o.Partial {
			if o.Phase == firedoor.Asked {
				asked++
				ids[o.ID] = string(o.Object.AppendTo(nil))
			} else if want := fmt.Sprintf("ns=2;i=%d", o.Item-1); ids[o.ID] != want {
				t.Fatalf("item %d is answered as %q", o.Item, ids[o.ID])
			} else {
				answered[o.ID] = true
			}
		}
	}
	give := func(dir firedoor.Direction, b string) {
		if n, err := p.Parse(dir, []byte(b), emit); err != nil || n != len(b) {
			t.Fatalf("%d of %d bytes, %v", n, len(b), err)
		}
	}
	give(firedoor.FromClient, opened)
	parts := pieces(7, 60_000, service(673, requestHeader, number(many)+list.String()))
	give(firedoor.FromClient, strings.Join(parts[:3], ""))
	for i, part := range parts[3:] {
		give(firedoor.FromServer, piece('F', 100+i, service(634, answerHeader, number(1)+"\x01\x05\x07\x00\xff\xff\xff\xff")))
		give(firedoor.FromClient, part)
	}
	give(firedoor.FromServer, strings.Join(pieces(7, 60_000, service(676, answerHeader, number(many)+strings.Repeat("\x00\x00\x00\x00", many)+"\xff\xff\xff\xff")), ""))
	if asked != many || len(answered) != many {
		t.Errorf("%d asked, %d answered", asked, len(answered))
	}
}
