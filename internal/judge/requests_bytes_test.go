package judge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// rocByBytes reads messages of ROC Plus: destination (unit, group), source, opcode,
// length, data, CRC. Answers come in the order of requests; an answer has the opcode of
// its request, and 255 is an error of the first that waits.
func rocByBytes(a *answers) {
	queue := map[string][]*judged{}
	for _, f := range a.frames {
		b := octets(f.last("tcp").text("tcp_tcp_payload"))
		for len(b) >= 8 && len(b) >= 8+int(b[5]) {
			message := b[:8+int(b[5])]
			b = b[len(message):]
			op := a.op(f, int(message[4]))
			if f.dstPort == 4000 {
				op.unit = fmt.Sprint(binary.LittleEndian.Uint16(message))
				a.ask(op, f, "")
				op.outcome = "no-response"
				queue[f.stream] = append(queue[f.stream], op)
				continue
			}
			op.unit = fmt.Sprint(binary.LittleEndian.Uint16(message[2:]))
			asked := queue[f.stream]
			i := slices.IndexFunc(asked, func(q *judged) bool { return q.code == op.code || op.code == 255 })
			switch {
			case i < 0 && op.code == 224: // a report, unasked
				a.sample(op, f)
				continue
			case i < 0:
				a.partial(op, f, "ok")
				continue
			}
			asked[i].response, asked[i].outcome = f.number, "ok"
			queue[f.stream] = asked[i+1:]
		}
	}
}

// foxByBytes reads messages of Fox: "fox TYPE NUMBER REPLY CHANNEL COMMAND", a body or
// none, and ";;" behind it. What the client sends as a or s is asked.
func foxByBytes(a *answers) {
	held := map[string][]byte{}
	for _, f := range a.frames {
		side := fmt.Sprint(f.stream, " ", f.dstPort == 1911)
		b := append(held[side], octets(f.last("tcp").text("tcp_tcp_payload"))...)
		for {
			end := bytes.Index(b, []byte(";;\n"))
			if end < 0 {
				break
			}
			line, _, _ := strings.Cut(string(b[:end]), "\n")
			b = b[end+3:]
			words := strings.Fields(line)
			if len(words) < 6 || words[0] != "fox" {
				continue
			}
			foxMessage(a, f, words)
		}
		held[side] = bytes.Clone(b)
	}
}

// foxMessage: a hello is answered by the server's or its refusal, what is asked with s by
// what repeats its number for a reply.
func foxMessage(a *answers, f *frame, words []string) {
	kind, reply, object := words[1], words[3], words[4]+"/"+words[5]
	op := a.op(f, 0)
	if op.object = object; f.dstPort == 1911 {
		switch {
		case object == "fox/hello":
			a.ask(op, f, f.stream+" hello")
		case kind == "s":
			a.ask(op, f, f.stream+" "+reply)
		case kind == "k":
			op.object = ""
			a.ask(op, f, "")
		case kind == "a" || kind == "c":
			a.ask(op, f, "")
		}
		return
	}
	switch {
	case object == "fox/hello":
		a.answer(f.stream+" hello", f, "ok")
	case kind == "e" && reply == "-1":
		a.answer(f.stream+" hello", f, "error:error")
	case kind == "r" || kind == "n" || kind == "e":
		outcome := map[string]string{"r": "ok", "n": "ok", "e": "error:error"}[kind]
		if a.answer(f.stream+" "+reply, f, outcome) == nil {
			a.partial(op, f, outcome)
		}
	case kind == "a" && words[4] != "fox":
		a.sample(op, f)
	}
}
