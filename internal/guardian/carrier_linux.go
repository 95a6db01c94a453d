package guardian

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// carrier watches whether both ports have a link. Where it is told to, it takes the other
// port down while one has none: rings and redundant paths on either side switch over by the
// loss of a link, and would not see that behind the gateway.
type carrier struct {
	ports   [2]string
	forward bool
	tell    func(what, text string)

	numbers [2]int // of the interfaces, 0 before they were seen

	mu    sync.Mutex
	lost  [2]bool
	taken [2]bool // down, and by us
}

func newCarrier(inside, outside string, forward bool, tell func(what, text string)) *carrier {
	return &carrier{ports: [2]string{inside, outside}, forward: forward, tell: tell}
}

// without are the ports that have no link, and those that were taken down for it.
func (c *carrier) without() (lost, taken []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, name := range c.ports {
		if c.lost[i] {
			lost = append(lost, name)
		}
		if c.taken[i] {
			taken = append(taken, name)
		}
	}
	return lost, taken
}

// raise puts a port up again that an earlier guardian took down and did not live to put up.
func (c *carrier) raise() error {
	for i, name := range c.ports {
		down, err := netlink.LinkByName(name)
		other, e := netlink.LinkByName(c.ports[1-i])
		if err != nil || e != nil || down.Attrs().RawFlags&unix.IFF_UP != 0 || !linkless(other.Attrs().RawFlags) {
			continue // who is missing is told by whoever opens the ports
		}
		if err := netlink.LinkSetUp(down); err != nil {
			return fmt.Errorf("port %s: putting it up: %w", name, err)
		}
	}
	return nil
}

// linkless tells of a port that is up whether nothing is at the other end of its cable.
func linkless(flags uint32) bool { return flags&unix.IFF_UP != 0 && flags&unix.IFF_LOWER_UP == 0 }

// rewatch is how long links are left alone after watching them failed: too many changes at
// once, or somebody sent what the kernel did not.
const rewatch = time.Second

// backError is that a port that was taken away is there again. It is another interface, at which nothing of
// the gateway stands.
type backError struct{ port string }

func (e backError) Error() string {
	return "port " + e.port + " is another interface now: this gateway ends, to be started anew"
}

// watch watches until ctx ends, or a port is there again that was taken away, and then puts up what it took down.
func (c *carrier) watch(ctx context.Context) (back error) {
	for blind := false; ctx.Err() == nil; {
		saw, err := c.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		if errors.As(err, new(backError)) {
			back = err
			break
		}
		if saw || !blind { // once for a row of failures
			c.tell("link-unseen", fmt.Sprintf("links are not watched for a second, or for as long as that fails: %v", err))
		}
		blind = true
		select {
		case <-ctx.Done():
		case <-time.After(rewatch):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.ports {
		if c.taken[i] {
			c.set(i, true)
		}
	}
	return back
}

// follow looks at both ports and at each change until that fails or ctx ends.
func (c *carrier) follow(ctx context.Context) (saw bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	updates := make(chan netlink.LinkUpdate, 16)
	var last error // of whatever goes wrong, by which it may go on; read once updates are over
	wrong := func(err error) { last = err }
	if err = netlink.LinkSubscribeWithOptions(updates, ctx.Done(), netlink.LinkSubscribeOptions{ListExisting: true, ErrorCallback: wrong}); err != nil {
		return false, err
	}
	for u := range updates {
		saw = true
		for i, name := range c.ports {
			switch {
			case u.Attrs().Name != name:
			case c.isAnother(i, u.Attrs().Index):
				if _, err := netlink.LinkByIndex(c.numbers[i]); errors.As(err, new(netlink.LinkNotFoundError)) {
					return saw, backError{name}
				} // else the port has another name now, and frames pass there as before
			case u.Header.Type == unix.RTM_DELLINK && u.Family == unix.AF_UNSPEC: // else it only left a bridge
				c.tell("port-gone", "port "+name+" was taken away, and nothing passes: the gateway ends when it is there again, to be started anew")
			default:
				c.numbers[i] = u.Attrs().Index
				c.see(i, u.Attrs().RawFlags)
			}
		}
	}
	return saw, last
}

// isAnother tells of an interface with a port's name whether it is not the port.
func (c *carrier) isAnother(i, number int) bool { return c.numbers[i] != 0 && c.numbers[i] != number }

// see is what a port's flags are now.
func (c *carrier) see(i int, flags uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, other := c.lost[i], 1-i
	if c.lost[i] = linkless(flags); c.lost[i] == was || c.taken[i] {
		return
	}
	if c.lost[i] {
		c.tell("link-lost", "port "+c.ports[i]+" has no link")
	} else {
		c.tell("link-back", "port "+c.ports[i]+" has its link again")
	}
	if c.forward && c.lost[i] != c.taken[other] {
		c.set(other, !c.lost[i])
	}
}

// set takes a port down, or puts it up. The caller holds the lock.
func (c *carrier) set(i int, up bool) {
	l, err := netlink.LinkByName(c.ports[i])
	set := netlink.LinkSetDown
	if up {
		set = netlink.LinkSetUp
	}
	if err == nil {
		err = set(l)
	}
	if err != nil {
		c.tell("link-stuck", fmt.Sprintf("port %s cannot be set up or down: %v", c.ports[i], err))
		return
	}
	c.taken[i] = !up
}
