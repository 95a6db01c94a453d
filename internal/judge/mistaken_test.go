package judge

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/protocol/all"
)

// mistakenFolders hold what is mostly no industrial traffic at all.
var mistakenFolders = []string{"protocols/ndpi", "protocols/zeek", "protocols/suricata-verify", "enterprise"}

// judgeWords are the judge's layers that prove a protocol of ours.
var judgeWords = map[string][]string{
	"modbus": {"modbus"},
	"s7comm": {"s7comm"},
	"cotp":   {"cotp"},
	"enip":   {"enip"},
	"cip":    {"cip", "cipio"},
	"iec104": {"iec60870_104"},
	"opcua":  {"opcua"},
	"bacnet": {"bvlc"},
	"dnp3":   {"dnp3"},

	"hart_ip":   {"hart_ip"},
	"synphasor": {"synphasor"},
	"mqtt":      {"mqtt"},
	"fins":      {"omron"},
	"pniocm":    {"dcerpc"},
	"sbus":      {"sbus"},
	"c1222":     {"c1222"},
	"ecat":      {"ecat"},
	"epl":       {"epl"},
	"epl_v1":    {"epl_v1"},
	"egd":       {"egd"},
	"kip":       {"kip"},
	"lon":       {"cnip"},
	"ads":       {"ams"},
	"rtps":      {"rtps"},
	"ptp":       {"ptp"},
	"coap":      {"coap"},
	"amqp":      {"amqp"},
	"hsms":      {"hsms"},
	"mms":       {"mms"},
	"snmp":      {"snmp"},
	"goose":     {"goose"},
	"sv":        {"sv"},
	"pnio":      {"pn_rt", "pn_dcp"},
}

// judgeless are those for which the judge has no layer, or none of their own: a flow of
// theirs is a mistake, unless it is in reviewed.
var judgeless = []string{
	"bsap", "cclink_ief", "codesys", "dlms", "fox", "ge_srtp", "genisys", "melsec", "mtconnect", "pccc", "roc_plus", "s7comm-plus", "tristation", "uadp", "umas",
}

// reviewed are the captures of these folders that hold a protocol which the judge
// cannot read, by the name of the file: somebody looked at the bytes.
var reviewed = map[string][]string{
	"dlms": {"dlms.pcap"}, // HDLC frames with good check values, and COSEM services in them
}

// judgeForced are the names by which the judge is told to read a port as a
// protocol of ours.
var judgeForced = map[string][]string{
	"modbus": {"mbtcp", "mbudp"},
	"s7comm": {"tpkt"},
	"cotp":   {"tpkt"},
	"enip":   {"enip"},
	"cip":    {"enip", "cipio"},
	"iec104": {"iec60870_104"},
	"opcua":  {"opcua"},
	"bacnet": {"bvlc"},
	"dnp3":   {"dnp3"},

	"hart_ip":   {"hart_ip"},
	"synphasor": {"synphasor"},
	"mqtt":      {"mqtt"},
	"fins":      {"omron"},
	"pniocm":    {"dcerpc"},
	"sbus":      {"sbus"},
	"c1222":     {"c1222"},
	"egd":       {"egd"},
	"kip":       {"kip"},
	"lon":       {"cnip"},
	"ptp":       {"ptp"},
	"ads":       {"ams"},
	"coap":      {"coap"},
	"amqp":      {"amqp"},
	"hsms":      {"hsms"},
	"mms":       {"tpkt"},
	"snmp":      {"snmp"},
}

// mistakenFilter is what the judge is asked for: all words.
var mistakenFilter = func() string {
	var words []string
	for _, w := range judgeWords {
		words = append(words, w...)
	}
	slices.Sort(words)
	return strings.Join(words, "||")
}()

// found is a flow that we take for an industrial one.
type found struct {
	protocol, flow string
	ports          [2]int
	example        string
}

// mistakes is what became of one capture.
type mistakes struct {
	flows, forced int
	wrong         []string
	err           error
}

