package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Rights to files and directories. Running programs is in none of them, and
// neither is making device files.
const (
	readFile  = ll.AccessFSReadFile
	readDir   = ll.AccessFSReadFile | ll.AccessFSReadDir
	writeFile = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate
	writeDir  = readDir | writeFile | ll.AccessFSRemoveDir | ll.AccessFSRemoveFile | ll.AccessFSMakeDir |
		ll.AccessFSMakeReg | ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeSym
)

// always may be read where it exists: Go's resolver and clock, and what metrics
// tell of the process itself.
var always = []string{
	"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/services",
	"/etc/localtime", "/usr/share/zoneinfo", "/etc/ssl/certs",
	"/proc/self", "/proc/stat", "/proc/sys/net/core/somaxconn",
}

// alwaysWrite may be written where it exists.
var alwaysWrite = []string{"/dev/null"}

// What an older landlock leaves open, by the version that closes it. Version 0 is
// whyNone's.
var since = []struct {
	version int
	leaves  string
}{
	{2, "files cannot be moved between directories: this kernel's landlock is older than version 2 and forbids it to all"},
	{3, "files that may be read only can be truncated: this kernel's landlock is older than version 3"},
	{4, "TCP ports are not confined: this kernel's landlock is older than version 4"},
	{5, "device files that are open take every ioctl: this kernel's landlock is older than version 5"},
}

// Drop takes away, for all threads and for good, every right that cfg does not
// name, and reports what is in force then. What this kernel cannot do is in
// Report.Missing; an error means that something failed which should have worked:
// the process is not confined as asked and should not go on.
//
// It must be called once, when sockets and devices are open: those stay usable.
func Drop(cfg Config) (Report, error) {
	version, none := ll.LandlockGetABIVersion()
	if none != nil {
		version = 0
	}
	if err := confineFiles(&cfg, version); err != nil {
		return Report{}, err
	}
	if err := allThreads("no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return Report{}, err
	}
	missing, err := dropCapabilities(cfg.Capabilities)
	if err != nil {
		return Report{}, err
	}
	r, err := Look()
	if err != nil {
		return r, err
	}
	r.Landlock = version
	if version == 0 {
		r.Missing = append(r.Missing, whyNone(none))
	}
	for _, s := range since {
		if version > 0 && version < s.version {
			r.Missing = append(r.Missing, s.leaves)
		}
	}
	r.Missing = append(r.Missing, missing...)
	return r, nil
}

// whyNone tells why there is no landlock.
func whyNone(err error) string {
	const what = "files and TCP ports are not confined: "
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return what + "a filter of system calls forbids landlock (SystemCallFilter in the unit, or the container's)"
	case errors.Is(err, unix.EOPNOTSUPP):
		return what + "this kernel has landlock, but did not enable it at its start (lsm=landlock)"
	default:
		return what + "this kernel has no landlock"
	}
}

// confineFiles restricts files and TCP ports as far as the kernel's version can.
func confineFiles(cfg *Config, version int) error {
	var rules []landlock.Rule
	for _, path := range always {
		if rule, err := readRule(path); err == nil {
			rules = append(rules, rule)
		}
	}
	for _, path := range alwaysWrite {
		rules = append(rules, landlock.PathAccess(writeFile, path).IgnoreIfMissing())
	}
	for _, path := range cfg.Read {
		rule, err := readRule(path)
		if err != nil {
			return fmt.Errorf("confining the process to what it may read: %w", err)
		}
		rules = append(rules, rule)
	}
	for _, path := range cfg.Write {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("confining the process to what it may write: %w", err)
		}
		rule := landlock.PathAccess(writeDir, path)
		if version >= 2 {
			rule = rule.WithRefer()
		}
		rules = append(rules, rule)
	}
	for _, port := range cfg.Connect {
		rules = append(rules, landlock.ConnectTCP(port))
	}
	for _, port := range cfg.Listen {
		rules = append(rules, landlock.BindTCP(port))
	}
	if err := landlock.V5.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("confining files with landlock: %w", err)
	}
	return nil
}

