package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Two participants of a DDS domain.
var (
	rtpsRobot  = &Host{Name: "robot", MAC: 0x02_00_00_00_31_10, IP: netip.MustParseAddr("10.10.31.10")}
	rtpsViewer = &Host{Name: "viewer", MAC: 0x02_00_00_00_31_20, IP: netip.MustParseAddr("10.10.31.20")}
)

var rtpsPrefix = []byte{10, 10, 31, 10, 0, 0, 0x3a, 0x4c, 0, 0, 0, 1}

// rtpsMessage is a message of one vendor with its submessages.
func rtpsMessage(vendor byte, subs ...[]byte) []byte {
	b := append([]byte("RTPS\x02\x03\x01"), vendor)
	b = append(b, rtpsPrefix...)
	for _, s := range subs {
		b = append(b, s...)
	}
	return b
}

// rtpsSub is a little-endian submessage.
func rtpsSub(kind, flags byte, body ...byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{kind, flags | 1}, uint16(len(body)))
	return append(b, body...)
}

var rtpsTime = rtpsSub(0x09, 0, 1, 2, 3, 4, 5, 6, 7, 8)

// rtpsData is a DATA submessage of a writer.
func rtpsData(writer uint32, sequence byte, payload ...byte) []byte {
	b := []byte{0, 0, 16, 0, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, writer)
	b = append(b, 0, 0, 0, 0, sequence, 0, 0, 0)
	return rtpsSub(0x15, 4, append(b, payload...)...)
}

func rtpsParam(id uint16, value ...byte) []byte {
	for len(value)%4 != 0 {
		value = append(value, 0)
	}
	b := binary.LittleEndian.AppendUint16(nil, id)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(value))), value...)
}

