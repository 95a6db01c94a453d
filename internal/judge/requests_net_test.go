package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// amqpReasons are the reply codes of the captures (AMQP 0-9-1, 1.2).
var amqpReasons = map[int]string{200: "ok", 311: "error:content-too-large", 313: "error:no-consumers", 320: "error:connection-forced",
	402: "error:invalid-path", 403: "error:access-refused", 404: "error:not-found", 405: "error:resource-locked",
	406: "error:precondition-failed", 501: "error:frame-error", 502: "error:syntax-error", 503: "error:command-invalid",
	504: "error:channel-error", 505: "error:unexpected-frame", 506: "error:resource-error", 530: "error:not-allowed",
	540: "error:not-implemented", 541: "error:internal-error"}

// amqpByJudge: requests are methods whose number is a ten, answered by the next one.
func amqpByJudge(a *answers) {
	for _, f := range a.frames {
		for _, l := range f.all("amqp") {
			class, method := l.number("amqp_amqp_method_class"), l.number("amqp_amqp_method_method")
			if class < 0 {
				a.amqpOne(f, l.number("amqp_amqp_performative"))
				continue
			}
			arg := func(name string) string { return l.text("amqp_amqp_method_arguments_" + name) }
			key := func(class, answer int) string {
				return fmt.Sprint(f.stream, " ", l.text("amqp_amqp_channel"), " ", class, " ", answer)
			}
			op := a.op(f, class<<16|method)
			if f.dstPort == 5672 {
				if method%10 != 0 && op.code != 10<<16|11 || class == 10 && method > 50 { // answers, and that a side is blocked
					continue
				}
				op.object = amqpObject(class, method, l.text("amqp_amqp_channel"), arg)
				answer := map[int]int{10<<16 | 11: 30, 40<<16 | 40: 51}[op.code]
				if answer == 0 {
					answer = method + 1
				}
				if _, never := amqpSilent[op.code]; never || arg("nowait") == "1" {
					a.ask(op, f, "")
				} else {
					a.ask(op, f, key(class, answer))
				}
				continue
			}
			switch op.code {
			case 60<<16 | 60:
				op.object = amqpObject(class, method, "", arg)
				a.sample(op, f)
			case 10<<16 | 50, 20<<16 | 40:
				outcome := coded(amqpReasons, asNumber(arg("reply_code")))
				if class == 10 { // refused before it was open: no method is named
					a.answer(key(10, 30), f, outcome)
				}
				a.answer(key(asNumber(arg("class_id")), asNumber(arg("method_id"))+1), f, outcome)
			case 10<<16 | 60, 10<<16 | 61:
			case 60<<16 | 72:
				a.answer(key(class, 71), f, "ok")
			default:
				if a.answer(key(class, method), f, "ok") == nil && method%10 == 1 {
					op.code--
					a.partial(op, f, "ok")
				}
			}
		}
	}
}

// amqpOne reads a frame of AMQP 1.0 by its performative: none is answered as such, and what a server transfers is
// a sample. Those of SASL stand before the protocol begins.
func (a *answers) amqpOne(f *frame, performative int) {
	const open, transfer, closes = 0x10, 0x14, 0x18
	switch op := a.op(f, performative); {
	case performative < open || performative > closes:
	case f.dstPort == 5672:
		a.ask(op, f, "")
	case performative == transfer:
		a.sample(op, f)
	}
}

// amqpSilent are requests that nothing answers.
var amqpSilent = map[int]bool{60<<16 | 40: true, 60<<16 | 80: true, 60<<16 | 90: true, 60<<16 | 100: true, 60<<16 | 120: true}

func amqpObject(class, method int, channel string, arg func(string) string) string {
	named := func(kind, name string) string {
		if name == "" {
			return ""
		}
		return kind + ":" + name
	}
	switch class<<16 | method {
	case 10<<16 | 40:
		return named("host", arg("virtual_host"))
	case 20<<16 | 10, 20<<16 | 40:
		return "channel:" + channel
	case 60<<16 | 40, 60<<16 | 60:
		if key := arg("routing_key"); key != "" {
			return "key:" + key
		}
		return named("exchange", arg("exchange"))
	case 60<<16 | 20, 60<<16 | 70:
		return named("queue", arg("queue"))
	}
	switch class {
	case 40:
		return named("exchange", arg("exchange")+arg("destination"))
	case 50:
		return named("queue", arg("queue"))
	}
	return ""
}

