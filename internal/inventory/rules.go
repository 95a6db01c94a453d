package inventory

import (
	"strings"

	"firedoor"
)

// rules are tried in this order; the first that names a role decides. What the
// device says itself comes before what its name suggests, and that before what
// it does.
var rules = []func(*sketch) (firedoor.Role, string){
	saysItself, shared, named, forwards, controls, asksIndustry, officeServer, outsider, officeClient,
}

func saysItself(k *sketch) (firedoor.Role, string) {
	role := firedoor.Role(k.said)
	if _, ok := levels[role]; !ok {
		return "", ""
	}
	return role, "says so itself (" + k.source + ")"
}

func shared(k *sketch) (firedoor.Role, string) {
	if k.shared {
		return firedoor.RoleRouter, "has the MAC of a redundancy protocol: a virtual router"
	}
	return "", ""
}

// word ties words in a device's own description, or its maker, to a role.
type word struct {
	text   string
	role   firedoor.Role
	vendor bool // look in the maker's name instead of the model
}

// words are looked for in this order. The makers are those of one kind of
// device only.
var words = []word{
	{"guardlogix", firedoor.RoleSafetyController, false},
	{"triconex", firedoor.RoleSafetyController, false},
	{"himax", firedoor.RoleSafetyController, false},
	{"cpu 315f", firedoor.RoleSafetyController, false},
	{"cpu 317f", firedoor.RoleSafetyController, false},
	{"cpu 1512f", firedoor.RoleSafetyController, false},
	{"cpu 1515f", firedoor.RoleSafetyController, false},
	{"cpu 1516f", firedoor.RoleSafetyController, false},
	{"panelview", firedoor.RoleHMI, false},
	{"simatic hmi", firedoor.RoleHMI, false},
	{"comfort panel", firedoor.RoleHMI, false},
	{"6av", firedoor.RoleHMI, false},
	{"wincc", firedoor.RoleHMI, false},
	{"powerflex", firedoor.RoleDrive, false},
	{"sinamics", firedoor.RoleDrive, false},
	{"altivar", firedoor.RoleDrive, false},
	{"movitrac", firedoor.RoleDrive, false},
	{"6sl3", firedoor.RoleDrive, false},
	{"scalance", firedoor.RoleSwitch, false},
	{"stratix", firedoor.RoleSwitch, false},
	{"6gk5", firedoor.RoleSwitch, false},
	{"et 200", firedoor.RoleRemoteIO, false},
	{"et200", firedoor.RoleRemoteIO, false},
	{"point i/o", firedoor.RoleRemoteIO, false},
	{"flex i/o", firedoor.RoleRemoteIO, false},
	{"controllogix", firedoor.RolePLC, false},
	{"compactlogix", firedoor.RolePLC, false},
	{"micrologix", firedoor.RolePLC, false},
	{"micro8", firedoor.RolePLC, false},
	{"s7-1", firedoor.RolePLC, false},
	{"s7-3", firedoor.RolePLC, false},
	{"s7-4", firedoor.RolePLC, false},
	{"6es7 2", firedoor.RolePLC, false},
	{"6es7 3", firedoor.RolePLC, false},
	{"6es7 4", firedoor.RolePLC, false},
	{"6es7 5", firedoor.RolePLC, false},
	{"modicon", firedoor.RolePLC, false},
	{"printer", firedoor.RolePrinter, false},
	{"laserjet", firedoor.RolePrinter, false},
	{"camera", firedoor.RoleCamera, false},
	{"axis communications", firedoor.RoleCamera, true},
	{"hikvision", firedoor.RoleCamera, true},
	{"dahua", firedoor.RoleCamera, true},
	{"lexmark", firedoor.RolePrinter, true},
	{"kyocera", firedoor.RolePrinter, true},
	{"brother ind", firedoor.RolePrinter, true},
	{"fortinet", firedoor.RoleFirewall, true},
	{"palo alto", firedoor.RoleFirewall, true},
	{"hirschmann", firedoor.RoleSwitch, true},
	{"universal robots", firedoor.RoleRobot, true},
	{"kuka", firedoor.RoleRobot, true},
}

// named goes by the device's own description, then by its services and maker.
func named(k *sketch) (firedoor.Role, string) {
	for _, s := range []string{"_ipp", "_printer", "_pdl-datastream"} {
		if strings.Contains(k.services, s) {
			return firedoor.RolePrinter, "offers the service " + s
		}
	}
	for _, w := range words {
		if !w.vendor && strings.Contains(k.model, w.text) {
			return w.role, "its description names " + w.text
		}
	}
	for _, w := range words { // a maker says less than what the device does
		if w.vendor && len(k.serves)+len(k.asks) == 0 && strings.Contains(k.vendor, w.text) {
			return w.role, "its maker is known for this kind of device (" + w.text + ")"
		}
	}
	return "", ""
}

