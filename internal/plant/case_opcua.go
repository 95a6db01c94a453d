package plant

import (
	"bytes"
	"net/netip"
	"time"
)

// Hosts of the OPC UA captures.
var (
	opcuaClient = &Host{Name: "scada", MAC: 0x02_00_00_00_05_10, IP: netip.MustParseAddr("10.10.5.10")}
	opcuaServer = &Host{Name: "line-server", MAC: 0x02_00_00_00_05_20, IP: netip.MustParseAddr("10.10.5.20"), TTL: 64}
)

// opcuaTalk is a connection with both sides' channels.
type opcuaTalk struct {
	n              *Net
	c              *Conn
	client, server OPCChannel
	request        uint32
}

const opcuaURL = "opc.tcp://line-server:4840"

// opcuaDial connects and opens a channel without security.
func opcuaDial(n *Net, port uint16) *opcuaTalk {
	t := opcuaConnect(n, n.Dial(opcuaClient, opcuaServer, port, PortOPCUA))
	t.open("None", nil)
	return t
}

func opcuaConnect(n *Net, c *Conn) *opcuaTalk {
	t := &opcuaTalk{n: n, c: c, client: OPCChannel{Channel: 7, Token: 1}, server: OPCChannel{Channel: 7, Token: 1}}
	c.Client(OPCHello(opcuaURL))
	n.Wait(time.Millisecond)
	c.Server(OPCAcknowledge())
	n.Wait(time.Millisecond)
	return t
}

func (t *opcuaTalk) open(policy string, certificate []byte) {
	t.request++
	mode := uint32(1)
	if certificate != nil {
		mode = 2
	}
	ask := OPCOpening(446, t.request).U32(0, 0, mode).Null(1).U32(600_000)
	answer := OPCAnswer(449, t.request, 0).U32(0, 7, 1).U64(opcTime).U32(600_000).Null(1)
	if certificate != nil { // both are encrypted
		ask, answer = opcuaNoise(256), opcuaNoise(256)
	}
	t.c.Client(t.client.Open(policy, certificate, t.request, ask))
	t.n.Wait(time.Millisecond)
	t.c.Server(t.server.Open(policy, certificate, t.request, answer))
	t.n.Wait(time.Millisecond)
}

// opcuaNoise is what encryption leaves to see.
func opcuaNoise(size int) *OPC {
	o := &OPC{}
	for i := range size {
		o.U8(byte(i*i*31+i*7+101) | 0x80)
	}
	return o
}

// ask sends a request and its answer.
func (t *opcuaTalk) ask(ask, answer *OPC) {
	t.request++
	t.c.Client(t.client.Message(t.request, ask))
	t.n.Wait(2 * time.Millisecond)
	t.c.Server(t.server.Message(t.request, answer))
	t.n.Wait(50 * time.Millisecond)
}

// close closes the channel and the connection.
func (t *opcuaTalk) close() {
	t.request++
	t.c.Client(t.client.Close(t.request, OPCOpening(452, t.request)))
	t.c.Close()
}

// opcuaValue appends a ReadValueId.
func opcuaValue(o *OPC, attribute uint32) *OPC { return o.U32(attribute).Null(1).U16(0).Null(1) }

// opcuaRead asks for two values.
func opcuaRead(handle uint32) *OPC {
	o := OPCRequest(631, handle).F64(0).U32(2, 2)
	opcuaValue(o.Named(2, "Line.Speed"), 13)
	return opcuaValue(o.Node(2, 1004), 13)
}

// opcuaPoll reads two values again and again, writes a setpoint and takes data of a
// subscription.
func opcuaPoll(n *Net) {
	t := opcuaDial(n, 49152)
	t.ask(OPCRequest(787, 1).F64(500).U32(100, 10, 0).U8(1, 0), OPCAnswer(790, 1, 0).U32(5).F64(500).U32(100, 10))
	t.ask(opcuaMonitor(2, 5, 21), OPCAnswer(754, 2, 0).U32(2, 0, 31).F64(250).U32(1).NoBody().U32(0, 32).F64(250).U32(1).NoBody().Null(1))
	for i := range uint32(12) {
		t.ask(opcuaRead(i), OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5+float64(i)).U8(5, 4).U16(uint16(i)).U64(opcTime).Null(1))
		t.ask(OPCRequest(673, i).U32(1).Named(2, "Line.Setpoint").U32(13).Null(1).U8(1, 10).U32(0x41480000),
			OPCAnswer(676, i, 0).U32(1, 0).Null(1))
		t.ask(OPCRequest(826, i).U32(1, 5, i), opcuaPublish(i, opcuaChanges(21, i)))
	}
	t.close()
}

