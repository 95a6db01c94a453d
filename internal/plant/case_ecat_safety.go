package plant

import "encoding/binary"

// fsoe is one side of a connection of Safety over EtherCAT (ETG.5100).
type fsoe struct {
	conn, sequence, first uint16 // first checksum of the newest container
}

// fsoeSum is the checksum of a message, three zero bytes behind it.
func fsoeSum(message ...byte) (crc uint16) {
	for _, c := range append(message, 0, 0, 0) {
		crc ^= uint16(c) << 8
		for range 8 {
			crc = crc<<1 ^ crc>>15*0x39b7
		}
	}
	return crc
}

// container makes the next container; data are whole parts of two bytes.
func (f *fsoe) container(partner uint16, command byte, data ...byte) []byte {
	le := binary.LittleEndian
	f.sequence++
	head := le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, partner), f.conn), f.sequence)
	head = append(head, command)
	b := []byte{command}
	for i := 0; i+1 < len(data); i += 2 {
		message := append([]byte{}, head...)
		if i > 0 {
			message = append(message, byte(i/2), 0)
		}
		crc := fsoeSum(append(message, data[i], data[i+1])...)
		if i == 0 {
			f.first = crc
		}
		b = le.AppendUint16(append(b, data[i], data[i+1]), crc)
	}
	return le.AppendUint16(b, f.conn)
}

// single makes the next container of one or two bytes of safe data.
func (f *fsoe) single(partner uint16, command byte, data ...byte) []byte {
	le := binary.LittleEndian
	f.sequence = max(f.sequence+1, 1)
	message := le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, partner), f.conn), f.sequence)
	f.first = fsoeSum(append(append(message, command), data...)...)
	return le.AppendUint16(le.AppendUint16(append([]byte{command}, data...), f.first), f.conn)
}

// ecatSingle is two connections of one and of two bytes of safe data, in one image that
// is read and written at once; each container stands for two cycles. In the end one
// connection counts wrongly, and the other is gone.
func ecatSingle(n *Net) {
	master, slave := &fsoe{conn: 0x0304, sequence: 0xfff0}, &fsoe{conn: 0x0304, sequence: 77}
	wide, answer := &fsoe{conn: 0x0506}, &fsoe{conn: 0x0506}
	for i := range byte(60) {
		out, wout := master.single(slave.first, 0x36, i), wide.single(answer.first, 0x36, i, 1)
		in, win := slave.single(master.first, 0x36, i&7), answer.single(wide.first, 0x36, 9, i)
		if i >= 50 {
			master.sequence += 3
			clear(wout)
		}
		for range 2 {
			image := append(append([]byte{i, 0x36, 1, 2, 3, 4, 5}, out...), wout...)
			gap := make([]byte, len(in)+len(win))
			back := append(append(append([]byte{}, image...), in...), win...)
			ecatOut(n, ecatGram{command: 12, at: 0x0100_0000, data: append(append([]byte{}, image...), gap...)})
			ecatIn(n, ecatGram{command: 12, at: 0x0100_0000, data: back, counter: 3})
		}
	}
}

// ecatSafety is a connection among other process data: each container stands for two
// cycles. Beside it lie one that never changes, one of a single part, and what only
// begins like one; in the end the connection is gone.
func ecatSafety(n *Net) {
	master, slave := &fsoe{conn: 0x0102}, &fsoe{conn: 0x0102}
	single := &fsoe{conn: 7}
	still := (&fsoe{conn: 9}).container(0, 0x36, 1, 2, 3, 4)
	for i := range byte(60) {
		out := master.container(slave.first, 0x36, i, 1, 2, 3, 4, 5)
		in := slave.container(master.first, 0x36, i, 9, 8, 7)
		if i >= 50 {
			clear(out)
			in[4] ^= 1
		}
		alone := single.container(0, 0x08, i, 0)
		begins := []byte{0x36, i, 0, i, 0, i, 0, i, 0, 3, 0}
		for range 2 {
			image := append(append(append(append([]byte{i, 0x36}, out...), still...), alone...), begins...)
			back := append([]byte{i, i, 0x2a}, in...)
			ecatOut(n, ecatGram{command: 11, at: 0x0100_0000, data: image}, ecatGram{command: 10, at: 0x0200_0000, data: make([]byte, len(back))})
			ecatIn(n, ecatGram{command: 11, at: 0x0100_0000, data: image, counter: 1}, ecatGram{command: 10, at: 0x0200_0000, data: back, counter: 1})
		}
	}
}