func forwards(k *sketch) (firedoor.Role, string) {
	if !k.router {
		return "", ""
	}
	return firedoor.RoleRouter, "passes on packets of " + count(uint32(k.behind), "address") + " that are not its own"
}

// controls tells devices that answer industrial requests.
func controls(k *sketch) (firedoor.Role, string) {
	if len(k.serves) == 0 {
		return "", ""
	}
	asked := "answers " + heads(k.serves, "client")
	asks := most(k.asks)
	if has(k.serves, "opcua") {
		if asks > 0 || len(k.serves) == 1 {
			return firedoor.RoleOPCServer, asked + "; asks " + count(asks, "device")
		}
	}
	switch {
	case asks >= busyClient:
		return firedoor.RoleDataGateway, asked + " and asks " + count(asks, "device") + " over " + names(k.asks)
	case has(k.serves, "dnp3", "iec104") && asks == 0:
		return firedoor.RoleRTU, asked + ", telecontrol; never asks"
	case has(k.serves, "mms", "goose") && asks == 0:
		return firedoor.RoleIED, asked + ", substation protocols; never asks"
	case asks > 0:
		return firedoor.RolePLC, asked + "; itself asks " + count(asks, "device") + " over " + names(k.asks)
	}
	return firedoor.RolePLC, asked + "; never asks"
}

// asksIndustry tells clients of industrial devices by what they ask.
func asksIndustry(k *sketch) (firedoor.Role, string) {
	if len(k.asks) == 0 {
		return "", ""
	}
	servers := most(k.asks)
	over := " over " + names(k.asks)
	if n := verbPeers(k.asks, firedoor.VerbProgram); n > 0 {
		return firedoor.RoleEngineering, "programs " + count(n, "device") + over
	}
	writes := verbPeers(k.asks, firedoor.VerbWrite, firedoor.VerbControl, firedoor.VerbConfigure)
	reads := verbPeers(k.asks, firedoor.VerbRead)
	switch {
	case has(k.office, "rdp", "ssh", "vnc"):
		return firedoor.RoleJumpHost, "is reached over " + names(k.office) + " and asks " + count(servers, "device") + over
	case writes > 0 && servers >= scadaServers:
		return firedoor.RoleSCADAServer, "asks " + count(servers, "device") + over + " and writes to " + count(writes, "device")
	case writes > 0:
		return firedoor.RoleHMI, "reads from " + count(reads, "device") + " and writes to " + count(writes, "device") + over
	case reads >= historianServers:
		return firedoor.RoleHistorian, "reads from " + count(reads, "device") + over + " and never writes"
	case reads > 0:
		return firedoor.RoleHMI, "reads from " + count(reads, "device") + over + " and never writes"
	}
	return "", ""
}

// officeServer tells servers of the office by what they answer.
func officeServer(k *sketch) (firedoor.Role, string) {
	switch {
	case has(k.office, "kerberos") && has(k.office, "ldap", "dns"):
		return firedoor.RoleDomainController, "answers " + names(k.office)
	case has(k.office, "dns"):
		return firedoor.RoleDNSServer, "answers names for " + count(most(k.office), "client")
	case has(k.office, "dhcp") || strings.Contains(k.services, "dhcp"):
		return firedoor.RoleDHCPServer, "gives out addresses"
	case strings.Contains(k.services, "dns") && !strings.Contains(k.services, "_dns"):
		return firedoor.RoleDNSServer, "is named as resolver"
	case has(k.office, "ipp", "lpd"):
		return firedoor.RolePrinter, "answers " + names(k.office)
	case has(k.office, "rtsp"):
		return firedoor.RoleCamera, "answers " + names(k.office)
	case most(k.office) >= serverClients:
		return firedoor.RoleServer, "answers " + heads(k.office, "client")
	}
	return "", ""
}

func outsider(k *sketch) (firedoor.Role, string) {
	if k.outside {
		return firedoor.RoleExternal, "a public address behind a router"
	}
	return "", ""
}

func officeClient(k *sketch) (firedoor.Role, string) {
	if len(k.client) == 0 {
		return "", ""
	}
	return firedoor.RoleWorkstation, "asks over " + names(k.client) + " and serves no one"
}
