package plant

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Hosts of the MQTT captures.
var (
	mqttBroker = &Host{Name: "broker", MAC: 0x02_00_00_00_0b_10, IP: netip.MustParseAddr("10.20.0.10"), TTL: 64}
	mqttNode   = &Host{Name: "node", MAC: 0x02_00_00_00_0b_20, IP: netip.MustParseAddr("10.20.0.20"), TTL: 64}
	mqttScada  = &Host{Name: "scada", MAC: 0x02_00_00_00_0b_30, IP: netip.MustParseAddr("10.20.0.30")}
)

// mqttTalk is a connection with its version.
type mqttTalk struct {
	n *Net
	c *Conn
	MQTT
}

func mqttDial(n *Net, client *Host, port uint16, level byte) mqttTalk {
	return mqttTalk{n: n, c: n.Dial(client, mqttBroker, port, PortMQTT), MQTT: MQTT{level}}
}

// exchange sends what the client says and what the broker answers.
func (t mqttTalk) exchange(request []byte, answers ...[]byte) {
	t.c.Client(request)
	t.n.Wait(2 * time.Millisecond)
	for _, a := range answers {
		t.c.Server(a)
		t.n.Wait(3 * time.Millisecond)
	}
	t.n.Wait(100 * time.Millisecond)
}

// login connects.
func (t mqttTalk) login(client string) {
	t.exchange(t.Connect(MQTTLogin{Client: client}), t.ConnAck(0))
}

func (t mqttTalk) ping() { t.exchange(t.Bare(MQTTPingRequest), t.Bare(MQTTPingAnswer)) }

func (t mqttTalk) leave() {
	t.c.Client(t.Bare(MQTTDisconnect))
	t.c.Close()
}

// mqttPoll publishes and is published to, in text and in Sparkplug, again and again.
func mqttPoll(n *Net) {
	t := mqttDial(n, mqttNode, 49400, 5)
	t.login("line-1")
	var s Sparkplug
	t.c.Client(t.Publish(0, 0, "spBv1.0/plant/NBIRTH/line-1", s.Payload(Metric("Pressure", 1, 10, 4.5), Metric("Count", 2, 3, int32(-7)))))
	t.exchange(t.Subscribe(1, 1, "line-1/set/#"), t.Codes(MQTTSubAck, 1, 1))
	for i := range uint16(24) {
		t.exchange(t.Publish(1, 2+i, "line-1/temperature", fmt.Appendf(nil, "2%d.%d", i%10, i%4)), t.Ack(MQTTPubAck, 2+i, 0))
		report := t.Publish(0, 0, "spBv1.0/plant/NDATA/line-1", s.Payload(Metric("", 1, 0, 4.5+float64(i)), Metric("", 2, 0, -int32(i))))
		t.exchange(append(report, t.Bare(MQTTPingRequest)...), t.Bare(MQTTPingAnswer))
		topic := "line-1/set/speed"
		if i > 0 {
			topic = ""
		}
		t.c.Server(t.Publish(1, 70+i, topic, fmt.Appendf(nil, "%d", 1500+i), 0x23, 0, 4))
		t.c.Client(t.Ack(MQTTPubAck, 70+i, 0))
	}
	t.leave()
}

