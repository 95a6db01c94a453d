package config

import (
	"embed"
	"slices"
	"time"

	"firedoor/internal/written"
)

// MaxFile is the largest configuration file that is read, in bytes. A larger one
// is a problem of its own and not looked into.
const MaxFile = 1 << 20

// Roles of a process.
const (
	RoleSensor  = "sensor"
	RoleConsole = "console"
)

// Size is a number of bytes, written with a unit: 64MiB.
type Size int64

// Learning is how long to learn. At most one of its fields is set; none set
// means that nothing is learned.
type Learning struct {
	// Time is traffic time from the first frame on.
	Time time.Duration
	// Percent is the share of the frames of all capture files, above 0 to 100.
	Percent float64
	// UntilTold learns until a person ends it.
	UntilTold bool
}

// Config is all that can be configured. Each section is for one room and knows
// no other.
//
// Tags: yaml is the key, range the smallest and largest value allowed, oneof the
// words allowed, most the number of items of a list. The comments of the fields are what users read.
type Config struct {
	// The name of the plant, as it stands on screens and in records: letters,
	// digits, - and _, at most 32.
	Site string `yaml:"site"`
	// What this process does. Both roles in one process need no network between
	// them; one alone needs uplink.url or uplink.listen to meet the other.
	Roles []string `yaml:"roles" oneof:"sensor,console" most:"2"`
	// On how many cores traffic is taken apart. 0: all there are, up to 16. What
	// comes out is the same for any number.
	Shards  int     `yaml:"shards" range:"0..16"`
	Sensor  Sensor  `yaml:"sensor"`
	Capture Capture `yaml:"capture"`
	Learn   Learn   `yaml:"learn"`
	Data    Data    `yaml:"data"`
	Console Console `yaml:"console"`
	Uplink  Uplink  `yaml:"uplink"`
	Log     Log     `yaml:"log"`
	Confine Confine `yaml:"confine"`
}

// Sensor is who watches.
type Sensor struct {
	// The name of this sensor among those of the site: letters, digits, - and _,
	// at most 32.
	Name string `yaml:"name"`
	// A map that names process values and says their unit of measure: CSV, see
	// docs/formats/points.md. It is read once, at start. Empty: values are shown by
	// their place alone.
	Points string `yaml:"points"`
}

// Capture is where frames come from.
type Capture struct {
	// Network interfaces to listen on, as the kernel names them.
	Interfaces []string `yaml:"interfaces" most:"16"`
	// Capture files to play, one after the other: pcap or pcapng, plain or .gz,
	// .xz, .zst.
	Files []string `yaml:"files" most:"64"`
	// How fast files are played: 1 as they were recorded, 2 twice as fast, 0 as
	// fast as they can be read.
	Speed float64 `yaml:"speed" range:"0..1000"`
	// Play the files again when the last one has ended.
	Loop bool `yaml:"loop"`
	// How many readers share the packets of one interface, all packets of a
	// conversation at the same reader. More help where one core is too slow. 0: two
	// where there are two cores.
	Fanout int `yaml:"fanout" range:"0..8"`
	// Memory between the kernel and one reader, each reader having its own. A
	// larger one rides out longer bursts; when it is full the kernel drops
	// packets, which is counted and shown.
	RingSize Size `yaml:"ring_size" range:"1MiB..1GiB"`
	// Take packets that are addressed to others, as a mirror port delivers them.
	Promiscuous bool `yaml:"promiscuous"`
}

// Learn is when the baseline is made.
type Learn struct {
	// How long to learn what is normal: a time of traffic (10m, 36h, 7d), a share
	// of the frames of capture.files (20%), or until-told, which ends when a
	// person says so. Empty: nothing is learned, and only alerts that need no
	// baseline are raised.
	For Learning `yaml:"for"`
	// How long a device that appears after learning is learned, by its own clock,
	// before its deeds are judged. Its appearance is told at once. 0s: not at
	// all, everything it does is judged from its first packet on.
	NewDeviceFor time.Duration `yaml:"new_device_for" range:"0s..365d"`
}

