package newconversation

import (
	"slices"

	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "new-conversation"

// Detector tells of new conversations.
var Detector = detect.Detector{
	Name:  "newconversation",
	Doc:   "A known device opens a conversation it never had: with a known device, or with one nobody knows.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, clients: map[client]*reach{}, pairs: map[detect.Pair]string{}}
	},
}

const (
	// singly is how many new servers of a client are told one by one; further
	// ones are one cause: the client searches, or was given a new task.
	singly = 4
	// maxClients and maxPairs bound what is remembered; beyond, a conversation is
	// told by itself, without what is asked in it.
	maxClients = 10_000
	maxPairs   = 50_000
	// manyServers is from how many new servers on a client searches.
	manyServers = 10
)

// housekeeping is how devices keep their names and addresses and find out
// whether others are there: that two known ones do so says nothing.
var housekeeping = []string{"arp", "dhcp", "icmp", "lldp", "mdns", "nbns"}

// nameService is asked by everybody, but which device answers is a setting that
// somebody made: worth knowing, not worth a call.
const nameService = "dns"

type client struct {
	segment firedoor.Segment
	ip      firedoor.IP
}

// reach is the new servers of a client, and those of them that nobody knows.
type reach struct {
	servers, strangers detect.Names
	protocols          detect.Names
	severity, strange  firedoor.Severity // of the two
}

type judge struct {
	world   detect.World `snapshot:"-"`
	clients map[client]*reach
	pairs   map[detect.Pair]string // causes of the conversations told
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	switch {
	case !o.Armed || o.Learning:
	case o.Kind == detect.NewConversation:
		j.opened(o, raise)
	case o.Kind == detect.NewOperation && !o.Operation.Verb.Changes():
		if cause, ok := j.pairs[detect.PairOf(o)]; ok { // only evidence
			raise(&detect.Finding{Kind: Kind, Cause: cause, Severity: firedoor.Info})
		}
	}
}

func (j *judge) opened(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Client.IP.IsZero() && !o.Industrial || detect.ToAll(o) || detect.Unknown(j.world, o, o.Client) {
		return
	}
	stranger := detect.Unknown(j.world, o, o.Server)
	if !stranger && slices.Contains(housekeeping, o.Protocol) {
		return
	}
	pair := detect.PairOf(o)
	r := j.clients[client{pair.Segment, pair.Client}]
	if r == nil {
		r = &reach{}
		if len(j.clients) < maxClients {
			j.clients[client{pair.Segment, pair.Client}] = r
		}
	}
	f := detect.Finding{Kind: Kind, Severity: j.severity(o), At: detect.Began(o)}
	who, whom := detect.Who(j.world, o, o.Client), detect.Whom(j.world, o, o.Server)
	if stranger {
		j.reach(r, o, who, &f)
	} else {
		if o.Protocol == nameService {
			f.Severity = firedoor.Info
		}
		r.servers.Add(detect.Address(o.Server))
		r.severity = max(r.severity, f.Severity)
		f.Cause = detect.Between(o) + " " + o.Protocol
		f.Sentence = who + " began to speak " + o.Protocol + " with " + whom + ". It never did so while learning."
		if r.servers.Len() > singly {
			f.Cause, f.Severity = detect.Address(o.Client)+">many", r.severity
			f.Sentence = who + " began to speak with " + detect.Count(r.servers.Len(), "known device") + " it never spoke with (" + r.servers.String() + "), now " + o.Protocol + "."
			if r.servers.Len() >= manyServers {
				f.Severity = max(f.Severity, firedoor.Medium)
				f.Techniques = []string{"T0846"}
			}
		}
	}
	if len(j.pairs) < maxPairs {
		j.pairs[pair] = f.Cause
	}
	raise(&f)
}

// reach is a known client and a server nobody knows: one alert for each client.
func (j *judge) reach(r *reach, o *detect.Observation, who string, f *detect.Finding) {
	r.strangers.Add(detect.Address(o.Server))
	r.protocols.Add(o.Protocol)
	r.strange = max(r.strange, f.Severity)
	f.Cause, f.Severity = detect.Address(o.Client)+">unknown", r.strange
	f.Sentence = who + " opened conversations with " + detect.Count(r.strangers.Len(), "address") + " nobody knew while learning: " +
		r.strangers.String() + " - " + r.protocols.String() + "."
	if r.strangers.Len() >= manyServers && f.Severity > firedoor.Info {
		f.Severity = max(f.Severity, firedoor.Medium)
		f.Techniques = []string{"T0846"}
	}
}

// severity: what speaks the factory's language matters more than browsing.
func (j *judge) severity(o *detect.Observation) firedoor.Severity {
	if o.Industrial {
		return firedoor.Medium
	}
	_, role, _ := j.world.Describe(o.Client)
	switch firedoor.Role(role) {
	case firedoor.RoleWorkstation, firedoor.RoleServer, firedoor.RolePrinter, firedoor.RoleCamera, firedoor.RoleDNSServer,
		firedoor.RoleDHCPServer, firedoor.RoleDomainController, firedoor.RoleExternal:
		return firedoor.Info
	}
	return firedoor.Low
}