// opcuaMonitor asks to watch two nodes under two numbers from handle on.
func opcuaMonitor(request, subscription, handle uint32) *OPC {
	o := OPCRequest(751, request).U32(subscription, 2, 2)
	opcuaValue(o.Named(2, "Line.Count"), 13).U32(2, handle).F64(250).NoBody().U32(1).U8(1)
	return opcuaValue(o.Node(2, 1010), 13).U32(2, handle+1).F64(250).NoBody().U32(1).U8(1)
}

// opcuaPublish answers a publish with notifications.
func opcuaPublish(handle uint32, notifications ...*OPC) *OPC {
	o := OPCAnswer(829, handle, 0).U32(5, 1, handle).U8(0).U32(handle).U64(opcTime).U32(uint32(len(notifications)))
	for _, b := range notifications {
		o.U8(b.B...)
	}
	return o.U32(1, 0).Null(1)
}

func opcuaChanges(handle, value uint32) *OPC {
	return (&OPC{}).Body(811, (&OPC{}).U32(2, handle).U8(1, 7).U32(value).U32(handle+1).U8(3, 1, 1).U32(0x40900000).Null(1))
}

// opcuaServices calls every service once.
func opcuaServices(n *Net) {
	t := opcuaDial(n, 49153)
	opcuaSessions(t)
	opcuaViews(t)
	opcuaNodes(t)
	opcuaValues(t)
	opcuaSubscriptions(t)
	t.ask(OPCRequest(473, 90).U8(1), OPCAnswer(476, 90, 0))
	t.close()
}

func opcuaApplication(o *OPC, uri, product, name string) *OPC {
	return o.Text(uri, product).Local(name).U32(0).Null(3)
}

func opcuaEndpoints(o *OPC) *OPC {
	o.U32(2)
	for i, policy := range []string{"None", "Basic256Sha256"} {
		o.Text(opcuaURL)
		opcuaApplication(o, "urn:works:line-server", "urn:works:lineserver", "Line server 3").U32(0, uint32(1+2*i))
		o.Text("http://opcfoundation.org/UA/SecurityPolicy#" + policy)
		o.U32(2).Text("anon").U32(0).Null(3).Text("user").U32(1).Null(3)
		o.Text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary").U8(byte(i))
	}
	return o
}

func opcuaSessions(t *opcuaTalk) {
	server := func(o *OPC) *OPC {
		return opcuaApplication(o, "urn:works:line-server", "urn:works:lineserver", "Line server 3")
	}
	t.ask(OPCOpening(422, 1).Text(opcuaURL).Null(2), server(OPCAnswer(425, 1, 0).U32(1)))
	t.ask(OPCOpening(428, 2).Text(opcuaURL).Null(2), opcuaEndpoints(OPCAnswer(431, 2, 0)))
	t.ask(OPCOpening(12208, 3).U32(0, 10).Null(1), OPCAnswer(12209, 3, 0).U64(opcTime).U32(1, 1).Text("line", opcuaURL).Null(1))
	registered := func(kind uint16, handle uint32) *OPC {
		return OPCOpening(kind, handle).Text("urn:works:scada", "urn:works:scada:9").U32(1).Local("Scada").U32(0).Null(3).U8(1)
	}
	t.ask(registered(437, 4), OPCAnswer(440, 4, 0))
	t.ask(registered(12211, 5).Null(1), OPCAnswer(397, 5, 0x800b0000))
	create := opcuaApplication(OPCOpening(461, 6), "urn:works:scada", "urn:works:scada:9", "Scada 9").Null(1).Text(opcuaURL, "session 1").Null(2)
	created := OPCAnswer(464, 6, 0).Node(1, 77).Named(1, "S3cr3t token").F64(60_000).Text("nonce").Text(string(opcuaCertificate()))
	t.ask(create.F64(60_000).U32(0), opcuaEndpoints(created).Null(1).Null(2).U32(0))
	user := (&OPC{}).Text("user", "maria", "hunter2").Null(1)
	activate := func(handle uint32, token *OPC) *OPC {
		return OPCRequest(467, handle).Null(2).U32(1).Text("cert", "signature").U32(1).Text("en").U8(token.B...).Null(2)
	}
	t.ask(activate(7, (&OPC{}).Body(324, user)), OPCAnswer(397, 7, 0x80210000))
	t.ask(activate(8, (&OPC{}).Body(324, user)), OPCAnswer(470, 8, 0).Text("nonce").Null(2))
	t.ask(activate(9, (&OPC{}).Body(327, (&OPC{}).Text("cert", string(opcuaCertificate())))), OPCAnswer(470, 9, 0).Null(3))
	t.ask(activate(10, (&OPC{}).Body(940, (&OPC{}).Text("saml", "S3cr3t").Null(1))), OPCAnswer(470, 10, 0).Null(3))
	t.ask(activate(11, (&OPC{}).Body(321, (&OPC{}).Text("anon"))), OPCAnswer(470, 11, 0).Null(3))
	t.ask(activate(12, (&OPC{}).NoBody()), OPCAnswer(470, 12, 0).Null(3))
	t.ask(OPCRequest(479, 13).U32(4), OPCAnswer(482, 13, 0).U32(0))
}

