package plant

import (
	"io"
	"time"
)

// Case is one test capture of a protocol: it is written to
// internal/protocol/<Protocol>/testdata/<Name>.pcap.
type Case struct {
	Protocol, Name string
	Write          func(*Net)
}

// cases is the list of the protocols' test captures. A protocol's Write functions
// live in case_<protocol>.go; after adding a line here, run
//
//	go test ./internal/plant -run TestCaptures -update
var cases = []Case{
	{"template", "poll", templatePoll},
	{"template", "features", templateFeatures},
	{"template", "malformed", templateMalformed},
	{"modbus", "poll", modbusPoll},
	{"modbus", "functions", modbusFunctions},
	{"modbus", "exceptions", modbusExceptions},
	{"modbus", "pipeline", modbusPipeline},
	{"modbus", "midstream", modbusMidstream},
	{"modbus", "malformed", modbusMalformed},
	{"modbus", "elsewhere", modbusElsewhere},
	{"cotp", "sessions", cotpSessions},
	{"cotp", "midstream", cotpMidstream},
	{"cotp", "malformed", cotpMalformed},
	{"mms", "poll", mmsPoll}, {"mms", "controls", mmsControls}, {"mms", "services", mmsServices}, {"mms", "reports", mmsReports},
	{"mms", "files", mmsFiles}, {"mms", "logins", mmsLogins}, {"mms", "midstream", mmsMidstream}, {"mms", "malformed", mmsMalformed},
	{"s7comm", "poll", s7commPoll},
	{"s7comm", "variables", s7commVariables},
	{"s7comm", "blocks", s7commBlocks},
	{"s7comm", "identity", s7commIdentity},
	{"s7comm", "userdata", s7commUserdata},
	{"s7comm", "fragments", s7commFragments},
	{"s7comm", "midstream", s7commMidstream},
	{"s7comm", "malformed", s7commMalformed},
	{"enip", "poll", enipPoll},
	{"enip", "services", enipServices},
	{"enip", "routed", enipRouted},
	{"enip", "connections", enipConnections},
	{"enip", "pccc", enipPCCC},
	{"enip", "midstream", enipMidstream},
	{"enip", "errors", enipErrors},
	{"enip", "malformed", enipMalformed},
	{"cip", "poll", cipPoll},
	{"cip", "expected", cipExpected},
	{"cip", "malformed", cipMalformed},
	{"iec104", "poll", iec104Poll},
	{"iec104", "monitor", iec104Monitor},
	{"iec104", "control", iec104Control},
	{"iec104", "refused", iec104Refused},
	{"iec104", "files", iec104Files},
	{"iec104", "sizes", iec104Sizes},
	{"iec104", "midstream", iec104Midstream},
	{"iec104", "malformed", iec104Malformed},
	{"opcua", "poll", opcuaPoll},
	{"opcua", "services", opcuaServices},
	{"opcua", "secured", opcuaSecured},
	{"opcua", "chunks", opcuaChunks},
	{"opcua", "midstream", opcuaMidstream},
	{"opcua", "malformed", opcuaMalformed},
	{"opcua", "elsewhere", opcuaElsewhere},
	{"bacnet", "poll", bacnetPoll},
	{"bacnet", "services", bacnetServices},
	{"bacnet", "control", bacnetControl},
	{"bacnet", "unasked", bacnetUnasked},
	{"bacnet", "identity", bacnetIdentity},
	{"bacnet", "errors", bacnetErrors},
	{"bacnet", "routed", bacnetRouted},
	{"bacnet", "segments", bacnetSegments},
	{"bacnet", "midstream", bacnetMidstream},
	{"bacnet", "six", bacnetSix},
	{"bacnet", "malformed", bacnetMalformed},
	{"dnp3", "poll", dnp3Poll},
	{"dnp3", "points", dnp3Points},
	{"dnp3", "controls", dnp3Controls},
	{"dnp3", "files", dnp3Files},
	{"dnp3", "links", dnp3Links},
	{"dnp3", "datagrams", dnp3Datagrams},
	{"dnp3", "midstream", dnp3Midstream},
	{"dnp3", "malformed", dnp3Malformed},
	{"arp", "poll", arpPoll},
	{"arp", "seen", arpSeen},
	{"arp", "malformed", arpMalformed},
	{"dhcp", "poll", dhcpPoll},
	{"dhcp", "lease", dhcpLease},
	{"dhcp", "malformed", dhcpMalformed},
	{"dns", "poll", dnsPoll},
	{"dns", "udp", dnsUDP},
	{"dns", "tcp", dnsTCP},
	{"dns", "malformed", dnsMalformed},
	{"mdns", "poll", mdnsPoll},
	{"mdns", "seen", mdnsSeen},
	{"nbns", "poll", nbnsPoll},
	{"nbns", "seen", nbnsSeen},
	{"nbns", "malformed", nbnsMalformed},
	{"lldp", "poll", lldpPoll},
	{"lldp", "seen", lldpSeen},
	{"lldp", "malformed", lldpMalformed},
	{"pnio", "poll", pnioPoll}, {"pnio", "dcp", pnioDCP}, {"pnio", "cyclic", pnioCyclic}, {"pnio", "malformed", pnioMalformed},
	{"goose", "poll", goosePoll}, {"goose", "seen", gooseSeen}, {"goose", "malformed", gooseMalformed},
	{"sv", "poll", svPoll}, {"sv", "seen", svSeen}, {"sv", "malformed", svMalformed},
	{"tls", "seen", tlsSeen},
	{"tls", "fingerprint", tlsFingerprint},
	{"tls", "malformed", tlsMalformed},
	{"http", "poll", httpPoll},
	{"http", "seen", httpSeen},
	{"http", "logins", httpLogins},
	{"http", "malformed", httpMalformed},
	{"snmp", "system", snmpSystem},
	{"snmp", "poll", snmpPoll},
	{"snmp", "three", snmpThree},
	{"snmp", "malformed", snmpMalformed},
	{"ftp", "seen", ftpSeen},
	{"ftp", "secure", ftpSecure},
	{"telnet", "seen", telnetSeen},
	{"telnet", "prompts", telnetPrompts},
	{"ldap", "seen", ldapSeen},
	{"ldap", "secure", ldapSecure},
	{"ldap", "malformed", ldapMalformed},
}

// caseStart is when every test capture begins.
var caseStart = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

// WriteCapture writes the case's capture.
func (c Case) WriteCapture(w io.Writer) error {
	n, err := NewNet(w, caseStart)
	if err != nil {
		return err
	}
	c.Write(n)
	return n.Close()
}
