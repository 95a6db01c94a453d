package factory

import (
	"fmt"
	"net/netip"

	"firedoor"
)

// network is one address range on one VLAN. Two of them are the same range: the
// mixing lines came from one builder, each behind an address translator.
type network struct {
	name     string
	vlan     uint16
	prefix   string
	gateway  string
	mirrored bool
}

// networks of the standard plant, from the floor to the world outside.
var networks = []network{
	{"line-1", 10, "192.168.0.0/24", "192.168.0.1", true},
	{"line-2", 20, "192.168.0.0/24", "192.168.0.1", true},
	{"control", 30, "10.20.30.0/24", "10.20.30.1", true},
	{"dmz", vlanDMZ, "10.20.35.0/24", "10.20.35.1", true},
	{"office", vlanOffice, "10.20.40.0/24", "10.20.40.1", true},
	{"outside", 99, "198.51.100.0/24", "198.51.100.1", false},
}

const (
	vlanDMZ    = 35
	vlanOffice = 40
)

// The first three bytes of addresses of the networks behind the firewall.
var (
	controlNet3 = [3]byte{10, 20, 30}
	dmzNet3     = [3]byte{10, 20, 35}
)

// manner is the kind of network stack that a device has.
type manner uint8

const (
	windows manner = iota
	server         // Windows, as servers have it
	linux
	controller // VxWorks and its like
	veteran    // a controller of 1995
	siemens
	embedded // small devices with lwIP and its like
	rockwell
	switching
	printing
	camera
	drive
	robot
	safety
)

// asset is one device of the plant as its builder delivered it. MAC addresses
// begin with the vendor's own prefix.
type asset struct {
	network, name string
	mac           firedoor.MAC
	ip            string // empty: DHCP gives one
	manner        manner
	vendor, model string
	firmware      string
	undeclared    bool // nobody put it on the list
}

// lineAssets are the devices of one mixing line.
func lineAssets(n int) []asset {
	line, m := fmt.Sprintf("line-%d", n), firedoor.MAC(n-1)<<8
	name := func(s string) string { return fmt.Sprintf("mixer-%d-%s", n, s) }
	return []asset{
		{line, name("plc"), 0x0080f4126010 + m, "192.168.0.10", controller, "Schneider Electric", "BMX P34 2020", "V3.20", false},
		{line, name("drive"), 0x0080f4307711 + m, "192.168.0.11", drive, "Schneider Electric", "ATV630D15N4", "V1.8IE14", false},
		{line, name("io"), 0x0030de0a1c12 + m, "192.168.0.12", embedded, "WAGO", "750-352", "FW07", false},
		{line, name("hmi"), 0x00d0c9550020 + m, "192.168.0.20", windows, "Advantech", "TPC-1251T", "", false},
	}
}

// standardAssets are the devices of the standard plant in a fixed order. Those of
// the switches, routers and the world outside stand in wiring.go.
func standardAssets() []asset {
	list := append(lineAssets(1), lineAssets(2)...)
	list = append(list, controlAssets...)
	list = append(list, dmzAssets...)
	list = append(list, officeAssets...)
	for i := range 16 {
		mac := []firedoor.MAC{0xf8bc12660101, 0x8c1645770103, 0x3cd92b880105}[i%3] + firedoor.MAC(i)<<8
		list = append(list, asset{"office", fmt.Sprintf("office-%d", i+1), mac, "", windows, "", "", "", false})
	}
	return append(list, outsideAssets...)
}