func opcuaViews(t *opcuaTalk) {
	browse := OPCRequest(527, 20).U8(0, 0).U64(0).U32(0, 100, 2)
	browse.U8(0, 85).U32(0).Node(0, 33).U8(1).U32(0, 63).Named(2, "Line").U32(0).Node(0, 33).U8(1).U32(0, 63)
	found := OPCAnswer(530, 20, 0).U32(2, 0).Text("go on here").U32(1).Node(0, 35).U8(1).Node(2, 1000).Qualified(2, "Line").Local("Line").U32(1)
	t.ask(browse, found.Node(0, 61).U32(0x80340000).Null(2).Null(1))
	t.ask(OPCRequest(533, 21).U8(0).U32(1).Text("go on here"), OPCAnswer(536, 21, 0).U32(1, 0x804a0000).Null(3))
	path := OPCRequest(554, 22).U32(1).U8(0, 85).U32(2).Node(0, 35).U8(0, 1).Qualified(2, "Line").Node(0, 47).U8(0, 1).Qualified(2, "Speed")
	t.ask(path, OPCAnswer(557, 22, 0).U32(1, 0, 1).Named(2, "Line.Speed").U32(0xffffffff).Null(1))
	t.ask(OPCRequest(560, 23).U32(1).Named(2, "Line.Speed"), OPCAnswer(563, 23, 0).U32(1).Node(3, 1))
	t.ask(OPCRequest(566, 24).U32(1).Node(3, 1), OPCAnswer(569, 24, 0))
	t.ask(OPCRequest(615, 25).U8(0, 0).U64(0).U32(0, 0).Null(2).U32(0, 0), OPCAnswer(397, 25, 0x800b0000))
	t.ask(OPCRequest(621, 26).U8(1).Text("x"), OPCAnswer(624, 26, 0).Null(2))
	t.ask(OPCRequest(410, 27).U32(1, 2).U8(0), OPCAnswer(413, 27, 0).U8(0))
}

func opcuaNodes(t *opcuaTalk) {
	add := OPCRequest(488, 30).U32(2)
	add.Node(0, 85).Node(0, 35).U8(0, 0).Qualified(2, "New").U32(1).NoBody().Node(0, 58)
	add.Node(0, 85).Node(0, 35).Named(2, "Line.New").Qualified(2, "New").U32(1).NoBody().Node(0, 58)
	t.ask(add, OPCAnswer(491, 30, 0).U32(2, 0).Node(2, 2000).U32(0x805e0000).U8(0, 0).Null(1))
	t.ask(OPCRequest(494, 31).U32(1).Node(2, 2000).Node(0, 47).U8(1).Null(1).Node(2, 1000).U32(1), OPCAnswer(497, 31, 0).U32(1, 0).Null(1))
	t.ask(OPCRequest(506, 32).U32(1).Node(2, 2000).Node(0, 47).U8(1).Node(2, 1000).U8(1), OPCAnswer(509, 32, 0).U32(1, 0).Null(1))
	t.ask(OPCRequest(500, 33).U32(2).Node(2, 2000).U8(1).Named(2, "Line.New").U8(1), OPCAnswer(503, 33, 0).U32(2, 0, 0x80340000).Null(1))
}

