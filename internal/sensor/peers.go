package sensor

import (
	"firedoor"
	"firedoor/internal/inventory"
	"firedoor/internal/protocol/all"
)

// maxPeers bounds the learned habits that rarity is judged by; later ones are
// not counted, which makes what they say look rarer than it is.
const maxPeers = 131_072

// peers counts, per role of the client and of the server, who asks for what: a
// read that all other HMIs make of such a controller is less news than one that
// nobody ever made. It only lends the right to read; changing verbs are learned
// for the exact pair.
type peers struct {
	ends    map[end]uint32 // numbered in the order of first sight
	order   []end
	deeds   map[deed]uint32
	habits  map[habit]struct{}
	learned []habit // in order

	// When learning is over: by role.
	clients map[rolePair]int
	asks    map[peerOf]bool
	doing   map[roleHabit]int
	does    map[peerDoing]bool
}

// end is one end of a conversation without its port.
type end struct {
	segment firedoor.Segment
	ip      firedoor.IP
}

// deed is what is done, whoever does it.
type deed struct {
	protocol string
	verb     firedoor.Verb
	code     uint32
}

// habit is somebody's deed on an object of somebody.
type habit struct {
	client, server uint32
	deed           uint32
	object         uint64
}

type rolePair struct{ client, server, protocol string }

type peerOf struct {
	rolePair
	who uint32
}

type roleHabit struct {
	client, server string
	deed           uint32
	object         uint64
}

type peerDoing struct {
	roleHabit
	who uint32
}

func newPeers() peers {
	return peers{ends: map[end]uint32{}, deeds: map[deed]uint32{}, habits: map[habit]struct{}{}, clients: map[rolePair]int{},
		asks: map[peerOf]bool{}, doing: map[roleHabit]int{}, does: map[peerDoing]bool{}}
}

// learn remembers who asked what of whom, and tells whether it was ever done
// before, by anybody on anything.
func (p *peers) learn(r *record) (unheard bool) {
	d := deed{r.protocol, r.op.Verb, r.op.Code}
	n, known := p.deeds[d]
	if !known {
		if len(p.deeds) >= maxPeers {
			return false
		}
		n = uint32(len(p.deeds))
		p.deeds[d] = n
	}
	if len(p.learned) >= maxPeers {
		return !known
	}
	h := habit{client: p.end(r.client), server: p.end(r.server), deed: n, object: objectSum(r.op)}
	if _, ok := p.habits[h]; !ok {
		p.habits[h] = struct{}{}
		p.learned = append(p.learned, h)
	}
	return !known
}

func (p *peers) end(e firedoor.Endpoint) uint32 {
	k := end{e.Segment, endOf(&e)}
	n, ok := p.ends[k]
	if !ok {
		n = uint32(len(p.order))
		p.ends[k] = n
		p.order = append(p.order, k)
	}
	return n
}

// objectSum stands for what an operation touches: the same text, the same sum in
// every run.
func objectSum(op *firedoor.Operation) uint64 {
	var scratch [128]byte
	sum := uint64(14695981039346656037) // FNV-1a: seldom, short, and seedless
	for _, b := range op.Object.AppendTo(scratch[:0]) {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return sum
}

// index counts the habits by role when learning is over.
func (p *peers) index(v *inventory.Inventory) {
	roles := make([]string, len(p.order))
	for i, e := range p.order {
		_, roles[i], _ = v.Describe(firedoor.Endpoint{Segment: e.segment, IP: e.ip})
	}
	protocols := make([]string, len(p.deeds))
	for d, n := range p.deeds {
		protocols[n] = d.protocol
	}
	if len(p.does) == 0 {
		p.does = make(map[peerDoing]bool, len(p.learned))
		p.doing = make(map[roleHabit]int, len(p.learned))
	}
	for _, h := range p.learned {
		client, server := roles[h.client], roles[h.server]
		if client == "" || server == "" {
			continue
		}
		pair := rolePair{client, server, protocols[h.deed]}
		if k := (peerOf{pair, h.client}); !p.asks[k] {
			p.asks[k] = true
			p.clients[pair]++
		}
		does := roleHabit{client, server, h.deed, h.object}
		if k := (peerDoing{does, h.client}); !p.does[k] {
			p.does[k] = true
			p.doing[does]++
		}
	}
	p.habits, p.learned = nil, nil
}

// count tells how many other clients of the same role speak the protocol with
// servers of this role, and how many of them do this with the same object.
func (p *peers) count(v *inventory.Inventory, client, server firedoor.Endpoint, protocol string, op *firedoor.Operation) (same, doing int) {
	_, clientRole, _ := v.Describe(client)
	_, serverRole, _ := v.Describe(server)
	n, known := p.deeds[deed{protocol, op.Verb, op.Code}]
	who, seen := p.ends[end{client.Segment, endOf(&client)}]
	if clientRole == "" || serverRole == "" {
		return 0, 0
	}
	pair := rolePair{clientRole, serverRole, protocol}
	same = p.clients[pair]
	if seen && p.asks[peerOf{pair, who}] {
		same--
	}
	if !known {
		return same, 0
	}
	does := roleHabit{clientRole, serverRole, n, objectSum(op)}
	doing = p.doing[does]
	if seen && p.does[peerDoing{does, who}] {
		doing--
	}
	return same, doing
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
