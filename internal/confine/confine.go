package confine

// Config is what the process may go on doing. What is not named is taken away.
type Config struct {
	// Read are files and directories, with all beneath them, that may be read.
	// Each must exist. What Go itself and its resolver read is added.
	Read []string
	// Write are directories in which, and beneath which, everything may be done but
	// running programs and making device files. Each must exist.
	Write []string
	// Connect are TCP ports, of any host, that may be connected to. UDP and Multipath
	// TCP are not confined.
	Connect []uint16
	// Listen are TCP ports that may be listened on from now on. What listens
	// already goes on.
	Listen []uint16
	// Capabilities are kept, of those that the process has; their numbers are
	// unix.CAP_NET_RAW and the like.
	Capabilities []int
}

// Report is what is in force for the process.
type Report struct {
	// Landlock is the version of the kernel's landlock that confines files (and
	// from version 4 on TCP ports); 0: it does not.
	Landlock int `json:"landlock"`
	// NoNewPrivileges: nothing the process runs can have more rights than it has.
	NoNewPrivileges bool `json:"no_new_privileges"`
	// Seccomp: system calls are filtered, by whoever started the process.
	Seccomp bool `json:"seccomp"`
	// Capabilities that the process has, by name.
	Capabilities []string `json:"capabilities"`
	// User is the numeric user the process runs as; 0 is root.
	User int `json:"user"`
	// Missing says in plain words what could not be taken away, and why.
	Missing []string `json:"missing"`
}
