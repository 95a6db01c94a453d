package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path/filepath"
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
		in.op.outcome = fmt.Sprintf("error:0x%02x", status)
		return
	}
	in.op.outcome = "ok"
	if code := in.op.code; code == 0x0fa1 || code == 0x0fa2 {
		in.op.values = cipTyped(in.path.class, octets(m.text("cippccc_cip_pccc_data")))
	}
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
	corpus := judgeCorpus(t)
	path := filepath.Join(corpus, "protocols/iti/openics/EIP-FirmwareChange.pcap")
	out, err := exec.Command("tshark", "-n", "-r", path, "-Y", "enip && !tcp.analysis.retransmission", "-T", "fields",
		"-e", "tcp.dstport", "-e", "tcp.payload").Output()
	if err != nil {
		t.Fatal(err)
	}
	const head = 24 + 16 + 6 + 4 // encapsulation, common packet, service and path, offset
	var image []byte
	var got firedoor.FileTransfer
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
			if len(b) > head && b[40] == 0x4d && b[43] == 0xa1 {
				image = append(image, b[head:]...)
			}
		}
		if _, err := p.Parse(dir, b, func(e *firedoor.Event) {
			if e.Kind == firedoor.EventFileTransfer {
				got = *e.FileTransfer
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes, sum %x", len(image), sha256.Sum256(image))
	if !got.Whole || got.Kind != "firmware" || got.Upload || got.Bytes != int64(len(image)) || got.Sum != sha256.Sum256(image) {
		t.Errorf("firmware %+v, want all of its %d bytes with sum %x", got, len(image), sha256.Sum256(image))
	}
}
