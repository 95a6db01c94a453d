package plant

// UADP is a NetworkMessage of OPC UA PubSub (OPC 10000-14, 7.2.4.4). Parts that are
// nil or zero are left out.
type UADP struct {
	Publisher any // uint8, uint16, uint32, uint64, string
	Class     []byte
	Group     uint16
	Version   uint32
	Number    uint16
	Sequence  uint16
	Writers   []uint16
	Time      uint64
	Picos     uint16
	Promoted  *OPC
	Type      byte // 1 discovery request, 2 response
	Chunk     bool
	Security  byte // 1 signed, 2 encrypted, 4 footer
	Open      bool // a security header that says there is none
	Footer    []byte
	Sets      []*OPC // or one payload of another kind
}

// Encode writes the message.
func (u *UADP) Encode() []byte {
	flags, extended, extended2, id := byte(1), byte(0), u.Type<<2, &OPC{}
	if u.Publisher != nil {
		flags |= 0x10
		extended = u.publisher(id)
	}
	group := u.group()
	if len(group.B) > 0 {
		flags |= 0x20
	}
	if u.Writers != nil {
		flags |= 0x40
	}
	if u.Chunk {
		extended2 |= 1
	}
	if u.Promoted != nil {
		extended2 |= 2
	}
	for i, has := range []bool{u.Class != nil, u.Security != 0 || u.Open, u.Time != 0, u.Picos != 0, extended2 != 0} {
		if has {
			extended |= 8 << i
		}
	}
	o := &OPC{}
	if extended != 0 {
		flags |= 0x80
		o.U8(flags, extended)
	} else {
		o.U8(flags)
	}
	if extended2 != 0 {
		o.U8(extended2)
	}
	o.U8(id.B...).U8(u.Class...).U8(group.B...)
	u.writers(o)
	if u.Time != 0 {
		o.U64(u.Time)
	}
	if u.Picos != 0 {
		o.U16(u.Picos)
	}
	if u.Promoted != nil {
		o.U16(uint16(len(u.Promoted.B))).U8(u.Promoted.B...)
	}
	u.secured(o)
	return o.B
}

func (u *UADP) publisher(o *OPC) (kind byte) {
	switch id := u.Publisher.(type) {
	case uint8:
		o.U8(id)
	case uint16:
		o.U16(id)
		return 1
	case uint32:
		o.U32(id)
		return 2
	case uint64:
		o.U64(id)
		return 3
	case string:
		o.Text(id)
		return 4
	}
	return 0
}

func (u *UADP) group() *OPC {
	parts, o := byte(0), &OPC{}
	if u.Group != 0 {
		parts |= 1
		o.U16(u.Group)
	}
	if u.Version != 0 {
		parts |= 2
		o.U32(u.Version)
	}
	if u.Number != 0 {
		parts |= 4
		o.U16(u.Number)
	}
	if u.Sequence != 0 {
		parts |= 8
		o.U16(u.Sequence)
	}
	if parts == 0 {
		return o
	}
	return (&OPC{}).U8(parts).U8(o.B...)
}

func (u *UADP) writers(o *OPC) {
	if u.Writers != nil && !u.Chunk {
		o.U8(byte(len(u.Writers)))
	}
	for _, id := range u.Writers {
		o.U16(id)
	}
}

// secured appends the payload, with what security puts around it.
func (u *UADP) secured(o *OPC) {
	if u.Open {
		o.U8(0).U32(0).U8(0)
	}
	if u.Security != 0 {
		o.U8(u.Security).U32(7).U8(8, 1, 2, 3, 4, 5, 6, 7, 8)
		if u.Security&4 != 0 {
			o.U16(uint16(len(u.Footer)))
		}
	}
	if len(u.Writers) > 1 {
		for _, s := range u.Sets {
			o.U16(uint16(len(s.B)))
		}
	}
	for _, s := range u.Sets {
		o.U8(s.B...)
	}
	o.U8(u.Footer...)
	if u.Security != 0 {
		for i := range byte(32) {
			o.U8(0xa5 ^ i)
		}
	}
}

// UADPSet begins a DataSetMessage with a sequence number: encoding 0 is variants, 1
// raw, 2 values with status; kind 0 is a key frame, 1 delta, 2 event, 3 keep-alive.
func UADPSet(encoding, kind byte, sequence uint16) *OPC {
	flags := 1 | encoding<<1 | 1<<3
	if kind == 0 {
		return (&OPC{}).U8(flags).U16(sequence)
	}
	return (&OPC{}).U8(flags|0x80, kind).U16(sequence)
}

// Property appends a value to a list of properties.
func (o *OPC) Property(name string, value uint32) *OPC {
	return o.Qualified(0, name).U8(7).U32(value)
}

// Field appends a FieldMetaData: a built-in type and -1 for a scalar.
func (o *OPC) Field(name string, builtIn byte, rank int32) *OPC {
	return o.Padded(name, builtIn, rank, 0)
}

// Padded appends one with the length of its longest text and its dimensions.
func (o *OPC) Padded(name string, builtIn byte, rank int32, longest uint32, dimensions ...uint32) *OPC {
	o.Text(name).Local("a field").U16(0).U8(builtIn).Node(0, uint16(builtIn)).U32(uint32(rank))
	if len(dimensions) == 0 {
		o.Null(1).U32(longest)
	} else {
		o.U32(uint32(len(dimensions))).U32(dimensions...).U32(longest)
	}
	return o.U8(make([]byte, 16)...).U32(1).Property("unit", 7)
}
