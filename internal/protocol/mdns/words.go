package mdns

import "firedoor"

// texts are the entries of TXT records that describe a device (RFC 6763, 6):
// Apple's device information, printers (Bonjour Printing 9.2), and what casting
// and home devices send.
var texts = [...]struct {
	key  string // lower case
	kind firedoor.FactKind
}{
	{"model", firedoor.FactModel},
	{"md", firedoor.FactModel},
	{"ty", firedoor.FactModel},
	{"usb_mdl", firedoor.FactModel},
	{"usb_mfg", firedoor.FactVendor},
	{"manufacturer", firedoor.FactVendor},
	{"vendor", firedoor.FactVendor},
	{"serialnumber", firedoor.FactSerial},
	{"firmware", firedoor.FactFirmware},
}
