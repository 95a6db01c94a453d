package lan

import "time"

const (
	us  = time.Microsecond
	ms  = time.Millisecond
	sec = time.Second
)

// Kinds are the manners of the kinds of device this package knows, always in the
// same order. Each call makes new ones, so that a caller may change them.
func Kinds() []*Manners {
	return []*Manners{
		Windows(), WindowsServer(), WindowsXP(), Linux(), VxWorks(), OldPLC(), SiemensCPU(), SmallStack(),
		RockwellAdapter(), NetworkDevice(), Printer(), Camera(), Drive(), Robot(), SafetyPLC(),
	}
}

// KindNamed returns the manners of a kind, or nil.
func KindNamed(kind string) *Manners {
	for _, m := range Kinds() {
		if m.Kind == kind {
			return m
		}
	}
	return nil
}

// Windows is a workstation or panel PC with a Windows of the last years.
func Windows() *Manners {
	return &Manners{
		Kind: "windows", TTL: 128, HopLimit: 128, DontFragment: true, PortUnreachable: true, IPv6: true,
		Window: 64240, Buffer: 262656, WindowScale: 8, MSS: 1460, Options: windowsOptions(),
		InitialSegments: 10, DelayedAck: 40 * ms, AckEvery: 2,
		RTOInitial: sec, RTOMin: 300 * ms, SYNRetries: 4, Retries: 5,
		KeepAliveEvery: sec, KeepAliveTries: 10, KeepAliveByte: true, TimeWait: 120 * sec,
		PortFirst: 49152, PortLast: 65535,
		ARPLifetime: 30 * sec, ARPUnicast: true, ARPConfirm: true, ARPProbes: 3, GratuitousARP: 1,
		Latency: 90 * us, Jitter: 120 * us,
	}
}

// WindowsServer is an older Windows server, as historians and OPC servers run on.
func WindowsServer() *Manners {
	m := Windows()
	m.Kind = "windows server"
	m.Window, m.Buffer, m.WindowScale = 8192, 131328, 8
	m.InitialSegments, m.DelayedAck = 4, 160*ms
	m.RTOInitial, m.SYNRetries = 3*sec, 2
	m.TimeWait = 240 * sec
	m.Latency, m.Jitter = 60*us, 80*us
	return m
}

// WindowsXP is the panel PC nobody dares to touch.
func WindowsXP() *Manners {
	return &Manners{
		Kind: "windows xp", TTL: 128, HopLimit: 128, DontFragment: true, PortUnreachable: true,
		Window: 65535, WindowScale: -1, MSS: 1460,
		Options:         []Option{OptionMSS, OptionNOP, OptionNOP, OptionSACK},
		InitialSegments: 2, DelayedAck: 160 * ms, AckEvery: 2,
		RTOInitial: 3 * sec, RTOMin: 300 * ms, SYNRetries: 2, Retries: 5,
		KeepAliveEvery: sec, KeepAliveTries: 5, KeepAliveByte: true, TimeWait: 240 * sec,
		PortFirst: 1025, PortLast: 5000,
		ARPLifetime: 2 * time.Minute, ARPProbes: 0, GratuitousARP: 3,
		Mbit: 100, Latency: 150 * us, Jitter: 200 * us,
	}
}

// Linux is a server with a Linux of the last years.
func Linux() *Manners {
	return &Manners{
		Kind: "linux", TTL: 64, HopLimit: 64, Identification: IdentificationConnection,
		DontFragment: true, DontFragmentAll: true,
		PortUnreachable: true, IPv6: true,
		Window: 64240, Buffer: 65280, WindowScale: 7, MSS: 1460, Options: linuxOptions(),
		InitialSegments: 10, DelayedAck: 40 * ms, AckEvery: 2,
		RTOInitial: sec, RTOMin: 200 * ms, SYNRetries: 6, Retries: 15, TimeWait: 60 * sec,
		PortFirst: 32768, PortLast: 60999, PortRandom: true,
		ARPLifetime: 45 * sec, ARPUnicast: true, ARPConfirm: true,
		Latency: 35 * us, Jitter: 40 * us,
	}
}

