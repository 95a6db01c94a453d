package judge

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// valued is how values are compared in captures of the product's own, where the corpus has
// none of a protocol: frame by frame what the judge shows, whoever asked for it.
type valued struct {
	protocol string
	captures []string
	filter   string
	layers   string
	shown    func(f *frame) []string
	told     func(e *eventLine) (frame int, what string) // "" where the judge would show nothing
	returns  bool                                        // a frame that shows the same as the one before it is that one on its way back
}

var valuedRows = []valued{
	{"kip", []string{"poll", "application", "midstream"}, "cemi", "kip cemi", kipShown, kipTold, false},
	{"hart_ip", []string{"poll", "commands"}, "hart_ip.message_type==2||hart_ip.message_type==1&&hart_ip.pt.command||tcp.port==5094&&data", "hart_ip data", hartShown, sampleTold, false},
	{"ecat", []string{"mailboxes"}, "ecat_mailbox", "ecat ecat_mailbox", sdoShown, sdoTold, true},
	{"epl", []string{"services"}, "epl.asnd.sdo.cmd", "epl data", eplSDOShown, eplSDOTold, false},
	{"c1222", []string{"poll", "services"}, "c1222", "c1222", tableShown, tableTold, false},
}

// TestJudgeValues compares values, and of tables of meters what is named, with what tshark
// shows of the product's own captures.
func TestJudgeValues(t *testing.T) {
	judgeInstalled(t)
	for i := range valuedRows {
		r := &valuedRows[i]
		t.Run(r.protocol, func(t *testing.T) {
			agree := 0
			for _, name := range r.captures {
				agree += r.compare(t, filepath.Join("..", "protocol", strings.ReplaceAll(r.protocol, "_", ""), "testdata", name+".pcap"))
			}
			if t.Logf("%d agree", agree); agree == 0 {
				t.Error("nothing was compared")
			}
		})
	}
}

func (r *valued) compare(t *testing.T, path string) (agree int) {
	t.Helper()
	frames, err := askTshark(path, r.filter, recognisedLayers+r.layers, "-x")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := replayLines(path, r.protocol)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for i := range lines {
		if frame, what := r.told(&lines[i]); what != "" {
			told = append(told, fmt.Sprint("frame ", frame, ": ", what))
		}
	}
	var before []string
	for _, f := range frames {
		shown := r.shown(f)
		if r.returns && slices.Equal(shown, before) {
			continue
		}
		before = shown
		for _, what := range shown {
			what = fmt.Sprint("frame ", f.number, ": ", what)
			at := slices.Index(told, what)
			if at < 0 {
				t.Errorf("%s: the judge shows, and we do not tell: %s", path, what)
				continue
			}
			told = slices.Delete(told, at, at+1)
			agree++
		}
	}
	for _, what := range told {
		t.Errorf("%s: we tell, and the judge does not show: %s", path, what)
	}
	return agree
}

// sampleTold is the value of a sample and what has it.
func sampleTold(e *eventLine) (int, string) {
	if e.Kind != "sample" || string(e.Values) == "" || string(e.Values) == "[]" {
		return 0, ""
	}
	return e.Frame, e.Object + " " + string(e.Values)
}

// kipTold is what is written to a group, or answered by one.
func kipTold(e *eventLine) (int, string) {
	const response, write = 0x10040, 0x10080
	if e.Code != response && e.Code != write || e.Frame == 0 {
		return 0, ""
	}
	return e.Frame, e.Object + " " + string(e.Values)
}

// kipShown leaves out what only confirms.
func kipShown(f *frame) (all []string) {
	const confirms = 0x2e
	for _, l := range f.all("cemi") {
		field := func(name string) string { return l.text("cemi_cemi_" + name) }
		service := asNumber(field("ac"))
		if !l.has("cemi_cemi_ac") || service != 1 && service != 2 || asNumber(field("mc")) == confirms {
			continue
		}
		to := asNumber(field("da"))
		value := fmt.Sprintf("[%d]", asNumber(field("ad"))) // of six bits, beside the service
		if b := octets(field("data")); len(b) > 0 {
			value = octetNumber(b, binary.BigEndian)
		}
		all = append(all, fmt.Sprintf("group:%d/%d/%d %s", to>>11, to>>8&7, to&255, value))
	}
	return all
}

// hartShown is what a device publishes or was asked for.
func hartShown(f *frame) (all []string) {
	l := f.last("hart_ip")
	if l == nil {
		return hartDirectShown(octets(f.last("data").text("data_data_data")))
	}
	device := ""
	if a := octets(l.text("hart_ip_hart_ip_pt_long_address")); len(a) == 5 {
		device = fmt.Sprintf("device:%02x%02x-%x/", a[0]&0x3f, a[1], a[2:])
	}
	hartVariables(l, func(variable int, bits uint32) {
		all = append(all, fmt.Sprintf("%svariable:%d [%d]", device, variable, bits))
	})
	return all
}