// opcuaValues reads each type of value, what the server says of itself, and writes,
// calls and reads the past.
func opcuaValues(t *opcuaTalk) {
	read := OPCRequest(631, 40).F64(0).U32(3, 8)
	for _, number := range []byte{235, 1, 2, 3} {
		opcuaValue(read.U8(2).U16(2).U32(70_000+uint32(number)), 13)
	}
	opcuaValue(read.U8(4).U16(2).U8(bytes.Repeat([]byte{0x11}, 16)...), 13)
	opcuaValue(read.U8(5).U16(2).Text("\x01\x02"), 14)
	read.Named(2, "Line.List").U32(13).Text("1:3").U16(0).Null(1)
	opcuaValue(read.Node(0, 84), 99)
	answer := OPCAnswer(634, 40, 0).U32(8)
	answer.U8(1, 1, 1).U8(1, 2, 0xfe).U8(0x3f, 3, 7).U32(0).U64(1).U16(2).U64(3).U16(4).U8(1, 8).U64(1 << 40)
	answer.U8(1, 13).U64(opcTime).U8(1, 17, 0, 13).U8(1, 0xc4).U32(4).U16(1).U16(2).U16(3).U16(4).U32(2, 2, 2)
	t.ask(read, answer.U8(2).U32(0x80350000).Null(1))

	about := OPCRequest(631, 41).F64(0).U32(3, 5)
	for _, number := range []uint16{2256, 2260, 2261, 2263, 2264} {
		opcuaValue(about.Node(0, number), 13)
	}
	build := (&OPC{}).Text("urn:works:lineserver", "Works AG", "Line server", "3.1.4", "1207").U64(opcTime)
	status := (&OPC{}).U64(opcTime).U64(opcTime).U32(0).U8(build.B...).U32(0).Local("")
	told := OPCAnswer(634, 41, 0).U32(5).U8(1, 22).Body(864, status).U8(1, 22).Body(340, build)
	t.ask(about, told.U8(1, 12).Text("Line server").U8(1, 12).Text("Works AG").U8(1, 12).Text("3.1.4").Null(1))

	write := OPCRequest(673, 42).U32(4)
	write.Named(2, "Line.Speed").U32(13).Null(1).U8(1, 11).F64(99.5).Named(2, "Line.Name").U32(13).Null(1).U8(1, 12).Text("press")
	write.Named(2, "Line.List").U32(13).Text("0:2").U8(1, 0x86).U32(3, 1, 2, 0xffffffff)
	write.Node(2, 1010).U32(4).Null(1).U8(1, 21).Local("a name")
	t.ask(write, OPCAnswer(676, 42, 0).U32(4, 0, 0x803b0000, 0, 0x80ff0000).Null(1))

	call := OPCRequest(712, 43).U32(3).Named(2, "Line").Node(2, 3001).U32(2).U8(6).U32(4).U8(6).U32(5)
	call.Named(2, "Line").Node(2, 3002).U32(1).U8(12).Text("S3cr3t").Named(2, "Line").Node(2, 3003).Null(1)
	called := OPCAnswer(715, 43, 0).U32(3, 0, 2, 0, 0).Null(1).U32(1).U8(1, 1)
	t.ask(call, called.U32(0x80ab0000, 1, 0x80740000).Null(2).U32(0).Null(3).Null(1))

	past := OPCRequest(664, 44).Body(647, (&OPC{}).U8(0).U64(1).U64(2).U32(10).U8(0)).U32(2).U8(0).U32(1).Named(2, "Line.Speed").Null(1).U16(0).Null(2)
	t.ask(past, OPCAnswer(667, 44, 0).U32(1, 0).Null(1).Body(658, (&OPC{}).U32(1).U8(1, 11).F64(3)).Null(1))
	update := (&OPC{}).Named(2, "Line.Speed").U32(1, 1).U8(1, 11).F64(3)
	t.ask(OPCRequest(700, 45).U32(1).Body(682, update), OPCAnswer(703, 45, 0).U32(1, 0, 1, 0).Null(2))

	texts := OPCRequest(631, 46).F64(0).U32(3, 4)
	for _, name := range []string{"Line.Recipe", "User.Password", "Line.States", "Line.Titles"} {
		texts.Named(2, name).U32(13).Null(1).U16(0).Null(1)
	}
	t.ask(texts, OPCAnswer(634, 46, 0).U32(4).U8(1, 12).Text("Sauerteig").U8(1, 12).Text("S3cr3t").U8(1, 0x8c).U32(3).Text("stop", "run").Null(1).
		U8(1, 0x95).U32(2).Local("A").Local("B").Null(1))
	secret := OPCRequest(673, 47).U32(2).Named(2, "Line.Recipe").U32(13).Null(1).U8(1, 0x8c).U32(18)
	for i := range 18 {
		secret.Text(string(rune('a' + i)))
	}
	secret.Named(2, "Operator.pwd").U32(13).Null(1).U8(1, 12).Text("hunter2")
	t.ask(secret, OPCAnswer(676, 47, 0).U32(2, 0, 0).Null(1))
}

