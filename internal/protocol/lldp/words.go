package lldp

import "firedoor"

// medFacts are the inventory elements of LLDP-MED by subtype (ANSI/TIA-1057, 10.2.6).
var medFacts = [...]struct {
	kind   firedoor.FactKind
	source string
}{
	5:  {firedoor.FactHardware, "lldp-med"},
	6:  {firedoor.FactFirmware, "lldp-med"},
	7:  {firedoor.FactSoftware, "lldp-med"},
	8:  {firedoor.FactSerial, "lldp-med"},
	9:  {firedoor.FactVendor, "lldp-med"},
	10: {firedoor.FactModel, "lldp-med"},
	11: {firedoor.FactComment, "lldp-med asset id"},
}

// Role words by enabled capability (IEEE 802.1AB, 8.5.8.1).
var (
	roleSwitch = []byte("switch")
	roleRouter = []byte("router")
)