// mqttSessions connects in every version, with and without a user and a will, and
// is refused.
func mqttSessions(n *Net) {
	port := uint16(49410)
	for level := byte(3); level <= 5; level++ {
		for _, l := range []MQTTLogin{
			{Client: "press-4"},
			{Client: "press-4", User: "operator", Password: "S3cr3t"},
			{Client: "press-4", User: "operator"},
			{Client: "mosq-dRkAMvJQvimi16jz72", WillTopic: "press-4/online", Will: []byte("false")},
			{Client: "press-4", User: "operator", Password: "hunter2", WillTopic: "press-4/speed", Will: []byte(" -1.5e3\n")},
		} {
			t := mqttDial(n, mqttNode, port, level)
			port++
			t.exchange(t.Connect(l), t.ConnAck(0))
			t.ping()
			t.leave()
		}
		codes := []byte{1, 2, 3, 4, 5, 9}
		if level == 5 {
			codes = []byte{0x80, 0x84, 0x86, 0x87, 0x9f, 0xf0}
		}
		for _, code := range codes {
			t := mqttDial(n, mqttNode, port, level)
			port++
			t.exchange(t.Connect(MQTTLogin{Client: "press-4", User: "operator", Password: "S3cr3t"}), t.ConnAck(code))
			t.c.Close()
		}
	}
	t := mqttDial(n, mqttNode, port, 0x84) // a bridge says so with a bit of its level
	t.login("bridge")
	t.leave()
	t = mqttDial(n, mqttNode, port+1, 9)
	t.exchange(t.Connect(MQTTLogin{}), MQTT{4}.ConnAck(1))
	t.c.Close()
}

// mqttTopics subscribes, publishes in each quality of service and with each kind of
// payload, and is published to.
func mqttTopics(n *Net) {
	t := mqttDial(n, mqttScada, 49450, 4)
	t.login("scada")
	t.exchange(t.Subscribe(1, 1, "press/+/speed"), t.Codes(MQTTSubAck, 1, 1))
	t.exchange(t.Subscribe(2, 2, "#", "/+", "$share/group/press/#"), t.Codes(MQTTSubAck, 2, 2, 0, 0x80))
	t.exchange(t.Unsubscribe(3, "press/+/speed", "/+"), t.Packet(MQTTUnsubAck<<4, 0, 3))
	for i, payload := range []string{"21.5", "42", "true", "false", "-0.25", "6.02e23", " 7 ", "1e999", "0x10", "on", "", "007", "1.", "{\"v\":1}"} {
		t.c.Client(t.Publish(0, 0, fmt.Sprintf("press/4/value%d", i), []byte(payload)))
		t.c.Server(t.Publish(0, 0, fmt.Sprintf("press/5/value%d", i), []byte(payload)))
	}
	t.exchange(t.Publish(1, 10, "press/4/speed", []byte("1200")), t.Ack(MQTTPubAck, 10, 0))
	t.exchange(t.Publish(2, 11, "press/4/speed", []byte("1300")), t.Ack(MQTTPubRec, 11, 0))
	t.exchange(t.Ack(MQTTPubRel, 11, 0), t.Ack(MQTTPubComp, 11, 0))
	t.exchange(t.Publish(1, 12, "press/4/stop", []byte("true"))) // not answered, and repeated
	again := t.Publish(1, 12, "press/4/stop", []byte("true"))
	again[0] |= 8
	t.exchange(again, t.Ack(MQTTPubAck, 12, 0))
	several := bytes.Join([][]byte{t.Publish(0, 0, "press/4/a", []byte("1")), t.Publish(1, 13, "press/4/b", []byte("2")), t.Bare(MQTTPingRequest)}, nil)
	t.exchange(several, append(t.Bare(MQTTPingAnswer), t.Ack(MQTTPubAck, 13, 0)...))
	t.c.Server(t.Publish(2, 14, "press/5/speed", []byte("900")))
	t.exchange(t.Ack(MQTTPubRec, 14, 0), t.Ack(MQTTPubRel, 14, 0))
	t.c.Client(t.Ack(MQTTPubComp, 14, 0))
	for _, m := range [][2]string{{"press/4/state", "läuft"}, {"press/4/wifi/password", "S3cr3t"}, {"press/4/config", `{"user":"operator","Passwd":"hunter2"}`},
		{"press/4/raw", "a\x00b"}, {"press/4/latin", "l\xe4uft"}, {"press/4/long", strings.Repeat("long ", 60)}} {
		t.c.Client(t.Publish(0, 0, m[0], []byte(m[1])))
	}
	t.c.Server(t.Publish(0, 0, "$SYS/broker/version", []byte("mosquitto version 2.0.11")))
	t.c.Server(t.Publish(0, 0, "STATE/scada", []byte("ONLINE")))
	t.c.Client(t.Publish(0, 0, "STATE/scada", []byte("OFFLINE")))
	t.c.Client(t.Publish(0, 0, "spBv1.0/STATE/scada", []byte(`{"timestamp":1772431200000,"online": true}`)))
	t.leave()
}

