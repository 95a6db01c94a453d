package uplink

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"firedoor"
)

var update = flag.Bool("update", false, "write the message of the present version anew")

// TestMessageVersions: a message of every released version can be read, for a
// stream outlives the program that wrote it.
func TestMessageVersions(t *testing.T) {
	want := []firedoor.Record{
		{Sensor: "line 3", Kind: firedoor.RecordAlert, Key: "00112233", Body: json.RawMessage(`{"id":"00112233","sentence":"A panel wrote."}`)},
		{Sensor: "line 3", Kind: firedoor.RecordAsset, Key: "a-000000000001", Gone: true},
		{Sensor: "line 3", Kind: firedoor.RecordRound, Key: firedoor.RoundEnd},
	}
	name := filepath.Join("testdata", "message-v1")
	if *update {
		p := packer{max: maxPacked}
		message, _, _ := p.pack(want)
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, message, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	message, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unpack(message); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
