package sensor

import (
	"firedoor"
	"firedoor/internal/inventory"
	"firedoor/internal/protocol/all"
)

// maxPeers bounds the learned habits that rarity is judged by; later ones are
// not counted, which makes what they say look rarer than it is.
const maxPeers = 100_000

// peers counts, per role of the client and of the server, who does what: a read
// that all other HMIs do is less news than one that nobody ever did. It only
// lends the right to read; changing verbs are learned for the exact pair.
type peers struct {
	habits  map[habit]struct{}
	order   []habit
	done    map[deed]bool
	clients map[rolePair]int
	doing   map[roleHabit]int
}

type habit struct {
	client, server firedoor.Endpoint // without port and MAC
	protocol       string
	verb           firedoor.Verb
	code           uint32
}

// deed is what is done, whoever does it.
type deed struct {
	protocol string
	verb     firedoor.Verb
	code     uint32
}

type rolePair struct{ client, server, protocol string }

type roleHabit struct {
	rolePair
	verb firedoor.Verb
	code uint32
}

func newPeers() peers {
	return peers{habits: map[habit]struct{}{}, done: map[deed]bool{}, clients: map[rolePair]int{}, doing: map[roleHabit]int{}}
}

func bareEnd(e firedoor.Endpoint) firedoor.Endpoint {
	return firedoor.Endpoint{Segment: e.Segment, IP: endOf(&e)}
}

func (p *peers) learn(r *record) {
	h := habit{client: bareEnd(r.client), server: bareEnd(r.server), protocol: r.protocol, verb: r.op.Verb, code: r.op.Code}
	if _, ok := p.habits[h]; ok || len(p.order) >= maxPeers {
		return
	}
	p.habits[h] = struct{}{}
	p.order = append(p.order, h)
}

// unheard tells whether nobody did this before.
func (p *peers) unheard(r *record) bool {
	d := deed{r.protocol, r.op.Verb, r.op.Code}
	if p.done[d] || len(p.done) >= maxPeers {
		return false
	}
	p.done[d] = true
	return true
}

// index counts the habits by role when learning is over.
func (p *peers) index(v *inventory.Inventory) {
	type clientOf struct {
		rolePair
		client firedoor.Endpoint
	}
	type clientDoing struct {
		roleHabit
		client firedoor.Endpoint
	}
	seen, did := map[clientOf]bool{}, map[clientDoing]bool{}
	for _, h := range p.order {
		pair := rolePair{client: roleOf(v, h.client), server: roleOf(v, h.server), protocol: h.protocol}
		does := roleHabit{rolePair: pair, verb: h.verb, code: h.code}
		if c := (clientOf{pair, h.client}); !seen[c] {
			seen[c] = true
			p.clients[pair]++
		}
		if c := (clientDoing{does, h.client}); !did[c] {
			did[c] = true
			p.doing[does]++
		}
	}
}

func roleOf(v *inventory.Inventory, e firedoor.Endpoint) string {
	_, role, _ := v.Describe(e)
	return role
}

func (p *peers) count(v *inventory.Inventory, client, server firedoor.Endpoint, protocol string, op *firedoor.Operation) (same, doing int) {
	pair := rolePair{client: roleOf(v, client), server: roleOf(v, server), protocol: protocol}
	if pair.client == "" || pair.server == "" {
		return 0, 0
	}
	return p.clients[pair], p.doing[roleHabit{rolePair: pair, verb: op.Verb, code: op.Code}]
}

// industrial tells the protocols of the factory floor.
func industrial(name string) bool {
	for _, p := range all.List {
		if p.Name == name {
			return p.Industrial
		}
	}
	return name == "cip"
}