// mqttFive uses what 5.0 adds: properties, topic aliases, reasons, authentication.
func mqttFive(n *Net) {
	t := mqttDial(n, mqttScada, 49460, 5)
	method := mqttText([]byte{0x15}, "SCRAM-SHA-256")
	data := mqttText([]byte{0x16}, "hunter2")
	t.exchange(t.Connect(MQTTLogin{Client: "scada", User: "operator", Properties: append(append([]byte{0x11, 0, 0, 0, 60}, method...), data...)}),
		t.Packet(MQTTAuth<<4, t.block([]byte{0x18}, method)...))
	t.exchange(t.Packet(MQTTAuth<<4, t.block([]byte{0x18}, append(method, data...))...),
		t.ConnAck(0, append(mqttText([]byte{0x12}, "scada-1"), 0x22, 0, 10, 0x24, 1)...))
	t.exchange(t.Packet(MQTTAuth<<4, t.block([]byte{0x19}, method)...), t.Packet(MQTTAuth<<4, t.block([]byte{0}, method)...))
	t.exchange(t.Subscribe(1, 1, "press/+/speed", "secret/#"), t.Codes(MQTTSubAck, 1, 1, 0x87))
	t.exchange(t.Unsubscribe(2, "press/+/speed", "none"), t.Codes(MQTTUnsubAck, 2, 0, 0x11))
	alias := func(topic string, number byte, value string) []byte {
		return t.Publish(0, 0, topic, []byte(value), 0x23, 0, number, 0x01, 1)
	}
	t.exchange(alias("press/4/speed", 1, "1200"))
	t.exchange(t.Publish(1, 3, "press/4/speed", []byte("1200"), append(mqttText([]byte{0x03}, "text/plain"), mqttText(mqttText([]byte{0x26}, "unit"), "rpm")...)...),
		t.Ack(MQTTPubAck, 3, 0x10))
	t.exchange(t.Publish(1, 4, "press/4/door", []byte("true")), t.Ack(MQTTPubAck, 4, 0x87))
	t.exchange(t.Publish(2, 5, "press/4/door", []byte("true")), t.Ack(MQTTPubRec, 5, 0x97))
	t.exchange(t.Publish(2, 6, "press/4/door", []byte("true")), t.Ack(MQTTPubRec, 6, 0))
	t.exchange(t.Ack(MQTTPubRel, 6, 0), t.Ack(MQTTPubComp, 6, 0x92))
	t.exchange(t.Publish(1, 7, "press/4/door", []byte("true")), t.Ack(MQTTPubAck, 7, 0xee))
	t.c.Server(alias("press/5/speed", 1, "900"))
	t.c.Server(alias("", 1, "901"))
	t.c.Server(alias("press/6/speed", 1, "17"))
	t.c.Server(alias("", 1, "18"))
	t.c.Server(t.Packet(MQTTDisconnect<<4, t.block([]byte{0x8b}, mqttText([]byte{0x1f}, "maintenance"))...))
	t.c.Close()

	u := mqttDial(n, mqttScada, 49461, 5)
	u.login("scada")
	u.exchange(u.Packet(MQTTAuth<<4, u.block([]byte{0x19}, method)...), u.Packet(MQTTDisconnect<<4, 0x87))
	u.c.Client(u.Packet(MQTTDisconnect<<4, 0x04))
	u.c.Close()
}