// coapReasons are the codes of errors (RFC 7252, 12.1.2 and later ones).
var coapReasons = map[int]string{0x80: "error:bad-request", 0x81: "error:unauthorized", 0x82: "error:bad-option", 0x83: "error:forbidden",
	0x84: "error:not-found", 0x85: "error:method-not-allowed", 0x86: "error:not-acceptable", 0x88: "error:request-entity-incomplete",
	0x89: "error:conflict", 0x8c: "error:precondition-failed", 0x8d: "error:request-entity-too-large",
	0x8f: "error:unsupported-content-format", 0x96: "error:unprocessable-entity", 0x9d: "error:too-many-requests",
	0xa0: "error:internal-server-error", 0xa1: "error:not-implemented", 0xa2: "error:bad-gateway", 0xa3: "error:service-unavailable",
	0xa4: "error:gateway-timeout", 0xa5: "error:proxying-not-supported", 0xa8: "error:hop-limit-reached"}

// coapByJudge joins by token. A path is told up to 96 octets.
func coapByJudge(a *answers) {
	for _, f := range a.frames {
		l := f.last("coap")
		broken := slices.ContainsFunc(l.inner("_ws_expert"), func(e layer) bool {
			return e.has("coap_coap_invalid_option_number") && !coapLater[e.text("_ws_expert__ws_expert_message")] || e.has("coap_coap_invalid_option_range")
		})
		if broken {
			continue
		}
		code, mid := l.number("coap_coap_code"), l.text("coap_coap_mid")
		op := a.op(f, code)
		key := op.flow + " " + l.text("coap_coap_token")
		observe := strings.Contains(strings.Join(l.texts("coap_coap_opt_name"), " "), "Observe")
		switch {
		case code == 0 && l.number("coap_coap_type") == 3:
			if w := a.waiting[a.known[op.flow+" reset "+mid]]; w != nil {
				a.answer(a.known[op.flow+" reset "+mid], f, "error:reset")
			}
		case code <= 0:
		case code < 0x40:
			if a.waiting[key] != nil && a.known[key] == mid {
				continue // sent again
			}
			path := "/" + strings.Join(l.texts("coap_coap_opt_uri_path"), "/")
			op.object = "resource:" + path[:min(len(path), 96)]
			if code != 5 { // what a FETCH brings is a query
				op.values = coapText(f, l, op.object)
			}
			a.known[key], a.known[op.flow+" reset "+mid] = mid, key
			if observe {
				a.known[key+" observed"] = op.object
			}
			if coapSilent(l) {
				key = ""
			}
			a.ask(op, f, key)
		default:
			outcome := "ok"
			if code >= 0x60 {
				outcome = coded(coapReasons, code)
			}
			if q := a.answer(key, f, outcome); q != nil {
				if outcome == "ok" && (q.code == 1 || q.code == 5) {
					q.values = coapText(f, l, q.object)
				}
				continue
			}
			if observe {
				op.object = a.known[key+" observed"]
				op.values = coapText(f, l, op.object)
				a.sample(op, f)
				continue
			}
			a.partial(op, f, outcome)
		}
	}
}

// coapLater is what the judge finds broken where an option is younger than it: Q-Block1 and Q-Block2 (RFC 9177),
// EDHOC (RFC 9668), Echo and Request-Tag (RFC 9175), No-Response (RFC 7967).
var coapLater = func() map[string]bool {
	all := map[string]bool{}
	for _, number := range []int{19, 21, 31, 252, 258, 292} {
		all[fmt.Sprint("Invalid Option Number ", number)] = true
	}
	return all
}()

// coapSilent tells whether a client wants no answer, of whatever class: No-Response with all three.
func coapSilent(l layer) bool {
	const all = "1a"
	return slices.ContainsFunc(l.texts("coap_coap_opt_name"), func(name string) bool { return strings.HasSuffix(name, "Option (258)") }) &&
		slices.Contains(l.texts("coap_coap_opt_unknown"), all)
}

