package judge

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// TestJudgeRecognised compares what is merely recognised with what tshark reads.
func TestJudgeRecognised(t *testing.T) { judgeRecognised(t, recognisedRows) }

// recognisedRows are the protocols, one a row.
var recognisedRows = []recognised{
	{protocol: "hart_ip", ports: []uint16{5094}, filter: "hart_ip||(tcp.port==5094||udp.port==5094)&&data", layer: "hart_ip data",
		options: []string{"-x"}, members: "unit object values outcome response", own: []string{"poll", "datagrams"}, reader: plainly(hartRead), note: "direct PDUs and the audit log read anew from the bytes that it shows"},
	{protocol: "kip", ports: []uint16{3671}, filter: "kip", layer: "kip", members: "object outcome response", reader: plainly(kipRead),
		note: "values of groups by themselves, in captures of its own"},
	{protocol: "synphasor", ports: []uint16{4712, 4713}, filter: "synphasor", layer: "synphasor", members: "unit object outcome response", reader: synphasorReader},
	{protocol: "egd", ports: []uint16{18246}, filter: "egd", layer: "egd", members: "object values outcome", reader: plainly(egdRead)},
	{protocol: "epl_v1", ports: []uint16{0x3e3f}, filter: "epl_v1", layer: "epl_v1", once: true, members: "object values", reader: plainly(eplv1Read)},
	{protocol: "epl", ports: []uint16{0x88ab}, filter: "epl", layer: "epl", once: true, layers: "data", members: "object values outcome", own: []string{"poll"}, reader: plainly(eplRead),
		note: "service data objects by themselves, in a capture of its own"},
	{protocol: "ecat", ports: []uint16{0x88a4}, filter: "ecat", layer: "ecat", once: true, layers: "ecat_mailbox", members: "object quantity values outcome", own: []string{"poll", "start"}, reader: ecatReader,
		note: "registers and process data read anew from the bytes that it shows", excuses: ecatExcuses},
	{protocol: "c1222", ports: []uint16{1153}, filter: "c1222", layer: "c1222", members: "outcome item response", reader: plainly(c1222Read),
		note: "tables by themselves, in captures of its own"},
	{protocol: "ptp", ports: []uint16{0x88f7}, filter: "ptp.v2.messagetype", layer: "ptp", once: true, members: "unit object item values outcome response", own: []string{"poll", "seen", "datagrams", "management", "unicast", "midstream"}, reader: ptpReader, excuses: ptpExcuses,
		note: "what is news found anew"},
	{protocol: "lon", ports: []uint16{1628, 1629}, filter: "lon", layer: "lon", layers: "cnip data", members: "object values outcome response", own: []string{"poll"}, reader: plainly(lonRead)},
}

// hartSession stands before the identifiers of the session's own messages.
const hartSession = 0x10000

// hartErrors are the response codes of the corpus that are errors.
var hartErrors = map[int]string{5: "error:too-few-data-bytes-received"}

func hartOutcome(code int) string {
	switch {
	case code == 0 || code == 8 || code == 14 || code >= 24 && code <= 31 || code >= 96 && code < 128:
		return "ok"
	case hartErrors[code] != "":
		return hartErrors[code]
	}
	return fmt.Sprintf("error:%#02x", code)
}

