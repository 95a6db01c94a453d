package health

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Disk watches how much room is left where the data lies.
type Disk struct {
	dir     string
	minFree uint64
}

// NewDisk watches the disk that holds dir; minFree is how many bytes are to stay
// free on it.
func NewDisk(dir string, minFree uint64) *Disk { return &Disk{dir, minFree} }

// Room is what a disk has left, in bytes.
type Room struct {
	Free    uint64 // for this program; what is kept for root does not count
	Total   uint64
	Missing uint64 // how much must be freed; 0 as long as enough is free
}

// Room looks at the disk. It asks the kernel only, and fails when the directory
// is not there.
func (d *Disk) Room() (Room, error) {
	var st unix.Statfs_t
	for {
		err := unix.Statfs(d.dir, &st)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return Room{}, fmt.Errorf("room on the disk of %s: %w", d.dir, err)
		}
		break
	}
	block := uint64(st.Bsize)
	r := Room{Free: st.Bavail * block, Total: st.Blocks * block}
	if r.Free < d.minFree {
		r.Missing = d.minFree - r.Free
	}
	return r, nil
}

// Check is a condition of readiness: that enough room is left.
func (d *Disk) Check() error {
	r, err := d.Room()
	if err != nil {
		return err
	}
	if r.Missing > 0 {
		return fmt.Errorf("%d MiB are free on the disk of %s, %d are to be: the oldest evidence is deleted first", r.Free>>20, d.dir, d.minFree>>20)
	}
	return nil
}

// Emit is a source of metrics. A disk that cannot be asked has none; Check says
// why.
func (d *Disk) Emit(emit Emit) {
	r, err := d.Room()
	if err != nil {
		return
	}
	low := 0.0
	if r.Missing > 0 {
		low = 1
	}
	emit("firedoor_disk_free_bytes", Gauge, "Room left on the disk of the data directory.", float64(r.Free))
	emit("firedoor_disk_total_bytes", Gauge, "Size of the disk of the data directory.", float64(r.Total))
	emit("firedoor_disk_min_free_bytes", Gauge, "Room that is to be left on it.", float64(d.minFree))
	emit("firedoor_disk_low", Gauge, "1 while less is free than is to be.", low)
}