// coapText is a payload that the message says is plain text, or that is legible where it
// does not say, and that is no number, of a resource with a name and whole; what speaks
// of a secret is not told.
func coapText(f *frame, l layer, object string) string {
	lines := f.last("data-text-lines").texts("text")
	text := strings.Join(lines, "\n")
	if b := octets(f.last("data").text("data_data_data")); len(b) > 0 && len(b) <= firedoor.MaxText && wire.Legible(b) && !l.has("coap_coap_opt_ctype") {
		text = string(b)
	}
	_, err := strconv.ParseFloat(text, 64)
	blocks := slices.ContainsFunc(l.texts("coap_coap_opt_name"), func(name string) bool {
		return strings.Contains(name, "Block") || strings.Contains(name, "Option (19)")
	})
	if text == "" || err == nil || blocks || object == "" || len(object) >= len("resource:")+96 || strings.Contains(object+text, "password") {
		return ""
	}
	return textList([]string{text})
}

// sbusReasons are what an acknowledgement that is none says.
var sbusReasons = map[int]string{0: "ok", 1: "error:not-acknowledged", 2: "error:password", 3: "error:reduced-protocol", 4: "error:port-in-use"}

// sbusSpaces are the kinds of object by command.
var sbusSpaces = map[int]string{0x00: "counter", 0x02: "flag", 0x03: "input", 0x05: "output", 0x06: "register", 0x07: "timer",
	0x0a: "counter", 0x0b: "flag", 0x0d: "output", 0x0e: "register", 0x0f: "timer", 0x1e: "memory", 0x1f: "line",
	0x23: "memory", 0x24: "line", 0x47: "address", 0x51: "address"}

// sbusValued: counters, registers and timers.
func sbusValued(j *judged) bool {
	return strings.HasPrefix(j.object, "counter") || strings.HasPrefix(j.object, "register") || strings.HasPrefix(j.object, "timer")
}

// sbusByJudge joins by sequence number.
func sbusByJudge(a *answers) {
	for _, f := range a.frames {
		l := f.last("sbus")
		op := a.op(f, l.number("sbus_sbus_cmd"))
		key := op.flow + " " + l.text("sbus_sbus_seq")
		values := sbusValues(l.texts("sbus_sbus_data_rtc"))
		switch l.number("sbus_sbus_att") {
		case 0:
			op.unit = l.text("sbus_sbus_destination")
			if space := sbusSpaces[op.code]; space != "" {
				for _, name := range []string{"RTC", "IOF", "prog", "68k"} {
					if at := l.number("sbus_sbus_addr_" + name); at >= 0 {
						op.object = space + ":" + strconv.Itoa(at)
					}
				}
				op.quantity, op.values = sbusQuantity(op.code, l), values
			}
			a.ask(op, f, key)
		case 1:
			if q := a.answer(key, f, "ok"); q == nil {
				op.code = 0x101
				a.partial(op, f, "ok")
			} else if sbusValued(q) && q.code < 0x0a {
				q.values = values
			}
		case 2:
			outcome := coded(sbusReasons, l.number("sbus_sbus_nakcode"))
			if a.answer(key, f, outcome) == nil {
				op.code = 0x102
				a.partial(op, f, outcome)
			}
		}
	}
}

// sbusValues have a sign; the judge shows none.
func sbusValues(shown []string) string {
	all := make([]string, len(shown))
	for i, s := range shown {
		all[i] = fmt.Sprint(int32(asNumber(s)))
	}
	if len(all) == 0 {
		return ""
	}
	return "[" + strings.Join(all, ",") + "]"
}

// sbusQuantity is what is read, or written: of program memory octets, as we count.
func sbusQuantity(code int, l layer) string {
	switch n := l.number("sbus_sbus_wcount_calc"); {
	case l.has("sbus_sbus_rcount"):
		return l.text("sbus_sbus_rcount")
	case l.has("sbus_sbus_fio_count"):
		return l.text("sbus_sbus_fio_count")
	case code == 0x23:
		return strconv.Itoa(4 * n)
	case n >= 0:
		return strconv.Itoa(n)
	}
	return ""
}