// hartRead tells a message of HART-IP. Those that the judge does not know, direct
// PDUs and the audit log, it shows as bytes alone.
func hartRead(_ *frame, l layer) []statement {
	if l.has("data_data_data") {
		return hartBytes(octets(l.text("data_data_data")))
	}
	number := func(name string) int { return l.number("hart_ip_hart_ip_" + name) }
	kind, id := number("message_type"), number("message_id")
	m := hartMessage(kind, id, number("status"), number("transaction_id"))
	if id != hartToken {
		return []statement{m}
	}
	if m.code = number("pt_command"); m.code == 31 { // of more than one octet
		m.code = number("pt_rsp_command_number")
	}
	if a := number("pt_short_addr"); a >= 0 {
		m.unit = fmt.Sprint(a)
	}
	if a := octets(l.text("hart_ip_hart_ip_pt_long_address")); len(a) == 5 {
		m.object = fmt.Sprintf("device:%02x%02x-%x", a[0]&0x3f, a[1], a[2:])
	}
	if kind == 0 {
		return []statement{m}
	}
	one := m
	one.sample, one.answer, one.outcome = true, false, ""
	var all []statement
	hartVariables(l, func(variable int, bits uint32) {
		one.object, one.values = strings.TrimPrefix(fmt.Sprintf("%s/variable:%d", m.object, variable), "/"), fmt.Sprintf("[%d]", bits)
		all = append(all, one)
	})
	if kind == hartPublishes {
		return all
	}
	m.outcome = hartOutcome(number("pt_response_code"))
	return append(all, m)
}

// hartNamed are the variables that the judge names instead of numbering them.
var hartNamed = map[string]int{"pv_percent_range": 244, "pv_loop_current": 245, "pv": 246, "sv": 247, "tv": 248, "qv": 249}

// hartVariables tells each value that an answered or published command gives, as bits: as
// text the numbers are rounded. Of dynamic variables that are not all four the judge shows
// the bytes alone: current, then unit and value each.
func hartVariables(l layer, tell func(variable int, bits uint32)) {
	add := func(variable int, b []byte) {
		if len(b) == 4 {
			tell(variable, binary.BigEndian.Uint32(b))
		}
	}
	field := func(name string) string { return l.text("hart_ip_hart_ip_pt_" + name) }
	for name, v := range hartNamed {
		add(v, unhex(field("rsp_"+name+"_raw")))
	}
	for slot := range 8 {
		add(l.number(fmt.Sprintf("hart_ip_hart_ip_pt_rsp_slot%d_device_var", slot)), unhex(field(fmt.Sprintf("rsp_slot%d_device_var_value_raw", slot))))
	}
	if b := octets(field("payload")); field("command") == "3" && len(b) >= 4 {
		add(hartNamed["pv_loop_current"], b[:4])
		b = b[4:]
		for i := hartNamed["pv"]; len(b) >= 5; i++ {
			add(i, b[1:5])
			b = b[5:]
		}
	}
}

// Types and identifiers of messages.
const (
	hartPublishes = 2
	hartToken     = 3
	hartDirect    = 4
)

func hartMessage(kind, id, status, transaction int) statement {
	m := statement{key: fmt.Sprint(transaction, "/", id), answer: kind != 0}
	m.code, m.outcome = hartSession|id, hartOutcome(status)
	return m
}

// hartBytes reads a message: version, type, identifier, status, number (2), length
// (2); a direct PDU has a status (2), then command (2), length and data each.
func hartBytes(b []byte) []statement {
	if len(b) < 8 {
		return nil
	}
	kind := int(b[1])
	m := hartMessage(kind, int(b[2]), int(b[3]), int(binary.BigEndian.Uint16(b[4:])))
	if b[2] != hartDirect {
		return []statement{m}
	}
	var all []statement
	for b = b[min(10, len(b)):]; len(b) >= 3 && len(b) >= 3+int(b[2]); b = b[3+int(b[2]):] {
		one := m
		one.code = int(binary.BigEndian.Uint16(b))
		if kind == 1 && b[2] > 0 {
			one.outcome = hartOutcome(int(b[3]))
		}
		all = append(all, one)
	}
	return all
}

// kipAsks are the requests by their answers, and kipAlone what nobody must answer.
var (
	kipAsks  = map[int]int{0x0423: 0x0422}
	kipAlone = map[int]bool{0x0201: true, 0x020b: true}
)

