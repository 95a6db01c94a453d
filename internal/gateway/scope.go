package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"firedoor/internal/policy"
)

// What a name of a scope may be of. A scope may say it itself: "zone:packaging".
const (
	ofHost    = "host"
	ofZone    = "zone"
	ofConduit = "conduit"
)

// called gives the name that is meant, and what of: "" where the text does not say it. What is the name of something as
// it stands is that.
func called(plan *policy.Plan, text string) (name, of string) {
	if _, there := plan.Named(text); there || plan.HasConduit(text) {
		return text, ""
	}
	kind, rest, ok := strings.Cut(text, ":")
	if ok && (kind == ofHost || kind == ofZone || kind == ofConduit) {
		return rest, kind
	}
	return text, ""
}

// whatIs tells what of a policy's hosts and zones has a name; "" for none.
func whatIs(plan *policy.Plan, name string) string {
	at, there := plan.Named(name)
	switch {
	case !there:
		return ""
	case plan.IsHost(at):
		return ofHost
	}
	return ofZone
}

// Means notes of which kind the scope of a decision is, so that it stays that under another policy.
// Where two things have its name it is an error that names both.
func (d *Decision) Means(plan *policy.Plan) error {
	d.Of = ""
	name, of := called(plan, d.Scope)
	place := whatIs(plan, name)
	switch {
	case of != "" || strings.Contains(d.Scope, ","):
	case place != "" && plan.HasConduit(name):
		return fmt.Errorf("%[1]s: a %[2]s and a conduit of the policy have this name: write %[2]s:%[1]s or conduit:%[1]s", name, place)
	case place != "":
		d.Of = place
	case plan.HasConduit(name):
		d.Of = ofConduit
	}
	return nil
}

// within reads the scope of a decision against the names of a policy.
func (d *Decision) within(plan *policy.Plan, i *policy.Isolation) error {
	client, server, pair := strings.Cut(d.Scope, ",")
	if !pair {
		name, of := called(plan, d.Scope)
		if of == "" {
			of = d.Of
		}
		if place := whatIs(plan, name); place != "" && (of == "" || of == place) {
			i.Host = name
			return nil
		}
		if plan.HasConduit(name) && (of == "" || of == ofConduit) {
			i.Conduit = name
			return nil
		}
		return unnamed(plan, name, of)
	}
	for _, end := range []struct {
		text string
		to   *string
	}{{client, &i.Host}, {server, &i.Other}} {
		name, of := called(plan, end.text)
		if place := whatIs(plan, name); name != "" && (place == "" || of != "" && of != place) {
			return unnamed(plan, name, of)
		}
		*end.to = name
	}
	if i.Host == "" || i.Other == "" || i.Host == i.Other {
		return fmt.Errorf("%s: a pair is written CLIENT,SERVER: two names", d.Scope)
	}
	return nil
}

// unnamed says that a policy has no such name.
func unnamed(plan *policy.Plan, name, of string) error {
	if of != "" {
		return fmt.Errorf("%s: no %s of the policy has this name; a pair is written CLIENT,SERVER%s", name, of, hostAt(plan, name))
	}
	return fmt.Errorf("%s: no host, zone or conduit of the policy has this name; a pair is written CLIENT,SERVER%s", name, hostAt(plan, name))
}

// hostAt says how a policy calls the host with an address, for who gave that in place of the name.
func hostAt(plan *policy.Plan, address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for i := range plan.Policy.Hosts {
		if h := &plan.Policy.Hosts[i]; slices.Contains(h.Addresses, a) {
			return "; " + address + " is " + h.Name + " there"
		}
	}
	return ""
}
