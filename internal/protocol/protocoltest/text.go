package protocoltest

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"firedoor"
)

// maxListed is how many values a golden line lists before it hashes the rest.
const maxListed = 128

// line collects the fields of one event in the order they are told.
type line struct{ b []byte }

func (l *line) word(s string)            { l.b = append(append(l.b, s...), ' ') }
func (l *line) pair(key, val string)     { l.word(key + "=" + val) }
func (l *line) number(key string, n int) { l.pair(key, strconv.Itoa(n)) }

func (l *line) text(key, val string) {
	if val != "" {
		l.pair(key, strconv.Quote(val))
	}
}

func (l *line) bytes(key string, val []byte) { l.text(key, string(val)) }

func (l *line) flag(key string, on bool) {
	if on {
		l.word(key)
	}
}

func (l *line) String() string {
	if n := len(l.b); n > 0 && l.b[n-1] == ' ' {
		return string(l.b[:n-1])
	}
	return string(l.b)
}

// describe writes an event as golden files show it: every field that is set.
// Where the bytes stood (spans, offsets) is left out of a bare line: it depends
// on nothing that matters when streams are cut otherwise.
func describe(e *firedoor.Event, bare bool) string {
	l := line{}
	l.word(e.Kind.String())
	switch e.Kind {
	case firedoor.EventOperation:
		l.operation(e.Operation, bare)
	case firedoor.EventSample:
		l.sample(e.Sample)
	case firedoor.EventIdentity:
		l.identity(e.Identity)
	case firedoor.EventLookup:
		l.word(e.Lookup.Kind)
		l.bytes("name", e.Lookup.Name)
		l.ip("answer", e.Lookup.Answer)
		l.text("outcome", e.Lookup.Outcome)
	case firedoor.EventLogin:
		l.bytes("user", e.Login.User)
		l.flag("secret", e.Login.Secret != 0)
		l.text("outcome", e.Login.Outcome)
	case firedoor.EventFileTransfer:
		l.text("protocol", e.FileTransfer.Protocol)
		if e.FileTransfer.HasUnit {
			l.pair("unit", strconv.FormatUint(uint64(e.FileTransfer.Unit), 10))
		}
		l.bytes("name", e.FileTransfer.Name)
		l.flag("upload", e.FileTransfer.Upload)
		l.number("bytes", int(e.FileTransfer.Bytes))
		l.flag("done", e.FileTransfer.Done)
		l.text("kind", e.FileTransfer.Kind)
		if e.FileTransfer.Whole {
			l.pair("sum", hex.EncodeToString(e.FileTransfer.Sum[:6]))
		}
	case firedoor.EventEncrypted:
		l.pair("protocol", e.Encrypted.Protocol)
		l.text("version", e.Encrypted.Version)
		l.text("inside", e.Encrypted.Inside)
		l.text("by", e.Encrypted.By)
	case firedoor.EventMalformed:
		l.text("protocol", e.Malformed.Protocol)
		l.text("reason", e.Malformed.Reason)
		if !bare && e.Malformed.Offset != 0 {
			l.number("offset", e.Malformed.Offset)
		}
	case firedoor.EventExpect:
		l.expect(e.Expect)
	case firedoor.EventHandOver:
		l.pair("protocol", e.HandOver.Protocol)
		l.flag("with-state", e.HandOver.State != nil)
	}
	return l.String()
}

func (l *line) operation(o *firedoor.Operation, bare bool) {
	if o.Phase == firedoor.Asked {
		l.word("asked")
	} else {
		l.word("answered")
	}
	l.number("id", int(o.ID))
	if o.Item != 0 {
		l.number("item", int(o.Item))
	}
	l.text("protocol", o.Protocol)
	l.pair("verb", o.Verb.String())
	l.flag("partial", o.Partial)
	l.flag("no-answer", o.NoAnswer)
	if o.UnitAgreed {
		l.number("unit-agreed", int(o.Unit))
	} else if o.HasUnit {
		l.number("unit", int(o.Unit))
	}
	l.pair("code", strconv.FormatUint(uint64(o.Code), 10))
	l.text("function", o.Function)
	l.object(&o.Object)
	if o.HasQty {
		l.number("quantity", int(o.Quantity))
	}
	l.values(&o.Values)
	l.texts(o.Texts)
	if o.Outcome.Kind != firedoor.OutcomePending {
		l.pair("outcome", string(o.Outcome.AppendTo(nil)))
	}
	if d := o.Outcome.AppendDetail(nil); len(d) > 0 {
		l.pair("detail", string(d))
	}
	if o.Phase == firedoor.Asked && !bare {
		l.pair("span", fmt.Sprintf("%d-%d", o.Span.Start, o.Span.End))
	}
	for i := range o.Refusals {
		r := &o.Refusals[i]
		l.pair("refusal", fmt.Sprintf("%s@%d:%x", r.Name, r.Offset, r.Bytes[:min(r.Len, 4)]))
	}
}

func (l *line) sample(s *firedoor.Sample) {
	l.text("protocol", s.Protocol)
	if s.HasUnit {
		l.number("unit", int(s.Unit))
	}
	l.pair("code", strconv.FormatUint(uint64(s.Code), 10))
	l.text("function", s.Function)
	l.object(&s.Object)
	l.values(&s.Values)
	l.texts(s.Texts)
}

func (l *line) identity(i *firedoor.Identity) {
	l.pair("about", [...]string{"sender", "client", "server", "address"}[i.About&3])
	l.pair("kind", i.Kind.String())
	l.number("confidence", int(i.Confidence))
	if i.Slot != 0 {
		l.number("slot", int(i.Slot))
	}
	if i.MAC != 0 {
		l.pair("mac", i.MAC.String())
	}
	l.ip("ip", i.IP)
	if i.Lease != 0 {
		l.number("lease", int(i.Lease))
	}
	l.text("source", i.Source)
	l.bytes("value", i.Value)
}

func (l *line) expect(x *firedoor.Expect) {
	l.pair("protocol", x.Protocol)
	l.flag("udp", x.UDP)
	l.ip("server", x.ServerIP)
	if x.ServerPort != 0 {
		l.number("server-port", int(x.ServerPort))
	}
	l.ip("client", x.ClientIP)
	if x.ClientPort != 0 {
		l.number("client-port", int(x.ClientPort))
	}
	l.flag("with-state", x.State != nil)
}

func (l *line) ip(key string, ip firedoor.IP) {
	if !ip.IsZero() {
		l.pair(key, ip.String())
	}
}

func (l *line) object(o *firedoor.Object) {
	if o.Space == nil {
		return
	}
	text := string(o.AppendTo(nil))
	if s := strconv.Quote(text); s != `"`+text+`"` {
		text = s // it came with something unprintable
	}
	l.pair("object", text)
}

func (l *line) texts(all [][]byte) {
	if len(all) == 0 {
		return
	}
	quoted := make([]string, len(all))
	for i, t := range all {
		quoted[i] = strconv.Quote(string(t))
	}
	l.pair("texts", "["+strings.Join(quoted, ",")+"]")
}

func (l *line) values(v *firedoor.Values) {
	if v.Type == firedoor.NoValue {
		return
	}
	listed, rest := *v, ""
	if v.Len() > maxListed {
		h := fnv.New32a()
		h.Write(v.Raw)
		rest = fmt.Sprintf("+%d:%08x", v.Len()-maxListed, h.Sum32())
		listed.Count = maxListed
	}
	l.pair("values", v.Type.String()+string(listed.AppendJSON(nil))+rest)
}
