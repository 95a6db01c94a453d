package firedoor

import "strconv"

// Verb says what an operation is for, in words shared by all protocols.
type Verb uint8

// The verbs, from harmless to grave.
const (
	VerbSession Verb = iota + 1
	VerbIdentify
	VerbDiagnose
	VerbRead
	VerbWrite
	VerbConfigure
	VerbControl
	VerbProgram
)

var verbNames = [...]string{"", "session", "identify", "diagnose", "read", "write", "configure", "control", "program"}

// String is the word used in files and sentences.
func (v Verb) String() string {
	if int(v) < len(verbNames) {
		return verbNames[v]
	}
	return "unknown"
}

// Changes tells whether the verb can change what the machine does: the right
// to it is learned for the exact client and server or not at all.
func (v Verb) Changes() bool { return v >= VerbWrite }

// Masks tells whether what a function of a protocol writes is made of what was there: masks are
// no values that an object has then. They are function 22 of Modbus, read-modify-write of a tag in CIP, and
// the masked writes of PCCC.
func Masks(protocol string, code uint32) bool {
	switch protocol {
	case "modbus":
		return code == 22
	case "cip":
		return code == 0x4e
	case "pccc":
		return code == 0x0fab || code == 0x0f26 || code == 0x0f79
	}
	return false
}

// Fills tells whether a function of a protocol writes one value to all elements that it names (Filled): function 0x0103 of FINS.
func Fills(protocol string, code uint32) bool { return protocol == "fins" && code == 0x0103 }

// Phase tells which half of an operation an event carries.
type Phase uint8

// An operation is emitted as Asked when the last byte that decides is in, and
// as Answered with the same ID when its answer is. An answer whose request was
// not seen comes as Answered with Partial set.
const (
	Asked Phase = iota + 1
	Answered
)

// Operation is one thing asked of a device and what became of it: one per
// request and object (a request over several objects gives several operations
// with their own IDs, numbered by Item).
//
// Asked carries everything the request says; Values are those written.
// Answered carries ID, Phase, Outcome and, for what was read, Values; it
// repeats Verb, Function, Code, Unit and Object as far as known, so that a
// Partial one stands alone. Quantity counts elements of the object.
type Operation struct {
	// ID joins Asked and Answered: counted up from 1 by the parser, one for each operation.
	ID       uint32
	Item     uint16 // 1, 2 ... where one request has several objects, else 0
	Phase    Phase
	Verb     Verb
	Partial  bool
	HasUnit  bool
	HasQty   bool // Quantity means something
	NoAnswer bool // Asked only: no answer will come (broadcast, one-way service); it counts as ok
	Selects  bool // nothing is carried out yet (a select before its operate): Values stand nowhere
	// UnitAgreed: Unit was told when the connection began and not in the request.
	// A capture that begins in between has the request without it, so nothing may
	// hang on it that is learned.
	UnitAgreed bool
	Unit       uint32 // Modbus unit id, S7 or CIP slot
	Code       uint32 // the protocol's own number
	Quantity   uint32
	Protocol   string // static; "" is the flow's protocol: what travels inside another says its own name
	Function   string // static words: "read holding registers"
	Object     Object
	Values     Values
	// Texts are values that are text, in wire order, as Values are those that are
	// numbers: borrowed, at most MaxTexts+1 of them, and never a secret.
	Texts   [][]byte
	Outcome Outcome

	// Span is where the request stands in the bytes given to Parse; the runner
	// rebases it onto the stream. Asked only.
	Span Span
	// Refusals would each make the device refuse this request politely. Asked
	// only; may be empty.
	Refusals []Refusal
}

// Span is a half-open byte range.
type Span struct{ Start, End int64 }

// Refusal is a small patch to the request, Offset counted from Span.Start.
type Refusal struct {
	Name   string // static: "address", "function"
	Offset int
	Bytes  [4]byte
	Len    uint8
}

// OutcomeKind classes outcomes.
type OutcomeKind uint8

// Outcomes: Pending until answered.
const (
	OutcomePending OutcomeKind = iota
	OutcomeOK
	OutcomeError
	OutcomeNoResponse
)