func opcuaSubscriptions(t *opcuaTalk) {
	t.ask(OPCRequest(787, 50).F64(500).U32(100, 10, 0).U8(1, 0), OPCAnswer(790, 50, 0).U32(5).F64(500).U32(100, 10))
	t.ask(opcuaMonitor(51, 5, 61), OPCAnswer(754, 51, 0).U32(2, 0, 31).F64(250).U32(1).NoBody().U32(0x80340000, 0).F64(0).U32(0).NoBody().Null(1))
	t.ask(OPCRequest(763, 52).U32(5, 2, 1, 31, 61).F64(100).NoBody().U32(1).U8(1), OPCAnswer(766, 52, 0).U32(1, 0).F64(100).U32(1).NoBody().Null(1))
	t.ask(OPCRequest(769, 53).U32(5, 2, 1, 31), OPCAnswer(772, 53, 0).U32(1, 0).Null(1))
	t.ask(OPCRequest(775, 54).U32(5, 31, 1, 32).Null(1), OPCAnswer(778, 54, 0).U32(1, 0).Null(3))
	t.ask(OPCRequest(793, 55).U32(5).F64(100).U32(100, 10, 0).U8(1), OPCAnswer(796, 55, 0).F64(100).U32(100, 10))
	t.ask(OPCRequest(799, 56).U8(1).U32(1, 5), OPCAnswer(802, 56, 0).U32(1, 0).Null(1))
	event := (&OPC{}).Body(916, (&OPC{}).U32(1, 61, 2).U8(5).U16(700).U8(12).Text("high"))
	changed := (&OPC{}).Body(820, (&OPC{}).U32(0x80340000).U8(0))
	t.ask(OPCRequest(826, 57).Null(1), opcuaPublish(57, opcuaChanges(61, 4711), event, changed))
	t.ask(OPCRequest(826, 58).Null(1), opcuaPublish(58))
	t.ask(OPCRequest(832, 59).U32(5, 57), OPCAnswer(835, 59, 0x807b0000))
	t.ask(OPCRequest(832, 60).U32(5, 57), OPCAnswer(835, 60, 0).U32(57).U64(opcTime).U32(1).U8(opcuaChanges(61, 1).B...))
	t.ask(OPCRequest(841, 61).U32(1, 9).U8(1), OPCAnswer(844, 61, 0).U32(1, 0x80280000).Null(2))
	t.ask(OPCRequest(781, 62).U32(5, 1, 31), OPCAnswer(784, 62, 0).U32(1, 0).Null(1))
	opcuaRenamed(t)
	t.leave()
	t.ask(OPCRequest(826, 64).Null(1), opcuaPublish(64, opcuaChanges(61, 1))) // nobody knows these any more
}

// opcuaRenamed gives items other numbers: to two those of each other, to one that nobody knows one that
// was another's; one that is refused keeps its own.
func opcuaRenamed(t *opcuaTalk) {
	created := func(handle uint32) *OPC {
		return OPCAnswer(754, handle, 0).U32(2, 0, 41).F64(250).U32(1).NoBody().U32(0, 42).F64(250).U32(1).NoBody().Null(1)
	}
	modify := func(handle uint32, pairs ...uint32) *OPC {
		o := OPCRequest(763, handle).U32(5, 2, uint32(len(pairs)/2))
		for i := 0; i < len(pairs); i += 2 {
			o.U32(pairs[i], pairs[i+1]).F64(100).NoBody().U32(1).U8(1)
		}
		return o
	}
	modified := func(handle uint32, statuses ...uint32) *OPC {
		o := OPCAnswer(766, handle, 0).U32(uint32(len(statuses)))
		for _, s := range statuses {
			o.U32(s).F64(100).U32(1).NoBody()
		}
		return o.Null(1)
	}
	t.ask(opcuaMonitor(70, 5, 81), created(70))
	t.ask(modify(71, 41, 81), modified(71, 0))
	t.ask(OPCRequest(826, 72).Null(1), opcuaPublish(72, opcuaChanges(81, 1)))
	t.ask(modify(73, 41, 82, 42, 81), modified(73, 0, 0))
	t.ask(OPCRequest(826, 74).Null(1), opcuaPublish(74, opcuaChanges(81, 2)))
	t.ask(modify(75, 41, 91, 42, 92), modified(75, 0, 0x80420000))
	t.ask(OPCRequest(826, 76).Null(1), opcuaPublish(76, opcuaChanges(91, 3), opcuaChanges(81, 4)))
	t.ask(modify(77, 77, 91), modified(77, 0))
	t.ask(OPCRequest(826, 78).Null(1), opcuaPublish(78, opcuaChanges(91, 5)))
}

// leave deletes a subscription; its last data come before the answer.
func (t *opcuaTalk) leave() {
	t.c.Client(t.client.Message(t.request+1, OPCRequest(826, 65).Null(1)))
	t.c.Client(t.client.Message(t.request+2, OPCRequest(847, 63).U32(1, 5)))
	t.n.Wait(2 * time.Millisecond)
	t.c.Server(t.server.Message(t.request+1, opcuaPublish(65, opcuaChanges(61, 4712))))
	t.c.Server(t.server.Message(t.request+2, OPCAnswer(850, 63, 0).U32(1, 0).Null(1)))
	t.n.Wait(50 * time.Millisecond)
	t.request += 2
}

