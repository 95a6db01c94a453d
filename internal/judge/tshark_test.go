package judge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"firedoor/internal/corpus"
)

// judgeCorpus is the folder of captures to judge by; the test is skipped where
// there is none, or no judge.
func judgeCorpus(t *testing.T) string {
	t.Helper()
	folder := corpus.Folder(t)
	judgeInstalled(t)
	return folder
}

// judgeInstalled skips a test where there is no judge.
func judgeInstalled(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed: no judge. Install it (apt-get install tshark) to run this test.")
	}
}

// judgePorts are where the judge looks for the protocols: it goes by port. The
// first is TPKT, then Modbus, EtherNet/IP, CIP I/O, and IEC 104.
var judgePorts = []uint16{102, 502, 44818, 2222, iecPort}

// mayHold tells whether any of the ports stands anywhere in the bytes: a
// capture without is not worth starting the judge for.
func mayHold(b []byte, ports ...uint16) bool {
	for _, port := range ports {
		if bytes.Contains(b, []byte{byte(port >> 8), byte(port)}) {
			return true
		}
	}
	return false
}

// layer is one protocol of a frame as `tshark -T ek` writes it: fields that
// occur several times are lists, in wire order.
type layer map[string]any

// texts returns all values of a field; flags come as "0" and "1".
func (l layer) texts(field string) []string {
	switch v := l[field].(type) {
	case nil:
		return nil
	case []any:
		all := make([]string, len(v))
		for i := range v {
			all[i] = asText(v[i])
		}
		return all
	default:
		return []string{asText(v)}
	}
}

func asText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case string:
		return v
	}
	return ""
}

// text returns the first value of a field, "" if there is none.
func (l layer) text(field string) string {
	if all, many := l[field].([]any); many {
		if len(all) == 0 {
			return ""
		}
		return asText(all[0])
	}
	return asText(l[field])
}

func (l layer) has(field string) bool { _, ok := l[field]; return ok }

// number returns the first value of a field as a number, -1 if there is none.
func (l layer) number(field string) int { return asNumber(l.text(field)) }

func (l layer) numbers(field string) []int {
	all := l.texts(field)
	n := make([]int, len(all))
	for i := range all {
		n[i] = asNumber(all[i])
	}
	return n
}

func asNumber(s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return -1
	}
	return int(n)
}

// octets reads "0a:0b".
func octets(s string) []byte {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ":")
	b := make([]byte, len(parts))
	for i := range parts {
		n, _ := strconv.ParseUint(parts[i], 16, 8)
		b[i] = byte(n)
	}
	return b
}

// inner returns the layers of a protocol nested in this one.
func (l layer) inner(name string) []layer { return asLayers(l[name]) }

func asLayers(v any) []layer {
	switch v := v.(type) {
	case map[string]any:
		return []layer{v}
	case []any:
		var all []layer
		for i := range v {
			one, _ := v[i].(map[string]any)
			all = append(all, one)
		}
		return all
	}
	return nil
}

// frame is one frame as the judge reads it.
type frame struct {
	number           int
	time             string // RFC 3339, nine decimals
	nanos            int64  // since 1970
	src, dst         string // address
	srcPort, dstPort int
	stream           string // of TCP or UDP, counted by tshark
	layers           layer
}

// all returns the layers of a protocol, several when one frame holds several
// messages.
func (f *frame) all(name string) []layer { return asLayers(f.layers[name]) }

