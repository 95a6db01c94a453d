package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/refusal"
)

// seenToRefuse gives the protocols that a device of a model was seen to refuse cleanly.
func seenToRefuse() (func(*firedoor.Asset) []string, error) {
	models, err := refusal.Seen()
	if err != nil {
		return nil, err
	}
	return func(a *firedoor.Asset) []string { return models.Protocols(a.Vendor, a.Model, a.Firmware) }, nil
}

// refusals warns of hosts that are to refuse and of whose model nobody saw that it does so
// cleanly.
func (c *policyCheckCommand) refusals(m *Main, p *policy.Policy) error {
	if c.Learned == "" {
		return nil
	}
	var assets []firedoor.Asset
	if err := readJSON(filepath.Join(c.Learned, "assets.json"), &assets); err != nil {
		return err
	}
	models, err := refusal.Seen()
	if err != nil {
		return err
	}
	for i := range p.Hosts {
		h := &p.Hosts[i]
		for _, protocol := range h.Refuses {
			why := "nothing was learned of it"
			found := assetOf(assets, h)
			var model *refusal.Model
			if found != nil {
				model, why = models.Find(found.Vendor, found.Model, found.Firmware, protocol)
			}
			if model == nil {
				fmt.Fprintf(m.Stdout, "%s:%d: untried: host %s is to refuse %s; %s. Try it on the bench first, or leave refuses out: then instead holds\n", c.Policy, h.Line, h.Name, protocol, why)
			} else if model.OnlyIf != "" {
				fmt.Fprintf(m.Stdout, "%s:%d: note: host %s refuses %s only if %s\n", c.Policy, h.Line, h.Name, protocol, model.OnlyIf)
			}
		}
	}
	return nil
}

// assetOf finds what was learned of a host.
func assetOf(assets []firedoor.Asset, h *policy.Host) *firedoor.Asset {
	var values []string
	for _, a := range h.Addresses {
		values = append(values, a.String())
	}
	if h.MAC != 0 {
		values = append(values, h.MAC.String())
	}
	for i := range assets {
		a := &assets[i]
		if h.Segment != "" && h.Segment != a.Segment {
			continue
		}
		for _, id := range a.Identifiers {
			if (id.Kind == "ip" || id.Kind == "mac") && id.To == "" && slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, id.Value) }) {
				return a
			}
		}
	}
	return nil
}