// opcuaCertificate is a certificate of an application, as far as it is read.
func opcuaCertificate() []byte {
	name := ber(0x30, ber(0x31, ber(0x30, append(ber(6, []byte("\x55\x04\x03")), ber(0x0c, []byte("Line server 3"))...))))
	other := append(ber(0x86, []byte("urn:works:line-server")), ber(0x82, []byte("line-server.works.example"))...)
	usage := ber(0x30, append(ber(6, []byte("\x55\x1d\x0f")), append(ber(1, []byte{0xff}), ber(4, ber(3, []byte{3, 0xf8}))...)...))
	names := ber(0x30, append(ber(6, []byte("\x55\x1d\x11")), ber(4, ber(0x30, other))...))
	algorithm := ber(0x30, ber(6, []byte{0x2a, 3}))
	body := bytes.Join([][]byte{ber(0xa0, ber(2, []byte{2})), ber(2, []byte{9}), algorithm, name, ber(0x30, nil), name,
		ber(0x30, nil), ber(0xa3, ber(0x30, append(usage, names...)))}, nil)
	return ber(0x30, bytes.Join([][]byte{ber(0x30, body), algorithm, ber(3, []byte{0, 1, 2, 3})}, nil))
}

// opcuaSecured speaks on a channel that signs, on one that encrypts, and on one with
// a policy nobody knows.
func opcuaSecured(n *Net) {
	t := opcuaConnect(n, n.Dial(opcuaClient, opcuaServer, 49154, PortOPCUA))
	t.open("Basic256Sha256", opcuaCertificate())
	t.client.Signature, t.server.Signature = 32, 32
	for i := range uint32(2) {
		t.ask(opcuaRead(i), OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5).U8(5, 4).U16(uint16(i)).U64(opcTime).Null(1))
	}
	t.chunked(opcuaRead(9), OPCAnswer(634, 9, 0).U32(2).U8(1, 11).F64(1).U8(1, 4).U16(2).Null(1), 40)
	t.open("Basic256Sha256", opcuaCertificate())
	t.ask(opcuaRead(3), OPCAnswer(634, 3, 0).U32(2).U8(1, 11).F64(12.5).U8(5, 4).U16(3).U64(opcTime).Null(1))
	t.close()
	for i, policy := range []string{"Aes256_Sha256_RsaPss", "Tomorrow"} {
		t := opcuaConnect(n, n.Dial(opcuaClient, opcuaServer, 49155+uint16(i), PortOPCUA))
		t.open(policy, opcuaCertificate())
		for range 3 {
			t.ask(opcuaNoise(200), opcuaNoise(300))
		}
		t.request++
		t.c.Client(t.client.Close(t.request, opcuaNoise(64)))
		t.c.Close()
	}
}

// chunked is ask with both bodies cut into chunks.
func (t *opcuaTalk) chunked(ask, answer *OPC, size int) {
	t.request++
	for _, chunk := range t.client.Chunks(t.request, ask, size) {
		t.c.Client(chunk)
	}
	t.n.Wait(time.Millisecond)
	for _, chunk := range t.server.Chunks(t.request, answer, size) {
		t.c.Server(chunk)
	}
	t.n.Wait(time.Millisecond)
}

// opcuaBrowsed appends a node of which all references are wanted.
func (o *OPC) opcuaBrowsed(number uint16) *OPC {
	return o.Node(2, number).U32(0).Node(0, 33).U8(1).U32(0, 63)
}

