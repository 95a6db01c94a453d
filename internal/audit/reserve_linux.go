package audit

import "golang.org/x/sys/unix"

// reserve keeps room on the disk behind the last entry, as far as its file system can, so that
// entries can be added when others have filled it: that is when they are needed most.
// Without it they may not be.
func (c *Chain) reserve() {
	if c.end+reserved/2 <= c.reserved {
		return
	}
	if unix.Fallocate(int(c.file.Fd()), unix.FALLOC_FL_KEEP_SIZE, c.end, reserved) == nil {
		c.reserved = c.end + reserved
	}
}
