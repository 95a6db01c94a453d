package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// DraftOptions say how strict a draft is.
type DraftOptions struct {
	// Reads restricts what is read to the objects that were read; else whoever reads
	// in a protocol may read anything in it.
	Reads bool
	// Values restricts written values to the ranges that were written, each object to its
	// own. Where nothing of what was written to one was understood, it is not restricted.
	Values bool
	// Ranged is of how many elements of a write the ranges are learned; 0 is all. A longer
	// write is not restricted, for nobody knows the rest of it.
	Ranged int
	// Usual are the ports where a protocol is usually found.
	Usual func(protocol string) []Port
	// Protocols are those that may be found at a port, in the order in which a rule names them.
	Protocols []string
	// Harmless tells whether nothing can be changed in a protocol, whatever is asked; nil is
	// never.
	Harmless func(protocol string) bool
	// Passing are, by protocol, what the texts of objects begin with whose numbers are
	// given out anew each time, like those of transfers: "upload:". Any number is meant.
	Passing map[string][]string
	// Alike tells whether several functions of a protocol have one code. What was learned
	// is told apart by the code, so a rule names no function there; nil is never.
	Alike func(protocol string, code uint32) bool
	// Returns tells whether frames of a protocol come back to their sender; nil is never.
	Returns func(protocol string) bool
	// Refuses gives the protocols that a device was seen to refuse cleanly; nil: none.
	Refuses func(*firedoor.Asset) []string
}

// Drafted is a policy made of what was learned, and what is to be said of it.
type Drafted struct {
	Policy Policy
	// Left are conversations that were left out, in words.
	Left []string
	// Silent are conversations in which nothing was asked that anybody understood, in words:
	// such a connection may come to be again, and nothing may be asked on it for it.
	Silent []string
	// Own is how many conversations of devices with themselves were left out.
	Own int
	// Grave are learned operations that stop, start or switch over something: who reviews
	// what must never be blocked begins with them.
	Grave []string
}

// Draft makes a policy of learned conversations: a zone for each level of each
// segment, a conduit for each two that talk and within each, and a rule for each thing that was done.
// Its conduits only test: a person reviews it before it stops anything.
func Draft(assets []firedoor.Asset, conversations []firedoor.Conversation, o DraftOptions) Drafted {
	d := drafter{options: o, assets: map[string]*firedoor.Asset{}, hosts: map[string]string{}, zoneOf: map[string]string{}, names: map[string]bool{}, groups: map[string]bool{}}
	segments := map[string]bool{}
	for i := range assets {
		a := &assets[i]
		for _, id := range a.Identifiers {
			if k := a.Segment + " " + id.Value; (id.Kind == "ip" || id.Kind == "mac") && d.assets[k] == nil {
				d.assets[k] = a
			}
		}
	}
	for i := range conversations {
		segments[conversations[i].Segment] = true
	}
	d.oneSegment = len(segments) == 1
	d.keepZoneNames(segments)
	var unread []*firedoor.Conversation
	for i := range conversations {
		switch c := &conversations[i]; {
		case !c.Learned:
		case c.Protocol == "tcp" || c.Protocol == "udp": // when it is known what is restricted there
			unread = append(unread, c)
		case c.SentTo != "":
			d.called(c)
		default:
			d.conversation(c)
		}
	}
	for _, c := range unread {
		d.conversation(c)
	}
	d.closeZones()
	d.out.Policy.Otherwise = Otherwise{Mode: Test, Default: firedoor.Drop}
	return d.out
}

// closeZones joins each zone of several hosts with itself: without a conduit everything
// passes within it, which nobody learned.
func (d *drafter) closeZones() {
	for i := range d.out.Policy.Zones {
		if z := &d.out.Policy.Zones[i]; len(z.Hosts) > 1 && !d.groups[z.Name] {
			d.conduit(z.Name, z.Name)
		}
	}
}

type drafter struct {
	options    DraftOptions
	out        Drafted
	assets     map[string]*firedoor.Asset // by segment and address
	hosts      map[string]string          // by segment and address: names
	zoneOf     map[string]string          // by host
	names      map[string]bool
	groups     map[string]bool // zones of groups: nobody asks from there
	oneSegment bool
}

// keepAlive are protocols that keep a network alive: they pass without a rule.
var keepAlive = []string{"arp", "lldp"}