// opcuaChunks cuts messages into chunks, gives up a request and an answer, sends a
// message too long to be kept, several in one segment, and is answered with an error
// of the transport. At last a server calls its client.
func opcuaChunks(n *Net) {
	t := opcuaDial(n, 49160)
	answer := func(i uint32) *OPC {
		return OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5).U8(1, 4).U16(uint16(i)).Null(1)
	}
	t.chunked(opcuaRead(1), answer(1), 50)
	t.request++
	given := t.client.Chunks(t.request, opcuaRead(2), 50)
	t.c.Client(given[0])
	t.c.Client(t.client.Chunk("MSGA", t.request, (&OPC{}).U32(0x80080000).Text("too much").B))
	t.request++
	t.c.Client(t.client.Message(t.request, opcuaRead(3)))
	t.c.Server(t.server.Chunk("MSGC", t.request, answer(3).B[:30]))
	t.c.Server(t.server.Chunk("MSGA", t.request, (&OPC{}).U32(0x80b90000).Text("too much").B))
	long := OPCRequest(673, 4).U32(2).Named(2, "Line.Recipe").U32(13).Null(1).U8(1, 15).Text(string(bytes.Repeat([]byte{7}, 132_000)))
	t.chunked(long.Node(2, 9).U32(13).Null(1).U8(1, 4).U16(8), OPCAnswer(676, 4, 0).U32(2, 0, 0).Null(1), 60_000)
	// A chunk longer than what is kept, and a rest.
	t.chunked(OPCRequest(673, 5).U32(1).Named(2, "Line.Recipe").U32(13).Null(1).U8(1, 0x83).U32(134_000).U8(bytes.Repeat([]byte{7}, 134_000)...),
		OPCAnswer(676, 5, 0).U32(1, 0).Null(1), 133_000)
	// Answers that are too long to be kept: values that end in what is kept, go on behind it, and lie behind it.
	many := OPCRequest(631, 6).U64(0).U32(3, 4)
	row := OPCAnswer(634, 6, 0).U32(4).U8(1, 11).F64(12.5).U8(1, 0x8b).U32(17_000)
	for i := range uint16(4) {
		many.Node(2, 20+i).U32(13).Null(1).U16(0).Null(1)
	}
	for i := range 17_000 {
		row.F64(float64(i))
	}
	t.chunked(many, row.U8(2).U32(0x80340000).U8(1, 4).U16(8).Null(1), 60_000)
	t.chunked(OPCRequest(527, 7).Node(0, 0).U64(0).U32(0, 0, 2).opcuaBrowsed(30).opcuaBrowsed(31),
		OPCAnswer(530, 7, 0).U32(2, 0).Text(string(bytes.Repeat([]byte{7}, 134_000))).U32(0, 0).Null(1).U32(0).Null(1), 133_000)
	var asked, answered []byte
	for i := range uint32(4) {
		t.request++
		asked = append(asked, t.client.Message(t.request, opcuaRead(i))...)
		answered = append(t.server.Message(t.request, answer(i)), answered...)
	}
	t.c.Client(asked)
	t.c.Server(answered)
	t.request++
	t.c.Client(t.client.Message(t.request, opcuaRead(9)))
	t.c.Server(OPCTransport("ERRF", (&OPC{}).U32(0x80860000).Text("closed")))
	t.c.ResetServer()

	back := n.Dial(opcuaServer, opcuaClient, 50_001, PortOPCUA)
	back.Client(OPCTransport("RHEF", (&OPC{}).Text("urn:works:line-server", opcuaURL)))
	back.Server(OPCHello(opcuaURL))
	back.Client(OPCAcknowledge())
	c, s := OPCChannel{Channel: 7, Token: 1}, OPCChannel{Channel: 7, Token: 1}
	back.Server(c.Open("None", nil, 1, OPCOpening(446, 1).U32(0, 0, 1).Null(1).U32(600_000)))
	back.Client(s.Open("None", nil, 1, OPCAnswer(449, 1, 0).U32(0, 7, 1).U64(opcTime).U32(600_000).Null(1)))
	back.Server(c.Message(2, opcuaRead(1)))
	back.Client(s.Message(2, answer(1)))
	back.Server(c.Close(3, OPCOpening(452, 3)))
	back.Close()
}

// opcuaMidstream begins in the middle of connections: answers without requests, lost
// segments, and an encrypted channel whose beginning nobody saw.
func opcuaMidstream(n *Net) {
	t := &opcuaTalk{n: n, c: n.Midstream(opcuaClient, opcuaServer, 49170, PortOPCUA), request: 100}
	t.c.Server(t.server.Message(100, OPCAnswer(634, 1, 0).U32(2).U8(1, 11).F64(12.5).U8(2).U32(0x80340000).Null(1)))
	t.c.Server(t.server.Message(101, OPCAnswer(676, 1, 0).U32(1, 0).Null(1)))
	t.c.Server(t.server.Message(102, OPCAnswer(397, 1, 0x80250000)))
	t.c.Server(t.server.Message(103, opcuaPublish(1, opcuaChanges(8, 9))))
	t.c.Server(t.server.Message(104, OPCAnswer(476, 1, 0)))
	t.request = 200
	for i := range uint32(12) {
		t.request++
		ask := t.client.Message(t.request, opcuaRead(i))
		answer := t.server.Message(t.request, OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5).U8(1, 4).U16(uint16(i)).Null(1))
		switch i {
		case 3: // the beginning of an answer is lost
			t.c.Client(ask)
			t.c.LoseServer(20)
			t.c.Server(answer[20:])
		case 6: // a request is lost
			t.c.LoseClient(len(ask))
			t.c.Server(answer)
		case 9: // the end of a request
			t.c.Client(ask[:30])
			t.c.LoseClient(len(ask) - 30)
			t.c.Server(answer)
		default:
			t.c.Client(ask)
			t.c.Server(answer)
		}
		n.Wait(time.Millisecond)
	}
	t.c.Close()
	hidden := &opcuaTalk{n: n, c: n.Midstream(opcuaClient, opcuaServer, 49171, PortOPCUA), request: 7}
	for range 4 {
		hidden.ask(opcuaNoise(120), opcuaNoise(180))
	}
	hidden.c.Close()
}