var controlAssets = []asset{
	{"control", "switch-1", 0x001b1b2fa002, "10.20.30.2", switching, "Siemens", "SCALANCE XC208", "V4.4", false},
	{"control", "switch-2", 0x0080637c1103, "10.20.30.3", switching, "Hirschmann", "RS20-0800", "09.1.00", false},
	{"control", "switch-3", 0x0080637c1104, "10.20.30.4", switching, "Hirschmann", "RS20-0800", "09.1.00", false},
	{"control", "filler-plc", 0x286336a41010, "10.20.30.10", siemens, "Siemens", "6ES7 315-2EH14-0AB0", "V3.2.6", false},
	{"control", "capper-plc", 0x286336a41011, "10.20.30.11", siemens, "Siemens", "6ES7 314-6EH04-0AB0", "V3.3.10", false},
	{"control", "filler-hmi", 0x000e8cd72012, "10.20.30.12", windows, "Siemens", "SIMATIC IPC477D", "", false},
	{"control", "robot-plc", 0x0000bc4be020, "10.20.30.20", rockwell, "Rockwell Automation", "1756-L71/B", "20.11", false},
	{"control", "robot-io", 0x001d9cb71021, "10.20.30.21", rockwell, "Rockwell Automation", "1794-AENT/B", "4.3", false},
	{"control", "robot-arm", 0x00e0e4330822, "10.20.30.22", robot, "FANUC", "R-30iB", "V8.30P", false},
	{"control", "robot-hmi", 0x0000bc5cf023, "10.20.30.23", windows, "Rockwell Automation", "6200P", "", false},
	{"control", "boiler-plc", 0x000105198030, "10.20.30.30", controller, "Beckhoff Automation", "CX9020", "4.22", false},
	{"control", "boiler-safety", 0x00e0a1017231, "10.20.30.31", safety, "HIMA", "HIMatrix F30", "V7", false},
	{"control", "boiler-hmi", 0x00d0c9a0b032, "10.20.30.32", windows, "Advantech", "TPC-1551T", "", false},
	{"control", "power-meter", 0x0080f4998033, "10.20.30.33", embedded, "Schneider Electric", "PM5560", "V2.3", false},
	{"control", "utility-plc", 0x0080f4a50134, "10.20.30.34", veteran, "Schneider Electric", "TSX P57 204", "V2.0", false},
	{"control", "vision-box", 0x00d0240c2240, "10.20.30.40", linux, "Cognex", "In-Sight 8402", "5.9.1", false},
	{"control", "scada-1", 0xf8bc12440050, "10.20.30.50", server, "Dell", "PowerEdge R430", "", false},
	{"control", "scada-2", 0xf8bc12440051, "10.20.30.51", server, "Dell", "PowerEdge R430", "", false},
	{"control", "historian", 0xf8bc12440052, "10.20.30.52", server, "Dell", "PowerEdge R430", "", false},
	{"control", "engineering", 0x3cd92b7e0060, "10.20.30.60", windows, "HP", "Z440", "", false},
	{"control", "backup-server", 0x005056a20061, "10.20.30.61", linux, "VMware", "", "", false},
	{"control", "meter-reader", 0xb827eb5a1077, "10.20.30.77", linux, "Raspberry Pi", "3B", "", true},
	{"control", "wireless", 0x7483c21e9078, "10.20.30.78", linux, "Ubiquiti", "UAP-AC-LITE", "", true},
}

var dmzAssets = []asset{
	{"dmz", "jump-host", 0x0050569a0010, "10.20.35.10", server, "VMware", "", "", false},
	{"dmz", "vendor-gateway", 0x0050569a0020, "10.20.35.20", linux, "VMware", "", "", false},
	{"dmz", "patch-server", 0x0050569a0030, "10.20.35.30", server, "VMware", "", "", false},
	{"dmz", "historian-mirror", 0x0050569a0040, "10.20.35.40", server, "VMware", "", "", false},
}

var officeAssets = []asset{
	{"office", "nameserver", 0x001422900005, "10.20.40.5", linux, "Dell", "PowerEdge R320", "", false},
	{"office", "directory", 0x0050569b0006, "10.20.40.6", server, "VMware", "", "", false},
	{"office", "erp", 0x0050569b0007, "10.20.40.7", linux, "VMware", "", "", false},
	{"office", "mail", 0x0050569b0008, "10.20.40.8", linux, "VMware", "", "", false},
	{"office", "files", 0x0050569b0009, "10.20.40.9", server, "VMware", "", "", false},
	{"office", "printer-1", 0x3cd92bc0a020, "10.20.40.20", printing, "HP", "LaserJet M553", "2308214_000901", false},
	{"office", "printer-2", 0x3cd92bc0a121, "10.20.40.21", printing, "HP", "LaserJet M607", "2411097_060529", false},
	{"office", "camera-1", 0x00408cd1e030, "10.20.40.30", camera, "Axis", "P3245-V", "9.80.1", false},
	{"office", "camera-2", 0x00408cd1e131, "10.20.40.31", camera, "Axis", "P3245-V", "9.80.1", false},
}

// outsideAssets stand for the world: nothing there is mirrored.
var outsideAssets = []asset{
	{"outside", "web-1", 0x001b17000110, "198.51.100.10", linux, "", "", "", false},
	{"outside", "web-2", 0x001b17000111, "198.51.100.11", linux, "", "", "", false},
	{"outside", "web-3", 0x001b17000112, "198.51.100.12", linux, "", "", "", false},
	{"outside", "vendor-laptop", 0x8c1645aa0120, "198.51.100.66", windows, "", "", "", false},
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
