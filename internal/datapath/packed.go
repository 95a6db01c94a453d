package datapath

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Packed is a list of values of a fixed size. In JSON it is one string of their bytes: there may
// be more than a hundred thousand, and an order to isolate waits until they are read.
type Packed[T any] []T

// MarshalJSON writes the values one after the other, little-endian, in base64.
func (p Packed[T]) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	b, err := binary.Append(nil, binary.LittleEndian, []T(p))
	if err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON writes, and a list of values by themselves, as programs
// before this one wrote it.
func (p *Packed[T]) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]T)(p))
	}
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	if b == nil {
		*p = nil
		return nil
	}
	var one T
	size := binary.Size(one)
	if size <= 0 {
		return errors.New("values of no fixed size cannot be packed")
	}
	if len(b)%size != 0 {
		return fmt.Errorf("%d bytes of %v, which has %d", len(b), reflect.TypeFor[T](), size)
	}
	out := make([]T, len(b)/size)
	_, err := binary.Decode(b, binary.LittleEndian, out)
	*p = out
	return err
}
