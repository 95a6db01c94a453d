package all

import (
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/ads"
	"firedoor/internal/protocol/amqp"
	"firedoor/internal/protocol/arp"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/bsap"
	"firedoor/internal/protocol/c1222"
	"firedoor/internal/protocol/cclinkief"
	"firedoor/internal/protocol/cip"
	"firedoor/internal/protocol/coap"
	"firedoor/internal/protocol/codesys"
	"firedoor/internal/protocol/cotp"
	"firedoor/internal/protocol/dhcp"
	"firedoor/internal/protocol/dlms"
	"firedoor/internal/protocol/dnp3"
	"firedoor/internal/protocol/dns"
	"firedoor/internal/protocol/dtls"
	"firedoor/internal/protocol/ecat"
	"firedoor/internal/protocol/egd"
	"firedoor/internal/protocol/enip"
	"firedoor/internal/protocol/epl"
	"firedoor/internal/protocol/eplv1"
	"firedoor/internal/protocol/fins"
	"firedoor/internal/protocol/fox"
	"firedoor/internal/protocol/ftp"
	"firedoor/internal/protocol/genisys"
	"firedoor/internal/protocol/gesrtp"
	"firedoor/internal/protocol/goose"
	"firedoor/internal/protocol/hartip"
	"firedoor/internal/protocol/hsms"
	"firedoor/internal/protocol/http"
	"firedoor/internal/protocol/iec104"
	"firedoor/internal/protocol/kip"
	"firedoor/internal/protocol/ldap"
	"firedoor/internal/protocol/lldp"
	"firedoor/internal/protocol/lon"
	"firedoor/internal/protocol/mdns"
	"firedoor/internal/protocol/melsec"
	"firedoor/internal/protocol/mms"
	"firedoor/internal/protocol/modbus"
	"firedoor/internal/protocol/mqtt"
	"firedoor/internal/protocol/mtconnect"
	"firedoor/internal/protocol/nbns"
	"firedoor/internal/protocol/opcua"
	"firedoor/internal/protocol/pnio"
	"firedoor/internal/protocol/pniocm"
	"firedoor/internal/protocol/ptp"
	"firedoor/internal/protocol/rocplus"
	"firedoor/internal/protocol/rtps"
	"firedoor/internal/protocol/s7comm"
	"firedoor/internal/protocol/s7commplus"
	"firedoor/internal/protocol/sbus"
	"firedoor/internal/protocol/snmp"
	"firedoor/internal/protocol/sv"
	"firedoor/internal/protocol/synphasor"
	"firedoor/internal/protocol/telnet"
	"firedoor/internal/protocol/tls"
	"firedoor/internal/protocol/tristation"
	"firedoor/internal/protocol/uadp"
)

// List is every protocol the product knows. Of several whose probes would take
// the same bytes, those whose port is in use come first, then this order: within
// a group the stricter probe stands before the laxer one.
var List = []*protocol.Protocol{
	// Industrial: structure of their own, so their probes are strict.
	modbus.Protocol,
	s7comm.Protocol,
	enip.Protocol,
	opcua.Protocol,
	cip.Protocol,
	iec104.Protocol,
	bacnet.Protocol,
	dnp3.Protocol,
	hartip.Protocol,
	synphasor.Protocol,
	gesrtp.Protocol,
	codesys.Protocol,
	cclinkief.Protocol,
	sbus.Protocol,
	dlms.Protocol,
	rocplus.Protocol,
	c1222.Protocol,
	fox.Protocol,
	mqtt.Protocol,
	fins.Protocol,
	melsec.Protocol,
	pniocm.Protocol,
	ecat.Protocol,
	egd.Protocol,
	uadp.Protocol,
	kip.Protocol,
	lon.Protocol,
	rtps.Protocol,
	ptp.Protocol,
	hsms.Protocol,
	mtconnect.Protocol,
	coap.Protocol,
	ads.Protocol,
	tristation.Protocol,
	genisys.Protocol,
	bsap.Protocol,

	// Carriers and what is handed over from them.
	s7commplus.Protocol,
	cotp.Protocol,
	mms.Protocol,

	// Identity and IT: names, addresses, software.
	tls.Protocol,
	dtls.Protocol,
	http.Protocol,
	amqp.Protocol,
	ftp.Protocol,
	ldap.Protocol,
	telnet.Protocol,
	dhcp.Protocol,
	snmp.Protocol,
	nbns.Protocol,
	mdns.Protocol,
	dns.Protocol,

	// On Ethernet, told by its type: order does not matter.
	arp.Protocol,
	lldp.Protocol,
	pnio.Protocol,
	goose.Protocol,
	sv.Protocol,
	epl.Protocol,
	eplv1.Protocol,
}
