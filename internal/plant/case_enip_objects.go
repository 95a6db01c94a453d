package plant

import (
	"bytes"
	"encoding/binary"
)

// enipAttributes reads and writes attributes of the objects that the
// specification describes, and shows what they tell of the device.
func enipAttributes(n *Net) {
	t := newENIPTalk(n, 49209)
	t.register()
	get := func(path []byte, value ...byte) {
		t.ask(CIPRequest(nil, CIPGetSingle, path), CIPAnswer(nil, CIPGetSingle, 0, value...))
	}
	set := func(path []byte, value ...byte) {
		t.ask(CIPRequest(nil, CIPSetSingle, path, value...), CIPAnswer(nil, CIPSetSingle, 0))
	}
	t.ask(CIPRequest(nil, 0x03, CIPClass(1, 1, 0), 4, 0, 1, 0, 4, 0, 6, 0, 7, 0),
		CIPAnswer(nil, 0x03, 0, append([]byte{4, 0, 1, 0, 0, 0, 90, 0, 4, 0, 0, 0, 2, 5, 6, 0, 0, 0, 1, 2, 3, 4, 7, 0, 0, 0, 4}, "Gate"...)...))
	get(CIPClass(0xf5, 1, 6), append([]byte{8, 0}, "filler-3"...)...)
	t.ask(CIPRequest(nil, 0x01, CIPClass(0xf5, 1, 0)), CIPAnswer(nil, 0x01, 0, append(append(
		[]byte{1, 0, 0, 0, 0x17, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x20, 0xf6, 0x24, 1}, make([]byte, 20)...), append([]byte{5, 0, 'p', 'l', 'a', 'n', 't', 0, 6, 0}, "capper"...)...)...))
	get(CIPClass(0xf5, 1, 8), 1)
	get(CIPClass(0xf6, 1, 1), 100, 0, 0, 0)
	get(CIPClass(0xf6, 1, 3), 0x02, 0, 0, 0, 4, 0x20)
	get(CIPClass(0xf6, 1, 4), append(enipDint(77000), enipDint(90)...)...)
	set(CIPClass(0xf6, 1, 6), 2, 0, 100, 0)
	get(CIPClass(6, 1, 1), 9, 0)
	get(CIPClass(4, 100, 4), 32, 0)
	get(CIPClass(0x43, 1, 5), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	get(CIPClass(0x47, 1, 1), 1)
	set(CIPClass(0x48, 1, 4), 43)
	get(CIPClass(0x37, 200, 6), 0, 2, 0, 0)
	t.ask(CIPRequest(nil, 0x01, CIPClass(0x64, 1, 0)), CIPAnswer(nil, 0x01, 0, append([]byte{7, 0}, "Bottler\x00\x00"...)...))
	enipTemplates(t)
	enipSafety(t)
	enipSecurity(t)
	t.c.Close()
}

// enipTemplates reads a structure's definition, and then the structure in parts.
func enipTemplates(t *enipTalk) {
	template := CIPClass(0x6c, 9, 0)
	t.ask(CIPRequest(nil, 0x03, template, 4, 0, 4, 0, 5, 0, 2, 0, 1, 0),
		CIPAnswer(nil, 0x03, 0, 4, 0, 4, 0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0x83, 0x0f))
	t.ask(CIPRequest(nil, CIPReadTag, template, 0, 0, 0, 0, 40, 0), CIPAnswer(nil, CIPReadTag, 6, 1, 2, 3, 4))
	t.ask(CIPRequest(nil, CIPReadTag, template, 4, 0, 0, 0, 36, 0), CIPAnswer(nil, CIPReadTag, 0, 5, 6, 7, 8))
	t.ask(CIPRequest(nil, 0x52, CIPSymbol("Recipe"), 2, 0, 0, 0, 0, 0), CIPAnswer(nil, 0x52, 6, 0xa0, 2, 0x83, 0x0f, 1, 2, 3, 4))
	t.ask(CIPRequest(nil, 0x52, CIPSymbol("Recipe"), 2, 0, 4, 0, 0, 0), CIPAnswer(nil, 0x52, 0, 0xa0, 2, 0x83, 0x0f, 5, 6))
	t.ask(CIPRequest(nil, 0x53, CIPSymbol("Recipe"), 0xa0, 2, 0x83, 0x0f, 2, 0, 4, 0, 0, 0, 7, 8), CIPAnswer(nil, 0x53, 0))
	t.ask(CIPRequest(nil, 0x53, CIPSymbol("Curve"), 0xca, 0, 90, 0, 0xe0, 1, 0, 0, 0, 0, 0x80, 0x3f), CIPAnswer(nil, 0x53, 0))
	t.ask(CIPRequest(nil, 0x52, []byte{0x20, 0x6b, 0x25, 0, 0x34, 0x12}, 90, 0, 0xe0, 1, 0, 0), CIPAnswer(nil, 0x52, 0, 0xca, 0, 0, 0, 0x80, 0x3f))
}

// enipSafety sets up a safety device.
func enipSafety(t *enipTalk) {
	supervisor := CIPClass(0x39, 1, 0)
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x39, 1, 11)), CIPAnswer(nil, CIPGetSingle, 0, 4))
	t.ask(CIPRequest(nil, 0x52, supervisor, append([]byte{0}, "S3cr3t"...)...), CIPAnswer(nil, 0x52, 0))
	t.ask(CIPRequest(nil, 0x53, supervisor, 1), CIPAnswer(nil, 0x53, 0))
	t.ask(CIPRequest(nil, 0x54, supervisor, 0), CIPAnswer(nil, 0x54, CIPPrivilege))
	t.ask(CIPRequest(nil, 0x4b, CIPClass(0x3a, 1, 0)), CIPAnswer(nil, 0x4b, 0))
}