// kipRead tells a message of KNXnet/IP. The notice of a feature (0x0425) is none.
func kipRead(_ *frame, l layer) []statement {
	var m statement
	service := l.number("kip_knxip_service_type")
	if c := l.number("kip_knxip_channel"); c >= 0 {
		m.object = fmt.Sprint("channel:", c)
	}
	m.code = service
	switch {
	case service == 0x0425:
		return nil
	case kipAsks[service] != 0:
		m.code, m.answer, m.outcome = kipAsks[service], true, "ok"
		if s := l.number("kip_knxip_status"); s != 0 {
			m.outcome = fmt.Sprintf("error:%#02x", s)
		}
	case kipAlone[service]:
		return []statement{m}
	}
	m.key = fmt.Sprint(m.code, " ", m.object)
	return []statement{m}
}

// synphasorAsks are the commands by the type of the frame that answers them.
var synphasorAsks = map[int]int{1: 3, 2: 4, 3: 5, 5: 6}

// synphasorReader tells frames of C37.118. What is in a data frame it knows from the
// configuration that went before.
func synphasorReader() reader {
	type unit struct{ id, phasors, analogs, digitals int }
	streams := map[string][]unit{}
	return func(f *frame, l layer) []statement {
		field := func(name string) string { return "synphasor_synphasor_" + name }
		var m statement
		kind, id := l.number(field("frtype")), l.text(field("idcode_stream_source"))
		m.unit = id
		stream := f.stream + " " + id
		switch kind {
		case 0:
			m.sample = true
			var all []statement
			states, unsynced, sorted := l.numbers(field("data_status")), l.numbers(field("data_sync")), l.numbers(field("data_sorting"))
			for i, u := range streams[stream] {
				doubtful := 0
				if i < len(states) {
					doubtful = states[i] + unsynced[i] + sorted[i]
				}
				for _, part := range []struct {
					name  string
					count int
				}{{"status", doubtful}, {"phasors", u.phasors}, {"frequency", 1}, {"analogs", u.analogs}, {"digitals", u.digitals}} {
					if m.object = fmt.Sprintf("pmu:%d/%s", u.id, part.name); part.count > 0 {
						all = append(all, m)
					}
				}
			}
			return all
		case 4:
			m.code = l.number(field("command"))
			if m.code >= 3 && m.code <= 6 {
				m.key = fmt.Sprint(id, "/", m.code)
			}
			return []statement{m}
		case 3:
			phasors, analogs, digitals := l.numbers(field("num_phasors")), l.numbers(field("num_analog_values")), l.numbers(field("num_digital_status_words"))
			streams[stream] = nil
			for i, id := range l.numbers(field("idcode_data_source")) {
				streams[stream] = append(streams[stream], unit{id, phasors[i], analogs[i], digitals[i]})
			}
		}
		m.code, m.answer, m.outcome = synphasorAsks[kind], true, "ok"
		m.key = fmt.Sprint(id, "/", m.code)
		return []statement{m}
	}
}

// egdRead tells the data of an exchange.
func egdRead(_ *frame, l layer) []statement {
	m := statement{sample: true}
	m.code = l.number("egd_egd_type")
	m.object = fmt.Sprintf("producer:%s/exchange:%d", l.text("egd_egd_pid"), l.number("egd_egd_exid"))
	for _, d := range l.inner("data") {
		var all []string
		for _, v := range octets(d.text("data_data_data")) {
			all = append(all, fmt.Sprint(v))
		}
		m.values = list(all)
	}
	return []statement{m}
}

// eplRead tells a message of POWERLINK: process data, what a node is invited to, and
// what it answers or is told.
func eplRead(_ *frame, l layer) []statement {
	number := func(name string) int { return l.number("epl_epl_" + name) }
	const invites = 0x200
	var m statement
	m.code = number("mtyp")
	node := number("dest")
	switch m.code {
	case 3:
		m.sample = true
	case 4:
		m.sample, node = true, number("src")
	case 5:
		if number("soa_svid") == 0 {
			return nil
		}
		m.code, node = invites+number("soa_svid"), number("soa_svtg")
	case 6:
		switch service := number("asnd_svid"); service {
		case 1, 2:
			m.code, m.sample, node = invites+service, true, number("src")
		case 4:
			m.code = number("asnd_nmtcommand_cid")
		}
	default:
		return nil
	}
	m.object = fmt.Sprint("node:", node)
	if m.sample { // of up to eight octets it makes a number
		m.values = octetList(unhex(l.text("epl_epl_od_data_uint_raw")))
	}
	for _, d := range l.inner("data") {
		if m.sample {
			m.values = octetList(octets(d.text("data_data_data")))
		}
	}
	for _, state := range []string{"asnd_ires_state", "asnd_sres_stat"} {
		if m.sample && l.has("epl_epl_"+state) {
			m.values = list([]string{fmt.Sprint(number(state))})
		}
	}
	return []statement{m}
}