// VxWorks is a controller of the 2010s on a real-time system with a BSD stack.
func VxWorks() *Manners {
	return &Manners{
		Kind: "vxworks", TTL: 64, Window: 8192, WindowScale: 0, MSS: 1460, Options: vxworksOptions(),
		TimestampHz: 60, Sequence: SequenceClock, InitialSegments: 2, DelayedAck: 160 * ms,
		RTOInitial: 3 * sec, RTOMin: sec, RTOMax: 64 * sec, SYNRetries: 4, Retries: 12,
		KeepAlive: 2 * time.Hour, KeepAliveTries: 8, TimeWait: 30 * sec,
		PortFirst: 1024, PortLast: 5000, Connections: 64, RefuseWhenFull: true,
		ARPLifetime: 20 * time.Minute, ARPLearns: true, ARPWaiting: 1, GratuitousARP: 1,
		Mbit: 100, Latency: 350 * us, Jitter: 250 * us, PerFrame: 60 * us,
	}
}

// OldPLC is a controller of the 1990s: a small window, no options, little memory.
func OldPLC() *Manners {
	return &Manners{
		Kind: "old plc", TTL: 30, Window: 2048, WindowScale: -1, MSS: 536, Options: []Option{},
		Sequence: SequenceStep, InitialSegments: 1, AckEvery: 1,
		RTOInitial: 3 * sec, RTOMin: sec, RTOMax: 64 * sec, SYNRetries: 3, Retries: 6, TimeWait: 10 * sec,
		PortFirst: 1024, PortLast: 2047, Connections: 8, RefuseWhenFull: true,
		ARPLifetime: 10 * time.Minute, ARPLearns: true, ARPWaiting: 1,
		Mbit: 10, Latency: 1800 * us, Jitter: 2200 * us, PerFrame: 450 * us,
	}
}

// SiemensCPU is a controller in the manner of the S7 family.
func SiemensCPU() *Manners {
	return &Manners{
		Kind: "siemens cpu", TTL: 30, Window: 8192, WindowScale: -1, MSS: 1460,
		Options: []Option{OptionMSS}, Sequence: SequenceRandom, InitialSegments: 2,
		DelayedAck: 100 * ms, AckEvery: 2,
		RTOInitial: 1500 * ms, RTOMin: 500 * ms, RTOMax: 32 * sec, SYNRetries: 3, Retries: 6,
		KeepAlive: 30 * sec, KeepAliveEvery: 2 * sec, KeepAliveTries: 4, TimeWait: 20 * sec,
		PortFirst: 49152, PortLast: 65535, Connections: 32, RefuseWhenFull: true,
		ARPLifetime: 5 * time.Minute, ARPLearns: true, ARPProbes: 1, GratuitousARP: 2,
		Mbit: 100, Latency: 260 * us, Jitter: 180 * us, PerFrame: 40 * us,
	}
}

// SmallStack is a device with a small embedded stack (in the manner of lwIP):
// gateways, sensors, remote inputs and outputs.
func SmallStack() *Manners {
	return &Manners{
		Kind: "small stack", TTL: 255, Window: 5840, WindowScale: -1, MSS: 1460,
		Options: []Option{OptionMSS}, Sequence: SequenceClock, InitialSegments: 4,
		DelayedAck: 150 * ms, AckEvery: 2,
		RTOInitial: 3 * sec, RTOMin: 500 * ms, RTOMax: 60 * sec, SYNRetries: 6, Retries: 12, TimeWait: 120 * sec,
		PortFirst: 49152, PortLast: 65535, Connections: 16,
		ARPLifetime: 5 * time.Minute, ARPWaiting: 1, GratuitousARP: 1, PortUnreachable: true,
		Mbit: 100, Latency: 420 * us, Jitter: 260 * us, PerFrame: 90 * us,
	}
}

// RockwellAdapter is a controller or adapter on EtherNet/IP.
func RockwellAdapter() *Manners {
	return &Manners{
		Kind: "rockwell adapter", TTL: 64, Identification: IdentificationCounter, DontFragment: false,
		Window: 8192, WindowScale: -1, MSS: 1460, Options: []Option{OptionMSS},
		Sequence: SequenceStep, InitialSegments: 2, DelayedAck: 150 * ms, AckEvery: 1,
		RTOInitial: 2 * sec, RTOMin: 500 * ms, RTOMax: 64 * sec, SYNRetries: 4, Retries: 8,
		KeepAlive: 60 * sec, KeepAliveEvery: 10 * sec, KeepAliveTries: 5, TimeWait: 30 * sec,
		PortFirst: 50000, PortLast: 60000, Connections: 32, RefuseWhenFull: true,
		ARPLifetime: 15 * time.Minute, ARPLearns: true, ARPProbes: 2, GratuitousARP: 2,
		Mbit: 100, Latency: 300 * us, Jitter: 300 * us, PerFrame: 45 * us,
	}
}

