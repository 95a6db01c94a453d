package judge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol/enip"
)

// part adds the offset of a later part to the object.
func (it *cipItem) part(b []byte) {
	if len(b) < 4 {
		return
	}
	if offset := binary.LittleEndian.Uint32(b); offset != 0 {
		it.op.object += fmt.Sprint("/offset:", offset)
	}
}

// cipAttributes are the judge's fields of attributes, by class and attribute, in
// the order of the bytes; those of classes themselves stand under instance 0.
var cipAttributes = map[string][]string{
	"class:0x1/attribute:1":   {"cip_id_vendor_id"},
	"class:0x1/attribute:2":   {"cip_id_device_type"},
	"class:0x1/attribute:3":   {"cip_id_product_code"},
	"class:0x1/attribute:5":   {"cip_id_status"},
	"class:0x1/attribute:6":   {"cip_id_serial_number"},
	"class:0xf5/attribute:1":  {"cip_tcpip_status"},
	"class:0xf5/attribute:2":  {"cip_tcpip_config_cap"},
	"class:0xf5/attribute:3":  {"cip_tcpip_config_control"},
	"class:0xf5/attribute:8":  {"cip_tcpip_ttl_value"},
	"class:0xf5/attribute:13": {"cip_tcpip_encap_inactivity"},
	"class:0xf6/attribute:1":  {"cip_elink_interface_speed"},
	"class:0xf6/attribute:2":  {"cip_elink_iflags"},
	"class:0xf6/attribute:6":  {"cip_elink_icontrol_control_bits", "cip_elink_icontrol_forced_speed"},
	"attribute:1":             {"cip_class_revision"},
	"attribute:2":             {"cip_class_max_inst32"},
	"attribute:3":             {"cip_class_num_inst32"},
}

// cipFields gives the values of one attribute as the judge decoded them, "" if it
// did not.
func cipFields(it *cipItem, m layer) string {
	if it.service != 0x0e && it.service != 0x10 || it.path.kinds != "cia" {
		return ""
	}
	name := fmt.Sprint("attribute:", it.path.at[2])
	if it.path.at[1] != 0 {
		name = fmt.Sprintf("class:0x%x/%s", it.path.class, name)
	}
	var all []string
	for _, field := range cipAttributes[name] {
		for _, prefix := range []string{"cip_", "enip_"} {
			if n := m.number(prefix + field); n >= 0 {
				all = append(all, strconv.Itoa(n))
			}
		}
	}
	if len(all) != len(cipAttributes[name]) {
		return ""
	}
	return list(all)
}

const cipExecutePCCC, cipPCCC = 0x4b, 0x67

// nextPCCC takes the judge's layer of the PCCC command in an item.
func (j *cipJudge) nextPCCC(it *cipItem) (layer, bool) {
	if it.service != cipExecutePCCC || it.path.class != cipPCCC || len(j.pccc) == 0 {
		return nil, false
	}
	m := j.pccc[0]
	j.pccc = j.pccc[1:]
	return m, true
}

// pcccRequest adds the command in Execute PCCC.
func (j *cipJudge) pcccRequest(f *frame, it *cipItem, raw string) {
	m, ok := j.nextPCCC(it)
	if !ok {
		return
	}
	field := func(name string) int { return m.number("cippccc_cip_pccc_" + name) }
	command := field("cmd_code")
	code := command << 8
	for _, suffix := range []string{"06", "07", "0f"} {
		if n := field("fnc_code_" + suffix); n >= 0 {
			code |= n
		}
	}
	op := j.op(f, "pccc", code)
	op.frame, op.outcome, op.unit = f.number, "no-response", it.op.unit
	in := &cipItem{op: &op, service: command}
	it.inner = append(it.inner, in)
	b, _ := hex.DecodeString(raw)
	size := field("byte_size")
	switch code & 0xff {
	case 0xa1, 0xa2, 0xa9, 0xaa, 0xab:
		if code>>8 != 0x0f || size < 0 {
			return
		}
		op.object = pcccObject(field("file_type"), field("file_num"), field("element_num"), max(0, field("subelement_num")))
		in.path.class = pcccType(field("file_type"))
		op.quantity = fmt.Sprint(size / pcccWidth(in.path.class))
		if code&0xff >= 0xa9 {
			op.values = cipTyped(in.path.class, b[len(b)-size:])
		}
	case 0x80, 0x3a:
		if code>>8 == 0x0f {
			op.values = byteList(b[len(b)-1:])
		}
	}
}

