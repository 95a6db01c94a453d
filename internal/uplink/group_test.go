package uplink

import (
	"slices"
	"testing"

	"firedoor"
)

// TestNothingPassesAMark: records of one kind go together, but not past the marks
// of a round.
func TestNothingPassesAMark(t *testing.T) {
	record := func(kind firedoor.RecordKind, key string) firedoor.Record {
		return firedoor.Record{Sensor: "s", Kind: kind, Key: key}
	}
	var got []string
	for _, g := range group([]firedoor.Record{record(firedoor.RecordAsset, "a1"), record(firedoor.RecordAlert, "x"), record(firedoor.RecordAsset, "a2"),
		record(firedoor.RecordRound, firedoor.RoundBegin), record(firedoor.RecordAsset, "a3"), record(firedoor.RecordConversation, "c"),
		record(firedoor.RecordAsset, "a4"), record(firedoor.RecordRound, firedoor.RoundEnd), record(firedoor.RecordAsset, "a5")}) {
		for _, r := range g.records {
			got = append(got, r.Key)
		}
	}
	if want := []string{"a1", "a2", "x", "begin", "a3", "a4", "c", "end", "a5"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
