package sensor

import (
	"fmt"
	"os"
	"testing"

	"firedoor/internal/plant"
)

// TestAnswersElsewhere: a device that answers from another port than it was asked at
// has answered, and what it is asked there is the same conversation.
func TestAnswersElsewhere(t *testing.T) {
	in, err := os.ReadFile("../protocol/pniocm/testdata/relation.pcap")
	if err != nil {
		t.Fatal(err)
	}
	o := replay(t, Options{}, in)
	connects := 0
	for _, l := range o.lines {
		if l["function"] != "connect" {
			continue
		}
		if connects++; l["outcome"] == "no-response" {
			t.Errorf("not answered: %v", l)
		}
	}
	if connects == 0 || o.Sight.LateAnswers != 0 || o.Sight.Flows != 2 || len(o.conversations) != 2 {
		t.Errorf("%d connects, %d answers without a request, %d flows in %d conversations, want 2 in 2: that of the controller and that of the device",
			connects, o.Sight.LateAnswers, o.Sight.Flows, len(o.conversations))
	}
}

// TestElsewhereIsAsked: an answer to nobody, to another client or of another protocol
// is no part of a flow.
func TestElsewhereIsAsked(t *testing.T) {
	request, answer := plant.RPC{Interface: plant.RPCDevice, Opnum: 2}, plant.RPC{Kind: 2, Interface: plant.RPCDevice, Opnum: 2}
	request.Body, answer.Body = request.Arguments(4096, plant.PNRecord(9, 1, 1, 2, 4, 0)), answer.Arguments(0, plant.PNRecord(0x8009, 1, 1, 2, 0, 0))
	for name, c := range map[string]struct {
		to    uint16 // where the request goes
		port  uint16 // to whom the answer goes
		body  []byte
		flows uint64
	}{
		"elsewhere":   {plant.PortPROFINET, 50000, answer.Bytes(), 1},
		"other port":  {50100, 50000, answer.Bytes(), 2},
		"other asker": {plant.PortPROFINET, 50001, answer.Bytes(), 2},
		"other words": {plant.PortPROFINET, 50000, []byte("hello hello"), 2},
		"a request":   {plant.PortPROFINET, 50000, request.Bytes(), 2},
	} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			n.UDP(panel, controller, 50000, c.to, request.Bytes())
			n.UDP(controller, panel, 49999, c.port, c.body)
		}))
		if o.Sight.Flows != c.flows {
			t.Errorf("%s: %d flows, want %d (%s)", name, o.Sight.Flows, c.flows, fmt.Sprint(o.lines))
		}
	}
}

// TestElsewhereAgain: a device that was asked at its other port before, and answers
// from there what it is asked at its own, has answered too.
func TestElsewhereAgain(t *testing.T) {
	message := func(kind byte, sequence uint32) []byte {
		m := plant.RPC{Kind: kind, Interface: plant.RPCDevice, Opnum: 2, Sequence: sequence}
		m.Body = m.Arguments(4096, plant.PNRecord(9, 1, 1, 2, 4, 0))
		if kind == 2 {
			m.Body = m.Arguments(0, plant.PNRecord(0x8009, 1, 1, 2, 0, 0))
		}
		return m.Bytes()
	}
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		n.UDP(panel, controller, 50000, 49999, message(0, 1))
		n.UDP(controller, panel, 49999, 50000, message(2, 1))
		n.UDP(panel, controller, 50000, plant.PortPROFINET, message(0, 2))
		n.UDP(controller, panel, 49999, 50000, message(2, 2))
		n.UDP(panel, controller, 50000, 49999, message(0, 3))
		n.UDP(controller, panel, 49999, 50000, message(2, 3))
	}))
	for _, l := range o.lines {
		if l["outcome"] != "ok" {
			t.Errorf("not answered: %v", l)
		}
	}
	if len(o.lines) != 3 || o.Sight.LateAnswers != 0 {
		t.Errorf("%d lines, want 3; %d answers without a request", len(o.lines), o.Sight.LateAnswers)
	}
}