// enipSecurity configures CIP Security: keys travel, and must not be told.
func enipSecurity(t *enipTalk) {
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x5d, 1, 2)), CIPAnswer(nil, CIPGetSingle, 0, 6, 0))
	t.ask(CIPRequest(nil, 0x4b, CIPClass(0x5d, 1, 0)), CIPAnswer(nil, 0x4b, 0))
	t.ask(CIPRequest(nil, CIPSetSingle, CIPClass(0x5e, 1, 5), append([]byte{1, 4, 0, 'l', 'i', 'n', 'e', 7, 0}, "hunter2"...)...), CIPAnswer(nil, CIPSetSingle, 0))
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x5e, 1, 5)), CIPAnswer(nil, CIPGetSingle, 0, append([]byte{1}, "S3cr3t"...)...))
	t.ask(CIPRequest(nil, 0x01, CIPClass(0x5e, 1, 0)), CIPAnswer(nil, 0x01, 0, append([]byte{2, 0, 0, 0, 0}, "S3cr3t"...)...))
	t.ask(CIPRequest(nil, 0x4d, CIPClass(0x5e, 1, 0)), CIPAnswer(nil, 0x4d, 0))
	t.ask(CIPRequest(nil, 0x4b, CIPClass(0x5f, 2, 0)), CIPAnswer(nil, 0x4b, 0))
}

// enipDTLS asks a device for DTLS on the port of the encapsulation, and goes on
// with it.
func enipDTLS(n *Net) {
	identity := ENIP{}.ListIdentityAnswer(nil, enipRack, enipController)
	identity[enipHeader] = 2
	identity = ENIP{}.end(append(identity, 0x86, 0, 9, 0, 6, 0, 6, 0, 2, 2, 3, 0, 0), 0)
	n.UDP(enipPanel, enipRack, 49210, PortENIP, ENIP{}.ListIdentity(nil))
	n.UDP(enipRack, enipPanel, PortENIP, 49210, identity)
	n.UDP(enipPanel, enipRack, 49210, PortENIP, ENIP{}.command(0xc8))
	n.UDP(enipRack, enipPanel, PortENIP, 49210, ENIP{}.refused(0xc8, 1))
	n.UDP(enipPanel, enipRack, 49210, PortENIP, ENIP{}.command(0xc8))
	n.UDP(enipRack, enipPanel, PortENIP, 49210, ENIP{}.command(0xc8))
	n.UDP(enipPanel, enipRack, 49210, PortENIP, append([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20}, make([]byte, 20)...))
}

// enipText is an international string of one text.
func enipText(s string) []byte {
	return append([]byte{1, 'e', 'n', 'g', 0xda, 4, 0, byte(len(s))}, s...)
}

