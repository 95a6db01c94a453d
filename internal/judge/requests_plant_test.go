package judge

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// hsmsAcks are the messages whose answer begins with a code (SEMI E5), as stream * 1000
// + function, with the words of its codes where the captures have them.
var hsmsAcks = map[int]map[int]string{
	1013: {1: "error:denied"}, 1015: nil, 1017: nil,
	2015: {1: "error:constant-does-not-exist", 2: "error:busy", 3: "error:constant-out-of-range"},
	2021: nil, 2023: nil, 2031: nil, 2033: nil, 2035: nil, 2037: nil, 2041: hsmsCommand, 2043: nil, 2045: nil, 2049: hsmsCommand,
	3017: nil, 5003: nil, 6023: nil, 7001: nil, 7017: nil, 7023: nil, 10003: nil, 10005: nil,
	7003: {1: "error:permission-not-granted", 2: "error:length-error", 3: "error:matrix-overflow", 4: "error:program-not-found", 5: "error:mode-unsupported"},
}

// hsmsCommand is HCACK: 4 says that it will be done.
var hsmsCommand = map[int]string{1: "error:invalid-command", 2: "error:cannot-do-now", 3: "error:parameter-error", 4: "ok",
	5: "error:already-in-condition", 6: "error:invalid-object"}

// hsmsRefused are the functions of stream 9, hsmsControlled the codes of answers to
// control messages by their type (SEMI E37).
var (
	hsmsRefused = map[int]string{1: "error:unrecognized-device", 3: "error:unrecognized-stream", 5: "error:unrecognized-function",
		7: "error:illegal-data", 9: "error:transaction-timeout", 11: "error:data-too-long", 13: "error:conversation-timeout"}
	hsmsControlled = map[int]map[int]string{
		2: {1: "error:communication-already-active", 2: "error:connection-not-ready", 3: "error:connect-exhausted"},
		4: {1: "error:communication-not-established", 2: "error:communication-busy"},
		7: {1: "error:type-not-supported", 2: "error:presentation-not-supported", 3: "error:transaction-not-open", 4: "error:not-selected"},
	}
)

// hsmsByJudge joins by system bytes. The host is the client, on port 5000 the equipment.
func hsmsByJudge(a *answers) {
	for _, f := range a.frames {
		for _, l := range f.all("hsms") {
			field := func(name string) int { return l.number("hsms_hsms_header_" + name) }
			client, system := f.dstPort == 5000, field("system")
			key := func(system int) string { return fmt.Sprint(f.stream, " ", uint32(system)) }
			if kind := field("stype"); kind != 0 {
				switch {
				case kind == 9 && client:
					a.ask(a.op(f, 0x10000+kind), f, "")
				case kind&1 == 1 && kind != 7 && client:
					a.ask(a.op(f, 0x10000+kind), f, key(system))
				case !client:
					a.answer(key(system), f, hsmsOutcome(hsmsControlled[kind], field("statusbyte3")))
				}
				continue
			}
			stream, function := field("stream"), field("function")
			op := a.op(f, stream<<8|function)
			op.unit = l.text("hsms_hsms_header_sessionid")
			if texts := l.texts(hsmsString); op.code == 0x20f && len(texts) > 0 && len(hsmsItems(l)) == 2 && texts[0] != "OperatorPassword" && (len(texts) == 2 || hsmsNumbered(l)) {
				op.values = textList(texts[len(texts)-1:])
			}
			switch {
			case stream == 9:
				head := octets(l.text("hsms_hsms_data_item_value_binary"))
				if len(head) == 10 {
					a.answer(key(int(binary.BigEndian.Uint32(head[6:]))), f, coded(hsmsRefused, function))
				}
			case function&1 == 0 && !client:
				outcome := "ok"
				if names, acks := hsmsAcks[stream*1000+function-1]; function == 0 {
					outcome = "error:aborted"
				} else if code := octets(l.text("hsms_hsms_data_item_value_binary")); acks && len(code) == 1 {
					outcome = hsmsOutcome(names, int(code[0]))
				}
				if q := a.answer(key(system), f, outcome); q != nil && q.code == 0x20d && len(hsmsItems(l)) == 1 {
					q.values = textList(l.texts(hsmsString))
				}
			case function&1 == 0:
			case slices.Contains([]int{0x501, 0x601, 0x603, 0x609, 0x60b, 0x60d}, op.code):
				if op.code == 0x501 {
					op.values = textList(l.texts(hsmsString))
				}
				a.sample(op, f)
			case client && field("wbit") == 1:
				a.ask(op, f, key(system))
			case client:
				a.ask(op, f, "")
			}
		}
	}
}

// hsmsValue tells samples of one number in a message of several.
func hsmsValue(j *judged) bool {
	return strings.Contains(j.object, "/value:") || strings.HasPrefix(j.object, "variable:") || strings.HasPrefix(j.object, "constant:")
}

const hsmsString = "hsms_hsms_data_item_value_string"

// hsmsItems are the items of a message that are no lists.
// hsmsNumbered tells whether a constant that has a text is named by a number: names are
// unsigned or texts (SEMI E5, ECID).
func hsmsNumbered(l layer) bool {
	for name := range l {
		if strings.HasPrefix(name, "hsms_hsms_data_item_value_uint") {
			return true
		}
	}
	return false
}

func hsmsItems(l layer) (items []string) {
	for name := range l {
		if strings.HasPrefix(name, "hsms_hsms_data_item_value_") {
			items = append(items, l.texts(name)...)
		}
	}
	return items
}

func hsmsOutcome(names map[int]string, code int) string {
	if code == 0 {
		return "ok"
	}
	return coded(names, code)
}

// rtpsByJudge tells the data of writers that are the application's.
func rtpsByJudge(a *answers) {
	for _, f := range a.frames {
		for _, l := range f.all("rtps") {
			writers := l.texts("rtps_rtps_sm_wrEntityId")
			for _, kind := range l.numbers("rtps_rtps_sm_id") {
				if !slices.Contains([]int{0x06, 0x07, 0x08, 0x12, 0x13, 0x15, 0x16}, kind) || len(writers) == 0 {
					continue
				}
				writer := writers[0]
				writers = writers[1:]
				if kind != 0x15 && kind != 0x16 || asNumber(writer)&0xc0 != 0 {
					continue
				}
				op := a.op(f, kind)
				if op.object = "writer:" + writer; l.has("rtps_rtps_param_topicName") {
					op.object = "topic:" + l.text("rtps_rtps_param_topicName")
				}
				a.sample(op, f)
			}
		}
	}
}
