package opcua

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// The readers of requests stand in the order of OPC 10000-4. Each emits an
// operation for every object as soon as it is read.

func askFindServers(_ *parser, _ *request, r *walk) {
	r.Text() // URL by which the client found the server
	r.Texts()
	r.Texts()
}

func askServersOnNetwork(_ *parser, _ *request, r *walk) {
	r.Skip(8)
	r.Texts()
}

func askNumber(_ *parser, _ *request, r *walk)       { r.Skip(4) }
func askCloseSession(_ *parser, _ *request, r *walk) { r.Skip(1) }

// maxPathNames is how many names of a path are told.
const maxPathNames = 32

func askAddNodes(p *parser, q *request, r *walk) { p.each(q, r, addNode) }

func addNode(p *parser, _ *request, r *walk, i, n int) {
	parent := r.Expanded()
	r.NodeID() // reference
	wanted := r.Expanded()
	namespace, name := r.Qualified()
	r.Skip(4) // class
	r.Extension()
	r.Expanded() // type
	if r.Failed() {
		return
	}
	if wanted.Kind == wire.UANumber && wanted.Number == 0 { // the server is to choose: the place tells what it is
		p.text = appendName(append(parent.AppendTo(p.text[:0]), '/'), namespace, name)
		p.op.Object = firedoor.Object{Space: &spacePath, Text: p.text}
	} else {
		p.op.Object = p.object(&wanted, 0, nil)
	}
	p.askItem(i, n)
}

func appendName(dst []byte, namespace uint16, name []byte) []byte {
	return append(append(strconv.AppendUint(dst, uint64(namespace), 10), ':'), name...)
}

func askAddReferences(p *parser, q *request, r *walk) { p.each(q, r, addReference) }

func addReference(p *parser, _ *request, r *walk, i, n int) {
	source := r.NodeID()
	r.NodeID() // reference
	r.Skip(1)
	r.Text()
	r.Expanded() // target
	r.Skip(4)
	p.askNode(&source, i, n, r)
}

// askNode emits item i of n about a node, unless reading it failed.
func (p *parser) askNode(id *wire.UANode, i, n int, r *walk) {
	if r.Failed() {
		return
	}
	p.op.Object = p.object(id, 0, nil)
	p.askItem(i, n)
}

func askDeleteNodes(p *parser, q *request, r *walk) { p.each(q, r, deleteNode) }

func deleteNode(p *parser, _ *request, r *walk, i, n int) {
	id := r.NodeID()
	r.Skip(1)
	p.askNode(&id, i, n, r)
}

func askDeleteReferences(p *parser, q *request, r *walk) { p.each(q, r, deleteReference) }

func deleteReference(p *parser, _ *request, r *walk, i, n int) {
	source := r.NodeID()
	r.NodeID()
	r.Skip(1)
	r.Expanded()
	r.Skip(1)
	p.askNode(&source, i, n, r)
}

func askBrowse(p *parser, q *request, r *walk) {
	r.NodeID() // view
	r.Skip(8 + 4 + 4)
	p.each(q, r, browsed)
}

func browsed(p *parser, _ *request, r *walk, i, n int) {
	id := r.NodeID()
	r.Skip(4) // direction
	r.NodeID()
	r.Skip(1 + 4 + 4) // subtypes, classes, fields wanted
	p.askNode(&id, i, n, r)
}

// askBrowseNext names nothing: what goes on is known to the server alone.
func askBrowseNext(p *parser, q *request, r *walk) {
	r.Skip(1)
	p.each(q, r, goneOn)
}

func goneOn(p *parser, _ *request, r *walk, i, n int) {
	r.Text()
	if !r.Failed() {
		p.askItem(i, n)
	}
}

func askTranslate(p *parser, q *request, r *walk) { p.each(q, r, translated) }

func translated(p *parser, _ *request, r *walk, i, n int) {
	start := r.NodeID()
	p.text = start.AppendTo(p.text[:0])
	names := r.List()
	for k := 0; k < names && !r.Failed(); k++ {
		r.NodeID()
		r.Skip(2)
		namespace, name := r.Qualified()
		if k < maxPathNames {
			p.text = appendName(append(p.text, '/'), namespace, name)
		}
	}
	if r.Failed() {
		return
	}
	p.op.Object = firedoor.Object{Space: &spacePath, Text: p.text}
	p.askItem(i, n)
}