// readRule allows to read a file, or a directory and all beneath it.
func readRule(path string) (landlock.Rule, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: does not exist", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return landlock.PathAccess(readDir, path), nil
	default:
		return landlock.PathAccess(readFile, path), nil
	}
}

// dropCapabilities keeps those of keep that the process has, so that it has no
// others and what it runs has none.
func dropCapabilities(keep []int) (missing []string, err error) {
	effective, err := boundingSetCleared(keep)
	if err != nil {
		return nil, err
	}
	if !effective {
		missing = append(missing, "the bounding set is not cleared, which takes CAP_SETPCAP (the unit's CapabilityBoundingSet does it too); "+
			"no_new_privs makes up for it: no program that is run gains a capability")
	}
	if err := allThreads("ambient capabilities", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0); err != nil {
		return nil, err
	}
	head, data, err := capabilities()
	if err != nil {
		return nil, err
	}
	var wanted [2]uint32
	for _, c := range keep {
		if c < 0 || c > unix.CAP_LAST_CAP {
			return nil, fmt.Errorf("keeping capability %d: there is none of that number", c)
		}
		wanted[c/32] |= 1 << (c % 32)
	}
	for i := range data {
		data[i].Permitted &= wanted[i]
		data[i].Effective = data[i].Permitted
		data[i].Inheritable = 0
	}
	return missing, allThreads("capabilities", unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&data[0])), 0)
}

// boundingSetCleared takes all capabilities but those of keep out of the bounding
// set; false if that is not permitted and would have changed something.
func boundingSetCleared(keep []int) (bool, error) {
	var left []int
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		in, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0)
		if err != nil {
			break // this kernel knows no capability of that number, and none above
		}
		if in == 1 && !slices.Contains(keep, c) {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return true, nil
	}
	_, data, err := capabilities()
	if err != nil {
		return false, err
	}
	if data[0].Effective&(1<<unix.CAP_SETPCAP) == 0 {
		return false, nil
	}
	for _, c := range left {
		if err := allThreads("bounding set", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c), 0); err != nil {
			return false, err
		}
	}
	return true, nil
}

// allThreads makes a system call on every thread, in programs with cgo too.
func allThreads(what string, trap, a1, a2, a3 uintptr) error {
	if _, _, errno := psx.Syscall6(trap, a1, a2, a3, 0, 0, 0); errno != 0 {
		return fmt.Errorf("dropping rights (%s): %w", what, errno)
	}
	return nil
}

// capabilities reads those of the calling thread.
func capabilities() (head unix.CapUserHeader, data [2]unix.CapUserData, err error) {
	head.Version = unix.LINUX_CAPABILITY_VERSION_3
	if err := unix.Capget(&head, &data[0]); err != nil {
		return head, data, fmt.Errorf("reading capabilities: %w", err)
	}
	return head, data, nil
}

// Look asks the kernel what is in force for the calling thread, which is what is
// in force for the process unless a thread went its own way. It cannot tell
// landlock: Landlock is 0, and Drop's report is the one that knows.
func Look() (Report, error) {
	r := Report{User: os.Geteuid(), Capabilities: []string{}, Missing: []string{}}
	_, data, err := capabilities()
	if err != nil {
		return r, err
	}
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		if data[c/32].Permitted&(1<<(c%32)) != 0 {
			r.Capabilities = append(r.Capabilities, name(c))
		}
	}
	nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil {
		return r, fmt.Errorf("reading no_new_privs: %w", err)
	}
	r.NoNewPrivileges = nnp == 1
	mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	r.Seccomp = err == nil && mode == 2 // an error: this kernel has no seccomp
	return r, nil
}

// name gives the name of the capabilities that matter here.
func name(c int) string {
	switch c {
	case unix.CAP_NET_RAW:
		return "CAP_NET_RAW"
	case unix.CAP_NET_ADMIN:
		return "CAP_NET_ADMIN"
	case unix.CAP_NET_BIND_SERVICE:
		return "CAP_NET_BIND_SERVICE"
	case unix.CAP_SYS_ADMIN:
		return "CAP_SYS_ADMIN"
	case unix.CAP_DAC_OVERRIDE:
		return "CAP_DAC_OVERRIDE"
	default:
		return fmt.Sprintf("capability %d", c)
	}
}