// eplv1Read tells process data and invitations of version 1.
func eplv1Read(_ *frame, l layer) []statement {
	var m statement
	m.code = l.number("epl_v1_epl_v1_service")
	node, data := l.text("epl_v1_epl_v1_dest"), ""
	switch m.code {
	case 3:
		m.sample, data = true, "epl_v1_epl_v1_preq_data"
	case 4:
		m.sample, data = true, "epl_v1_epl_v1_pres_data"
		node = l.text("epl_v1_epl_v1_src")
	case 5:
		m.code = 0x200 + l.number("epl_v1_epl_v1_ainv_channel")
	case 6:
		if l.number("epl_v1_epl_v1_asnd_channel") == 1 {
			m.code, m.sample, node = 0x201, true, l.text("epl_v1_epl_v1_src")
		}
	default:
		return nil
	}
	m.object = "node:" + node
	if data != "" {
		var all []string
		for _, v := range octets(l.text(data)) {
			all = append(all, fmt.Sprint(v))
		}
		m.values = list(all)
	}
	return []statement{m}
}

// c1222Errors are the response codes of the corpus.
var c1222Errors = map[int]string{0: "ok", 0x0a: "error:invalid-service-sequence-state"}

// c1222Read tells the services of a message, or that they are enciphered.
func c1222Read(f *frame, l layer) []statement {
	var m statement
	m.outcome = "ok"
	m.answer = f.srcPort == 1153 && f.dstPort != 1153
	m.key = l.text("c1222_c1222_calling_AP_invocation_id")
	if called := l.text("c1222_c1222_called_AP_invocation_id"); m.answer && called != "" {
		m.key = called
	}
	if l.number("c1222_c1222_epsem_flags_response_control") == 2 {
		m.key = ""
	}
	if l.number("c1222_c1222_epsem_flags_security") >= 2 {
		m.code = 0x100
		return []statement{m}
	}
	var all []statement
	codes := l.numbers("c1222_c1222_cmd")
	if m.answer {
		codes = l.numbers("c1222_c1222_err")
	}
	for i, code := range codes {
		one := m
		if one.code = code; m.answer {
			one.outcome = c1222Errors[code]
		} else if len(codes) > 1 {
			one.item = i + 1
		}
		all = append(all, one)
	}
	return all
}

// ecatDatagram is one of those that a frame of EtherCAT takes along.
type ecatDatagram struct {
	command, index, position, offset, length, counter int
	data                                              []byte
}

// ecatDatagrams puts the judge's lists together: a logical address stands in place
// of position and offset. It names the contents of each register by words of its own, or
// not at all: they are cut out of the bytes that it shows, ten behind the one before.
func ecatDatagrams(l layer, b []byte) []ecatDatagram {
	numbers := func(name string) []int { return l.numbers("ecat_ecat_" + name) }
	positions, offsets, logical := numbers("adp"), numbers("ado"), numbers("lad")
	lengths, counters, indices := numbers("subframe_length"), numbers("cnt"), numbers("idx")
	var all []ecatDatagram
	for i, command := range numbers("cmd") {
		d := ecatDatagram{command: command, index: indices[i], length: lengths[i], counter: counters[i]}
		if command >= 10 && command <= 12 {
			d.offset, logical = logical[0], logical[1:]
		} else {
			d.position, positions, d.offset, offsets = positions[0], positions[1:], offsets[0], offsets[1:]
		}
		const head, tail = 10, 2
		if len(b) >= head+d.length+tail {
			d.data, b = b[head:head+d.length], b[head+d.length+tail:]
		}
		all = append(all, d)
	}
	return all
}

