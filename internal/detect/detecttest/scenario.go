package detecttest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/detect"
)

// Scenario is a plant and what was observed in it. In a file, one line each
// (# starts a comment, quotes keep words together):
//
//	device 10.0.0.7 plc PLC-7          a device known when learning ended
//	peers 3 2                          World.Peers from here on: same, doing
//	baseline | learning | unlearned    how what follows was observed
//	at 5s KIND CLIENT[>SERVER] [PROTOCOL] [MEMBER=VALUE ...]
//
// KIND is that of the observation with hyphens (new-operation); an end is an
// address or a MAC or both joined with "/", with "@2" for another segment. For
// members see member below. Frames count up by one from line to line; a line with
// "also" in the place of "at" is about the frame before.
type Scenario struct {
	lines []line
}

type line struct {
	device, name, role string
	peers              *[2]int
	observation        *detect.Observation
	repeat             int
}

var kinds = map[string]detect.Kind{
	"new-device": detect.NewDevice, "new-conversation": detect.NewConversation, "new-operation": detect.NewOperation,
	"value-outside": detect.ValueOutside, "refused": detect.Refused, "operation": detect.Operation, "malformed": detect.Malformed,
	"identity-changed": detect.IdentityChanged, "address-contradiction": detect.AddressContradiction,
	"device-replaced": detect.DeviceReplaced, "address-moved": detect.AddressMoved, "flood": detect.Flood, "table-full": detect.TableFull,
}