// TestNotMistaken looks for industrial protocols in traffic that has none: a
// flow of ours must be one of the judge's, if need be after it was told to look
// at that port.
func TestNotMistaken(t *testing.T) {
	root := judgeCorpus(t)
	var paths []string
	for _, folder := range mistakenFolders {
		corpus.Each(t, filepath.Join(root, folder), func(path string, _ []byte) { paths = append(paths, path) })
	}
	flows, forced := 0, 0
	for i, m := range inPairs(paths, findMistakes) {
		if m.err != nil {
			t.Error(m.err)
		}
		flows, forced = flows+m.flows, forced+m.forced
		for _, w := range m.wrong {
			t.Errorf("%s: %s", paths[i], w)
		}
	}
	t.Logf("%d captures, %d industrial flows, %d of them on ports where the judge does not look by itself", len(paths), flows, forced)
}

func findMistakes(path string) mistakes {
	var m mistakes
	lines, err := replayLines(path, judgedProtocols...)
	if err != nil {
		return mistakes{err: err}
	}
	var all []*found
	for i := range lines {
		e := &lines[i]
		f := &found{protocol: e.Protocol, flow: e.stations(), ports: [2]int{e.Server.Port, e.Client.Port}}
		if !slices.ContainsFunc(all, func(o *found) bool { return o.protocol == f.protocol && o.flow == f.flow }) {
			f.example = e.judged().String()
			all = append(all, f)
		}
	}
	m.flows = len(all)
	if len(all) == 0 {
		return m
	}
	seen, err := judgeFlows(path)
	if err != nil {
		return mistakes{err: err}
	}
	for _, f := range all {
		if seen[f.protocol+" "+f.flow] || slices.Contains(reviewed[f.protocol], filepath.Base(path)) {
			continue
		}
		ok, err := forcedFlow(path, f)
		if err != nil {
			return mistakes{err: err}
		}
		if !ok {
			m.wrong = append(m.wrong, fmt.Sprintf("%s on a flow that holds none: %s", f.protocol, f.example))
			continue
		}
		m.forced++
	}
	return m
}

// forcedFlow asks the judge again, told what the flow's ports carry.
func forcedFlow(path string, f *found) (bool, error) {
	for _, port := range f.ports {
		for _, as := range judgeForced[f.protocol] {
			transport := "tcp"
			if slices.Contains([]string{"cipio", "bvlc", "omron", "sbus", "coap", "snmp", "mbudp"}, as) {
				transport = "udp"
			}
			options := []string{"-d", fmt.Sprintf("%s.port==%d,%s", transport, port, as)}
			if as == "enip" || as == "dnp3" {
				options = append(options, "-d", fmt.Sprintf("udp.port==%d,%s", port, as))
			}
			seen, err := judgeFlows(path, options...)
			if err != nil {
				return false, err
			}
			if seen[f.protocol+" "+f.flow] {
				return true, nil
			}
		}
	}
	return false, nil
}

// judgeFlows are the flows in which the judge reads a protocol of ours.
func judgeFlows(path string, options ...string) (map[string]bool, error) {
	frames, err := askTshark(path, mistakenFilter, "frame eth ip ipv6 tcp udp", options...)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, f := range frames {
		words := strings.Split(f.last("frame").text("frame_frame_protocols"), ":")
		src, dst := f.src, f.dst
		if eth := f.last("eth"); src == "" && eth != nil {
			src, dst = eth.text("eth_eth_src"), eth.text("eth_eth_dst")
		}
		for protocol, names := range judgeWords {
			if slices.ContainsFunc(names, func(n string) bool { return slices.Contains(words, n) }) {
				seen[protocol+" "+flowName(src, f.srcPort, dst, f.dstPort)] = true
			}
		}
	}
	return seen, nil
}

// TestJudgedAreAll says when an industrial protocol is on the list and flows of it are
// not looked at: a false one would never be seen.
func TestJudgedAreAll(t *testing.T) {
	for _, p := range all.List {
		names := []string{p.Name}
		for _, in := range p.Sheet.Inside {
			names = append(names, in.Name)
		}
		for _, name := range names {
			if p.Industrial && !slices.Contains(judgedProtocols, name) {
				t.Errorf("%s: not in judgedProtocols", name)
			}
		}
	}
	for _, name := range judgedProtocols {
		if (judgeWords[name] == nil) != slices.Contains(judgeless, name) {
			t.Errorf("%s: must be in one of judgeWords and judgeless", name)
		}
	}
	for protocol := range reviewed {
		if !slices.Contains(judgeless, protocol) {
			t.Errorf("%s: the judge reads it, so nobody need review its captures", protocol)
		}
	}
}
