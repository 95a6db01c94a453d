package uplink

import (
	"encoding/json"
	"testing"

	"firedoor"

	"github.com/klauspost/compress/s2"
)

func message(plain string) []byte {
	return append([]byte{version}, s2.Encode(nil, []byte(plain))...)
}

func hostile() map[string][]byte {
	return map[string][]byte{
		"empty":              {},
		"version only":       {version},
		"other version":      append([]byte{99}, message("")[1:]...),
		"length of 4 GB":     {version, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"length of too much": append([]byte{version}, s2.Encode(nil, make([]byte, maxPlain+1))...),
		"cut":                message(`{"sensor":"a"}` + "\n")[:8],
		"no end of line":     message(`{"sensor":"a"}`),
		"not JSON":           message("{\n"),
		"no object":          message("[]\n"),
		"wrong type":         message(`{"sensor":7}` + "\n"),
		"empty line":         message("\n"),
		"too many":           message(string(makeLines(MaxRecords + 1))),
	}
}

func makeLines(n int) []byte {
	var out []byte
	for range n {
		out = append(out, "{}\n"...)
	}
	return out
}

func TestHostileMessages(t *testing.T) {
	for name, m := range hostile() {
		if records, err := unpack(m); err == nil {
			t.Errorf("%s: it read %d records", name, len(records))
		}
	}
	if records, err := unpack(message(string(makeLines(MaxRecords)))); err != nil || len(records) != MaxRecords {
		t.Errorf("the largest number of records: %d, %v", len(records), err)
	}
}

// FuzzUnpack: no bytes make it panic, and what it reads it can write and read
// again.
func FuzzUnpack(f *testing.F) {
	for name, m := range hostile() {
		if name != "length of too much" {
			f.Add(m)
		}
	}
	f.Add(message(`{"sensor":"a","kind":"alert","key":"k","body":{"id":"k"}}` + "\n" + `{"sensor":"a","kind":"asset","key":"k","gone":true}` + "\n"))
	f.Fuzz(func(t *testing.T, m []byte) {
		records, err := unpack(m)
		if err != nil {
			return
		}
		p := packer{max: maxPacked}
		for rest := records; len(rest) > 0; {
			again, took, left := p.pack(rest)
			if left != 0 {
				t.Fatalf("%d records that were read cannot be written", left)
			}
			back, err := unpack(again)
			if err != nil || len(back) != took {
				t.Fatalf("%d records came back as %d: %v", took, len(back), err)
			}
			for i := range back {
				want, _ := json.Marshal(rest[i])
				got, _ := json.Marshal(back[i])
				if string(want) != string(got) {
					t.Fatalf("%s came back as %s", want, got)
				}
			}
			rest = rest[took:]
		}
	})
}

// BenchmarkPublish is what one acknowledged message costs, with the disk.
func BenchmarkPublish(b *testing.B) {
	u := open(b, Config{Dir: b.TempDir()})
	records := make([]firedoor.Record, MaxRecords)
	for i := range records {
		records[i] = record("a", firedoor.RecordAlert, i)
	}
	for b.Loop() {
		if _, err := u.Publish(b.Context(), "s", records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*MaxRecords)/b.Elapsed().Seconds(), "records/s")
}
