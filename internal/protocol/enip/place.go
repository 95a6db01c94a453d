package enip

import (
	"bytes"
	"strconv"

	"firedoor"
)

// Places of values, for points: requests name one element of an array by its index, by the
// array's beginning, or by an offset behind either. It is named as its program does. An
// index of 0 is left out: "Speed" is where "Speed[0]" is.
var (
	// elementSpace is the elements of an array: Text is its tag, up to the last index where
	// there are more dimensions ("Grid[2,"), or the path of its symbol, which indexPath marks.
	elementSpace = firedoor.Space{Name: "tag-element", Axis: 1, Append: appendElement}
	// byteSpace is the bytes of structures one behind the other: what they mean their
	// template says, and so what an index of a member would be.
	byteSpace = firedoor.Space{Name: "tag-byte", Axis: 1, Append: appendByte}
)

// Places in At, beside the element.
const (
	atElement = iota
	atSymbol  // 1 + instance of the symbol, 0 for tags by name
	atMembers // the text is a path of members below it
)

// appendIndex writes what the element of an array whose text is base is called.
func appendIndex(dst []byte, o *firedoor.Object, index uint32) []byte {
	if o.At[atSymbol] != 0 {
		dst = strconv.AppendUint(append(dst, "class:0x6b/instance:"...), uint64(o.At[atSymbol]-1), 10)
	}
	dst = append(dst, o.Text...)
	path, several := o.At[atSymbol] != 0, bytes.HasSuffix(o.Text, []byte(",")) || o.At[atMembers] != 0
	switch {
	case index == 0 && !several:
		return dst
	case path:
		return strconv.AppendUint(append(dst, "/member:"...), uint64(index), 10)
	case !several:
		dst = append(dst, '[')
	}
	return append(strconv.AppendUint(dst, uint64(index), 10), ']')
}

func appendElement(dst []byte, o *firedoor.Object) []byte {
	return appendIndex(dst, o, o.At[atElement])
}

func appendByte(dst []byte, o *firedoor.Object) []byte {
	dst = appendIndex(dst, o, 0)
	if o.At[atElement] == 0 {
		return dst
	}
	dst = append(dst, "/byte:"...)
	return strconv.AppendUint(dst, uint64(o.At[atElement]), 10)
}

// numberBehind takes a mark and the number behind it off the end of a text.
func numberBehind(text []byte, mark string) (rest []byte, n uint32, ok bool) {
	i := bytes.LastIndex(text, []byte(mark))
	if i < 0 {
		return text, 0, false
	}
	v, err := strconv.ParseUint(string(text[i+len(mark):]), 10, 32)
	if err != nil {
		return text, 0, false
	}
	return text[:i], uint32(v), true
}

const offsetMark, memberMark = "/offset:", "/member:"

// placeTag is where the values of a tag stand: Arr[1], Arr and a byte offset.
func placeTag(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	text, offset, _ := numberBehind(o.Text, offsetMark)
	at := firedoor.Object{Text: text}
	index := uint32(0)
	if n := len(text); n > 0 && text[n-1] == ']' {
		if base, i, ok := numberBehind(text[:n-1], "["); ok {
			at.Text, index = base, i
		} else if base, i, ok := numberBehind(text[:n-1], ","); ok {
			at.Text, index = text[:len(base)+1], i
		}
	}
	return within(at, index, offset, v)
}

// placeInstance is placeTag for tags by the instance of their symbol, and leaves other
// objects where they are. What a template has is no value.
func placeInstance(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	switch o.At[0] {
	case classTemplate:
		return firedoor.Object{}
	case classSymbol:
		if o.At[1] == 0 { // what there is, and no tag
			return firedoor.Object{}
		}
		return within(firedoor.Object{At: [4]uint32{atSymbol: o.At[1] + 1}}, 0, 0, v)
	}
	return *o
}

// placePath is placeInstance for what is below a symbol: its members are indexes.
func placePath(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	const symbol = "class:0x6b/instance:"
	text, offset, ok := numberBehind(o.Text, offsetMark)
	if !bytes.HasPrefix(text, []byte(symbol)) {
		if ok {
			return firedoor.Object{}
		}
		return *o
	}
	text = text[len(symbol):]
	end := bytes.IndexByte(text, '/')
	if end < 0 {
		end = len(text)
	}
	instance, err := strconv.ParseUint(string(text[:end]), 10, 32)
	if err != nil {
		return *o
	}
	at := firedoor.Object{Text: text[end:], At: [4]uint32{atSymbol: uint32(instance) + 1}}
	var index uint32
	at.Text, index, _ = numberBehind(at.Text, memberMark)
	if _, _, more := numberBehind(at.Text, memberMark); more {
		at.At[atMembers] = 1
	}
	return within(at, index, offset, v)
}