func (d *drafter) conversation(c *firedoor.Conversation) {
	if slices.Contains(keepAlive, c.Protocol) {
		return
	}
	if Loops(&c.Client) || Loops(&c.Server) {
		d.out.Own++
		return
	}
	if len(c.Groups) > 0 {
		d.published(c)
		return
	}
	if c.Client.IP == "" && c.Server.IP == "" && d.keepsLink(c, c.Server.MAC) {
		return
	}
	unread := c.Protocol == "tcp" || c.Protocol == "udp"
	if c.Protocol == "ip" || unread && c.Server.Port == 0 || unnamed(&c.Client) || unnamed(&c.Server) {
		d.leave(c)
		return
	}
	if c.Protocol == "icmp" {
		d.echo(c)
		return
	}
	client, server := d.host(c.Segment, &c.Client), d.host(c.Segment, &c.Server)
	d.between(c, Match{Clients: []string{client}, Servers: []string{server}})
}

// published is what a device sends to groups of Ethernet. Nobody answers for those, so whoever is a device asks.
func (d *drafter) published(c *firedoor.Conversation) {
	sent := *c
	if unnamed(&c.Client) {
		sent.Client, sent.Server = c.Server, firedoor.Address{Port: c.Server.Port}
	}
	if unnamed(&sent.Client) {
		d.leave(c)
		return
	}
	var m Match
	for _, group := range c.Groups {
		if !d.keepsLink(c, group) {
			m.Servers = append(m.Servers, d.host(c.Segment, &firedoor.Address{MAC: group}))
		}
	}
	if len(m.Servers) == 0 {
		return
	}
	if c.MoreGroups {
		d.out.Left = append(d.out.Left, fmt.Sprintf("%s from %s to further groups in %s", c.Protocol, nameless(&sent.Client), c.Segment))
	}
	for _, sender := range d.senders(&sent) {
		m.Clients = []string{d.host(c.Segment, &firedoor.Address{MAC: sender.String()})}
		d.between(&sent, m)
	}
}

// localMark makes an address a locally administered one (IEEE 802, 8.4).
const localMark = firedoor.MAC(1 << 41)

// senders are the addresses from which frames of a client come: where they come back to it they have its own marked as a local one.
func (d *drafter) senders(c *firedoor.Conversation) []firedoor.MAC {
	mac := parseMAC(c.Client.MAC)
	if d.options.Returns == nil || !d.options.Returns(c.Protocol) || mac.IsLocal() {
		return []firedoor.MAC{mac}
	}
	return []firedoor.MAC{mac, mac | localMark}
}

// keepsLink tells whether what goes to an address in a conversation without IP passes without a rule.
func (d *drafter) keepsLink(c *firedoor.Conversation, to string) bool {
	if c.Protocol == "ethernet" {
		return KeepsLink(parseMAC(to), c.Server.Port)
	}
	_, link := carriers(d.usual(c.Protocol))
	return slices.ContainsFunc(link, func(p Port) bool { return KeepsLink(parseMAC(to), p.Number) })
}

// leave says of a conversation that it was left out.
func (d *drafter) leave(c *firedoor.Conversation) {
	left := fmt.Sprintf("%s from %s to %s in %s", c.Protocol, nameless(&c.Client), nameless(&c.Server), c.Segment)
	if !slices.Contains(d.out.Left, left) {
		d.out.Left = append(d.out.Left, left)
	}
}

// between makes rules of a conversation between ends that have names.
func (d *drafter) between(c *firedoor.Conversation, base Match) {
	conduit := d.conduit(d.zoneOf[base.Clients[0]], d.zoneOf[base.Servers[0]])
	if d.ports(c, &base); len(c.Statements) == 0 {
		d.silent(c, conduit, base)
		return
	}
	d.statements(c, conduit, base)
}

// called is a conversation whose ends both send to everybody. A gateway sees nobody else: the client asks
// everybody, and what the server says is an answer to that.
func (d *drafter) called(c *firedoor.Conversation) {
	asks, answers := *c, *c
	asks.Server = firedoor.Address{IP: c.SentTo, Port: c.Server.Port}
	answers.Client = firedoor.Address{IP: c.SentTo}
	d.conversation(&asks)
	d.conversation(&answers)
}

