package plant

import "encoding/binary"

// codesysFileInfo is a checksum that nobody checks, and a size.
func codesysFileInfo(size int) []byte {
	return codesysTag(2, binary.LittleEndian.AppendUint32([]byte{1, 2, 3, 4}, uint32(size))...)
}

// codesysStart agrees to a transfer.
func codesysStart(info []byte) []byte {
	return codesysTag(0x84, codesysTags(codesysTag(8, 0, 0), codesysTag(3, 0xaa, 0xbb, 0xcc, 0xdd), info)...)
}

// parts sends a service in blocks of at most size bytes of content.
func (c *codesys) parts(client bool, group, command uint16, tags []byte, size int) {
	c.number++
	send := c.server
	flag := byte(0)
	if client {
		send, flag = c.client, 0x80
	}
	b := codesysService(c.number, group, command, client, tags)
	n := min(len(b), 20+size)
	send(64, b[:n]...)
	for b = b[n:]; len(b) > 0; b = b[n:] {
		c.number++
		h := binary.LittleEndian.AppendUint32([]byte{1, flag, 5, 0}, c.number)
		n = min(len(b), size)
		send(64, append(append(h, 0, 0, 0, 0), b[:n]...)...)
	}
}

// codesysFiles moves files both ways: in services of several blocks, given up, of
// another size than was said, and from the middle on.
func codesysFiles(n *Net) {
	c := codesysDial(n, 49245)
	app := make([]byte, 1500)
	for i := range app {
		app[i] = byte(i * i >> 4)
	}
	session := []byte{0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 0}
	name := codesysTag(1, []byte("PlcLogic/Application/Application.app\x00\x00")...)
	fetch := func(data []byte, id byte) {
		c.number++
		c.client(64, codesysService(c.number, 8, 7, true, codesysTag(5, session...))...)
		size := codesysTag(6, binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
		c.parts(false, 0x88, 7, codesysTags(size, codesysTag(id, data...)), 480)
	}
	give := func(data []byte, outcome byte) {
		c.parts(true, 8, 4, codesysTag(5, append(session[:8:8], data...)...), 480)
		c.number++
		c.server(64, codesysService(c.number, 0x88, 4, false, codesysTag(8, outcome, 0))...)
	}
	finish := func(info []byte) {
		c.ask(8, 8, codesysTags(codesysTag(7, append(session[:8:8], "x"...)...), info), nil)
	}
	c.ask(8, 5, codesysTags(name, codesysFileInfo(0)), codesysStart(codesysFileInfo(len(app))))
	fetch(app[:1000], 5)
	fetch(app[1000:], 7)
	finish(codesysFileInfo(len(app)))
	c.ask(8, 2, codesysTags(name, codesysFileInfo(len(app))), codesysStart(nil))
	give(app[:1200], 0)
	give(app[1200:], 0)
	finish(codesysFileInfo(len(app)))
	c.ask(8, 2, codesysTags(codesysTag(1, []byte("line.prj\x00")...), codesysFileInfo(99)), codesysStart(nil))
	give(app[:50], 0) // another size
	finish(codesysFileInfo(50))
	c.ask(8, 2, codesysTags(codesysTag(1, []byte("recipe.txt\x00")...), codesysFileInfo(50)), codesysStart(nil))
	give(app[:50], 24) // refused
	finish(codesysFileInfo(50))
	c.ask(8, 3, codesysTags(codesysTag(1, []byte("recipe.txt\x00")...), codesysFileInfo(20)), codesysStart(nil))
	give(app[30:50], 0) // goes on with what came before
	finish(codesysFileInfo(50))
	c.ask(8, 5, codesysTags(codesysTag(1, []byte("log.txt\x00")...), codesysFileInfo(0)), codesysStart(codesysFileInfo(10)))
	c.ask(8, 9, codesysTag(7, session...), nil) // given up
	c.ask(8, 5, codesysTags(codesysTag(1, []byte("log.txt\x00")...), codesysFileInfo(0)), codesysStart(codesysFileInfo(1000)))
	c.number++
	c.client(64, codesysService(c.number, 8, 7, true, codesysTag(5, session...))...)
	first := codesysService(c.number+1, 0x88, 7, false, codesysTag(5, app[:1000]...))
	c.server(64, first[:500]...)
	c.number += 3 // the next block is lost
	c.server(64, append([]byte{1, 0, 5, 0, byte(c.number), 0, 0, 0, 0, 0, 0, 0}, first[900:]...)...)
	finish(codesysFileInfo(1000))
	c.conn.Close()
}
