//go:build !unix

package capture

// countMapped counts nothing where files cannot be mapped.
func (r *Reader) countMapped() (frames uint64, counted bool) { return 0, false }
