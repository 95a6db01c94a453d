//go:build !unix

package uplink

// dirLock does nothing here: the directory must be given to one process only.
type dirLock struct{}

func lockDir(string) (*dirLock, error) { return &dirLock{}, nil }

func (l *dirLock) release() error { return nil }