func rtpsText(s string) []byte {
	b := append(binary.LittleEndian.AppendUint32(nil, uint32(len(s)+1)), s...)
	b = append(b, 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// rtpsList is a payload of parameters.
func rtpsList(params ...[]byte) []byte {
	b := []byte{0, 3, 0, 0}
	for _, p := range params {
		b = append(b, p...)
	}
	return append(b, 1, 0, 0, 0)
}

// rtpsEndpoint announces a reader or writer of a topic.
func rtpsEndpoint(entity uint32, topic, kind string) []byte {
	guid := binary.BigEndian.AppendUint32(append([]byte{}, rtpsPrefix...), entity)
	return rtpsList(rtpsParam(0x5a, guid...), rtpsParam(0x05, rtpsText(topic)...), rtpsParam(0x07, rtpsText(kind)...))
}

func rtpsSend(n *Net, b []byte) {
	n.UDP(rtpsRobot, rtpsViewer, 45100, 7411, b)
	n.Wait(10 * time.Millisecond)
}

// rtpsParticipant is what a participant says of itself.
func rtpsParticipant() []byte {
	props := []byte{3, 0, 0, 0}
	for _, s := range []string{"dds.sys_info.hostname", "robot-7", "dds.sys_info.username", "hunter2", "dds.sys_info.target", "x64Linux"} {
		props = append(props, rtpsText(s)...)
	}
	return rtpsList(rtpsParam(0x15, 2, 3), rtpsParam(0x16, 1, 1), rtpsParam(0x8000, 6, 1, 0, 3), rtpsParam(0x62, rtpsText("Arm Control")...), rtpsParam(0x59, props...))
}

// rtpsPoll is a topic that is published, with heartbeats and acknowledgements.
func rtpsPoll(n *Net) {
	for i := range byte(8) {
		rtpsSend(n, rtpsMessage(1, rtpsTime, rtpsData(0x00000102, i+1, 0, 1, 0, 0, i, 0, 0, 0), rtpsSub(0x07, 0, make([]byte, 28)...)))
		n.UDP(rtpsViewer, rtpsRobot, 7411, 45100, rtpsMessage(15, rtpsSub(0x0e, 0, rtpsPrefix...), rtpsSub(0x06, 0, make([]byte, 24)...)))
	}
}

// rtpsDiscovery shows participants, topics, and what is sent of them.
func rtpsDiscovery(n *Net) {
	rtpsSend(n, append(rtpsMessage(1)[:8], "NDDSPING"...))
	rtpsSend(n, rtpsMessage(1, rtpsTime, rtpsData(0x000100c2, 1, rtpsParticipant()...)))
	rtpsSend(n, rtpsMessage(1, rtpsTime, rtpsData(0x000100c2, 1, rtpsParticipant()...))) // as ever and again
	rtpsSend(n, rtpsMessage(1, rtpsData(0x000003c2, 1, rtpsEndpoint(0x00000102, "arm/pose", "Pose")...)))
	rtpsSend(n, rtpsMessage(1, rtpsData(0x000004c2, 1, rtpsEndpoint(0x00000207, "arm/goal", "Pose")...)))
	rtpsSend(n, rtpsMessage(1, rtpsTime, rtpsData(0x00000102, 1, 0, 1, 0, 0, 1, 2, 3, 4)))
	rtpsSend(n, rtpsMessage(1, rtpsData(0x00000302, 1, 0, 1, 0, 0, 1, 2, 3, 4)))                             // not announced
	rtpsSend(n, rtpsMessage(1, rtpsData(0x000200c2, 1, 0, 1, 0, 0, 1, 2, 3, 4)))                             // liveliness
	rtpsSend(n, rtpsMessage(1, rtpsSub(0x15, 0x08, rtpsData(0x00000102, 3, 0, 1, 0, 0, 7, 0, 0, 0)[4:]...))) // a key: disposed
	rtpsSend(n, rtpsMessage(1, rtpsSub(0x16, 0, append(rtpsData(0x00000102, 4)[4:], 1, 0, 0, 0, 1, 0, 0, 4, 0, 8, 0, 0, 0, 1, 0, 0)...)))
	inline := append(rtpsData(0x000003c2, 2)[4:], append(append(rtpsParam(0x71, 0, 0, 0, 1), 1, 0, 0, 0), rtpsEndpoint(0x00000402, "arm/state", "State")...)...)
	rtpsSend(n, rtpsMessage(1, rtpsSub(0x15, 6, inline...)))
	last := rtpsData(0x00000402, 1, 0, 1, 0, 0, 9)
	last[2], last[3] = 0, 0 // up to the end
	rtpsSend(n, rtpsMessage(1, last))
	rtpsSend(n, rtpsMessage(1, rtpsSub(0x0c, 0, append([]byte{0, 0, 0, 0, 2, 3, 1, 15}, make([]byte, 12)...)...), rtpsData(0x00000102, 1, 0, 1, 0, 0))) // of another participant
	big := []byte{0x15, 4, 0, 28, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}
	rtpsSend(n, rtpsMessage(1, big))
	rtpsSend(n, rtpsMessage(1, rtpsSub(0x33, 0, make([]byte, 8)...), rtpsSub(0x30, 0, make([]byte, 16)...), rtpsSub(0x34, 0, make([]byte, 16)...)))
	n.UDP(rtpsViewer, rtpsRobot, 7411, 45100, rtpsMessage(16, rtpsSub(0x80, 0, 1, 2, 3, 4)))
}

// rtpsMalformed breaks each rule once.
func rtpsMalformed(n *Net) {
	good := rtpsMessage(1, rtpsTime, rtpsData(0x00000102, 1, 0, 1, 0, 0, 1, 2, 3, 4))
	rtpsSend(n, good)
	bad := [][]byte{
		[]byte("RTPX and so on, no header"), good[:18],
		append(append([]byte("RTPS"), 1), good[5:]...),
		rtpsMessage(1, []byte{0x15, 1, 200, 0, 1}), rtpsMessage(1, rtpsSub(0x0c, 0, 1, 2)), rtpsMessage(1, rtpsSub(0x3f, 0, 1)),
		rtpsMessage(1, rtpsSub(0x15, 4, 1, 2, 3)),
		rtpsMessage(1, rtpsSub(0x15, 4, append([]byte{0, 0, 200}, rtpsData(0x000100c2, 1)[7:]...)...)),
		rtpsMessage(1, rtpsData(0x000100c2, 1, 0, 3, 0, 0, 0x15, 0, 90, 0)),
		rtpsMessage(1, rtpsSub(0x15, 6, append(rtpsData(0x000003c2, 1)[4:], 0x15, 0, 90, 0)...)),
	}
	for _, b := range bad {
		rtpsSend(n, b)
		rtpsSend(n, good)
	}
}
