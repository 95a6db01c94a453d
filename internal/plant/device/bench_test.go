package device

import "testing"

// benchmarkPoll is one polling of all points, client and server together.
func benchmarkPoll(b *testing.B, c Client, s Session, points []Point) {
	var ask, answer []byte
	b.ReportAllocs()
	for b.Loop() {
		ask, _ = c.Ask(Request{Verb: Read, Points: points}, ask[:0])
		for len(ask) > 0 {
			answer, _ = s.Receive(testNow, ask, answer[:0])
			ask, _, _ = c.Receive(answer, ask[:0])
		}
	}
}

func BenchmarkModbusPoll(b *testing.B) {
	_, server, points := modbusCell(b)
	benchmarkPoll(b, NewModbusClient(1), server.Accept(testPeer), points[:6])
}

func BenchmarkS7Poll(b *testing.B) {
	_, _, server, points := s7Cell(b)
	c, s := s7Link(b, server, 1000)
	benchmarkPoll(b, c, s, points)
}

func BenchmarkCIPPoll(b *testing.B) {
	_, _, d, points := cipCell(b)
	c, s := cipLink(b, d, NewCIPClient(), 1000)
	benchmarkPoll(b, c, s, points)
}