// ports says in which protocol a conversation was, and where.
func (d *drafter) ports(c *firedoor.Conversation, base *Match) {
	transport := uint8(0)
	switch c.Protocol {
	case "tcp":
		transport = 6
	case "udp":
		transport = 17
	case "ethernet": // frames that nobody recognised: their type is all that is known
		base.Ports = []Port{{Link, FrameType(c.Server.Port)}}
		return
	default:
		base.Protocols = []string{c.Protocol}
	}
	usual := d.usual(c.Protocol)
	switch ip, link := carriers(usual); {
	case c.Server.IP == "" && len(ip) > 0: // what was seen without IP opens nothing of IP
		base.Ports = link
	case c.Server.IP != "" && c.Server.Port != 0 && (len(c.Ports) > 0 || !alone(usual, c.Server.Port)):
		for _, number := range portsOf(c) {
			base.Ports = append(base.Ports, Port{transport, number})
		}
		if overUDP(usual) { // its server may go on from another port than it was asked at
			base.Ports = append(base.Ports, usual...)
		}
	}
}

// portsOf are all ports at which the server of a conversation was found, the first one first.
func portsOf(c *firedoor.Conversation) []uint16 {
	return append([]uint16{c.Server.Port}, c.Ports...)
}

// carriers parts the ports of a protocol into those over IP and its types of frames.
func carriers(ports []Port) (ip, link []Port) {
	for _, p := range ports {
		if p.Transport == Link {
			link = append(link, p)
		} else {
			ip = append(ip, p)
		}
	}
	return ip, link
}

func overUDP(ports []Port) bool {
	return len(ports) > 0 && !slices.ContainsFunc(ports, func(p Port) bool { return p.Transport != 17 })
}

// Loops tells whether an address never leaves its device.
func Loops(a *firedoor.Address) bool {
	ip, err := netip.ParseAddr(a.IP)
	return err == nil && ip.Unmap().IsLoopback()
}

// echo lets two ends ping each other, and tell each other what went wrong: of ICMP nobody
// learned who began.
func (d *drafter) echo(c *firedoor.Conversation) {
	a, b := d.host(c.Segment, &c.Client), d.host(c.Segment, &c.Server)
	transport := uint8(ICMP)
	if ip, err := netip.ParseAddr(c.Client.IP); err == nil && ip.Is6() {
		transport = ICMP6
	}
	for _, ends := range [][2]string{{a, b}, {b, a}} {
		to, err := netip.ParseAddr(d.addressOf(ends[0]))
		if err == nil && to.IsMulticast() {
			continue // nobody asks from there
		}
		conduit := d.conduit(d.zoneOf[ends[0]], d.zoneOf[ends[1]])
		conduit.Rules = append(conduit.Rules, Rule{Match: Match{Clients: []string{ends[0]}, Servers: []string{ends[1]}, Ports: []Port{{Transport: transport}}},
			Note: learnt(c.Packets[0]+c.Packets[1], "packet")})
	}
}

// addressOf is the first address of a host of the draft.
func (d *drafter) addressOf(name string) string {
	for i := range d.out.Policy.Hosts {
		if h := &d.out.Policy.Hosts[i]; h.Name == name && len(h.Addresses) > 0 {
			return h.Addresses[0].String()
		}
	}
	return ""
}

// alone tells whether a protocol is usually found at that port and nowhere else: then a
// rule need not name it.
func alone(usual []Port, port uint16) bool {
	return len(usual) > 0 && !slices.ContainsFunc(usual, func(p Port) bool { return p.Number != port || p.Transport == Link })
}

func (d *drafter) usual(protocol string) []Port {
	if d.options.Usual == nil {
		return nil
	}
	return d.options.Usual(protocol)
}

// unnamed tells whether no host can stand for an end: a group of Ethernet is none.
func unnamed(a *firedoor.Address) bool {
	return a.IP == "" && (a.MAC == "" || parseMAC(a.MAC).IsGroup())
}

func nameless(a *firedoor.Address) string { return cmp.Or(a.IP, a.MAC, "a group") }

// deed is what statements of one rule have in common.
type deed struct {
	protocol, verb, function string
	code, unit               uint32
	hasUnit                  bool
	named                    bool // some requests of the function name an object
	valued                   bool // its values are restricted to span
	span                     Span
}

