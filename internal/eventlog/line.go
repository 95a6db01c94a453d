package eventlog

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"

	"firedoor"
)

// Head appends the client and server members that all lines of a conversation
// share, each followed by a comma.
func Head(dst []byte, client, server *firedoor.Endpoint) []byte {
	dst = append(dst, `"client":`...)
	dst = AppendEndpoint(dst, client)
	dst = append(dst, `,"server":`...)
	dst = AppendEndpoint(dst, server)
	return append(dst, ',')
}

// AppendSegment appends the segment that both ends are in, followed by a comma.
func AppendSegment(dst []byte, name string) []byte {
	return append(AppendString(append(dst, `"segment":`...), name), ',')
}

// AppendSentTo appends the member of what went to another address than that of its
// other end, with its comma.
func AppendSentTo(dst []byte, to firedoor.IP) []byte {
	return append(to.AppendTo(append(dst, `"sent_to":"`...)), `",`...)
}

// AppendAsked appends the members that the request settles, from "unit" to
// "texts", each followed by a comma. What was written has its values here.
func AppendAsked(dst []byte, op *firedoor.Operation) []byte {
	dst = appendUnit(dst, op.HasUnit, op.Unit)
	dst = append(dst, `"verb":"`...)
	dst = append(dst, op.Verb.String()...)
	dst = append(dst, `",`...)
	dst = appendFunction(dst, op.Function, op.Code)
	dst = appendObject(dst, &op.Object)
	if op.HasQty {
		dst = append(dst, `"quantity":`...)
		dst = strconv.AppendUint(dst, uint64(op.Quantity), 10)
		dst = append(dst, ',')
	}
	if op.Item > 0 {
		dst = append(dst, `"item":`...)
		dst = strconv.AppendUint(dst, uint64(op.Item), 10)
		dst = append(dst, ',')
	}
	return appendTexts(appendValues(dst, &op.Values), op.Texts)
}

// Frames are the frames in which the last byte of a request and of its answer
// arrived, 1-based; 0 is unseen.
type Frames struct{ Request, Response uint32 }

// AppendAnswered appends the members that the answer settles and closes the
// line: what was read (nil where the request has it), outcome, partial, frames, capture.
func AppendAnswered(dst []byte, read *firedoor.Operation, outcome firedoor.Outcome, partial bool, f Frames, capture string) []byte {
	if read != nil {
		dst = appendTexts(appendValues(dst, &read.Values), read.Texts)
	}
	dst = append(dst, `"outcome":"`...)
	dst = outcome.AppendTo(dst)
	dst = append(dst, '"')
	if outcome.DetailCode != 0 {
		dst = append(outcome.AppendDetail(append(dst, `,"detail":"`...)), '"')
	}
	if partial {
		dst = append(dst, `,"partial":true`...)
	}
	dst = append(dst, `,"frame":`...)
	dst = appendFrame(dst, f.Request)
	dst = append(dst, `,"response_frame":`...)
	dst = appendFrame(dst, f.Response)
	return end(dst, capture)
}

// AppendSample appends the members of a sample and closes the line.
func AppendSample(dst []byte, s *firedoor.Sample, frame uint32, capture string) []byte {
	dst = appendUnit(dst, s.HasUnit, s.Unit)
	dst = appendFunction(dst, s.Function, s.Code)
	dst = appendObject(dst, &s.Object)
	dst = appendTexts(appendValues(dst, &s.Values), s.Texts)
	dst = append(dst, `"frame":`...)
	dst = appendFrame(dst, frame)
	return end(dst, capture)
}