// NetworkDevice is the management side of a switch, a router or a firewall.
func NetworkDevice() *Manners {
	return &Manners{
		Kind: "network device", TTL: 255, HopLimit: 64, Window: 4128, WindowScale: -1, MSS: 1460,
		Options: []Option{OptionMSS}, Sequence: SequenceRandom, InitialSegments: 4,
		DelayedAck: 160 * ms, RTOInitial: 2 * sec, RTOMin: sec, SYNRetries: 4, Retries: 8, TimeWait: 60 * sec,
		PortFirst: 10000, PortLast: 65000, PortRandom: true, Connections: 128,
		PortUnreachable: true, ARPLifetime: 20 * time.Minute, GratuitousARP: 1,
		Latency: 25 * us, Jitter: 20 * us,
	}
}

// Printer is an office or label printer.
func Printer() *Manners {
	return &Manners{
		Kind: "printer", TTL: 60, HopLimit: 64, Window: 17520, WindowScale: 0, MSS: 1460, Options: bsdOptions(),
		TimestampHz: 2, Sequence: SequenceClock, InitialSegments: 4, DelayedAck: 160 * ms,
		RTOInitial: 3 * sec, RTOMin: sec, SYNRetries: 4, Retries: 10, TimeWait: 60 * sec,
		PortFirst: 2048, PortLast: 9999, Connections: 24,
		PortUnreachable: true, IPv6: true, ARPLifetime: 10 * time.Minute, GratuitousARP: 1,
		Mbit: 100, Latency: 600 * us, Jitter: 900 * us, PerFrame: 50 * us,
	}
}

// Camera is a camera or vision box with a Linux that nobody updates.
func Camera() *Manners {
	return &Manners{
		Kind: "camera", TTL: 64, HopLimit: 64, Identification: IdentificationZero,
		DontFragment: true, DontFragmentAll: true,
		PortUnreachable: true, IPv6: true,
		Window: 14600, Buffer: 29200, WindowScale: 4, MSS: 1460, Options: linuxOptions(), TimestampHz: 100,
		InitialSegments: 10, DelayedAck: 40 * ms,
		RTOInitial: sec, RTOMin: 200 * ms, SYNRetries: 5, Retries: 15, TimeWait: 60 * sec,
		PortFirst: 32768, PortLast: 61000, PortRandom: true, Connections: 256,
		ARPLifetime: 60 * sec, ARPUnicast: true, ARPConfirm: true, GratuitousARP: 1,
		Mbit: 100, Latency: 180 * us, Jitter: 200 * us, PerFrame: 15 * us,
	}
}

// Drive is a frequency converter with an option card.
func Drive() *Manners {
	return &Manners{
		Kind: "drive", TTL: 128, Window: 2144, WindowScale: -1, MSS: 536, Options: []Option{OptionMSS},
		Sequence: SequenceClock, InitialSegments: 1, DelayedAck: 0, AckEvery: 1,
		RTOInitial: 2 * sec, RTOMin: sec, RTOMax: 32 * sec, SYNRetries: 3, Retries: 5, TimeWait: 15 * sec,
		PortFirst: 2000, PortLast: 4000, Connections: 6, RefuseWhenFull: true,
		ARPLifetime: 20 * time.Minute, ARPLearns: true, ARPWaiting: 1, GratuitousARP: 1,
		Mbit: 100, Latency: 900 * us, Jitter: 700 * us, PerFrame: 180 * us,
	}
}

// Robot is a robot controller on a real-time system.
func Robot() *Manners {
	m := VxWorks()
	m.Kind = "robot"
	m.Window, m.WindowScale, m.Options = 60000, -1, []Option{OptionMSS, OptionNOP, OptionNOP, OptionTimestamps}
	m.TimestampHz, m.InitialSegments = 100, 4
	m.Latency, m.Jitter, m.PerFrame = 220*us, 120*us, 25*us
	m.PortFirst, m.PortLast = 1025, 4999
	return m
}

// SafetyPLC is a safety controller: slow to answer and never in a hurry.
func SafetyPLC() *Manners {
	m := SmallStack()
	m.Kind = "safety plc"
	m.TTL, m.Window, m.MSS = 64, 4096, 1024
	m.Sequence, m.Connections, m.RefuseWhenFull = SequenceStep, 6, true
	m.DelayedAck, m.AckEvery = 160*ms, 2
	m.Latency, m.Jitter, m.PerFrame = 1200*us, 600*us, 250*us
	m.ARPLifetime, m.ARPLearns = 20*time.Minute, true
	return m
}