// Parse reads a scenario.
func Parse(text string) (*Scenario, error) {
	s := &Scenario{}
	armed, learning := true, false
	frame := uint32(0)
	for i, raw := range strings.Split(text, "\n") {
		words, err := split(raw)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if len(words) == 0 {
			continue
		}
		var l line
		switch words[0] {
		case "device":
			words = append(words, "", "", "")
			l = line{device: words[1], role: words[2], name: words[3]}
		case "peers":
			l.peers = &[2]int{}
			if _, err = fmt.Sscan(strings.Join(words[1:], " "), &l.peers[0], &l.peers[1]); err != nil {
				return nil, fmt.Errorf("line %d: peers SAME DOING", i+1)
			}
		case "baseline":
			armed, learning = true, false
		case "learning":
			armed, learning = false, true
		case "unlearned":
			armed, learning = false, false
		case "at", "also":
			if words[0] == "at" {
				frame++
			}
			o := &detect.Observation{Armed: armed, Learning: learning, Frames: []firedoor.FrameRef{{Frame: frame}}}
			l = line{observation: o, repeat: 1}
			if err := l.read(words[1:]); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		default:
			return nil, fmt.Errorf("line %d: what is %q?", i+1, words[0])
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

// split cuts a line into words; a quoted part may stand anywhere in a word.
func split(s string) ([]string, error) {
	var words []string
	word, quoted, begun := []byte(nil), false, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case quoted:
			word = append(word, c)
		case c == '#' && !begun:
			return words, nil
		case c == ' ' || c == '\t':
			if begun {
				words = append(words, string(word))
			}
			word, begun = nil, false
		default:
			word, begun = append(word, c), true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote without an end")
	}
	if begun {
		words = append(words, string(word))
	}
	return words, nil
}

func (l *line) read(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("at TIME KIND [CLIENT>SERVER] [PROTOCOL] [MEMBER=VALUE ...]")
	}
	o := l.observation
	d, err := time.ParseDuration(words[0])
	if err != nil {
		return err
	}
	o.Time = int64(d)
	o.Since = o.Time
	kind, ok := kinds[words[1]]
	if !ok {
		return fmt.Errorf("no kind of observation is called %q", words[1])
	}
	o.Kind = kind
	if kind == detect.NewOperation || kind == detect.Operation || kind == detect.ValueOutside || kind == detect.Refused {
		o.Operation = &firedoor.Operation{ID: 1, Phase: firedoor.Asked}
	}
	for i, w := range words[2:] {
		name, value, member := strings.Cut(w, "=")
		switch {
		case member || slices.Contains([]string{"first", "covered", "outside", "again"}, name):
			err = l.member(name, value)
		case i == 0:
			client, server, _ := strings.Cut(w, ">")
			if o.Client, err = end(client); err == nil {
				o.Server, err = end(server)
			}
			o.Server.Segment = o.Client.Segment
		default:
			o.Protocol = w
			o.Industrial = slices.Contains([]string{"modbus", "s7comm", "cotp", "enip", "cip"}, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var verbs = [...]string{"", "session", "identify", "diagnose", "read", "write", "configure", "control", "program"}

// member sets a member of the observation or of its operation. "times" repeats
// the observation with client addresses that count up.
func (l *line) member(name, value string) error {
	o, op := l.observation, l.observation.Operation
	number := func() float64 { f, _ := strconv.ParseFloat(value, 64); return f }
	if op == nil && slices.Contains([]string{"verb", "does", "code", "object", "unit", "wrote", "outcome"}, name) {
		return fmt.Errorf("%s= belongs to an operation", name)
	}
	switch name {
	case "first":
		o.FirstVerb = true
	case "covered":
		o.Covered = true
	case "outside":
		o.Outside = true
	case "again":
		o.Again = true
	case "unit":
		op.HasUnit, op.Unit = true, uint32(number())
	case "outcome":
		switch value {
		case "ok":
			op.Outcome = firedoor.OK
		case "no-response":
			op.Outcome.Kind = firedoor.OutcomeNoResponse
		default:
			op.Outcome = firedoor.Failed(1, value)
		}
	case "times":
		l.repeat = int(number())
	case "verb":
		i := slices.Index(verbs[:], value)
		if i <= 0 {
			return fmt.Errorf("no verb is called %q", value)
		}
		op.Verb = firedoor.Verb(i)
	case "does":
		op.Function = value
	case "code":
		op.Code = uint32(number())
	case "object":
		o.Text = value
	case "wrote":
		for _, v := range strings.Split(value, ",") {
			n, err := strconv.ParseUint(v, 10, 16)
			if err != nil {
				return err
			}
			op.Values.Raw = append(op.Values.Raw, byte(n>>8), byte(n))
			op.Values.Count++
		}
		op.Values.Type = firedoor.U16
	case "got":
		o.Got = number()
	case "low":
		o.Low = number()
	case "high":
		o.High = number()
	case "since":
		d, err := time.ParseDuration(value)
		o.Since = int64(d)
		return err
	case "former":
		o.Former.Name, o.Former.Known = value, true
	case "role":
		o.Former.Role = firedoor.Role(value)
	case "reason":
		o.Reason = value
	case "old":
		o.Old = value
	case "new":
		o.New = value
	case "fact":
		for k := firedoor.FactName; k <= firedoor.FactIssuer; k++ {
			if k.String() == value {
				o.Fact = k
			}
		}
	default:
		return fmt.Errorf("no member is called %q", name)
	}
	return nil
}

// end reads "10.0.0.5", "00:11:22:33:44:55" or both joined with "/", and "@2".
func end(s string) (firedoor.Endpoint, error) {
	s, segment, _ := strings.Cut(s, "@")
	var e firedoor.Endpoint
	if n, err := strconv.Atoi(segment); err == nil {
		e.Segment = firedoor.Segment(n)
	}
	if s == "" {
		return e, nil
	}
	for _, part := range strings.Split(s, "/") {
		if strings.Count(part, ":") == 5 {
			n, err := strconv.ParseUint(strings.ReplaceAll(part, ":", ""), 16, 48)
			if err != nil {
				return e, err
			}
			e.MAC = firedoor.MAC(n)
			continue
		}
		a, err := netip.ParseAddr(part)
		if err != nil {
			return e, err
		}
		e.IP = firedoor.IPFrom(a)
	}
	return e, nil
}
