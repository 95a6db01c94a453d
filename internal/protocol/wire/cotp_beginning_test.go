package wire

import (
	"bytes"
	"testing"

	"firedoor/internal/protocol"
)

func dataTPDU(last bool, data ...byte) []byte {
	b := append([]byte{3, 0, 0, byte(7 + len(data)), 2, COTPData, 0}, data...)
	if last {
		b[6] = 0x80
	}
	return b
}

func TestBeginning(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	long := bytes.Repeat([]byte{9}, 100)
	connect := []byte{3, 0, 0, 7, 2, COTPConnect, 0}
	for name, c := range map[string]struct {
		b     []byte
		whole bool
		want  protocol.Match
		bytes []byte
		size  int
	}{
		"nothing":                        {nil, false, protocol.More, nil, 0},
		"half a header":                  {dataTPDU(true, 1, 2, 3, 4)[:5], false, protocol.More, nil, 0},
		"one":                            {dataTPDU(true, 1, 2, 3, 4, 5), true, protocol.Yes, []byte{1, 2, 3, 4, 5}, 5},
		"one of which enough is in":      {dataTPDU(true, long...)[:20], true, protocol.Yes, long[:13], 100},
		"one of which too little is in":  {dataTPDU(true, 1, 2, 3, 4, 5)[:9], false, protocol.More, []byte{1, 2}, 5},
		"short and whole":                {dataTPDU(true, 1), true, protocol.Yes, []byte{1}, 1},
		"keep-alives before":             {join(dataTPDU(false), dataTPDU(false), dataTPDU(true, 1, 2, 3, 4)), true, protocol.Yes, []byte{1, 2, 3, 4}, 4},
		"only keep-alives":               {join(dataTPDU(false), dataTPDU(false)), false, protocol.More, nil, 0},
		"parts":                          {join(dataTPDU(false, 1), dataTPDU(false), dataTPDU(false, 2, 3), dataTPDU(true, 4)), true, protocol.Yes, []byte{1, 2, 3, 4}, 4},
		"parts without the last":         {join(dataTPDU(false, 1, 2), dataTPDU(false, 3, 4)), false, protocol.Yes, []byte{1, 2, 3, 4}, 4},
		"parts whose length is wanted":   {join(dataTPDU(false, 1, 2), dataTPDU(false, 3, 4)), true, protocol.More, []byte{1, 2, 3, 4}, 4},
		"more of parts than is kept":     {join(dataTPDU(false, long...), dataTPDU(true, long...)), true, protocol.Yes, long[:MaxBeginning], 200},
		"a connect":                      {connect, false, protocol.No, nil, 0},
		"a part and a connect":           {join(dataTPDU(false, 1), connect), false, protocol.No, []byte{1}, 1},
		"no packet behind what suffices": {join(dataTPDU(false, 1, 2, 3, 4), []byte("GET /")), false, protocol.Yes, []byte{1, 2, 3, 4}, 4},
		"too many parts":                 {bytes.Repeat(dataTPDU(false), maxParts+1), false, protocol.No, nil, 0},
	} {
		var g Beginning
		got := g.Read(c.b, 4, c.whole)
		if got != c.want || !bytes.Equal(g.Bytes(), c.bytes) || g.Size != c.size {
			t.Errorf("%s: %v with %v of %d bytes, want %v with %v of %d", name, got, g.Bytes(), g.Size, c.want, c.bytes, c.size)
		}
	}
	b := join(dataTPDU(false, 1, 2), dataTPDU(true, 3, 4))
	if n := testing.AllocsPerRun(10, func() { var g Beginning; g.Read(b, 4, true) }); n != 0 {
		t.Errorf("%v allocations to look at a message", n)
	}
}
