package gateway

import (
	"errors"

	"golang.org/x/sys/unix"

	"firedoor/internal/datapath"
	"firedoor/internal/inline"
)

// resets ends connections that the kernel only drops: it cannot make a frame.
type resets struct {
	senders [2]int // by port
}

func openResets(inside, outside string) (*resets, error) {
	r := &resets{senders: [2]int{-1, -1}}
	for i, name := range []string{inside, outside} {
		fd, err := openSender(name)
		if err != nil {
			r.close()
			return nil, err
		}
		r.senders[i] = fd
	}
	return r, nil
}

func (r *resets) close() {
	for _, fd := range r.senders {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// end tells both ends of the connection of a segment that came in at a port. It gives how
// many frames it sent.
func (r *resets) end(head []byte, port int) (sent int, err error) {
	forward, back := inline.Ends(head)
	for i, b := range [][]byte{forward, back} {
		if b == nil {
			continue
		}
		to := port
		if i == 0 {
			to = datapath.Inside + datapath.Outside - port
		}
		if e := unix.Send(r.senders[to], b, unix.MSG_DONTWAIT); e != nil {
			err = errors.Join(err, e)
			continue
		}
		sent++
	}
	return sent, err
}
