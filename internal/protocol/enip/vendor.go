package enip

import "strconv"

// vendors are the ODVA vendor ids of makers often met in plants; others are
// told by their number.
var vendors = [...]struct {
	id   uint16
	name string
}{
	{1, "Rockwell Automation/Allen-Bradley"},
	{2, "Namco Controls"},
	{3, "Honeywell"},
	{4, "Parker Hannifin"},
	{5, "Rockwell Automation/Reliance Electric"},
	{8, "Molex"},
	{26, "Festo"},
	{40, "WAGO"},
	{43, "Balluff"},
	{44, "Yaskawa Electric America"},
	{46, "ABB Industrial Systems"},
	{47, "Omron"},
	{48, "Turck"},
	{49, "Grayhill"},
	{77, "Rockwell Software"},
	{90, "HMS Industrial Networks"},
	{97, "Danfoss"},
	{108, "Beckhoff Automation"},
	{161, "Mitsubishi Electric"},
	{181, "Pilz"},
	{243, "Schneider Automation"},
	{256, "Turck"},
	{283, "Hilscher"},
	{345, "Endress+Hauser"},
	{356, "Fanuc Robotics America"},
	{367, "Keyence"},
	{562, "Phoenix Contact"},
	{591, "Fanuc"},
	{678, "Cognex"},
	{808, "SICK"},
	{991, "Moxa"},
}

// appendVendor writes the name of a vendor, or "vendor" and its number.
func appendVendor(dst []byte, id uint16) []byte {
	for i := range vendors {
		if vendors[i].id == id {
			return append(dst, vendors[i].name...)
		}
	}
	return strconv.AppendUint(append(dst, "vendor "...), uint64(id), 10)
}

// roleOf is the role that a device type stands for (CIP volume 1, table 6-1.1),
// "" where it says none.
func roleOf(deviceType uint16) string {
	switch deviceType {
	case 0x02, 0x13, 0x25: // AC drive, DC drive, motion drive
		return "drive"
	case 0x07: // general purpose discrete I/O
		return "remote I/O"
	case 0x0e: // programmable logic controller
		return "PLC"
	case 0x18: // human-machine interface
		return "HMI"
	case 0x2c: // managed Ethernet switch
		return "switch"
	}
	return ""
}
