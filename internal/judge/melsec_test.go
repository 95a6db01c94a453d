package judge

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"firedoor/internal/corpus"
)

// melsoftPort is where controllers are asked, melsoftTool who asks them in the corpus.
const (
	melsoftPort = 5560
	melsoftTool = "192.168.3.101"
)

// melsoftErrors are the status words of the corpus.
var melsoftErrors = map[int]string{0: "ok", 0x4080: "error:request-data-error"}

// melsoftName reads a text of letters of two octets behind its length.
func melsoftName(b []byte) string {
	letters := make([]uint16, binary.LittleEndian.Uint16(b)/2)
	for i := range letters {
		letters[i] = binary.LittleEndian.Uint16(b[2+2*i:])
	}
	return strings.TrimRight(string(utf16.Decode(letters)), "\x00")
}

// melsoftRead reads a datagram by hand: tshark knows nothing of MELSOFT, it only
// takes the capture apart.
func melsoftRead(op *judged, b []byte) {
	answers := b[0]&0x80 != 0
	if b[0]&^0x80 == 0x5a {
		op.code = 0x5a00 | int(b[3])
		return
	}
	head := 21 + 24
	if answers {
		head += 2
		op.outcome = melsoftErrors[int(binary.LittleEndian.Uint16(b[25:]))]
	}
	op.code = int(binary.BigEndian.Uint16(b[head:]))
	d := b[head+6:]
	if answers {
		return
	}
	number := func(at int) int { return int(binary.LittleEndian.Uint16(d[at:])) }
	switch op.code {
	case 0x0410:
		op.object, op.quantity = fmt.Sprintf("melsoft-area:%#x/%d", number(10), binary.LittleEndian.Uint32(d[12:])), fmt.Sprint(number(20))
	case 0x1859:
		op.object = fmt.Sprintf("drive:%d/%s", number(4), melsoftName(d[12:]))
	case 0x185f:
		op.object = fmt.Sprintf("drive:%d/%s", number(4), melsoftName(d[6:]))
	case 0x1867:
		op.object = fmt.Sprintf("drive:%d/%s", number(6), melsoftName(d[12:]))
	case 0x1868, 0x1869:
		op.object, op.quantity = fmt.Sprint("open-file:", number(0)), fmt.Sprint(number(6))
	case 0x186a:
		op.object = fmt.Sprint("open-file:", number(0))
	}
}

// TestJudgeMELSOFT compares every operation of MELSOFT with the bytes, read once
// more. In the corpus each request has a port of its own, and all goes to everybody.
func TestJudgeMELSOFT(t *testing.T) {
	root := judgeCorpus(t)
	var total score
	corpus.Each(t, filepath.Join(root, "protocols", "iti", "MELSEC"), func(path string, _ []byte) {
		lines, err := replayLines(path, "melsec")
		if err != nil {
			t.Error(err)
			return
		}
		var got []*judged
		for i := range lines {
			if e := &lines[i]; e.Kind == "operation" {
				got = append(got, e.judged())
			}
		}
		frames, err := askTshark(path, fmt.Sprint("udp.port==", melsoftPort), "frame ip udp data")
		if err != nil {
			t.Error(err)
			return
		}
		want := melsoftCalls(t, path, frames)
		agree, all := compare(filepath.Base(path), want, got)
		for i := range all {
			total.count(&all[i])
			if i < maxExamples {
				t.Errorf("a difference: %v", &all[i])
			}
		}
		total.add(path, &score{operations: len(want), agree: len(agree)})
	})
	if total.operations == 0 {
		t.Fatal("melsec: not one operation in the corpus")
	}
	demandShare(t, "melsec", &total)
	keepJudged(t, "melsec", &total, "time, frames, function, object, quantity, outcome; MELSOFT alone"+byBytes)
}

// melsoftCalls are the operations of a capture. An answer belongs to the request that came last from the port it
// goes to. Whom a request asks is known from the answer before: the first one, and the first after a station
// changed its address, is taken for one that its station did not answer.
func melsoftCalls(t *testing.T, path string, frames []*frame) (want []*judged) {
	t.Helper()
	asked, server := map[int]*judged{}, "255.255.255.255"
	for _, f := range frames {
		b := octets(f.last("data").text("data_data_data"))
		if len(b) < 4 {
			t.Fatalf("%s: frame %d has no octets", path, f.number)
		}
		if b[0]&0x80 == 0 {
			op := &judged{protocol: "melsec", flow: flowName(f.src, f.srcPort, server, f.dstPort), time: f.time, nanos: f.nanos, frame: f.number, outcome: "no-response"}
			melsoftRead(op, b)
			asked[f.srcPort] = op
			want = append(want, op)
			continue
		}
		q := asked[f.dstPort]
		if q == nil {
			t.Fatalf("%s: frame %d answers nobody", path, f.number)
		}
		if f.src == server {
			q.response, q.outcome = f.number, "ok"
			melsoftRead(q, b)
			continue
		}
		server = f.src
		op := &judged{protocol: "melsec", flow: flowName(melsoftTool, f.dstPort, f.src, f.srcPort), time: f.time, nanos: f.nanos, response: f.number, partial: true, outcome: "ok"}
		melsoftRead(op, b)
		want = append(want, op)
	}
	return want
}