// ecatMemory is where the registers of a slave end, and its memory begins, of which no
// value is told.
const ecatMemory = 0x1000

// Which commands of EtherCAT only read or only write, by their number, and whom each names.
var (
	ecatReads  = map[int]bool{1: true, 4: true, 7: true}
	ecatWrites = map[int]bool{2: true, 5: true, 8: true}
	ecatWhom   = []string{"", "position:%d", "position:%d", "position:%d", "station:%d", "station:%d", "station:%d", "all", "all", "all", 13: "position:%d", 14: "station:%d"}
)

// ecatReader tells the datagrams of frames that go out and come back. A frame that
// was counted in by a slave comes back, and so do all of the same source that begins
// with one; where one goes out first, both ways have the same source. A source that is
// marked as a local one is that of what went out from it without the mark.
func ecatReader() reader {
	back := map[string]bool{}
	return func(f *frame, l layer) []statement {
		source := f.last("eth").text("eth_eth_src")
		sender := ecatUnmarked(source)
		marked := sender != source && back[sender+" was seen"]
		back[source+" was seen"] = true
		if marked {
			f.src = strings.Replace(f.src, source, sender, 1)
		}
		all := ecatDatagrams(l, unhex(f.layers.text("ecat_raw")))
		returned := false
		for _, d := range all {
			returned = returned || d.counter != 0
		}
		if was, known := back[source]; !known {
			back[source] = returned
		} else {
			returned = returned || was
		}
		returned = returned || marked
		letters := l.inner("ecat_mailbox")
		var messages []statement
		for i, d := range all {
			if len(letters) > 0 && returned && d.command == 4 && d.offset >= 0x1000 && d.length > 6 && d.counter != 0 {
				messages, letters = append(messages, ecatReply(letters[0], d)), letters[1:]
			}
			if len(letters) > 0 && !returned && d.command == 5 && d.offset >= 0x1000 && d.position == letters[0].number("ecat_mailbox_ecat_mailbox_address") {
				messages, letters = append(messages, ecatLetter(letters[0], d)), letters[1:]
			} else if m, ok := ecatTell(d, returned); ok {
				if !m.sample {
					m.key = fmt.Sprint(sender, f.dst, d.index, i, d.command, d.offset, d.length)
				}
				if d.command >= 4 && d.command <= 6 || d.command == 14 {
					m.key += fmt.Sprint(d.position)
				}
				messages = append(messages, m)
			}
		}
		return messages
	}
}

// ecatUnmarked is an address without the bit that marks a local one.
func ecatUnmarked(mac string) string {
	b, err := hex.DecodeString(mac[:2])
	if err != nil || b[0]&2 == 0 {
		return mac
	}
	return hex.EncodeToString([]byte{b[0] &^ 2}) + mac[2:]
}

// ecatReply tells that the object that a slave was asked for was read or written.
func ecatReply(l layer, d ecatDatagram) statement {
	var m statement
	m.answer, m.needless, m.outcome, m.key = true, true, "ok", fmt.Sprint("letter ", d.position)
	if l.number("ecat_mailbox_ecat_mailbox_coe_sdores") == 2 {
		m.values = ecatContent(l)
	}
	return m
}

// ecatContent is what is written to or read from an object: as a number in its letter, or
// behind its size.
func ecatContent(l layer) string {
	if b := unhex(l.text("ecat_mailbox_ecat_mailbox_coe_sdodata_raw")); len(b) > 0 {
		return octetNumber(b, binary.LittleEndian)
	}
	return octetNumber(octets(l.text("ecat_mailbox_ecat_mailbox_coe_dsoldata")), binary.LittleEndian)
}