// statements makes rules of what was asked: one for what changes nothing, and one for
// each function that changes something.
func (d *drafter) statements(c *firedoor.Conversation, conduit *Conduit, base Match) {
	ip, link := carriers(d.usual(c.Protocol))
	elsewhere := func(number uint16) bool {
		return !slices.ContainsFunc(ip, func(p Port) bool { return p.Number == number })
	}
	if base.Protocols != nil && !slices.ContainsFunc(portsOf(c), elsewhere) {
		if base.Ports = nil; len(link) > 0 { // a conversation is one at all of them, and its file names the first
			base.Ports = ip
		}
	}
	named, bare := map[deed]bool{}, map[deed]bool{} // some name an object, some do not
	for i := range c.Statements {
		if s := &c.Statements[i]; s.Learned && s.Object != "" {
			named[d.deed(s)] = true
		} else if s.Learned {
			bare[d.deed(s)] = true
		}
	}
	var order []deed
	of := map[deed][]*firedoor.Statement{}
	for i := range c.Statements {
		s := &c.Statements[i]
		if !s.Learned {
			continue
		}
		k := d.deed(s)
		whole := !bare[k] // what is understood at times alone has values that nobody learned
		k.named = named[k]
		if d.options.Values && whole && k.function != "" && c.Server.IP != "" { // each object within its own range; nobody looks at those of frames without IP
			k.span, k.valued = written(s)
			k.valued = k.valued && d.knowsAll(s) && !firedoor.Masks(cmp.Or(s.Protocol, c.Protocol), s.Code)
			if !k.valued {
				k.span = Span{}
			}
		}
		if of[k] == nil {
			order = append(order, k)
		}
		of[k] = append(of[k], s)
	}
	for _, k := range order {
		d.rule(c, conduit, base, k, of[k])
	}
}

// deed is what a statement has in common with others, but for its values.
func (d *drafter) deed(s *firedoor.Statement) deed {
	k := deed{protocol: s.Protocol, verb: s.Verb}
	if changes(s.Verb) || d.options.Reads {
		k.function, k.code = s.Function, s.Code
		if s.Unit != nil {
			k.hasUnit, k.unit = true, *s.Unit
		}
	}
	return k
}

// written is the range of all that a statement wrote, as far as it was understood.
func written(s *firedoor.Statement) (all Span, some bool) {
	for _, r := range s.Written {
		if !some {
			all, some = Span{r.Min, r.Max}, true
		}
		all.Min, all.Max = min(all.Min, r.Min), max(all.Max, r.Max)
	}
	return all, some
}

// knowsAll tells whether the ranges of a statement are those of all its elements.
func (d *drafter) knowsAll(s *firedoor.Statement) bool {
	n := len(s.Written)
	return !s.Beyond && (d.options.Ranged == 0 || n < d.options.Ranged || s.Quantity != nil && uint64(*s.Quantity) <= uint64(n))
}

func changes(verb string) bool {
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if v.String() == verb {
			return v.Changes()
		}
	}
	return true
}

func (d *drafter) rule(c *firedoor.Conversation, conduit *Conduit, m Match, k deed, statements []*firedoor.Statement) {
	if k.protocol != "" {
		if m.Protocols = []string{k.protocol}; len(m.Ports) == 0 && c.Server.Port != 0 {
			for _, number := range portsOf(c) {
				m.Ports = append(m.Ports, Port{Number: number})
			}
		}
	}
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if v.String() == k.verb {
			m.Verbs = []firedoor.Verb{v}
		}
	}
	count, span, some := uint64(0), Span{}, false
	for _, s := range statements {
		count += uint64(s.Count)
		if k.named && k.function != "" {
			m.Objects = addObject(m.Objects, d.object(cmp.Or(s.Protocol, c.Protocol), s))
		}
		if r, ok := written(s); ok && some {
			span = Span{min(span.Min, r.Min), max(span.Max, r.Max)}
		} else if ok {
			span, some = r, true
		}
	}
	note := learnt(count, "time")
	if k.function != "" {
		if m.Functions = []string{k.function}; d.options.Alike != nil && d.options.Alike(cmp.Or(k.protocol, c.Protocol), k.code) {
			m.Functions, note = nil, k.function+": "+note
		}
		m.Codes = []uint32{k.code}
		if k.hasUnit {
			m.Units = []uint32{k.unit}
		}
	}
	if k.valued {
		m.Values = &k.span
	} else if some {
		note += fmt.Sprintf(", values from %s to %s", strconv.FormatFloat(span.Min, 'g', 6, 64), strconv.FormatFloat(span.Max, 'g', 6, 64))
	}
	if k.verb == firedoor.VerbControl.String() {
		d.out.Grave = append(d.out.Grave, strings.TrimSpace(fmt.Sprintf("%s to %s: %s %s", m.Clients[0], strings.Join(m.Servers, ", "), k.function, strings.Join(objectWords(m.Objects), ", "))))
	}
	if len(m.Objects) == 0 {
		conduit.Rules = append(conduit.Rules, Rule{Match: m, Note: note})
	}
	for objects := range slices.Chunk(m.Objects, maxObjects) {
		one := m
		one.Objects = objects
		conduit.Rules = append(conduit.Rules, Rule{Match: one, Note: note})
	}
}

