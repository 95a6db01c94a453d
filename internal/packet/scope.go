package packet

import "strconv"

var tunnelNames = [...]string{"", "gre", "erspan", "vxlan", "mpls", "ip", "pppoe", "geneve", "tzsp"}

// String is the word used in scope names; empty for NoTunnel.
func (t Tunnel) String() string {
	if int(t) < len(tunnelNames) {
		return tunnelNames[t]
	}
	return "unknown"
}

// ScopeName is the readable form of a scope: "untagged", "vlan:10",
// "vlan:10.20" (outer, inner), "vxlan:5001", "vlan:10/gre:7". The VLANs are
// those of the innermost frame: a frame inside VXLAN, Geneve, ERSPAN, TZSP, bridged GRE or a
// pseudowire brings its own tags and drops those of its carrier, while an IP
// packet inside GRE, MPLS, IP ("ip") or PPPoE ("pppoe") has no frame but the carrier's.
func ScopeName(s Scope) string {
	if s == (Scope{}) {
		return "untagged"
	}
	b := make([]byte, 0, 32)
	if s.Vlans != [2]uint16{} {
		b = append(b, "vlan:"...)
		b = strconv.AppendUint(b, uint64(s.Vlans[0]), 10)
		if s.Vlans[1] != 0 {
			b = append(b, '.')
			b = strconv.AppendUint(b, uint64(s.Vlans[1]), 10)
		}
	}
	if s.Tunnel != NoTunnel {
		if len(b) > 0 {
			b = append(b, '/')
		}
		b = append(b, s.Tunnel.String()...)
		if s.Tunnel != TunnelIP && s.Tunnel != TunnelPPPoE && s.Tunnel != TunnelTZSP {
			b = append(b, ':')
			b = strconv.AppendUint(b, uint64(s.Overlay), 10)
		}
	}
	return string(b)
}
