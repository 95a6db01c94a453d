package device

import "slices"

// asking is the request a client has under way, whatever its protocol. A long
// request goes in parts: points from..until are what is being asked.
type asking struct {
	busy        bool
	from, until int
	reply       Reply
	list        [1]Reply // what Receive hands out
	values      []float64
	texts       []string
	data        []byte
}

// begin takes a request; what the reply will carry is empty then.
func (a *asking) begin(r Request) {
	a.busy, a.from, a.until = true, 0, 0
	a.values, a.texts, a.data = a.values[:0], a.texts[:0], a.data[:0]
	a.reply = Reply{Request: r, OK: true}
}

// done ends the request and gives its reply.
func (a *asking) done() []Reply {
	a.busy = false
	a.reply.Values, a.reply.Texts, a.reply.Data = a.values, a.texts, a.data
	a.list[0] = a.reply
	return a.list[:]
}

// fail ends it with a refusal.
func (a *asking) fail(code uint32, words string) []Reply {
	a.reply.OK, a.reply.Code, a.reply.Error = false, code, words
	return a.done()
}

// Abandon implements Client for those that embed asking.
func (a *asking) Abandon() { a.busy = false }

// points are those of the part under way.
func (a *asking) points() []Point { return a.reply.Request.Points[a.from:a.until] }

// consistent tells whether a request has what its verb needs.
func consistent(r *Request, areas ...Area) error {
	switch r.Verb {
	case Read, Write:
		if len(r.Points) == 0 || r.Verb == Write && len(r.Values) != len(r.Points) {
			return ErrRequest
		}
		for i := range r.Points {
			if !slices.Contains(areas, r.Points[i].Area) {
				return ErrUnsupported
			}
		}
	}
	return nil
}