// within is an element, or a byte of a structure, at an offset in bytes behind an index.
// Nobody knows where the bytes of later structures stand whose size was not told.
func within(at firedoor.Object, index, offset uint32, v *firedoor.Values) firedoor.Object {
	switch size := uint32(v.Type.Size()); {
	case v.Each == firedoor.Unmeasured && index != 0:
		return firedoor.Object{}
	case v.Each != 0:
		at.Space, at.At[atElement] = &byteSpace, index*uint32(max(v.Each, 0))+offset
	case size == 0 || offset%size != 0:
		return firedoor.Object{}
	default:
		at.Space, at.At[atElement] = &elementSpace, index+offset/size
	}
	return at
}

// fileElements is the words of data files one behind the other. Timers, counters and
// controls have three in an element: T4:2, T4:2.1 (.PRE) and T4:2.2 (.ACC). Files of inputs
// and outputs have as many as the module in the slot: they count in the word.
var fileElements = firedoor.Space{Name: "file-element", Axis: 3, Append: func(dst []byte, o *firedoor.Object) []byte {
	at := firedoor.Object{At: o.At}
	if n := wordsOf(uint8(o.At[0])); n > 1 {
		at.At[2], at.At[3] = o.At[2]/n, o.At[2]%n
	}
	return appendFile(dst, &at)
}}

// fileSlots are those of inputs and outputs.
var fileSlots = firedoor.Space{Name: "file-slot", Axis: 4, Append: appendFile}

// Types of data files that are not like others.
const (
	fileTimers   = 0x86
	fileControls = 0x88
	fileString   = 0x8d
	fileASCII    = 0x8e
	fileInputs   = 0x83
	filePhysical = 0x8b // outputs, and behind them inputs: the same as those by slot
)

// wordsOf is how many values an element of a file has.
func wordsOf(kind uint8) uint32 {
	if kind >= fileTimers && kind <= fileControls {
		return 3
	}
	return 1
}

// placeFile is where values of a data file stand, by whichever address. What is text has no
// place, nor has a later part of a range whose file's type nobody told.
func placeFile(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	if v.Each != 0 {
		return firedoor.Object{}
	}
	at := *o
	if len(o.Text) > 0 {
		var ok bool
		if at, ok = fileNamed(o.Text); !ok {
			return *o
		}
		at.Space = o.Space
	}
	if at.At[0] == filePhysical || at.At[0] == filePhysical+1 {
		at.At[0] = fileOutputs + at.At[0] - filePhysical
	}
	switch kind := at.At[0]; {
	case kind == fileString || kind == fileASCII:
		return firedoor.Object{}
	case kind == fileUntold:
		if v.Type != firedoor.U16 && v.Type != firedoor.U8 && at.At[3] == 0 {
			at.Space = &fileElements // the type of its elements was told with them
		}
		return at
	case kind < fileOutputs || kind > fileLong || v.Type != elementType(uint8(kind)) || v.Type == firedoor.U8:
		return *o
	case kind == fileOutputs || kind == fileInputs:
		at.Space = &fileSlots
	case wordsOf(uint8(kind)) > 1:
		at.Space, at.At[2], at.At[3] = &fileElements, wordsOf(uint8(kind))*at.At[2]+at.At[3], 0
	case at.At[3] == 0:
		at.Space = &fileElements
	default:
		return *o
	}
	return at
}

// fileNamed reads the text of an address, N7:1 or T4:2.ACC, where letter and number are told.
func fileNamed(text []byte) (o firedoor.Object, ok bool) {
	n := 0
	for n < len(text) && text[n] >= 'A' && text[n] <= 'Z' {
		n++
	}
	letters, rest := string(text[:n]), text[n:]
	kind := 0
	switch letters {
	case "N", "B", "F", "T", "C", "R", "S", "L", "D":
		for i := range fileTypes {
			if fileTypes[i].letter == letters {
				kind = fileOutputs + i
			}
		}
	default:
		return o, false
	}
	file, element, ok := bytes.Cut(rest, []byte(":"))
	if !ok {
		return o, false
	}
	element, sub, below := bytes.Cut(element, []byte("."))
	o.At[0] = uint32(kind)
	if o.At[1], ok = decimal(file); !ok {
		return o, false
	}
	if o.At[2], ok = decimal(element); !ok || !below {
		return o, ok
	}
	switch string(sub) {
	case "PRE", "LEN":
		o.At[3] = 1
	case "ACC", "POS":
		o.At[3] = 2
	default:
		o.At[3], ok = decimal(sub)
	}
	return o, ok
}

func decimal(b []byte) (uint32, bool) {
	n, err := strconv.ParseUint(string(b), 10, 16)
	return uint32(n), err == nil
}
