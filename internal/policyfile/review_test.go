package policyfile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/written"
)

const goodReview = `review: 1
by: A. Person
on: 2026-11-26
mode: enforce
default: refuse
unjudged: closed
time-zone: Europe/Berlin
hosts:
  hmi: {address: 10.0.1.1}
  plc: {address: 10.0.2.1, segment: "vlan:10", refuses: modbus}
  vendor: {address: 10.0.3.1, zone: vendors}
never-block:
  - {name: stop, client: hmi, server: plc, protocol: modbus, object: "coil:7"}
rules:
  - {client: hmi, server: plc, port: icmp, verdict: pass}
limits:
  - {server: plc, protocol: modbus, object: "holding:0-1", value: 8..9.5, as: f32, note: bar}
  - {server: plc, object: "holding:4", step: 50, rate: 100/h}
`

// TestReview holds that a review is read as it is written.
func TestReview(t *testing.T) {
	f, err := policyfile.ReadReview("review.yaml", []byte(goodReview))
	if err != nil {
		t.Fatal(err)
	}
	if f.Review != (policy.Review{By: "A. Person", On: "2026-11-26"}) || f.Mode != policy.Enforce || *f.Default != firedoor.Refuse || *f.Unjudged != policy.Closed || f.TimeZone != "Europe/Berlin" {
		t.Errorf("%+v", f)
	}
	if len(f.Hosts) != 3 || f.Hosts[1].Refuses[0] != "modbus" || f.Hosts[2].Zone != "vendors" || len(f.NeverBlock) != 1 || f.Rules[0].Match.Ports[0] != (policy.Port{Transport: policy.ICMP}) {
		t.Errorf("%+v %+v %+v", f.Hosts, f.NeverBlock, f.Rules)
	}
	if l := f.Limits; len(l) != 2 || l[0].As != policy.F32 || l[0].Values.Max != 9.5 || l[0].Note != "bar" || l[1].Step != 50 || l[1].Rate.Within != time.Hour || l[1].Values != nil {
		t.Errorf("%+v", f.Limits)
	}
}

// TestWrongReviews holds that what is wrong is told with file, line and key.
func TestWrongReviews(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"review: 1\n", ""}:                                         "review.yaml:1: review: is missing",
		{"by: A. Person\n", ""}:                                     "by: is missing",
		{"mode: enforce", "mode: hard"}:                             "mode: ",
		{"zone: vendors", "zone: Vendors!"}:                         "hosts.vendor.zone: ",
		{", as: f32", ", as: f64"}:                                  "limits[0].as: \"f64\" must be one of f32, f32-swapped, i16",
		{"step: 50, rate: 100/h", "note: x"}:                        "limits[1]: bounds nothing",
		{"value: 8..9.5, as: f32", "step: 3, as: f32"}:              "as: says how to read a value",
		{"port: icmp", "port: ping"}:                                "port",
		{"limits:", "bounds:"}:                                      "bounds",
		{"- {server: plc, object: \"holding:4\"", "- {server: plc"}: "object: is missing",
	} {
		text := strings.Replace(goodReview, change[0], change[1], 1)
		if text == goodReview {
			t.Fatalf("%q is not in the review", change[0])
		}
		_, err := policyfile.ReadReview("review.yaml", []byte(text))
		var problems written.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", change[1], err, want)
		}
	}
}