// opcuaMalformed breaks one rule after the other: of bodies first, of framing in
// connections of their own.
func opcuaMalformed(n *Net) {
	t := opcuaDial(n, 49180)
	fault := func() *OPC { return OPCAnswer(397, 1, 0x80070000) }
	read := opcuaRead(1)
	t.ask(&OPC{B: read.B[:20]}, fault())
	t.ask(&OPC{B: read.B[:len(read.B)-3]}, fault())
	t.ask(opcuaRead(1).U8(0), fault())
	t.ask(OPCRequest(631, 1).F64(0).U32(2, 0x7fffffff), fault())
	t.ask(OPCRequest(631, 1).F64(0).U32(2, 1).U8(9), fault())
	t.ask((&OPC{}).Named(0, "x"), fault())
	t.ask(OPCRequest(9999, 1), fault())
	t.ask(OPCRequest(673, 1).U32(1).Node(2, 1).U32(13).Null(1).U8(1, 0x86).U32(0x10000000), fault())
	deep := OPCRequest(673, 1).U32(1).Node(2, 1).U32(13).Null(1).U8(1)
	for range 40 {
		deep.U8(24)
	}
	t.ask(deep.U8(1, 1), fault())
	t.ask(opcuaRead(1), OPCAnswer(634, 1, 0).U32(1).U8(1, 1, 1).Null(1))
	t.ask(opcuaRead(1), OPCAnswer(634, 1, 0).U32(3).U8(1, 1, 1).U8(1, 1, 1).U8(1, 1, 1).Null(1))
	t.ask(opcuaRead(1), OPCAnswer(634, 1, 0).U32(2).U8(1, 1, 1))
	t.ask(opcuaRead(1), OPCAnswer(676, 1, 0).U32(2, 0, 0).Null(1))
	t.ask(opcuaRead(1), OPCAnswer(634, 1, 0).U32(2).U8(0, 0).Null(1).U8(1))
	t.ask(OPCRequest(826, 1).Null(1), opcuaPublish(1, (&OPC{}).Body(811, (&OPC{}).U32(9, 1))))
	t.ask(opcuaRead(1), &OPC{B: OPCAnswer(634, 1, 0).B[:14]})
	t.request++
	t.c.Client(t.client.Chunk("MSGC", t.request, read.B[:60]))
	t.c.Client(t.client.Message(t.request+1, opcuaRead(1)))
	t.c.Client(OPCTransport("MSGF", (&OPC{}).U32(7, 1)))
	t.c.Client(OPCTransport("OPNC", (&OPC{}).U32(7, 1, 2, 3, 4, 5)))
	t.c.Client(OPCTransport("OPNF", (&OPC{}).U32(7, 2000, 2, 3, 4, 5)))
	t.c.Client(t.client.Open("None", nil, 9, OPCRequest(631, 1)))
	t.c.Client(t.client.Chunk("MSGA", t.request, nil))
	t.close()

	hello := n.Dial(opcuaClient, opcuaServer, 49181, PortOPCUA)
	hello.Client(OPCHello(opcuaURL))
	hello.Server(OPCTransport("ERRF", (&OPC{}).U32(0x807d0000).Text("busy")))
	hello.Client(OPCTransport("HELF", (&OPC{}).U32(0, 65535, 65535, 0, 0).U32(99)))
	hello.Client(OPCTransport("RHEF", (&OPC{}).U32(99, 1)))
	hello.Reset()

	b := opcuaDial(n, 49182)
	b.ask(opcuaRead(1), fault())
	b.c.Client([]byte("GET / HTTP/1.1\r\n\r\n"))
	b.ask(opcuaRead(2), fault())
	b.c.Client(OPCTransport("MSGF", &OPC{}))
	b.ask(opcuaRead(3), fault())
	b.close()
}

// opcuaElsewhere speaks on a port of its own, and where the handshake was not seen
// and only the service tells who asks.
func opcuaElsewhere(n *Net) {
	t := opcuaConnect(n, n.Dial(opcuaClient, opcuaServer, 50_000, 16_664))
	t.open("None", nil)
	other := &opcuaTalk{n: n, c: n.Midstream(opcuaClient, opcuaServer, 20_000, 16_665)}
	for i := range uint32(3) {
		t.ask(opcuaRead(i), OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5).U8(1, 4).U16(uint16(i)).Null(1))
		other.ask(opcuaRead(i), OPCAnswer(634, i, 0).U32(2).U8(1, 11).F64(12.5).U8(1, 4).U16(uint16(i)).Null(1))
	}
	t.close()
	other.c.Close()
}
