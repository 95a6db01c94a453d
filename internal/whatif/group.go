package whatif

import (
	"cmp"

	"firedoor"
	"firedoor/internal/policy"
)

// keepsLink tells whether what was said without IP keeps a link alive: it passes, whatever a policy says.
func (j *Judge) keepsLink(protocol string, client, server *firedoor.Address) bool {
	if client.IP != "" || server.IP != "" {
		return false
	}
	to, err := parseMAC(server.MAC)
	if err != nil { // of a group that nobody kept
		to = 0
	}
	kind := j.plan.FrameType(protocol, server.Port)
	return kind != 0 && policy.KeepsLink(to, kind)
}

// published judges what a device sends to groups of Ethernet and asks nobody. How much of it went to which one nobody counted: where
// some may be sent to and others not, or not all were kept, it is undecided.
func (j *Judge) published(c *firedoor.Conversation) error {
	if c.Operations > 0 { // they are judged one by one
		return nil
	}
	sender := c.Client
	if sender.MAC == "" {
		sender.MAC = c.Server.MAC
	}
	var one asked
	var first firedoor.Verdict
	same := !c.MoreGroups
	for i, group := range c.Groups {
		if mac, err := parseMAC(group); err == nil && policy.KeepsLink(mac, j.plan.FrameType(c.Protocol, c.Server.Port)) {
			return nil // it passes, whatever a policy says
		}
		r, err := j.request(c.Segment, c.Protocol, &sender, &firedoor.Address{MAC: group, Port: c.Server.Port})
		if err != nil {
			return err
		}
		if r.Time, err = nanoseconds(c.First); err != nil {
			return err
		}
		r.Level, r.Protocol, r.shown = policy.OfFlow, c.Protocol, c.Protocol
		if c.Protocol == "ethernet" {
			r.Level, r.Protocol = policy.OfConnection, ""
		}
		v, sure := j.decide(&r)
		if i == 0 {
			one, first = r, v
		}
		if same = same && sure && v.Says == first.Says && v.Action == first.Action; v.Rule >= 0 && v.Rule != first.Rule {
			j.used[v.Rule]++
		}
	}
	j.report.Connections += uint64(c.Flows)
	if !same {
		j.report.UndecidedConnections += uint64(c.Flows)
		return nil
	}
	one.server = cmp.Or(one.server, c.Groups[0])
	j.count(&one, first, uint64(c.Flows), nil, "")
	return nil
}