// enipFileNames asks file objects for the names of their files, by themselves and of all of them, before it
// fetches them: texts of every kind are passed over, and one that nobody knows ends the list.
func enipFileNames(n *Net) {
	t := newENIPTalk(n, 49213)
	t.register()
	fetch := func(instance uint8) {
		file := CIPClass(0x37, instance, 0)
		t.ask(CIPRequest(nil, 0x4b, file, 200), CIPAnswer(nil, 0x4b, 0, 2, 0, 0, 0, 200))
		t.ask(CIPRequest(nil, 0x4f, file, 0), CIPAnswer(nil, 0x4f, 0, 0, 4, 'a', 'b', 0x12, 0x34))
	}
	fetch(200)
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x37, 200, 4)), CIPAnswer(nil, CIPGetSingle, 0, enipText("EDS.txt")...))
	fetch(200)
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x37, 200, 4)), CIPAnswer(nil, CIPGetSingle, 0, 0)) // no text at all: as it was
	fetch(200)
	several := []byte{4, 'e', 'n', 'g', 0xd0, 4, 0, 5, 0, 'E', 'v', 'e', 'n', 't', 'd', 'e', 'u', 0xda, 4, 0, 1, 'x',
		'f', 'r', 'a', 0xd5, 4, 0, 1, 0, 'y', 0, 'i', 't', 'a', 0xd9, 4, 0, 2, 0, 1, 0, 'z', 0}
	directory := finsJoin([]byte{200, 0}, enipText("EDS and Icon Files"), enipText("EDS.gz"), []byte{201, 0}, several, enipText("events.log"),
		[]byte{202, 0}, enipText("odd"), []byte{1, 'e', 'n', 'g', 0xee, 4, 0, 1, 'q'}, []byte{203, 0}, enipText("lost"), enipText("lost.txt"))
	t.ask(CIPRequest(nil, CIPGetSingle, CIPClass(0x37, 0, 32)), CIPAnswer(nil, CIPGetSingle, 0, directory...))
	for instance := uint8(200); instance <= 203; instance++ {
		fetch(instance)
	}
	t.c.Close()
}

// enipTransfers moves files and firmware.
func enipTransfers(n *Net) {
	t := newENIPTalk(n, 49211)
	t.register()
	file := CIPClass(0x37, 200, 0)
	t.ask(CIPRequest(nil, 0x4b, file, 200), CIPAnswer(nil, 0x4b, 0, 6, 0, 0, 0, 200))
	t.ask(CIPRequest(nil, 0x4f, file, 0), CIPAnswer(nil, 0x4f, 0, 0, 0, 'a', 'b'))
	t.ask(CIPRequest(nil, 0x4f, file, 1), CIPAnswer(nil, 0x4f, 0, 1, 1, 'c', 'd'))
	t.ask(CIPRequest(nil, 0x4f, file, 1), CIPAnswer(nil, 0x4f, 0, 1, 1, 'c', 'd')) // again
	t.ask(CIPRequest(nil, 0x4f, file, 2), CIPAnswer(nil, 0x4f, 0, 2, 2, 'e', 'f', 0x12, 0x34))
	named := append([]byte{4, 0, 0, 0, 1, 0, 2, 7, 1, 'e', 'n', 'g', 0xda, 4, 0, 8}, "line.cfg"...)
	t.ask(CIPRequest(nil, 0x4c, file, named...), CIPAnswer(nil, 0x4c, 0, 0, 0, 0, 0, 200))
	t.ask(CIPRequest(nil, 0x50, file, 0, 4, 'a', 'b', 'c', 'd', 0x12, 0x34), CIPAnswer(nil, 0x50, 0, 0))
	t.ask(CIPRequest(nil, 0x50, CIPClass(0x37, 201, 0), 7, 1, 'x'), CIPAnswer(nil, 0x50, 0, 7)) // its beginning was not seen
	t.ask(CIPRequest(nil, 0x50, CIPClass(0x37, 201, 0), 8, 2, 'y', 0, 0), CIPAnswer(nil, 0x50, 0, 8))
	t.ask(CIPRequest(nil, 0x4b, file, 200), CIPAnswer(nil, 0x4b, 0, 9, 0, 0, 0, 200))
	t.ask(CIPRequest(nil, 0x4f, file, 0), CIPAnswer(nil, 0x4f, 0, 0, 3)) // given up
	image := bytes.Repeat([]byte("firmware"), 50)
	storage := CIPClass(0xa1, 1, 0)
	t.ask(CIPRequest(nil, 0x4b, storage, append(enipDint(len(image)), 0, 0, 0, 0)...), CIPAnswer(nil, 0x4b, 0, 0, 0, 0x7b, 0x14, 0xa0, 0, 4, 3, 0, 0, 0, 0))
	const size = 160
	for at := 0; at < len(image); at += size {
		b := binary.LittleEndian.AppendUint32(nil, uint32(at))
		t.ask(CIPRequest(nil, 0x4d, storage, append(b, image[at:min(len(image), at+size)]...)...), CIPAnswer(nil, 0x4d, 0, append(b, 2, 0)...))
	}
	t.c.Close()
}