// mqttSparkplug shows a node with a device and the host that commands it.
func mqttSparkplug(n *Net) {
	var s Sparkplug
	t := mqttDial(n, mqttNode, 49470, 4)
	death := s.Payload(Metric("bdSeq", 0, 4, int64(3)))
	t.exchange(t.Connect(MQTTLogin{Client: "Node 7", WillTopic: "spBv1.0/Plant 1/NDEATH/Node 7", Will: death}), t.ConnAck(0))
	t.exchange(t.Subscribe(1, 1, "spBv1.0/Plant 1/NCMD/Node 7", "spBv1.0/Plant 1/DCMD/Node 7/#"), t.Codes(MQTTSubAck, 1, 1, 1))
	birth := s.Payload(Metric("bdSeq", 0, 4, int64(3)), Metric("Node Control/Rebirth", 0, 11, false),
		Metric("Properties/Hardware Make", 0, 12, "Weidler"), Metric("Properties/Hardware Model", 0, 12, "EG-7"), Metric("Properties/OS", 0, 12, "Linux 5.10"),
		Metric("Properties/Firmware Version", 0, 12, "2.4.1"), Metric("Uptime", 100, 8, uint64(5000)), Metric("Started", 101, 13, uint64(1772431200000)))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NBIRTH/Node 7", birth))
	device := s.Payload(Metric("Inputs/Int8", 1, 1, int32(-5)), Metric("Inputs/Int16", 2, 2, int32(-500)), Metric("Inputs/Int32", 3, 3, int32(-50000)),
		Metric("Inputs/Int64", 4, 4, int64(-5)), Metric("Inputs/UInt8", 5, 5, uint32(200)), Metric("Inputs/UInt16", 6, 6, uint32(60000)),
		Metric("Inputs/UInt32", 7, 7, uint64(4000000000)), Metric("Inputs/UInt64", 8, 8, uint64(18000000000000000000)),
		Metric("Inputs/Float", 9, 9, float32(3.25)), Metric("Inputs/Double", 10, 10, -2.5), Metric("Inputs/Run", 11, 11, true),
		Metric("Recipe", 12, 12, "Sourdough"), Metric("Raw", 13, 17, []byte{1, 2, 3}), Metric("Curve", 14, 30, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}),
		Metric("States", 18, 32, []byte("stop\x00run\x00")), Metric("Wifi/Passphrase", 19, 12, "S3cr3t"), Metric("Steps", 15, 23, []byte{1, 0, 0xff, 0xff}), Metric("Unknown", 16, 3, nil), Metric("Vendor", 17, 40, int32(1)))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/DBIRTH/Node 7/Oven", device))
	n.Wait(time.Second)
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/DDATA/Node 7/Oven", s.Payload(Metric("", 1, 0, int32(-6)), Metric("", 4, 0, int64(-6)),
		Metric("", 9, 0, float32(3.5)), Metric("Inputs/Int16", 0, 0, int32(-501)), Metric("", 11, 0, false), Metric("", 99, 0, int32(7)), Metric("", 12, 0, "Rye"), Metric("", 98, 0, "S3cr3t"), Metric("New", 0, 0, int64(9)))))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NDATA/Node 7", s.Payload(Metric("", 100, 0, uint64(6000)))))
	t.c.Server(t.Publish(0, 0, "spBv1.0/Plant 1/DCMD/Node 7/Oven", s.Payload(Metric("Inputs/Int16", 0, 2, int32(-1)))))
	t.c.Server(t.Publish(0, 0, "spBv1.0/Plant 1/NCMD/Node 7", s.Payload(Metric("Node Control/Rebirth", 0, 11, true))))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NBIRTH/Node 7", birth))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/DBIRTH/Node 7/Oven", s.Payload(Metric("Outputs/Int8", 1, 1, int32(-5))))) // another name for a number
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/DDATA/Node 7/Oven", s.Payload(Metric("", 1, 0, int32(-7)))))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/DDEATH/Node 7/Oven", s.Payload()))
	t.c.Client(t.Publish(0, 0, "spBv1.0/Plant 1/NDEATH/Node 7", death))
	t.c.Reset()

	u := mqttDial(n, mqttScada, 49471, 5)
	u.login("Primary")
	u.exchange(u.Subscribe(1, 0, "spBv1.0/#"), u.Codes(MQTTSubAck, 1, 0))
	u.c.Server(u.Publish(0, 0, "spBv1.0/Plant 1/DBIRTH/Node 7/Oven", device))
	u.c.Server(u.Publish(0, 0, "spBv1.0/Plant 1/DDATA/Node 7/Oven", s.Payload(Metric("", 2, 0, int32(-9)))))
	u.c.Client(u.Publish(0, 0, "spBv1.0/Plant 1/NCMD/Node 7", s.Payload(Metric("Node Control/Rebirth", 0, 11, true))))
	u.exchange(u.Publish(1, 2, "spBv1.0/Plant 1/DCMD/Node 7/Oven", s.Payload(Metric("Inputs/Int16", 0, 2, int32(-3)), Metric("Inputs/Float", 0, 0, float32(1.5)),
		Metric("Inputs/UInt8", 0, 0, int32(30)), Metric("Device Control/Reset", 0, 11, true))), u.Ack(MQTTPubAck, 2, 0))
	u.c.Client(u.Publish(0, 0, "spBv1.0/Plant 1/DCMD/Node 7/Oven", s.Payload(Metric("Inputs/Int16", 0, 0, int32(-30)))))
	u.c.Client(u.Publish(0, 0, "spBv1.0/Plant 1/DCMD/Node 7/Oven", s.Payload(Metric("", 77, 0, true)))) // whose metric nobody told
	u.c.Client(u.Publish(0, 0, "spBv1.0/Plant 1/DCMD/Node 7/Oven", s.Payload()))
	u.c.Server(u.Publish(0, 0, "spBv1.0/Plant 1/DDEATH/Node 7/Oven", s.Payload()))
	u.c.Server(u.Publish(0, 0, "spBv1.0/Plant 1/NDEATH/Node 7", death))
	u.leave()
}