func askNodes(p *parser, q *request, r *walk) { p.each(q, r, plainNode) }

func plainNode(p *parser, _ *request, r *walk, i, n int) {
	id := r.NodeID()
	p.askNode(&id, i, n, r)
}

func askQueryNext(_ *parser, _ *request, r *walk) {
	r.Skip(1)
	r.Text()
}

// readValue reads a ReadValueId (7.29) into the operation's object.
func (p *parser) readValue(r *walk) wire.UANode {
	id := r.NodeID()
	at := r.Pos()
	attribute := r.U32LE()
	part := r.Text()
	r.Qualified() // encoding wanted
	if !r.Failed() {
		p.op.Object = p.object(&id, attribute, part)
		p.refuse("attribute", at) // no such attribute: this item alone is declined
	}
	return id
}

func askRead(p *parser, q *request, r *walk) {
	r.Skip(8 + 4) // age, time stamps wanted
	p.each(q, r, readNode)
}

func readNode(p *parser, q *request, r *walk, i, n int) {
	id := p.readValue(r)
	if r.Failed() {
		return
	}
	q.expectFact(&id, p.op.Object.At[2], i)
	if wire.Secretive(p.op.Object.Text) {
		q.hide(i)
	}
	p.askItem(i, n)
}

func askHistoryRead(p *parser, q *request, r *walk) {
	r.Extension() // what of the past
	r.Skip(4 + 1)
	p.each(q, r, readHistory)
}

func readHistory(p *parser, _ *request, r *walk, i, n int) {
	id := r.NodeID()
	part := r.Text()
	r.Qualified()
	r.Text() // where to go on
	if r.Failed() {
		return
	}
	p.op.Object = p.object(&id, 0, part)
	p.askItem(i, n)
}

func askWrite(p *parser, q *request, r *walk) { p.each(q, r, writeNode) }

func writeNode(p *parser, _ *request, r *walk, i, n int) {
	id := r.NodeID()
	at := r.Pos()
	attribute := r.U32LE()
	part := r.Text()
	if r.Failed() {
		return
	}
	v, _ := r.DataValue()
	p.op.Object, p.op.Values = p.object(&id, attribute, part), v.Values
	p.op.Texts = p.textsOf(&v, &p.op.Object)
	p.refuse("attribute", at)
	p.askItem(i, n)
}

// askHistoryUpdate reads the node with which each kind of update begins (OPC
// 10000-11, 6.9).
func askHistoryUpdate(p *parser, q *request, r *walk) { p.each(q, r, updateHistory) }

func updateHistory(p *parser, _ *request, r *walk, i, n int) {
	_, body := r.Extension()
	if r.Failed() {
		return
	}
	p.op.Object = firedoor.Object{}
	inner := read(body)
	if id := inner.NodeID(); !inner.Failed() {
		p.op.Object = p.object(&id, 0, nil)
	}
	p.askItem(i, n)
}

// askCall tells the method and the object it is called on. Arguments are told
// where they are numbers of one type.
func askCall(p *parser, q *request, r *walk) { p.each(q, r, callMethod) }

func callMethod(p *parser, _ *request, r *walk, i, n int) {
	object, method := r.NodeID(), r.NodeID()
	if r.Failed() {
		return
	}
	p.op.Values = p.readArguments(r)
	p.text = method.AppendTo(append(object.AppendTo(p.text[:0]), '/'))
	p.op.Object = firedoor.Object{Space: &spaceMethod, Text: p.text}
	p.askItem(i, n)
}

// readArguments reads a list of values and gives those that are numbers of one
// type as one list.
func (p *parser) readArguments(r *walk) firedoor.Values {
	p.arguments = p.arguments[:0]
	var all firedoor.Values
	same, count := true, 0
	n := r.List()
	for i := 0; i < n && !r.Failed(); i++ {
		v := r.Variant()
		if i == 0 {
			all = v.Values
		}
		same = same && v.Values.Type == all.Type && all.Type != firedoor.NoValue && len(p.arguments) < 8*wire.UAMaxElements
		if same {
			p.arguments = append(p.arguments, v.Values.Raw...)
			count += v.Values.Count
		}
	}
	if r.Failed() || !same || len(p.arguments) == 0 {
		return firedoor.Values{}
	}
	all.Raw, all.Count = p.arguments[:min(len(p.arguments), wire.UAMaxElements*all.Type.Size())], count
	return all
}
