package main

import (
	"reflect"
	"strings"
	"testing"

	"firedoor/internal/gateway"
	"firedoor/internal/plant/wire"
)

// TestStopsLookAlike holds that a line of the virtual wire's stopped.jsonl has the members
// of the gateway's, by the same names.
func TestStopsLookAlike(t *testing.T) {
	names := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[gateway.StoppedRecord]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = f.Type
	}
	ours := reflect.TypeFor[wire.Record]()
	for i := range ours.NumField() {
		if tag, _, _ := strings.Cut(ours.Field(i).Tag.Get("json"), ","); tag != "gateway" && names[tag] != ours.Field(i).Type {
			t.Errorf("%s is %v here and %v there", tag, ours.Field(i).Type, names[tag])
		}
	}
}