// learnt says how often something was learned.
func learnt[N uint32 | uint64](n N, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("learned, %d %s", n, what)
}

// maxObjects is how many objects a list of a policy has.
const maxObjects = 4096

func objectWords(objects []Object) (out []string) {
	for _, o := range objects {
		out = append(out, o.words())
	}
	return out
}

// object is what a statement touches.
func (d *drafter) object(protocol string, s *firedoor.Statement) Object {
	for _, prefix := range d.options.Passing[protocol] {
		if strings.HasPrefix(s.Object, prefix) {
			return Object{Text: prefix, Open: true}
		}
	}
	if row, ok := draftRow(protocol, s); ok {
		return row
	}
	o := Object{Text: s.Object}
	if _, row := RowOf(s.Object); row || strings.HasSuffix(s.Object, "*") || len(s.Object) >= maxKept {
		o.Open = true // a file says it in no other way, or it may have gone on
	}
	if len(s.Object) >= maxKept {
		o.Text = strings.ToValidUTF8(s.Object[:maxKept-1], "")
	}
	return o
}

// maxKept is how long an object's name may be in a policy; that of one which is as long may be cut.
const maxKept = 256

// addObject adds an object; rows that touch become one.
func addObject(objects []Object, o Object) []Object {
	for i := range objects {
		p := &objects[i]
		if *p == o {
			return objects
		}
		if o.Row && p.Row && p.Text == o.Text && o.From <= p.To+1 && p.From <= o.To+1 {
			p.From, p.To = min(p.From, o.From), max(p.To, o.To)
			return objects
		}
	}
	return append(objects, o)
}

// draftRow takes a statement's object for a row of numbers where its text ends like one.
func draftRow(protocol string, s *firedoor.Statement) (o Object, ok bool) {
	quantity := uint64(1)
	if s.Quantity != nil {
		quantity = uint64(*s.Quantity)
	}
	l := locate(layoutOf(protocol), []byte(s.Object), quantity)
	if l.layout != 0 && layouts[l.layout].tree && strings.HasSuffix(s.Object, "]") {
		return Object{Text: s.Object[:rowPrefix([]byte(s.Object[:len(s.Object)-1]))], Row: true, From: l.from, To: l.to}, true
	}
	if l.hexed() {
		return Object{Text: melsecAreas[l.area].name + hexMark, Row: true, From: l.from, To: l.to}, true
	}
	if row, ok := hexRow([]byte(s.Object), quantity); ok {
		return row, true
	}
	cut, ok := counted([]byte(s.Object))
	if !ok {
		return o, false
	}
	from, to, ok := reached([]byte(s.Object[:cut]), []byte(s.Object[cut:]), quantity, true)
	return Object{Text: s.Object[:cut], Row: true, From: from, To: to}, ok
}

// conduit gives the conduit between two zones.
func (d *drafter) conduit(from, to string) *Conduit {
	p := &d.out.Policy
	for i := range p.Conduits {
		if p.Conduits[i].From == from && p.Conduits[i].To == to {
			return &p.Conduits[i]
		}
	}
	p.Conduits = append(p.Conduits, Conduit{Name: d.unique(from + "-to-" + to), From: from, To: to, Mode: Test, Default: firedoor.Drop, Instead: firedoor.Drop})
	return &p.Conduits[len(p.Conduits)-1]
}