// pcccAnswer gives the command its outcome and what it read.
func (j *cipJudge) pcccAnswer(f *frame, it *cipItem) {
	m, ok := j.nextPCCC(it)
	if !ok || len(it.inner) == 0 {
		return
	}
	in := it.inner[0]
	in.op.response = f.number
	status := m.number("cippccc_cip_pccc_gs_status")
	if status != 0 {
		extended := max(0, m.number("cippccc_cip_pccc_es_status"))
		in.op.outcome = withDetail(pcccOutcome(status), extended, pcccDetails[extended])
		return
	}
	in.op.outcome = "ok"
	if code := in.op.code; code == 0x0fa1 || code == 0x0fa2 {
		in.op.values = cipTyped(in.path.class, octets(m.text("cippccc_cip_pccc_data")))
	}
}

// Status bytes of PCCC answers, and extended ones (publication 1770-6.5.16, chapter 8).
var (
	pcccStatuses = map[int]string{0x05: "application-layer-timed-out-waiting-for-a-response", 0x10: "illegal-command-or-format",
		0x50: "addressing-problem-or-memory-protect-rungs", 0x60: "function-not-allowed-due-to-command-protection-selection",
		0x80: "compatibility-mode-file-missing-or-communication-zone-problem"}
	pcccDetails = map[int]string{0x06: "address-does-not-point-to-something-usable", 0x07: "file-is-wrong-size",
		0x0b: "access-denied-improper-privilege", 0x1a: "file-is-open-another-node-owns-it"}
)

func pcccOutcome(status int) string {
	if name := pcccStatuses[status]; name != "" {
		return "error:" + name
	}
	return fmt.Sprintf("error:0x%02x", status)
}

// pcccObject writes a data file's address as its program does.
func pcccObject(kind, file, element, sub int) string {
	letters := strings.Fields("O I S B T C R N F O I ST A D - L")
	name := fmt.Sprintf("file:0x%x/", kind)
	if kind >= 0x82 && kind < 0x82+len(letters) && letters[kind-0x82] != "-" {
		name = letters[kind-0x82]
	}
	name += fmt.Sprintf("%d:%d", file, element)
	if sub != 0 {
		name += fmt.Sprint(".", sub)
	}
	return name
}

// pcccType is the data type of a file's elements, in CIP's codes.
func pcccType(kind int) int {
	switch kind {
	case 0x82, 0x83, 0x84, 0x85, 0x8b, 0x8c, 0x8f:
		return 0xc7
	case 0x86, 0x87, 0x88, 0x89:
		return 0xc3
	case 0x8a:
		return 0xca
	case 0x91:
		return 0xc4
	}
	return 0xc6
}

func pcccWidth(kind int) int {
	switch kind {
	case 0xc7, 0xc3:
		return 2
	case 0xca, 0xc4:
		return 4
	}
	return 1
}