// ecatLetter tells what is asked of an object of a slave.
func ecatLetter(l layer, d ecatDatagram) statement {
	var m statement
	field := func(name string) int { return l.number("ecat_mailbox_ecat_mailbox_coe_" + name) }
	m.code, m.key = 0x300|field("sdoreq"), fmt.Sprint("letter ", d.position)
	m.object = fmt.Sprintf("station:%d/object:%#04x:%d", d.position, field("sdoidx"), field("sdosub"))
	if field("sdoreq") == 1 {
		m.values = ecatContent(l)
	}
	return m
}

func ecatTell(d ecatDatagram, returned bool) (m statement, ok bool) {
	if m.code = d.command; d.command == 0 { // it passes by
		return m, false
	}
	if d.command >= 10 && d.command <= 12 {
		m.sample = true
		m.object, m.values = fmt.Sprintf("logical:%#08x", d.offset), octetNumber(d.data, binary.LittleEndian)
		return m, !returned && d.command != 10 || returned && d.command != 11 && d.counter != 0
	}
	whom := ecatWhom[d.command]
	if returned && d.command <= 3 { // counted up on its way, it says no more whose it was
		whom = "slave"
	} else if d.command <= 3 { // the n-th slave is meant by the number that n slaves count up to nothing
		whom = fmt.Sprintf(whom, -d.position&0xffff)
	} else if whom != "all" {
		whom = fmt.Sprintf(whom, d.position)
	}
	m.object, m.quantity = fmt.Sprintf("%s/register:%#04x", whom, d.offset), fmt.Sprint(d.length)
	register := d.offset < ecatMemory
	if !returned {
		if register && ecatWrites[d.command] {
			m.values = octetNumber(d.data, binary.LittleEndian)
		}
		return m, true
	}
	m.answer, m.outcome = true, "ok"
	if register && ecatReads[d.command] && d.counter != 0 {
		m.values = octetNumber(d.data, binary.LittleEndian)
	}
	if d.counter == 0 {
		m.outcome = "error:working-counter-zero"
	}
	m.needless = !ecatReads[d.command]
	return m, true
}

// Formats and types of units of LonTalk.
const (
	lonTransport = 0
	lonSession   = 1
	lonRepeat    = 1
	lonAnswer    = 2
)

// lonRead tells a packet of LonTalk: an update or a poll of a variable, a message, or
// what answers one.
func lonRead(_ *frame, l layer) []statement {
	number := func(name string) int { return l.number("lon_lon_" + name) }
	format, kind := number("pdufmt"), number("tpdu_type")
	if format == lonSession {
		kind = number("spdu_type")
	}
	if format == 2 || kind > lonAnswer || kind < 0 && format <= lonSession { // or the judge found it too short
		return nil
	}
	var m statement
	from, to := fmt.Sprint(number("srcnet"), "/", number("srcnode")), fmt.Sprint(number("dstnet"), "/", number("dstnode"))
	m.key = fmt.Sprint(from, " ", to, " ", number("trans_no"))
	if kind == lonRepeat || format == 3 {
		m.key = ""
	}
	if kind == lonAnswer && format <= lonSession {
		m.answer, m.needless, m.outcome = true, format == lonTransport, "ok"
		m.key = fmt.Sprint(to, " ", from, " ", number("trans_no"))
		if m.code = 0x200 + number("code"); l.has("lon_lon_nv") {
			m.code, m.values = 192, lonValue(l)
		}
		return []statement{m}
	}
	if m.object = fmt.Sprintf("subnet:%d/node:%d", number("dstnet"), number("dstnode")); !l.has("lon_lon_nv") {
		for _, name := range []string{"code", "nm", "nd", "application", "ff"} {
			if m.code = number(name); m.code >= 0 {
				break
			}
		}
		return []statement{m}
	}
	m.object += fmt.Sprintf("/variable:%#04x", number("nv_selector"))
	if m.code = 192; format != lonSession {
		m.code, m.values = 128, lonValue(l)
	}
	return []statement{m}
}

// lonValue is the value of a variable: what is left of a packet.
func lonValue(l layer) string {
	for _, d := range l.inner("data") {
		return octetNumber(octets(d.text("data_data_data")), binary.BigEndian)
	}
	return ""
}
