package plant

import (
	"encoding/binary"
	"math"
)

// PortMQTT is the registered port.
const PortMQTT = 1883

// Types of MQTT packet (5.0, 2.1.2).
const (
	MQTTConnect = 1 + iota
	MQTTConnAck
	MQTTPublish
	MQTTPubAck
	MQTTPubRec
	MQTTPubRel
	MQTTPubComp
	MQTTSubscribe
	MQTTSubAck
	MQTTUnsubscribe
	MQTTUnsubAck
	MQTTPingRequest
	MQTTPingAnswer
	MQTTDisconnect
	MQTTAuth
)

// MQTT builds the packets of one version: 3 (3.1), 4 (3.1.1) or 5.
type MQTT struct{ Level byte }

// MQTTLogin is what a client says when it connects.
type MQTTLogin struct {
	Client, User, Password string
	WillTopic              string
	Will                   []byte
	Properties             []byte
}

// Packet is a packet with any first byte and body.
func (m MQTT) Packet(first byte, body ...byte) []byte {
	b := []byte{first}
	for n := len(body); ; {
		c := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			b = append(b, c|0x80)
			continue
		}
		return append(append(b, c), body...)
	}
}

func mqttText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// block appends properties, in 5.0 only.
func (m MQTT) block(b, properties []byte) []byte {
	if m.Level < 5 {
		return b
	}
	return append(append(b, byte(len(properties))), properties...)
}

// Connect is a CONNECT.
func (m MQTT) Connect(l MQTTLogin) []byte {
	name := "MQTT"
	if m.Level == 3 {
		name = "MQIsdp"
	}
	flags := byte(2)
	if l.WillTopic != "" {
		flags |= 0x04
	}
	if l.User != "" {
		flags |= 0x80
	}
	if l.Password != "" {
		flags |= 0x40
	}
	b := append(mqttText(nil, name), m.Level, flags, 0, 60)
	b = mqttText(m.block(b, l.Properties), l.Client)
	if l.WillTopic != "" {
		b = mqttText(mqttText(m.block(b, nil), l.WillTopic), string(l.Will))
	}
	if l.User != "" {
		b = mqttText(b, l.User)
	}
	if l.Password != "" {
		b = mqttText(b, l.Password)
	}
	return m.Packet(MQTTConnect<<4, b...)
}

// ConnAck is a CONNACK with a code and, in 5.0, properties.
func (m MQTT) ConnAck(code byte, properties ...byte) []byte {
	return m.Packet(MQTTConnAck<<4, m.block([]byte{0, code}, properties)...)
}

// Publish is a PUBLISH; the number is left away with quality of service 0.
func (m MQTT) Publish(qos byte, number uint16, topic string, payload []byte, properties ...byte) []byte {
	b := mqttText(nil, topic)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, number)
	}
	return m.Packet(MQTTPublish<<4|qos<<1, append(m.block(b, properties), payload...)...)
}

// Ack is a PUBACK, PUBREC, PUBREL or PUBCOMP, with a reason unless that is 0.
func (m MQTT) Ack(kind byte, number uint16, reason byte) []byte {
	first := kind << 4
	if kind == MQTTPubRel {
		first |= 2
	}
	b := binary.BigEndian.AppendUint16(nil, number)
	if reason != 0 {
		b = append(b, reason)
	}
	return m.Packet(first, b...)
}

// Subscribe is a SUBSCRIBE with one quality of service for all filters.
func (m MQTT) Subscribe(number uint16, qos byte, filters ...string) []byte {
	b := m.block(binary.BigEndian.AppendUint16(nil, number), nil)
	for _, f := range filters {
		b = append(mqttText(b, f), qos)
	}
	return m.Packet(MQTTSubscribe<<4|2, b...)
}

// Unsubscribe is an UNSUBSCRIBE.
func (m MQTT) Unsubscribe(number uint16, filters ...string) []byte {
	b := m.block(binary.BigEndian.AppendUint16(nil, number), nil)
	for _, f := range filters {
		b = mqttText(b, f)
	}
	return m.Packet(MQTTUnsubscribe<<4|2, b...)
}

// Codes is a SUBACK or UNSUBACK.
func (m MQTT) Codes(kind byte, number uint16, codes ...byte) []byte {
	b := m.block(binary.BigEndian.AppendUint16(nil, number), nil)
	return m.Packet(kind<<4, append(b, codes...)...)
}

// Bare is a packet without a body.
func (m MQTT) Bare(kind byte) []byte { return m.Packet(kind << 4) }

// Sparkplug builds payloads of Sparkplug B: protocol buffers.
type Sparkplug struct{ sequence uint64 }

func protoKey(b []byte, field, layout uint64) []byte {
	return binary.AppendUvarint(b, field<<3|layout)
}

func protoNumber(b []byte, field, v uint64) []byte {
	return binary.AppendUvarint(protoKey(b, field, 0), v)
}

func protoBytes(b []byte, field uint64, v []byte) []byte {
	return append(binary.AppendUvarint(protoKey(b, field, 2), uint64(len(v))), v...)
}

// Payload is a payload with metrics, its time and its sequence number.
func (s *Sparkplug) Payload(metrics ...[]byte) []byte {
	b := protoNumber(nil, 1, 1772431200000+s.sequence)
	for _, m := range metrics {
		b = protoBytes(b, 2, m)
	}
	b = protoNumber(b, 3, s.sequence&0xff)
	s.sequence++
	return b
}

// Metric is a metric: its name and type if they are told, its alias unless that is
// 0, and its value: int32, int64, uint32, uint64, float32, float64, bool, string,
// []byte, or nil for none.
func Metric(name string, alias, code uint64, value any) []byte {
	var b []byte
	if name != "" {
		b = protoBytes(b, 1, []byte(name))
	}
	if alias != 0 {
		b = protoNumber(b, 2, alias)
	}
	b = protoNumber(b, 3, 1772431200000)
	if code != 0 {
		b = protoNumber(b, 4, code)
	}
	switch v := value.(type) {
	case int32:
		return protoNumber(b, 10, uint64(uint32(v)))
	case uint32:
		return protoNumber(b, 10, uint64(v))
	case int64:
		return protoNumber(b, 11, uint64(v))
	case uint64:
		return protoNumber(b, 11, v)
	case float32:
		return binary.LittleEndian.AppendUint32(protoKey(b, 12, 5), math.Float32bits(v))
	case float64:
		return binary.LittleEndian.AppendUint64(protoKey(b, 13, 1), math.Float64bits(v))
	case bool:
		if v {
			return protoNumber(b, 14, 1)
		}
		return protoNumber(b, 14, 0)
	case string:
		return protoBytes(b, 15, []byte(v))
	case []byte:
		return protoBytes(b, 16, v)
	}
	return protoNumber(b, 7, 1)
}
