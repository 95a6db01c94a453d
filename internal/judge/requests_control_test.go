package judge

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Units of SNMP by the judge's number, which is the tag without its class (RFC 3416, 3).
const (
	snmpUnits    = 0xa0
	snmpGet      = 0xa0
	snmpResponse = 0xa2
	snmpSet      = 0xa3
	snmpBulk     = 0xa5
	snmpReport   = 0xa8
)

// snmpTold is how many variables of one message are compared: no more are told.
const snmpTold = 64

// snmpErrors are the error statuses of a response (RFC 3416, 3).
var snmpErrors = map[int]string{1: "error:too-big", 2: "error:no-such-name", 3: "error:bad-value", 4: "error:read-only", 5: "error:gen-err",
	6: "error:no-access", 17: "error:not-writable"}

// snmpAbsent says of a variable in a response that there is none, by the judge's words.
var snmpAbsent = map[string]string{"noSuchObject": "error:no-such-object", "noSuchInstance": "error:no-such-instance", "endOfMibView": "error:end-of-mib-view"}

// snmpNumbers are the types of values that are numbers.
var snmpNumbers = []string{"int", "counter", "gauge", "uint", "timeticks", "counter64"}

// snmpVariable is a name with what the judge says of its value.
type snmpVariable struct{ object, values, outcome string }

// snmpVariables takes the judge's lists apart: one of names and, of each type, one of
// values. What it writes of a variable says of which list its value is the next.
func snmpVariables(l layer) []snmpVariable {
	lists := map[string][]string{}
	for _, kind := range snmpNumbers {
		lists[kind] = l.texts("snmp_snmp_value_" + kind)
	}
	var all []snmpVariable
	texts := l.texts("text")
	for i, name := range l.texts("snmp_snmp_name") {
		v := snmpVariable{object: "oid:" + name, outcome: "ok"}
		_, value, _ := strings.Cut(nth(texts, i), ": ")
		for kind, list := range lists {
			if len(list) > 0 && list[0] == value {
				v.values, lists[kind] = "["+value+"]", list[1:]
				break
			}
		}
		if absent := snmpAbsent[value]; absent != "" {
			v.outcome = absent
		}
		all = append(all, v)
	}
	return all
}

// snmpByJudge joins by the number of a request, within its flow. A variable is an
// operation; a response to another function than get says nothing of their objects.
func snmpByJudge(a *answers) {
	asked := map[string][]*judged{}
	for _, f := range a.frames {
		for _, l := range f.all("snmp") {
			unit := l.number("snmp_snmp_data")
			if unit < 0 { // encrypted, or broken
				continue
			}
			unit += snmpUnits
			key := fmt.Sprint(flowName(f.src, f.srcPort, f.dst, f.dstPort), " ", l.text("snmp_snmp_request_id"))
			switch {
			case unit == snmpResponse || unit == snmpReport:
				snmpAnswer(a, f, l, unit, asked[key])
				delete(asked, key)
			case unit <= snmpSet || unit == snmpBulk:
				asked[key] = snmpRequest(a, f, l, unit)
			}
		}
	}
}

func snmpRequest(a *answers, f *frame, l layer, unit int) (ops []*judged) {
	variables := snmpVariables(l)
	for i, v := range variables[:min(len(variables), snmpTold)] {
		op := a.op(f, unit)
		op.object, op.frame, op.outcome = v.object, f.number, "no-response"
		if unit == snmpSet {
			op.values = v.values
		}
		if len(variables) > 1 {
			op.item = i + 1
		}
		ops = append(ops, op)
	}
	a.all = append(a.all, ops...)
	return ops
}

func snmpAnswer(a *answers, f *frame, l layer, unit int, asked []*judged) {
	status := "ok"
	if code := l.number("snmp_snmp_error_status"); unit == snmpReport {
		status = "error:report"
	} else if code > 0 {
		status = coded(snmpErrors, code)
	}
	variables := snmpVariables(l)
	for i, op := range asked {
		if op.response, op.outcome = f.number, status; i >= len(variables) || status != "ok" {
			continue
		}
		if op.outcome = variables[i].outcome; op.code == snmpGet {
			op.values = variables[i].values
		}
	}
	if asked != nil || unit == snmpReport {
		return
	}
	for i, v := range variables[:min(len(variables), snmpTold)] {
		op := a.op(f, unit)
		if op.object = v.object; len(variables) > 1 {
			op.item = i + 1
		}
		if status == "ok" {
			op.values = v.values
			a.partial(op, f, v.outcome)
			continue
		}
		a.partial(op, f, status)
	}
}

// snmpValued: the judge shows every number.
func snmpValued(*judged) bool { return true }

// Kinds of TPDU by the upper half of their code, and the codes of what is asked.
const (
	cotpError      = 0x07
	cotpDisconnect = 0x08
	cotpConfirm    = 0x0d
	cotpConnect    = 0x0e
	cotpAsks       = 0xe0
	cotpHangsUp    = 0x80
)

// cotpReasons are those of a disconnect (ISO 8073, 13.5.3) in the captures.
var cotpReasons = map[int]string{3: "error:address-unknown", 128: "error:normal-disconnect"}

// cotpByJudge joins within a connection. Connects that name no selector are of remote
// desktops, which have the same framing.
func cotpByJudge(a *answers) {
	for _, f := range a.frames {
		for _, l := range f.all("cotp") {
			selector := cotpSelector(l)
			switch kind := l.number("cotp_cotp_type"); kind {
			case cotpConnect:
				if selector == "" {
					continue
				}
				op := a.op(f, cotpAsks)
				op.object = selector
				a.ask(op, f, f.stream)
			case cotpConfirm:
				if a.answer(f.stream, f, "ok") == nil && selector != "" {
					op := a.op(f, cotpAsks)
					op.object = selector
					a.partial(op, f, "ok")
				}
			case cotpDisconnect, cotpError:
				outcome := "error:" + cotpRejected(l)
				if kind == cotpDisconnect {
					outcome = coded(cotpReasons, l.number("cotp_cotp_cause"))
				}
				if a.answer(f.stream, f, outcome) == nil && kind == cotpDisconnect && f.dstPort == cotpPort {
					a.ask(a.op(f, cotpHangsUp), f, "")
				}
			}
		}
	}
}

// cotpPort is where the servers listen.
const cotpPort = 102

func cotpRejected(l layer) string { return fmt.Sprintf("0x%02x", l.number("cotp_cotp_reject_cause")) }

// cotpSelector is the called selector: a text of more than two letters, or bytes.
func cotpSelector(l layer) string {
	b := octets(l.text("cotp_cotp_dst-tsap-bytes"))
	if len(b) == 0 {
		return ""
	}
	strange := func(r rune) bool { return r < 0x21 || r > 0x7e }
	if len(b) > 2 && !strings.ContainsFunc(string(b), strange) {
		return "tsap:" + string(b)
	}
	return "tsap:0x" + hex.EncodeToString(b)
}