// AppendTransfer appends the members of a transfer and closes the line.
func AppendTransfer(dst []byte, f *firedoor.FileTransfer, frame uint32, capture string) []byte {
	if f.HasUnit {
		dst = append(dst, `"unit":`...)
		dst = append(strconv.AppendUint(dst, uint64(f.Unit), 10), ',')
	}
	dst = append(dst, `"name":`...)
	dst = AppendString(dst, f.Name)
	dst = append(dst, `,"content":"`...)
	if f.Kind == "" {
		dst = append(dst, "file"...)
	}
	dst = append(dst, f.Kind...)
	dst = append(dst, `","direction":"`...)
	if f.Upload {
		dst = append(dst, "upload"...)
	} else {
		dst = append(dst, "download"...)
	}
	dst = append(dst, `","done":`...)
	dst = strconv.AppendBool(dst, f.Done)
	dst = append(dst, `,"bytes":`...)
	dst = strconv.AppendInt(dst, f.Bytes, 10)
	if f.Whole {
		dst = append(dst, `,"sha256":"`...)
		dst = hex.AppendEncode(dst, f.Sum[:])
		dst = append(dst, '"')
	}
	dst = append(dst, `,"frame":`...)
	dst = appendFrame(dst, frame)
	return end(dst, capture)
}

// AppendStart opens a line: time, kind and protocol.
func AppendStart(dst []byte, c *Clock, t int64, kind, protocol string) []byte {
	dst = append(dst, `{"time":"`...)
	dst = c.Append(dst, t)
	dst = append(dst, `","kind":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","protocol":"`...)
	dst = append(dst, protocol...)
	return append(dst, `",`...)
}

func end(dst []byte, capture string) []byte {
	if capture != "" {
		dst = append(dst, `,"capture":`...)
		dst = AppendString(dst, capture)
	}
	return append(dst, "}\n"...)
}

func appendUnit(dst []byte, has bool, unit uint32) []byte {
	if !has {
		return dst
	}
	dst = append(dst, `"unit":`...)
	dst = strconv.AppendUint(dst, uint64(unit), 10)
	return append(dst, ',')
}

func appendFunction(dst []byte, function string, code uint32) []byte {
	dst = append(dst, `"function":"`...)
	dst = append(dst, function...)
	dst = append(dst, `","code":`...)
	dst = strconv.AppendUint(dst, uint64(code), 10)
	return append(dst, ',')
}

func appendObject(dst []byte, o *firedoor.Object) []byte {
	if o.Space == nil {
		return dst
	}
	dst = append(dst, `"object":"`...)
	start := len(dst)
	dst = o.AppendTo(dst)
	if len(o.Text) > 0 && !plain(dst[start:]) { // numbers and our own words need no escapes
		end := len(dst)
		dst = AppendString(dst, dst[start:end])
		dst = append(dst[:start-1], dst[end:]...)
		return append(dst, ',')
	}
	return append(dst, `",`...)
}

// plain tells whether text stands in JSON as it is.
func plain(text []byte) bool {
	for _, b := range text {
		if b < 0x20 || b >= 0x7f || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

func appendValues(dst []byte, v *firedoor.Values) []byte {
	if v.Type == firedoor.NoValue {
		return dst
	}
	dst = append(dst, `"values":`...)
	dst = v.AppendJSON(dst)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, v.Type.String()...)
	return append(dst, `",`...)
}

// appendTexts appends as much of texts as the limits allow, and whether that is all.
func appendTexts(dst []byte, texts [][]byte) []byte {
	if len(texts) == 0 {
		return dst
	}
	cut := len(texts) > firedoor.MaxTexts
	dst = append(dst, `"texts":[`...)
	for i, text := range texts[:min(len(texts), firedoor.MaxTexts)] {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(text) > firedoor.MaxText {
			text, cut = whole(text[:firedoor.MaxText]), true
		}
		dst = AppendString(dst, text)
	}
	dst = append(dst, "],"...)
	if cut {
		dst = append(dst, `"texts_cut":true,`...)
	}
	return dst
}

// whole is text without the beginning of a character at its end.
func whole(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		last := text[len(text)-i:]
		if utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

func appendFrame(dst []byte, f uint32) []byte {
	if f == 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendUint(dst, uint64(f), 10)
}