// mqttLong publishes more than a parser may wait for, in both directions.
func mqttLong(n *Net) {
	big := bytes.Repeat([]byte("firmware "), 15000)
	t := mqttDial(n, mqttNode, 49480, 5)
	t.login("line-1")
	t.exchange(t.Publish(1, 1, "line-1/image", big, 0x01, 0), t.Ack(MQTTPubAck, 1, 0))
	t.exchange(t.Publish(1, 2, "line-1/speed", []byte("7")), t.Ack(MQTTPubAck, 2, 0))
	t.leave()
}

// mqttMidstream begins in the middle of connections and loses parts of one.
func mqttMidstream(n *Net) {
	for i, level := range []byte{4, 5} {
		m := MQTT{level}
		a := n.Midstream(mqttNode, mqttBroker, 49490+uint16(i), PortMQTT)
		a.Client(m.Publish(1, 9, "line-1/speed", []byte("7"), 0x01, 0))
		a.Server(m.Ack(MQTTPubAck, 9, 0))
		a.Server(m.Ack(MQTTPubAck, 8, 0))
		a.Server(m.Ack(MQTTPubRec, 7, 0))
		a.Server(m.Ack(MQTTPubComp, 7, 0))
		a.Server(m.Codes(MQTTSubAck, 6, 1))
		a.Client(m.Bare(MQTTPingRequest))
		a.Server(m.Bare(MQTTPingAnswer))
		a.Server(m.Bare(MQTTPingAnswer))
		a.Client(m.Subscribe(3, 1, "line-1/#"))
		a.Server(m.Codes(MQTTSubAck, 3, 1))
		if level == 5 {
			a.Client(m.Publish(0, 0, "", []byte("8"), 0x23, 0, 9)) // whose topic was told before
			a.Client(m.Publish(1, 10, "", []byte("8"), 0x23, 0, 9))
			a.Server(m.Ack(MQTTPubAck, 10, 0))
			a.Server(m.Publish(0, 0, "", []byte("8"), 0x23, 0, 9))
		}
	}
	b := n.Midstream(mqttNode, mqttBroker, 49494, 21883) // only the content tells
	b.Server(MQTT{4}.Publish(0, 0, "line-1/set/speed", []byte("7")))
	b.Client(MQTT{4}.Subscribe(4, 0, "line-1/#", "line-2/#"))
	b.Server(MQTT{4}.Codes(MQTTSubAck, 4, 0, 1))
	b.Client(MQTT{4}.Unsubscribe(5, "line-2/#"))
	b.Server(MQTT{4}.Ack(MQTTUnsubAck, 5, 0))

	d := n.Midstream(mqttNode, mqttBroker, 49495, PortMQTT) // one direction only
	d.Server(MQTT{5}.ConnAck(0, 0x22, 0, 10))
	d.Server(MQTT{5}.Codes(MQTTSubAck, 1, 1))
	d.Server(MQTT{5}.Codes(MQTTUnsubAck, 2, 0))

	for i, port := range []uint16{PortMQTT, 21883} { // nothing but pings
		c := n.Midstream(mqttNode, mqttBroker, 49497+uint16(i), port)
		for range 2 {
			c.Client(MQTT{4}.Bare(MQTTPingRequest))
			c.Server(MQTT{4}.Bare(MQTTPingAnswer))
		}
	}

	t := mqttDial(n, mqttNode, 49496, 4)
	t.login("line-1")
	for i := range uint16(16) {
		request := t.Publish(1, 20+i, "line-1/speed", fmt.Appendf(nil, "%d", i))
		switch i {
		case 4: // a request is lost
			t.c.LoseClient(len(request))
			t.c.Server(t.Ack(MQTTPubAck, 20+i, 0))
		case 8: // the end of one and the beginning of the next
			t.c.Client(request[:9])
			t.c.LoseClient(17)
			t.c.Client(request[4:])
		case 11: // an answer
			t.c.Client(request)
			t.c.LoseServer(4)
		default:
			t.exchange(request, t.Ack(MQTTPubAck, 20+i, 0))
		}
	}
	big := t.Publish(0, 0, "line-1/image", bytes.Repeat([]byte("firmware "), 15000))
	t.c.Client(big[:4000])
	t.c.LoseClient(len(big) - 8000)
	t.c.Client(big[len(big)-4000:])
	t.exchange(t.Publish(1, 90, "line-1/speed", []byte("3")), t.Ack(MQTTPubAck, 90, 0))
	t.c.Close()
}

