package plant

import (
	"container/heap"
	"net/netip"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// factory is the sample plant at work: a clock, what happens next, the devices
// and the processes they control.
type factory struct {
	net   *Net
	start int64
	queue queue
	order int
	rnd   chance.Random
	hosts []*Host
	port  uint16 // the last ephemeral port given out

	mixers  [2]mixer
	boiler  boiler
	filler  filler
	robot   robot
	devices []*modbusDevice
	capper  [4]byte // firmware version of the capper's controller
}

// later is something that will happen.
type later struct {
	at    int64
	order int // first said, first done
	do    func()
}

type queue []later

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(later)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

func newFactory(n *Net, seed uint64) *factory {
	f := &factory{net: n, start: n.now, rnd: chance.New(seed), hosts: sampleHosts(), port: 49151}
	f.capper = [4]byte{'V', 3, 2, 6}
	f.mixers = [2]mixer{newMixer(), newMixer()}
	f.boiler, f.filler, f.robot = newBoiler(), newFiller(), newRobot()
	return f
}

// at plans something for a time since the start.
func (f *factory) at(d time.Duration, do func()) {
	f.order++
	heap.Push(&f.queue, later{at: f.start + int64(d), order: f.order, do: do})
}

// after plans something for a time from now.
func (f *factory) after(d time.Duration, do func()) {
	f.at(time.Duration(f.net.now-f.start)+d, do)
}

// every repeats something from first on; a thousandth of the period either way
// is left to chance, as in every real polling loop.
func (f *factory) every(first, period time.Duration, do func()) {
	var again func()
	due := first
	again = func() {
		do()
		due += period
		f.at(due+f.about(period/500)-period/1000, again)
	}
	f.at(first, again)
}

// about is a duration in [0, d).
func (f *factory) about(d time.Duration) time.Duration {
	return time.Duration(f.rnd.N(int(d)))
}

// run lets everything happen until the time since the start.
func (f *factory) run(until time.Duration) {
	end := f.start + int64(until)
	for len(f.queue) > 0 && f.queue[0].at < end {
		l := heap.Pop(&f.queue).(later)
		f.net.now = max(f.net.now, l.at)
		l.do()
	}
}

// host is the device of that name.
func (f *factory) host(name string) *Host {
	for _, h := range f.hosts {
		if h.Name == name {
			return h
		}
	}
	panic("plant: the sample has no host " + name) // a mistake in this package, found by its tests
}

// via is a host as another VLAN sees it: behind the firewall.
func (f *factory) via(name string, gateway string) *Host {
	far, g := f.host(name), f.host(gateway)
	h := &Host{Name: far.Name, MAC: g.MAC, IP: far.IP, VLAN: g.VLAN, TTL: 63}
	if far.TTL != 0 {
		h.TTL = far.TTL - 1
	}
	return h
}

// ephemeral is the next client port.
func (f *factory) ephemeral() uint16 {
	f.port++
	if f.port == 0 {
		f.port = 49152
	}
	return f.port
}

// exchange is a question and its answer; either may be nil.
type exchange struct{ ask, answer []byte }

// talk says exchanges one after another on a connection, think apart, then calls
// done (which may be nil).
func (f *factory) talk(c *Conn, think time.Duration, list []exchange, done func()) {
	if len(list) == 0 {
		if done != nil {
			done()
		}
		return
	}
	next := func() {
		if list[0].answer != nil {
			c.Server(list[0].answer)
		}
		f.after(think+f.about(think/4), func() { f.talk(c, think, list[1:], done) })
	}
	if list[0].ask != nil {
		c.Client(list[0].ask)
	}
	f.after(f.latency(), next)
}

// latency is how long a small device takes to answer.
func (f *factory) latency() time.Duration { return 900*time.Microsecond + f.about(2*time.Millisecond) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// sampleHosts are the devices of the sample: two mixing lines delivered by the
// same builder with the same addresses, the control network, the office.
func sampleHosts() []*Host {
	var hosts []*Host
	add := func(vlan uint16, mac firedoor.MAC, ip, name string, ttl uint8) {
		hosts = append(hosts, &Host{Name: name, MAC: mac, IP: addr(ip), VLAN: vlan, TTL: ttl})
	}
	for i, line := range []string{"1", "2"} {
		vlan, m := uint16(10*(i+1)), firedoor.MAC(i)<<8
		add(vlan, 0x0080f4126010+m, "192.168.0.10", "mixer-"+line+"-plc", 64)
		add(vlan, 0x0080f4307711+m, "192.168.0.11", "mixer-"+line+"-drive", 64)
		add(vlan, 0x0030de0a1c12+m, "192.168.0.12", "mixer-"+line+"-io", 128)
		add(vlan, 0x00d0c9550020+m, "192.168.0.20", "mixer-"+line+"-hmi", 128)
	}
	add(30, 0x00090f3a0030, "10.20.30.1", "firewall-control", 255)
	add(30, 0x001b1b2fa002, "10.20.30.2", "switch-1", 64)
	add(30, 0x0080637c1103, "10.20.30.3", "switch-2", 64)
	add(30, 0x286336a41010, "10.20.30.10", "filler-plc", 30)
	add(30, 0x286336a41011, "10.20.30.11", "capper-plc", 30)
	add(30, 0x000e8cd72012, "10.20.30.12", "filler-hmi", 128)
	add(30, 0x0000bc4be020, "10.20.30.20", "robot-plc", 64)
	add(30, 0x001d9cb71021, "10.20.30.21", "robot-io", 64)
	add(30, 0x00e0e4330822, "10.20.30.22", "robot-arm", 64)
	add(30, 0x0000bc5cf023, "10.20.30.23", "robot-hmi", 128)
	add(30, 0x000105198030, "10.20.30.30", "boiler-plc", 128)
	add(30, 0x00e0a1017231, "10.20.30.31", "boiler-safety", 64)
	add(30, 0x00d0c9a0b032, "10.20.30.32", "boiler-hmi", 128)
	add(30, 0x0080f4998033, "10.20.30.33", "power-meter", 64)
	add(30, 0xf8bc12440050, "10.20.30.50", "scada", 128)
	add(30, 0xf8bc12440051, "10.20.30.51", "historian", 128)
	add(30, 0x3cd92b7e0060, "10.20.30.60", "engineering", 128)
	add(40, 0x00090f3a0040, "10.20.40.1", "firewall-office", 255)
	add(40, 0x001422900005, "10.20.40.5", "nameserver", 64)
	add(40, 0x0050569a0006, "10.20.40.6", "erp", 64)
	add(40, 0x0050569a0010, "10.20.40.10", "jump-host", 128)
	add(40, 0x3cd92bc0a020, "10.20.40.20", "printer", 64)
	add(40, 0x00408cd1e030, "10.20.40.30", "camera", 64)
	for i, mac := range []firedoor.MAC{0xf8bc12660101, 0xf8bc12660102, 0x8c1645770103, 0x8c1645770104, 0x3cd92b880105} {
		n := string(rune('1' + i))
		add(40, mac, "10.20.40.10"+n, "office-"+n, 128)
	}
	return hosts
}
