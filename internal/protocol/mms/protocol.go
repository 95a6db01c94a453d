package mms

import (
	"bytes"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is MMS. It has no probe: cotp hands its connections over.
var Protocol = &protocol.Protocol{
	Name:       "mms",
	Within:     "cotp",
	Industrial: true,
	Sheet: protocol.Sheet{Title: "IEC 61850 MMS", Depth: protocol.Deep, By: "ISO 9506, IEC 61850-8-1, ISO 8327, ISO 8823, ISO 8650",
		Unread: []string{"texts among numbers or in members of lists, and times inside structures: no value", "event notifications", "type descriptions and capability lists", "alternate access to several components", "messages over 120 KiB of transport units, and what the session cuts in parts: said, and a gateway stops them"}},
	Functions: listFunctions,
	Whole:     true,
	Further:   []string{wire.COTPWord(wire.COTPConnect), wire.COTPWord(wire.COTPDisconnect)},
	New:       func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{&variables, &elements, &lists, &addresses, &names, &domains, &programs, &files, &openFiles, &uploads, &journals, &semaphores,
		&associations, &reports, &entries, &events, wire.SpaceTSAP},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// Spaces of objects. Names stand as on the wire: "LD0/XCBR1$CO$Pos$Oper"; those of
// the whole device without a domain, those of the association with "@" in front.
var (
	variables = firedoor.Space{Name: "variable", Append: appendText, Place: place}
	// elements are those of arrays of plain values, for points only: "Set", "Set[1]".
	elements  = firedoor.Space{Name: "variable-element", Axis: 1, Append: appendElement}
	lists     = firedoor.Space{Name: "list"}
	addresses = firedoor.Space{Name: "address"}
	// names are the names of a class: At[0] is the class, Text the domain.
	names        = firedoor.Space{Name: "names", Append: appendNames}
	domains      = firedoor.Space{Name: "domain"}
	programs     = firedoor.Space{Name: "program"}
	files        = firedoor.Space{Name: "file"}
	openFiles    = firedoor.Space{Name: "open-file", Passing: true} // the server numbers them
	uploads      = firedoor.Space{Name: "upload", Passing: true}
	journals     = firedoor.Space{Name: "journal"}
	semaphores   = firedoor.Space{Name: "semaphore"}
	associations = firedoor.Space{Name: "association"}
	reports      = firedoor.Space{Name: "report"}
	events       = firedoor.Space{Name: "event"}
	// entries are members of a data set: Text is its name, At[0] the place.
	entries = firedoor.Space{Name: "entry", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(append(dst, o.Text...), '[')
		return append(strconv.AppendUint(dst, uint64(o.At[0]), 10), ']')
	}}
)

func appendText(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Text...) }

func appendElement(dst []byte, o *firedoor.Object) []byte {
	if dst = append(dst, o.Text...); o.At[0] == 0 {
		return dst
	}
	return append(strconv.AppendUint(append(dst, '['), uint64(o.At[0]), 10), ']')
}

// place is where a variable stands, or an element that was asked for by its index: "Set(2)"
// is Set[2]. A structure is an object by itself, and so is what is in it.
func place(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	if v.Each != 0 || v.Type == firedoor.Bit {
		return *o
	}
	at := firedoor.Object{Space: &elements, Text: o.Text}
	i, n := bytes.LastIndexByte(o.Text, '('), len(o.Text)
	if i < 0 || o.Text[n-1] != ')' {
		return at
	}
	index, err := strconv.ParseUint(string(o.Text[i+1:n-1]), 10, 32)
	if err != nil || v.Len() > 1 {
		return *o
	}
	at.Text, at.At[0] = o.Text[:i], uint32(index)
	return at
}

func appendNames(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "names:"...)
	if word := className(o.At[0]); word != "" {
		dst = append(dst, word...)
	} else {
		dst = strconv.AppendUint(append(dst, "class-"...), uint64(o.At[0]), 10)
	}
	if len(o.Text) > 0 {
		dst = append(append(dst, '/'), o.Text...)
	}
	return dst
}

// className is a class of objects (ISO 9506-2, 14.4).
func className(class uint32) string {
	classes := [...]string{"named-variable", "scattered-access", "named-variable-list", "named-type", "semaphore", "event-condition",
		"event-action", "event-enrollment", "journal", "domain", "program-invocation", "operator-station", "data-exchange", "access-control-list"}
	if class < uint32(len(classes)) {
		return classes[class]
	}
	return ""
}