// last is the innermost of a layer that occurs several times (tunnels).
func (f *frame) last(name string) layer {
	if all := f.all(name); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// judgeFilter picks the frames worth reading. Connects of ISO transport are
// among them: they name the slot.
const judgeFilter = "modbus||mbtcp||s7comm||enip||cip||cipio||cotp.type==0x0e||cotp.type==0x0d||iec60870_104||dnp3"

const judgeLayers = "frame ip ipv6 tcp udp cotp mbtcp mbudp modbus s7comm enip cip cipcm cipcls cipio cippccc iec60870_104 iec60870_asdu dnp3"

// Filters of tests that ask for one protocol.
const (
	iecFilter    = "iec60870_asdu"
	adsFilter    = "ams"
	finsFilter   = "omron"
	bacnetFilter = "bacnet"
	opcuaFilter  = "opcua"
	pniocmFilter = "pn_io && dcerpc || pn_io_device || pn_io_controller"
)

// askTshark runs the judge over a capture, unless its filter is known to pick no frame.
func askTshark(path, filter, layers string, more ...string) ([]*frame, error) {
	if noneAsked(path, filter, more) {
		return nil, nil
	}
	var frames []*frame
	err := tell(path, question(filter, layers, more), func(r io.Reader) (err error) {
		frames, err = readFrames(r)
		return err
	})
	return frames, err
}

// noneAsked says that a question is known to be answered with no frame.
func noneAsked(path, filter string, options []string) bool {
	wide, order, ok := widened(filter, options)
	return ok && picksNone(reading{path, order}, wide)
}

func question(filter, layers string, more []string) []string {
	return append([]string{"-Y", filter, "-T", "ek", "-J", layers}, more...)
}

// tell runs the judge over a capture and gives what it says to read.
func tell(path string, options []string, read func(io.Reader) error) error {
	cmd := exec.Command("tshark", append([]string{"-n", "-r", path}, options...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return err
	}
	err = read(out)
	_, drained := io.Copy(io.Discard, out) // or it would wait for ever
	wait := cmd.Wait()
	if err = errors.Join(err, drained); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// A capture that is cut short ends with status 2; what came before counts.
	var exit *exec.ExitError
	if wait != nil && !(errors.As(wait, &exit) && exit.ExitCode() == 2 && strings.Contains(complaint.String(), "cut short")) {
		return fmt.Errorf("%s: %w: %s", path, wait, complaint.String())
	}
	return nil
}

// kept has what the judge said, by what it was asked: the file that it stands in.
var kept sync.Map

// askKept is askTshark for what several tests ask: the judge says it once. It is for
// captures of few frames, for what is said is thirty times as long.
func askKept(path, filter, layers string, more ...string) ([]*frame, error) {
	if noneAsked(path, filter, more) {
		return nil, nil
	}
	options := question(filter, layers, more)
	once, _ := kept.LoadOrStore(strings.Join(append(options, path), " "), sync.OnceValues(func() (string, error) {
		f, err := os.CreateTemp(scratch, "*.ek")
		if err != nil {
			return "", err
		}
		err = tell(path, options, func(r io.Reader) error { _, err := io.Copy(f, r); return err })
		return f.Name(), errors.Join(err, f.Close())
	}))
	said, err := once.(func() (string, error))()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(said)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return readFrames(f)
}

func readFrames(r io.Reader) ([]*frame, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	var frames []*frame
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 && !bytes.HasPrefix(line, []byte(`{"index"`)) {
			var j struct{ Layers layer }
			if err := json.Unmarshal(line, &j); err != nil {
				return nil, err
			}
			f, err := newFrame(j.Layers)
			if err != nil {
				return nil, err
			}
			frames = append(frames, f)
		}
		if err == io.EOF {
			return frames, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func newFrame(l layer) (*frame, error) {
	f := &frame{layers: l}
	about := f.last("frame")
	f.number = about.number("frame_frame_number")
	f.time = about.text("frame_frame_time")
	seconds, nanos, _ := strings.Cut(about.text("frame_frame_time_epoch"), ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt((nanos + "000000000")[:9], 10, 64)
	if err != nil {
		return nil, err
	}
	f.nanos = s*1e9 + n
	for _, version := range []string{"ip", "ipv6"} {
		if ip := f.last(version); ip != nil {
			f.src, f.dst = ip.text(version+"_"+version+"_src"), ip.text(version+"_"+version+"_dst")
		}
	}
	for _, p := range []string{"tcp", "udp"} {
		if transport := f.last(p); transport != nil {
			name := p + "_" + p + "_"
			f.srcPort, f.dstPort = transport.number(name+"srcport"), transport.number(name+"dstport")
			f.stream = p + transport.text(name+"stream")
		}
	}
	return f, nil
}