// enipPLC5 speaks PCCC to a PLC-5, and moves programs with it.
func enipPLC5(n *Net) {
	t := newENIPTalk(n, 49212)
	t.register()
	requestor := []byte{7, 0x4d, 0, 0xe0, 0x31, 0x2b, 0x3d}
	transaction := uint16(0x100)
	pccc := func(request []byte, status byte, answer ...byte) {
		transaction++
		tns := binary.LittleEndian.AppendUint16(nil, transaction)
		ask := append(append([]byte{}, requestor...), 0x0f, 0, tns[0], tns[1])
		say := append(append([]byte{}, requestor...), 0x4f, status, tns[0], tns[1])
		t.ask(CIPRequest(nil, 0x4b, CIPClass(0x67, 1, 0), append(ask, request...)...), CIPAnswer(nil, 0x4b, 0, append(say, answer...)...))
	}
	pccc([]byte{0x01, 0, 0, 2, 0, 0x07, 0, 7, 10, 4}, 0, 0x2c, 1, 0xff, 0xff)
	pccc([]byte{0x00, 0, 0, 1, 0, 0x06, 0xff, 0, 1, 3, 9, 0}, 0)
	pccc(append(append([]byte{0x68, 0, 0, 2, 0, 0}, "$N7:0\x00"...), 2, 0), 0, 0x99, 9, 5, 0x42, 0xfe, 0xff, 7, 0)
	pccc(append(append([]byte{0x67, 0, 0, 1, 0, 0}, "$F8:4\x00"...), 0x94, 8, 0, 0, 0x80, 0x3f), 0)
	pccc([]byte{0x26, 0x06, 7, 0, 0xff, 0xff, 1, 0}, 0)
	pccc([]byte{0x3a, 2}, 0)
	pccc([]byte{0x88, 2, 6, 0xa2, 2, 7, 0x89, 1, 0, 8, 0xaa, 2, 7, 0x89, 2, 0, 5, 0}, 0)
	pccc([]byte{0x81, 1, 2, 0, 0x22}, 0, 0x34, 0x12)
	pccc([]byte{0xa7, 4, 0x34, 0x12, 0, 0, 0x22}, 0, 'r', 'u', 'n', 'g')
	pccc([]byte{0xa7, 2, 0x34, 0x12, 2, 0, 0x22}, 0, 's', '.')
	pccc([]byte{0x82, 0x34, 0x12}, 0)
	pccc([]byte{0x81, 3, 2, 0, 0x22}, 0, 0x35, 0x12)
	pccc([]byte{0xaf, 4, 0x35, 0x12, 0, 0, 0x22, 'r', 'u', 'n', 'k'}, 0)
	pccc([]byte{0x82, 0x35, 0x12}, 0)
	pccc([]byte{0x88, 1, 5, 0x81, 1, 3, 0, 0x22}, 0)
	pccc([]byte{0x88, 1, 5, 0x81, 3, 3, 0, 0x22}, 0)
	pccc([]byte{0x53}, 0)
	pccc([]byte{0x17, 0, 0, 0, 0, 4}, 0, 'p', 'l', 'c', '5')
	pccc([]byte{0x55}, 0)
	pccc([]byte{0x50}, 0)
	pccc([]byte{0x18, 0, 0, 0, 0, 'p', 'l', 'c', '5'}, 0)
	pccc([]byte{0x52}, 0)
	pccc([]byte{0x80, 7}, 0xf0, 0x0b)
	pccc([]byte{0x68, 0, 0, 2, 0, 0, '$', 'N'}, 0x10) // an address cut short
	t.c.Close()
}