// hartDirectShown reads what is published in a direct PDU, which the judge shows as bytes
// alone: a head (8), a status (2), then command (2), length and data each, of which the
// first is whether it went well. Command 1 has a unit and a value, command 2 two values.
func hartDirectShown(b []byte) (all []string) {
	const publishes, direct = 2, 4
	if len(b) < 10 || b[1] != publishes || b[2] != direct {
		return nil
	}
	for b = b[10:]; len(b) >= 3 && len(b) >= 3+int(b[2]); b = b[3+int(b[2]):] {
		data := b[3 : 3+int(b[2])]
		switch command := binary.BigEndian.Uint16(b); {
		case command == 1 && len(data) == 6:
			all = append(all, fmt.Sprintf("variable:246 [%d]", binary.BigEndian.Uint32(data[2:])))
		case command == 2 && len(data) == 9:
			all = append(all, fmt.Sprintf("variable:245 [%d]", binary.BigEndian.Uint32(data[1:])), fmt.Sprintf("variable:244 [%d]", binary.BigEndian.Uint32(data[5:])))
		}
	}
	return all
}

// sdoTold is the value of an object that is written or was read, and where.
func sdoTold(e *eventLine) (int, string) {
	const download, upload = 0x301, 0x302
	if e.Kind != "operation" || string(e.Values) == "" || string(e.Values) == "[]" {
		return 0, ""
	}
	_, object, _ := strings.Cut(e.Object, "/")
	what := strings.Replace(object, ":all", ":0", 1) + " " + string(e.Values)
	switch e.Code {
	case download:
		return e.Frame, what
	case upload:
		return e.ResponseFrame, what
	}
	return 0, ""
}

func sdoShown(f *frame) (all []string) {
	for _, outer := range f.all("ecat") {
		for _, l := range outer.inner("ecat_mailbox") {
			field := func(name string) int { return l.number("ecat_mailbox_ecat_mailbox_coe_" + name) }
			if field("sdoreq") == 1 || field("sdores") == 2 {
				all = append(all, fmt.Sprintf("object:%#04x:%d %s", field("sdoidx"), field("sdosub"), ecatContent(l)))
			}
		}
	}
	return all
}

// eplSDOTold is the object of POWERLINK that is asked for, with the value that is written,
// or the value that was read. Answers are partial: they go another way than what they answer.
func eplSDOTold(e *eventLine) (int, string) {
	const write, read = 0x101, 0x102
	values := string(e.Values)
	switch {
	case e.Kind != "operation" || e.Code != write && e.Code != read:
	case !e.Partial && strings.Contains(e.Object, "/object:"):
		_, object, _ := strings.Cut(e.Object, "/")
		return e.Frame, strings.TrimSpace(object + " " + strings.Trim(values, "[]"))
	case e.Partial:
		return e.ResponseFrame, strings.Trim(values, "[]")
	}
	return 0, ""
}

func eplSDOShown(f *frame) []string {
	const write, read, initiates = 1, 2, 1
	l := f.last("epl")
	field := func(name string) int { return l.number("epl_epl_asnd_sdo_cmd_" + name) }
	b := unhex(l.text("epl_epl_od_data_uint_raw"))
	if field("segmentation") == initiates { // it shows the padding behind it, too: of the segment's size eight octets are the whole size and what is written
		b = b[:min(len(b), max(0, field("segment_size")-8))]
	}
	values := strings.Trim(octetNumber(b, binary.LittleEndian), "[]")
	switch id := field("command_id"); {
	case field("abort") != 0 || id != write && id != read:
	case field("response") != 0 && values != "":
		return []string{values}
	case l.has("epl_epl_asnd_sdo_cmd_data_index"):
		return []string{strings.TrimSpace(fmt.Sprintf("object:%#04x:%d %s", field("data_index"), max(0, field("data_subindex")), values))}
	}
	return nil
}

// tableTold is which table of a meter a request reads or writes, whole or from an offset.
func tableTold(e *eventLine) (int, string) {
	const fullRead, readByOffset, fullWrite, writeByOffset = 0x30, 0x3f, 0x40, 0x4f
	if e.Frame == 0 || e.Kind != "operation" || !slices.Contains([]int{fullRead, readByOffset, fullWrite, writeByOffset}, e.Code) {
		return 0, ""
	}
	return e.Frame, e.Object
}

// tableShown takes a procedure for what it is: table 7 is where it is started.
func tableShown(f *frame) (all []string) {
	const starts = 7
	l := f.last("c1222")
	for _, way := range []string{"read", "write"} {
		field := func(name string) string { return "c1222_c1222_" + way + "_" + name }
		offsets := l.numbers(field("offset"))
		for _, table := range l.numbers(field("table")) {
			switch {
			case way == "write" && table == starts:
				all = append(all, fmt.Sprint("procedure:", l.number("c1222_c1222_procedure_num")+l.number("c1222_c1222_procedure_mfg")<<11))
			case len(offsets) > 0:
				all, offsets = append(all, fmt.Sprintf("table:%d/offset:%d", table, offsets[0])), offsets[1:]
			default:
				all = append(all, fmt.Sprint("table:", table))
			}
		}
	}
	return all
}
