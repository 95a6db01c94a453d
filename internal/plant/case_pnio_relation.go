package plant

import (
	"bytes"
	"time"
)

// pnShares is a connect that says whose bytes are where: of slot 0 only the status, of
// a slot two bytes of inputs and four of outputs, of slot 2 a safety module's five and
// four. Frame ids of both ways may be the same.
func pnShares(outputID, slot uint32) []byte {
	name := "mixer-plc"
	ar := append(pnNumbers("2", 1), pnRelation...)
	ar = append(append(ar, 0, 1), appendMAC(nil, pnController.MAC)...)
	ar = append(ar, "\xde\xa0\x00\x00\x6c\x97\x11\xd1\x82\x71\x00\x01\x01\x0b\x00\x2a"...)
	ar = append(append(ar, pnNumbers("4222", 0x131, 100, 0x8892, uint32(len(name)))...), name...)
	b := PNBlock(0x0101, ar)
	channel := func(kind, id uint32, apps []byte) {
		head := pnNumbers("22242222224222", kind, kind, 0x8892, 1, 40, id, 32, 8, 1, 0, 0xffffffff, 3, 3, 0xc000)
		b = append(b, PNBlock(0x0102, append(append(head, 0, 0, 0, 0, 0, 0), apps...))...)
	}
	channel(1, 0x8001, pnNumbers("2"+"4"+"2"+"222222222"+"2"+"222222", 1, 0, 3, 0, 1, 0, slot, 1, 1, 2, 1, 4, 2, slot, 1, 10, 2, 1, 11))
	channel(2, outputID, pnNumbers("2"+"4"+"2"+"222222"+"2"+"222222222", 1, 0, 2, slot, 1, 0, 2, 1, 5, 3, 0, 1, 10, slot, 1, 11, 2, 1, 12))
	return append(b, PNBlock(0x0104, pnNumbers("2"+"42422"+"242"+"2211"+"42422"+"242"+"2211"+"2211"+"42422"+"242"+"2211"+"2211", 3,
		0, 0, 0x301, 0, 1, 1, 1, 0, 1, 0, 1, 1,
		0, slot, 0x32, 0, 1, 1, 7, 3, 1, 2, 1, 1, 2, 4, 1, 1,
		0, 2, 0x33, 0, 1, 1, 8, 3, 1, 5, 1, 1, 2, 4, 1, 1))...)
}

func pnAgreed(outputID uint32) []byte {
	b := PNBlock(0x8101, append(append(pnNumbers("2", 1), pnRelation...), pnNumbers("242", 1, 0, 0x8892)...))
	b = append(b, PNBlock(0x8102, pnNumbers("222", 1, 1, 0x8001))...)
	return append(b, PNBlock(0x8102, pnNumbers("222", 2, 2, outputID))...)
}

// pnInputs and pnOutputs are frames of that relation; status is the provider's, of
// slot 1.
func pnInputs(i, status byte) []byte {
	return CyclicData(0x8001, 32*uint16(i), 0x35, []byte{0x80, i, 0x11, status, 0, 1, 0xa1, 0xb2, 0xc3, 0x80, 0x80, 0x80})
}

func pnOutputs(i, status byte) []byte {
	return CyclicData(0x8001, 32*uint16(i), 0x35, []byte{i, 0x22, 0x33, 0x44, status, 1, 0xd4, 0xe5, 0xf6, 0x80, 0x80, 0x80, 0x80})
}

// pnioRelation is a relation's frames before anybody settled what they carry, under
// it, and behind it.
func pnioRelation(n *Net) {
	t := pnCall(n)
	t.dport = PortPROFINET
	both := func(i, status byte) {
		pnSend(n, pnController, pnDevice, pnOutputs(i, status))
		pnSend(n, pnDevice, pnController, pnInputs(i, status))
		n.Wait(time.Millisecond)
	}
	both(0, 0x80)
	t.call(0, pnShares(0xffff, 1), 0xdb814004, nil) // refused: nothing is settled
	both(1, 0x80)
	t.call(0, pnShares(0xffff, 1), 0, pnAgreed(0x8001))
	both(2, 0x80)
	t.write(2, 1, 0x0080, 0, pnSafety(7, nil))
	both(3, 0x80)
	both(4, 0)
	pnSend(n, pnController, pnDevice, CyclicData(0x8001, 160, 0x25, []byte{5, 0, 0, 0, 0x80, 0, 0, 0, 0, 0}))
	pnSend(n, pnController, pnDevice, CyclicData(0x8001, 192, 0x31, make([]byte, 10)))
	pnSend(n, pnController, pnDevice, CyclicData(0x8001, 224, 0x35, make([]byte, 60))) // not as long as was settled
	pnSend(n, pnDevice, pnController, CyclicData(0x8002, 224, 0x35, make([]byte, 12))) // not what was settled
	t.call(0, pnShares(0xffff, 1), 0, pnAgreed(0x8000))                                // anew: outputs have another id
	both(6, 0x80)
	pnSend(n, pnController, pnDevice, CyclicData(0x8000, 192, 0x35, []byte{6, 0, 0, 0, 0x80}))
	t.call(1, pnControl(0x0114, 4), 0, pnControl(0x8114, 8))
	both(7, 0x80)
	other := func(b []byte) []byte { return bytes.ReplaceAll(b, pnRelation, []byte("another relation")) }
	t.call(0, other(pnShares(0xffff, 5)), 0, other(pnAgreed(0x8001))) // the same frames are another relation's now
	both(8, 0x80)
	long := pnShares(0xffff, 1)
	body := (&RPC{}).Arguments(4096, long)
	t.sequence++
	for i, cut := range [][]byte{body[:200], body[200:]} { // a connect in two fragments
		q := t.request(0)
		q.Flags |= 4 | byte(2*i)
		q.Fragment, q.Body = uint16(i), cut
		t.ask(q)
	}
	a := t.response(0)
	a.Body = a.Arguments(0, pnAgreed(0x8001))
	t.reply(a)
	both(9, 0x80)
}