// Data is what lasts on this machine.
type Data struct {
	// The directory for everything that lasts. A relative path is seen from where
	// firedoor was started; the service uses /var/lib/firedoor.
	Dir string `yaml:"dir"`
	// How often learned state is saved. This much of it is lost at most when the
	// machine loses power; alerts and acknowledgements are never.
	SnapshotEvery time.Duration `yaml:"snapshot_every" range:"1s..8s"`
	// Space to leave free on the disk. Below it the oldest evidence is deleted
	// first, and the console and the log say so; detection goes on.
	MinFree Size    `yaml:"min_free" range:"1MiB..1TiB"`
	Journal Journal `yaml:"journal"`
}

// Journal is the record of what happened, for replay.
type Journal struct {
	// How long the journal reaches back. What is older is deleted.
	Keep time.Duration `yaml:"keep" range:"1h..3650d"`
	// How much disk the journal may take. Past it the oldest part is deleted,
	// even if it is younger than keep.
	MaxSize Size `yaml:"max_size" range:"1MiB..1TiB"`
}

// Console is the page people look at.
type Console struct {
	// Address and port of the console, on this machine only: 127.0.0.1 or [::1].
	// Port 0 takes any free one, which is told at start.
	Listen string `yaml:"listen"`
	// How long a browser stays allowed to acknowledge alerts after its one-time
	// link was opened.
	SessionFor time.Duration `yaml:"session_for" range:"1m..30d"`
	// Data folders of gateways on this machine (firedoor gateway --data) that the
	// console shows. It must run as the same user as they do.
	Gateways []string `yaml:"gateways" most:"8"`
}

// Uplink is how records get from the sensor to the console.
type Uplink struct {
	// The NATS server to meet at, nats:// on this machine or tls:// anywhere.
	// Empty: none is needed, or it is in this process.
	URL string `yaml:"url"`
	// Address and port at which this process offers its own NATS server to the
	// other role, on this machine only. Empty: no port is opened.
	Listen string `yaml:"listen"`
	// A file with the secret that both roles must know: the one that listens asks
	// for it, the one that connects shows it. Empty: anybody on this machine may
	// connect to uplink.listen.
	TokenFile string `yaml:"token_file"`
	// How much disk the records on their way to the console may take. Past it the
	// oldest are deleted, which is counted and shown.
	MaxSize Size `yaml:"max_size" range:"16MiB..1TiB"`
}

// Log is what firedoor says about itself.
type Log struct {
	// The least grave lines that are written.
	Level string `yaml:"level" oneof:"debug,info,warn,error"`
	// How lines are written: for people or for programs.
	Format string `yaml:"format" oneof:"text,json"`
	// The file to write to. Empty: standard error. On a full disk lines are
	// dropped and counted; nothing stops for a log line.
	File string `yaml:"file"`
	// How large the file may become before a new one is begun.
	MaxSize Size `yaml:"max_size" range:"64KiB..1GiB"`
	// How many full files are kept beside the one being written: FILE.1 is the
	// youngest. Older ones are deleted.
	Keep int `yaml:"keep" range:"1..100"`
}

// Confine is what the process may still do once it runs.
type Confine struct {
	// Give up every right that is not needed, before the first packet is read:
	// capabilities, and all files outside data.dir. Switch it off only to find
	// out why something fails.
	Enabled bool `yaml:"enabled"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Site:    "plant",
		Roles:   []string{RoleSensor, RoleConsole},
		Sensor:  Sensor{Name: "sensor-1"},
		Capture: Capture{RingSize: 8 << 20, Promiscuous: true},
		Data: Data{Dir: "firedoor-data", SnapshotEvery: 5 * time.Second, MinFree: 256 << 20,
			Journal: Journal{Keep: 30 * written.Day, MaxSize: 2 << 30}},
		Console: Console{Listen: "127.0.0.1:8440", SessionFor: 12 * time.Hour},
		Uplink:  Uplink{MaxSize: 256 << 20},
		Log:     Log{Level: "info", Format: "text", MaxSize: 10 << 20, Keep: 5},
		Confine: Confine{Enabled: true},
	}
}

// Runs tells whether the process has a role.
func (c *Config) Runs(role string) bool { return slices.Contains(c.Roles, role) }

//go:embed default.yaml
var files embed.FS

// DefaultFile is a complete configuration file with every key, its comment and
// its default. It reads as Default.
func DefaultFile() []byte {
	b, err := files.ReadFile("default.yaml")
	if err != nil {
		panic("config: default.yaml is part of the program: " + err.Error())
	}
	return b
}
