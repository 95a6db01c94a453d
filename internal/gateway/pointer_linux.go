package gateway

import "unsafe"

func pointer[T any](v *T) uintptr { return uintptr(unsafe.Pointer(v)) }
