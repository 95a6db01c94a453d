package gateway

import (
	"cmp"
	"net/netip"
	"slices"

	"firedoor"
)

// Who stopped something.
const (
	byKernel = "kernel"
	byWorker = "worker"
)

// StoppedRecord is a request or frame that was stopped, or would have been; with Count
// it is several alike. It is a line of stopped.jsonl.
type StoppedRecord struct {
	Time       string `json:"time"`
	Last       string `json:"last,omitempty"` // of several
	By         string `json:"by"`             // kernel, worker
	Done       string `json:"done"`           // what was done: pass, refuse, drop, reset
	Says       string `json:"says"`           // what the policy says
	Reason     string `json:"reason"`
	Rule       string `json:"rule,omitempty"`
	Conduit    string `json:"conduit,omitempty"`
	Segment    string `json:"segment,omitempty"`
	Client     string `json:"client,omitempty"`
	ClientName string `json:"client_name,omitempty"`
	Server     string `json:"server,omitempty"`
	ServerName string `json:"server_name,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
	Verb       string `json:"verb,omitempty"`
	Function   string `json:"function,omitempty"`
	Code       uint32 `json:"code,omitempty"`
	Object     string `json:"object,omitempty"`
	Bytes      uint64 `json:"bytes"`
	Count      uint64 `json:"count,omitempty"`      // frames; none is one
	Further    bool   `json:"same_frame,omitempty"` // a further request of a frame that has a line already
	Evidence   string `json:"evidence,omitempty"`   // file#packet
	Slice      *Slice `json:"slice,omitempty"`      // only on its way to whoever keeps it
}

// Frames is how many frames a line stands for.
func (r *StoppedRecord) Frames() uint64 {
	if r.Further {
		return 0
	}
	return max(r.Count, 1)
}

// Slice is a frame that was stopped, and what goes with it.
type Slice struct {
	Time    int64   `json:"time"`
	Outside bool    `json:"outside,omitempty"` // it came in at the outside port
	Wire    int     `json:"wire,omitempty"`    // its length, where Frame is not all of it
	Frame   []byte  `json:"frame"`             // as it came
	Sent    []byte  `json:"sent,omitempty"`    // as it went on, where it was changed
	Before  []Piece `json:"before,omitempty"`  // of the same two ends, before it
}

// Piece is a frame before one that was stopped.
type Piece struct {
	Time    int64  `json:"time"`
	Outside bool   `json:"outside,omitempty"`
	Frame   []byte `json:"frame"`
}

// StopRow is all that was stopped alike. Client and Server are addresses; the server's
// has its port.
type StopRow struct {
	By         string `json:"by"`
	Done       string `json:"done"`
	Says       string `json:"says"`
	Reason     string `json:"reason"`
	Rule       string `json:"rule,omitempty"`
	Conduit    string `json:"conduit,omitempty"`
	Client     string `json:"client,omitempty"`
	ClientName string `json:"client_name,omitempty"`
	Server     string `json:"server,omitempty"`
	ServerName string `json:"server_name,omitempty"`
	First      string `json:"first"`
	Last       string `json:"last"`
	Count      uint64 `json:"count"` // frames
	Bytes      uint64 `json:"bytes"`
	Requests   uint64 `json:"requests,omitempty"` // of a protocol that was read
}

// MaxStopRows is how many rows a StopTally has; further pairs are counted together.
const MaxStopRows = 8192

// StopTally adds up what was stopped, by conduit, rule, reason and pair. The zero value
// is empty. It is not safe for concurrent use.
type StopTally struct {
	rows map[stopKey]*StopRow
}

type stopKey struct{ by, done, says, reason, rule, conduit, client, server string }

// Add adds what a line says.
func (t *StopTally) Add(r *StoppedRecord) {
	k := stopKey{r.By, r.Done, r.Says, r.Reason, r.Rule, r.Conduit, withoutPort(r.Client), r.Server}
	row := t.rows[k]
	if row == nil && len(t.rows) >= MaxStopRows {
		k.client, k.server = "", ""
		row = t.rows[k]
	}
	if row == nil {
		if t.rows == nil {
			t.rows = map[stopKey]*StopRow{}
		}
		row = &StopRow{By: k.by, Done: k.done, Says: k.says, Reason: k.reason, Rule: k.rule, Conduit: k.conduit, Client: k.client, Server: k.server, First: r.Time}
		if k.client != "" || k.server != "" {
			row.ClientName, row.ServerName = r.ClientName, r.ServerName
		}
		t.rows[k] = row
	}
	row.Last = cmp.Or(r.Last, r.Time)
	row.Count += r.Frames()
	row.Bytes += r.Bytes
	if r.Function != "" {
		row.Requests++
	}
}

// endText is an end as lines have it: an address with its port, if it has one, else a MAC.
func endText(e *firedoor.Endpoint) string {
	switch {
	case e.IP.IsZero():
		return e.MAC.String()
	case e.Port == 0:
		return e.IP.String()
	}
	return netip.AddrPortFrom(e.IP.Netip(), e.Port).String()
}

func withoutPort(end string) string {
	if a, err := netip.ParseAddrPort(end); err == nil {
		return a.Addr().String()
	}
	return end
}

// Rows are in the order of conduit, rule, reason, client and server.
func (t *StopTally) Rows() []StopRow {
	out := make([]StopRow, 0, len(t.rows))
	for _, row := range t.rows {
		out = append(out, *row)
	}
	slices.SortFunc(out, func(a, b StopRow) int {
		return cmp.Or(cmp.Compare(a.Conduit, b.Conduit), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Client, b.Client),
			cmp.Compare(a.Server, b.Server), cmp.Compare(a.Done, b.Done), cmp.Compare(a.Says, b.Says), cmp.Compare(a.By, b.By))
	})
	return out
}