// mqttMalformed breaks one rule after the other: of packets first, of framing in
// connections of their own.
func mqttMalformed(n *Net) {
	t := mqttDial(n, mqttNode, 49500, 4)
	t.login("line-1")
	five := MQTT{5}
	for _, request := range [][]byte{
		t.Connect(MQTTLogin{Client: "line-1"}),                                            // again
		t.Publish(0, 0, "line-1/#", []byte("1")),                                          // a wildcard
		t.Publish(0, 0, "", []byte("1")),                                                  // no topic
		t.Publish(0, 0, "line\xff", []byte("1")),                                          // no UTF-8
		t.Publish(3, 7, "line-1/speed", []byte("1")),                                      // quality of service 3
		t.Publish(1, 0, "line-1/speed", []byte("1")),                                      // number 0
		t.Packet(MQTTPublish<<4|8, 0, 1, 'a', '1'),                                        // repeated, not acknowledged
		t.Packet(MQTTPublish<<4, 0, 9, 'a', '1'),                                          // a topic that is longer than its packet
		t.Packet(MQTTPublish<<4|2, 0, 1, 'a', 1),                                          // half a number
		t.Subscribe(1, 0),                                                                 // to nothing
		t.Subscribe(1, 0, "line/a#"),                                                      // a wildcard inside a level
		t.Subscribe(1, 0, "+a/b"),                                                         //
		t.Subscribe(1, 0x13, "line-1/speed"),                                              // options of no version
		t.Packet(MQTTSubscribe<<4|2, 0, 1, 0, 1, 'a', 0, 0),                               // half a filter behind a whole one
		t.Packet(MQTTSubscribe<<4|2, 0),                                                   // half a number
		t.Packet(MQTTPubAck<<4, 0, 5, 0x10),                                               // a reason before 5.0
		t.Packet(MQTTPubAck<<4, 5),                                                        // half a number
		t.Packet(MQTTPingRequest<<4, 1),                                                   // with a body
		t.Bare(MQTTAuth),                                                                  // before 5.0
		t.Codes(MQTTSubAck, 1, 0),                                                         // of the other side
		t.Publish(0, 0, "spBv1.0/G/DDATA/N/D", []byte{0x12, 9, 1}),                        // no protocol buffer
		t.Publish(0, 0, "spBv1.0/G/NCMD/N", []byte{0x12, 3, 0x0a, 1, 'a', 0x12, 2, 8, 1}), // its name is a number
	} {
		t.c.Client(request)
		n.Wait(20 * time.Millisecond)
	}
	for _, answer := range [][]byte{
		t.Bare(MQTTPingRequest),
		t.Bare(MQTTDisconnect),
		t.Codes(MQTTSubAck, 77),
		t.Packet(MQTTConnAck<<4, 2, 0),
		t.Packet(MQTTConnAck<<4, 0),
		t.Packet(MQTTUnsubAck<<4, 0, 4, 1),
	} {
		t.c.Server(answer)
		n.Wait(20 * time.Millisecond)
	}
	t.exchange(t.Subscribe(30, 0, "a", "b"), t.Codes(MQTTSubAck, 30, 7))
	t.leave()

	for i, b := range [][]byte{
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTX"), 4, 2, 0, 60, 0, 0)...),           // another name
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 4, 3, 0, 60, 0, 0)...),           // reserved flag
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 4, 0x1a, 0, 60, 0, 0)...),        // a quality of no will
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 4, 2, 0, 60, 0, 0, 9)...),        // more than it holds
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 4, 0x82, 0, 60, 0, 0)...),        // no user
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 5, 2, 0, 60, 9, 0, 0, 0)...),     // properties too long
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 5, 2, 0, 60, 1, 9, 0, 0)...),     // of another packet
		t.Packet(MQTTConnect<<4, append(mqttText(nil, "MQTT"), 5, 2, 0, 60, 2, 17, 0, 0, 0)...), // cut short
	} {
		c := n.Dial(mqttNode, mqttBroker, 49510+uint16(i), PortMQTT)
		if i == 0 {
			c.Client(t.Connect(MQTTLogin{Client: "x"}))
		}
		c.Client(b)
		c.Server(t.ConnAck(0))
		c.Close()
	}

	u := mqttDial(n, mqttNode, 49520, 5)
	u.login("line-1")
	u.exchange(u.Publish(0, 0, "line-1/speed", []byte("1"), 0x23, 0, 0))
	u.exchange(u.Publish(0, 0, "", []byte("1"), 0x23, 0, 9)) // an alias that nobody gave
	u.exchange(five.Packet(MQTTPubAck<<4, 0, 5, 0, 0, 9))
	u.c.Close()

	for i, b := range [][]byte{{0, 0}, {MQTTPingRequest<<4 | 3, 0}, {MQTTPublish << 4, 0xff, 0xff, 0xff, 0xff, 1}, binary.BigEndian.AppendUint32(nil, 0x82ffff7f)} {
		v := mqttDial(n, mqttNode, 49530+uint16(i), 4)
		v.login("line-1")
		v.exchange(v.Publish(1, 1, "line-1/speed", []byte("1")), v.Ack(MQTTPubAck, 1, 0))
		v.c.Client(b)
		v.exchange(v.Publish(1, 2, "line-1/speed", []byte("1")), v.Ack(MQTTPubAck, 2, 0))
		v.c.Close()
	}
}
