package sensor

// Sight is what the sensor could and could not see: the summary tells it, so
// that silence is not taken for peace. Counts, without rates.
type Sight struct {
	Frames         uint64 `json:"frames"`
	Bytes          uint64 `json:"bytes"`
	Duplicates     uint64 `json:"duplicates"`
	Truncated      uint64 `json:"truncated"`
	Undecoded      uint64 `json:"undecoded"`
	Fragments      uint64 `json:"fragments"`
	FragmentsLost  uint64 `json:"fragments_lost"`
	NotIP          uint64 `json:"not_ip"`
	OutOfOrder     uint64 `json:"out_of_order"`
	Retransmitted  uint64 `json:"retransmitted"`
	Gaps           uint64 `json:"gaps"`
	MissingBytes   uint64 `json:"missing_bytes"`
	AckedUnseen    uint64 `json:"acknowledged_unseen_bytes"`
	Conflicts      uint64 `json:"conflicting_bytes"`
	StrippedVLANs  uint64 `json:"stripped_vlan_flows"`
	MidStream      uint64 `json:"mid_stream_flows"`
	FlowsEvicted   uint64 `json:"flows_evicted"`
	AsksForgotten  uint64 `json:"asks_forgotten"`
	LateAnswers    uint64 `json:"answers_without_request"`
	Flows          uint64 `json:"flows"`
	Operations     uint64 `json:"operations"`
	Samples        uint64 `json:"samples"`
	MalformedCount uint64 `json:"malformed"`
}

// sourceSight is what was amiss with the frames of one source.
type sourceSight struct{ Duplicates, Gaps, OneWay uint64 }

// source is the sight of a source by its index.
func (l *lane) source(index uint32) *sourceSight {
	for int(index) >= len(l.sights) {
		l.sights = append(l.sights, sourceSight{})
	}
	return &l.sights[index]
}

func (s *Sight) add(o *Sight) {
	s.Frames += o.Frames
	s.Bytes += o.Bytes
	s.Duplicates += o.Duplicates
	s.Truncated += o.Truncated
	s.Undecoded += o.Undecoded
	s.Fragments += o.Fragments
	s.FragmentsLost += o.FragmentsLost
	s.NotIP += o.NotIP
	s.OutOfOrder += o.OutOfOrder
	s.Retransmitted += o.Retransmitted
	s.Gaps += o.Gaps
	s.MissingBytes += o.MissingBytes
	s.AckedUnseen += o.AckedUnseen
	s.Conflicts += o.Conflicts
	s.StrippedVLANs += o.StrippedVLANs
	s.MidStream += o.MidStream
	s.FlowsEvicted += o.FlowsEvicted
	s.AsksForgotten += o.AsksForgotten
	s.LateAnswers += o.LateAnswers
	s.Flows += o.Flows
	s.Operations += o.Operations
	s.Samples += o.Samples
	s.MalformedCount += o.MalformedCount
}