// TestJudgeFirmware compares the sum of a firmware on its way with that of the
// bytes that tshark cuts out of the requests.
func TestJudgeFirmware(t *testing.T) {
	root := judgeCorpus(t)
	path := filepath.Join(root, "protocols/iti/openics/EIP-FirmwareChange.pcap")
	out, err := exec.Command("tshark", "-n", "-r", path, "-Y", "cip.class==0xa1 && cip.sc==0x4d && cip.rr==0 && !tcp.analysis.retransmission",
		"-T", "fields", "-e", "tcp.payload").Output()
	if err != nil {
		t.Fatal(err)
	}
	const head = 24 + 16 + 6 + 4 // encapsulation, common packet, service and path, offset
	var image []byte
	for line := range strings.Lines(string(out)) {
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line), ":", ""))
		if err != nil {
			t.Fatal(err)
		}
		image = append(image, b[head:]...)
	}
	ended := movedIn(t, path)
	t.Logf("%d bytes, sum %x", len(image), sha256.Sum256(image))
	if len(ended) != 1 || !ended[0].Whole || ended[0].Kind != "firmware" || ended[0].Upload || ended[0].Bytes != int64(len(image)) || ended[0].Sum != sha256.Sum256(image) {
		t.Errorf("firmware %+v, want all of its %d bytes with sum %x", ended, len(image), sha256.Sum256(image))
	}
}

// movedIn returns what ended in a capture, by the product's parser.
func movedIn(t *testing.T, path string) (ended []firedoor.FileTransfer) {
	out, err := exec.Command("tshark", "-n", "-r", path, "-Y", "enip && !tcp.analysis.retransmission", "-T", "fields",
		"-e", "tcp.dstport", "-e", "tcp.payload").Output()
	if err != nil {
		t.Fatal(err)
	}
	p := enip.Protocol.New()
	for line := range strings.Lines(string(out)) {
		port, payload, _ := strings.Cut(strings.TrimSpace(line), "\t")
		b, err := hex.DecodeString(strings.ReplaceAll(payload, ":", ""))
		if err != nil {
			t.Fatal(err)
		}
		dir := firedoor.FromServer
		if port == strconv.Itoa(enipPort) {
			dir = firedoor.FromClient
		}
		if _, err := p.Parse(dir, b, func(e *firedoor.Event) {
			if e.Kind == firedoor.EventFileTransfer && e.FileTransfer.Done {
				f := *e.FileTransfer
				f.Name = slices.Clone(f.Name)
				ended = append(ended, f)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return ended
}

// TestJudgeLogix compares the routine of a recorded download, and of the upload
// after it, with the bytes that tshark shows of both.
func TestJudgeLogix(t *testing.T) {
	root := judgeCorpus(t)
	const routine = "class:0x68/instance:9248/class:0x6d/instance:9248"
	for _, c := range []struct {
		file, filter string
		head, end    int // bytes before and behind the code
		upload       bool
	}{
		{"EIP-RebootorRestart.pcap", "cip.class==0x72 && cip.sc==0x4b && cip.rr==0", 6, 8, false},
		{"EIP-SoftwareUpload.pcap", "cip.class==0x6d && cip.sc==0x4c && cip.rr==1 && cip.genstat==0", 4, 0, true},
	} {
		path := filepath.Join(root, "protocols/iti/openics", c.file)
		out, err := exec.Command("tshark", "-n", "-r", path, "-Y", c.filter, "-T", "fields", "-e", "cip.data").Output()
		if err != nil {
			t.Fatal(err)
		}
		code, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(out)), ":", ""))
		if err != nil || len(code) < c.head+c.end {
			t.Fatalf("%s: tshark shows %q, %v", c.file, out, err)
		}
		code = code[c.head : len(code)-c.end]
		t.Logf("%s: %d bytes, sum %x", c.file, len(code), sha256.Sum256(code))
		blocks := 0
		for _, f := range movedIn(t, path) {
			if f.Kind != "block" {
				t.Logf("and %s %s, %d bytes", f.Kind, f.Name, f.Bytes)
				continue
			}
			blocks++
			if string(f.Name) != routine || f.Upload != c.upload || !f.Whole || f.Bytes != int64(len(code)) || f.Sum != sha256.Sum256(code) {
				t.Errorf("%s: %s %+v, want %d bytes of %s", c.file, f.Name, f, len(code), routine)
			}
		}
		if blocks != 1 {
			t.Errorf("%s: %d routines, want 1", c.file, blocks)
		}
	}
}
