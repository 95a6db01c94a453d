package wire

import "strconv"

// profinetVendors are the vendor ids of PROFIBUS & PROFINET International of
// makers often met; others stay a number.
var profinetVendors = [...]struct {
	id   uint16
	name string
}{
	{0x002a, "Siemens"}, {0x00b0, "Phoenix Contact"}, {0x011d, "WAGO"}, {0x011e, "Hilscher"}, {0x0120, "Beckhoff Automation"},
}

// ProfinetVendor is the name of a vendor id, "" if it is not known.
func ProfinetVendor(id uint16) string {
	for i := range profinetVendors {
		if profinetVendors[i].id == id {
			return profinetVendors[i].name
		}
	}
	return ""
}

// AppendHex appends a number as 0x1f.
func AppendHex(dst []byte, v uint32) []byte {
	return strconv.AppendUint(append(dst, "0x"...), uint64(v), 16)
}