// host names an end and puts it into its zone.
func (d *drafter) host(segment string, a *firedoor.Address) string {
	address := cmp.Or(a.IP, a.MAC)
	key := segment + " " + address
	if name, ok := d.hosts[key]; ok {
		return name
	}
	h := Host{Segment: segment}
	var asset *firedoor.Asset
	if ip, err := netip.ParseAddr(a.IP); err == nil {
		h.Addresses = []netip.Addr{ip}
	} else {
		h.MAC = parseMAC(a.MAC)
	}
	if asset = d.assets[key]; asset == nil && a.MAC != "" {
		asset = d.assets[segment+" "+a.MAC]
	}
	level, word := "", "host"
	ip := firedoor.IPFrom(append(h.Addresses, netip.Addr{})[0])
	// Broadcast of a network: nobody answers from there, so nothing is known of it.
	broadcast := asset == nil && ip.Is4() && ip.Lo&0xff == 0xff
	group := ip.IsGroup() || h.MAC.IsGroup() || broadcast
	switch {
	case !ip.IsZero() && ip.IsUnspecified():
		word, asset = "unaddressed", nil
	case group:
		word = "group"
	case asset != nil:
		level = asset.Level
		word = cmp.Or(slug(asset.Name), slug(string(asset.Role)), word)
		h.Note = noteOf(asset.Vendor + " " + asset.Model)
		if d.options.Refuses != nil {
			h.Refuses = d.options.Refuses(asset)
		}
	}
	if d.oneSegment {
		h.Segment = ""
	}
	if h.Name = word; word == "host" || group || d.names[word] || asset != nil && asset.Name == "" {
		h.Name = word + "-" + slug(address)
	}
	h.Name = d.unique(h.Name)
	d.hosts[key] = h.Name
	d.out.Policy.Hosts = append(d.out.Policy.Hosts, h)
	zone := d.zone(segment, level, group)
	zone.Hosts = append(zone.Hosts, h.Name)
	d.zoneOf[h.Name] = zone.Name
	return h.Name
}

// maxNote is how many characters of what a device says of itself stand in a note.
const maxNote = 200

// noteOf makes a note of what a device says of itself, as a policy may have it.
func noteOf(text string) string {
	shown := strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(shown), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), maxNote)]))
}

// levelWords are zones by Purdue level.
var levelWords = map[string]string{"L0": "process", "L1": "control", "L2": "supervision", "L3": "operations", "L3.5": "dmz", "L4": "business", "L5": "outside"}

// Zones of what has no level, and of groups.
const (
	noLevel   = "unplaced"
	groupZone = "groups"
)

// keepZoneNames keeps the names that zones may get from hosts: a device may be called "control".
func (d *drafter) keepZoneNames(segments map[string]bool) {
	for segment := range segments {
		for _, word := range levelWords {
			d.names[d.zoneName(word, segment)] = true
		}
		d.names[d.zoneName(noLevel, segment)], d.names[d.zoneName(groupZone, segment)] = true, true
	}
}

func (d *drafter) zoneName(word, segment string) string {
	if d.oneSegment {
		return word
	}
	return word + "-" + slug(segment)
}

func (d *drafter) zone(segment, level string, group bool) *Zone {
	word := cmp.Or(levelWords[level], noLevel)
	if group {
		word = groupZone
	}
	word = d.zoneName(word, segment)
	p := &d.out.Policy
	for i := range p.Zones {
		if p.Zones[i].Name == word {
			return &p.Zones[i]
		}
	}
	d.groups[word] = group
	p.Zones = append(p.Zones, Zone{Name: word, Level: level})
	return &p.Zones[len(p.Zones)-1]
}

// maxSlug keeps names short enough for a file, with room for a number.
const maxSlug = 48

// slug makes a name of small letters, digits and hyphens.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-")
	return strings.Trim(s[:min(len(s), maxSlug)], "-")
}

func (d *drafter) unique(name string) string {
	name = name[:min(len(name), maxSlug+8)]
	for i, tried := 2, name; ; i++ {
		if !d.names[tried] {
			d.names[tried] = true
			return tried
		}
		tried = name + "-" + strconv.Itoa(i)
	}
}

func parseMAC(text string) firedoor.MAC {
	n, _ := strconv.ParseUint(strings.ReplaceAll(text, ":", ""), 16, 48)
	return firedoor.MAC(n)
}