// Outcome is what the device said. Name is static: the specification's words
// in lower case with hyphens; empty where the specification has none for Code.
//
// DetailCode is what a device adds to its refusal: a second code of the protocol's own, that says
// more than Code; 0 means none. Detail is its name, as Name is that of Code.
type Outcome struct {
	Kind       OutcomeKind
	DetailCode uint16
	Code       uint32
	Name       string
	Detail     string
}

// OK is the outcome of an accepted request.
var OK = Outcome{Kind: OutcomeOK}

// Failed is the outcome of a request refused with the protocol's code; name
// may be empty.
func Failed(code uint32, name string) Outcome {
	return Outcome{Kind: OutcomeError, Code: code, Name: name}
}

// AppendDetail appends the words of a detail, "0x2105" where it has none, nothing where there is no detail.
func (o Outcome) AppendDetail(dst []byte) []byte {
	switch {
	case o.DetailCode == 0:
		return dst
	case o.Detail != "":
		return append(dst, o.Detail...)
	}
	return appendCode(dst, uint32(o.DetailCode))
}

// AppendTo appends "ok", "error:NAME", "error:0x0b" or "no-response".
func (o Outcome) AppendTo(dst []byte) []byte {
	switch o.Kind {
	case OutcomeOK:
		return append(dst, "ok"...)
	case OutcomeError:
		dst = append(dst, "error:"...)
		if o.Name != "" {
			return append(dst, o.Name...)
		}
		return appendCode(dst, o.Code)
	default:
		return append(dst, "no-response"...)
	}
}

// appendCode appends a number that has no words.
func appendCode(dst []byte, code uint32) []byte {
	dst = append(dst, "0x"...)
	if code < 0x10 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, uint64(code), 16)
}

// Space is a kind of object within a protocol: holding registers, a data
// block's bytes, CIP attributes, tags. Spaces are static variables of the
// protocol's folder and are compared by pointer, ordered by nothing.
type Space struct {
	Name string // unique within the protocol: "holding", "tag"
	// Axis is 1 + the index of the number in At from which Quantity counts
	// elements on; 0 where objects do not lie in a row.
	Axis uint8
	// Bytes is 1 + the index of the number in At that counts bytes of memory, where
	// elements lie one behind the other by their size; 0 where they do not.
	Bytes uint8
	// Append writes the object's text; nil writes Name, a colon and At[0], or
	// Name, a colon and Text when there is Text.
	Append func(dst []byte, o *Object) []byte
	// Passing says that numbers are given out anew each time, as those of transfers
	// are: what is learned of one holds for all, under number 0.
	Passing bool
	// Last is the largest number from which Quantity counts, 0 where nobody says.
	Last uint32
	// Of is the protocol to whose points its values belong where several speak of the same
	// objects; empty: to those of the one that was spoken.
	Of string
	// Place tells where values stand that requests name in several ways, or with more than
	// their place (a priority): the object of the first of them, which has one form only and of
	// itself is its own place. Its Space is one of the protocol's, zero where nobody knows
	// where they stand. Nil: objects are their own places. It borrows o's Text.
	Place func(o *Object, v *Values) Object
}

// Place is where values of an object stand: Space.Place, or the object itself.
func (o *Object) Place(v *Values) Object {
	if o.Space == nil || o.Space.Place == nil {
		return *o
	}
	return o.Space.Place(o, v)
}

// Object names what an operation touches, in numbers (zero-based) or, for
// names on the wire, in borrowed text. The zero Object means "none".
type Object struct {
	Space *Space
	At    [4]uint32
	Text  []byte
}

// AppendTo appends the object's text: "holding:40", "DB1.DBX0.0",
// "class:0x6b/instance:1", a tag.
func (o *Object) AppendTo(dst []byte) []byte {
	if o.Space == nil {
		return dst
	}
	if o.Space.Append != nil {
		return o.Space.Append(dst, o)
	}
	dst = append(append(dst, o.Space.Name...), ':')
	if len(o.Text) > 0 {
		return append(dst, o.Text...)
	}
	return strconv.AppendUint(dst, uint64(o.At[0]), 10)
}
