package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// TestGatewayJoinedFrames holds that a client behind a virtual interface, which sends many
// segments as one frame and leaves the cutting to a card that there is none of, is
// judged like any other: all its requests are answered, a forbidden one in their midst is
// refused, and others go on.
func TestGatewayJoinedFrames(t *testing.T) {
	l := newLine(t)
	if err := l.bed.Client.JoinFrames(); err != nil {
		t.Skip(err)
	}
	l.endServer() // this one forgets what comes behind a request that is not whole
	(&victim{}).serve(t, l.bed.Server, l.bed.Server.IP4.String()+":502")
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const requests, forbidden = 250, 125
	var all bytes.Buffer
	for i := range uint16(requests) {
		request := []byte{0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1}
		if i == forbidden {
			request = []byte{0, 0, 0, 0, 0, 6, 1, 6, 0, 40, 0x12, 0x34}
		}
		binary.BigEndian.PutUint16(request, i)
		all.Write(request)
	}
	if _, err := c.Write(all.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for i := range uint16(requests) {
		var head [8]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			t.Fatalf("after %d answers: %v\n%+v\n%s\n%s", i, err, l.status(), works(t, "stopped", "--data", l.data).stdout, l.log)
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[4:]))-2); err != nil {
			t.Fatal(err)
		}
		want := byte(3)
		if i == forbidden {
			want = 0x86
		}
		if got := binary.BigEndian.Uint16(head[:]); got != i || head[7] != want {
			t.Errorf("request %d is answered as %d with function %#x, not %#x", i, got, head[7], want)
		}
	}
	if n := l.status().Workers; n > 2 {
		t.Logf("%d workers were needed: this machine stood still, or one is lost over such frames", n)
	}
}
