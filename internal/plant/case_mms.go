package plant

// mmsOpen connects and associates.
func mmsOpen(n *Net, client *Host, port uint16) *Conn {
	c := n.Dial(client, s7PLC, port, PortTPKT)
	s7Talk(n, c, COTPConnect(nil, port, 0, 0, 1), COTPConfirm(nil, port, 0, 0, 1))
	s7Talk(n, c, mmsConnect(13, mmsAssociate(""), asnACSE, asnMMS), mmsConnect(14, mmsAssociated(0, 0)))
	return c
}

var (
	mmsGood  = ber(0x84, []byte{3, 0, 0})                                          // quality
	mmsStamp = ber(0x91, []byte{0x69, 0xa5, 0x2b, 0x80, 0x40, 0, 0, 0x0a})         // time
	mmsPart  = func(parts ...[]byte) []byte { return ber(0xa2, joined(parts...)) } // structure
)

func mmsFloat(x byte) []byte { return ber(0x87, []byte{8, 0x42, x, 0, 0}) }

// mmsPoll reads three variables and a data set again and again.
func mmsPoll(n *Net) {
	c := mmsOpen(n, s7HMI, 49300)
	set := ber(0xa1, mmsName("BAY1LD0", "LLN0$Measured"))
	for i := range byte(12) {
		s7Talk(n, c, mmsAsk(uint32(2*i), mmsRead(mmsVariables("BAY1LD0", "XCBR1$ST$Pos$stVal", "MMXU1$MX$TotW$mag$f", "XCBR1$ST$Pos"))),
			mmsTell(uint32(2*i), mmsReadAnswer(ber(0x84, []byte{6, 0x80}), mmsFloat(i), mmsPart(ber(0x84, []byte{6, 0x80}), mmsGood, mmsStamp))))
		s7Talk(n, c, mmsAsk(uint32(2*i)+1, mmsRead(set)), mmsTell(uint32(2*i)+1, mmsReadAnswer(mmsPart(mmsFloat(i), mmsGood, mmsStamp), mmsFloat(7))))
	}
	c.Close()
}

// mmsOper is what operating an object writes: value, origin, number, time, test, check.
func mmsOper(on byte) []byte {
	return mmsPart(ber(0x83, []byte{on}), mmsPart(ber(0x85, []byte{3}), ber(0x89, []byte("HMI"))), ber(0x86, []byte{7}), mmsStamp, ber(0x83, []byte{0}), ber(0x84, []byte{6, 0}))
}

// mmsControls selects, operates and configures.
func mmsControls(n *Net) {
	c := mmsOpen(n, s7HMI, 49301)
	id := uint32(0x7f)
	done, denied := []byte{0x81, 0}, []byte{0x80, 1, 3}
	write := func(answer []byte, item string, data []byte) {
		s7Talk(n, c, mmsAsk(id, mmsWrite(mmsVariables("BAY1LD0", item), data)), mmsTell(id, ber(0xa5, answer)))
		id++
	}
	s7Talk(n, c, mmsAsk(1, mmsRead(mmsVariables("BAY1LD0", "XCBR1$CO$Pos$SBO"))), mmsTell(1, mmsReadAnswer(ber(0x8a, []byte("XCBR1$CO$Pos$SBO")))))
	write(done, "XCBR1$CO$Pos$SBOw", mmsOper(1))
	write(done, "XCBR1$CO$Pos$Oper", mmsOper(1))
	s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa0, append(mmsVariables("BAY1LD0", "XCBR1$CO$Pos$Oper"), ber(0xa0, mmsOper(1))...)))))
	write(done, "XCBR1$CO$Pos$Cancel", mmsOper(0))
	s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa0, append(mmsVariables("", "LastApplError"), ber(0xa0,
		mmsPart(ber(0x8a, []byte("BAY1LD0/XCBR1$CO$Pos$Oper")), ber(0x85, []byte{1}), mmsPart(ber(0x85, []byte{3}), ber(0x89, nil)), ber(0x86, []byte{7}), ber(0x85, []byte{10})))...)))))
	write(denied, "XCBR1$CO$Pos$Oper", mmsOper(1))
	write(done, "XCBR1$CO$Pos", mmsOper(0))
	for _, item := range []string{"PTOC1$SE$StrVal$setMag$f", "PTOC1$SP$OpDlTmms$setVal", "LLN0$SP$SGCB$ActSG", "LLN0$BR$rcbA$RptEna", "LLN0$RP$rcbB$RptEna",
		"LLN0$GO$trip$GoEna", "LLN0$LG$log$LogEna", "LLN0$MS$mu$SvEna", "LLN0$CF$Mod$ctlModel", "XCBR1$SV$Pos$subVal", "GGIO1$XX$a", "plain"} {
		write(done, item, ber(0x85, []byte{2}))
	}
	s7Talk(n, c, mmsAsk(id, mmsWrite(mmsVariables("BAY1LD0", "GGIO1$ST$a", "GGIO1$ST$b", "GGIO1$SP$Password$setVal"), ber(0x83, []byte{1}), ber(0x86, []byte{0, 0xff}), ber(0x8a, []byte("S3cr3t")))),
		mmsTell(id, ber(0xa5, joined(done, []byte{0x80, 1, 11}, []byte{0x80, 1, 99}))))
	write(done, "LLN0$DC$NamPlt$d", ber(0x8a, []byte("feeder 7")))
	write(done, "LLN0$DC$NamPlt$dU", ber(0x90, []byte("Abgang 7 über Tage")))
	s7Talk(n, c, mmsAsk(id+1, mmsWrite(ber(0xa1, mmsName("BAY1LD0", "LLN0$Set")), ber(0x85, []byte{1}), ber(0x85, []byte{0xfe}))), mmsTell(id+1, ber(0xa5, joined(done, denied))))
	c.Close()
}

// mmsServices asks every service, identity, names, and of objects of all scopes.
func mmsServices(n *Net) {
	c := mmsOpen(n, s7Tool, 49302)
	id := uint32(1)
	ask := func(number byte, composed bool, request, answer []byte) {
		s7Talk(n, c, mmsAsk(id, mmsService(number, composed, request)), mmsTell(id, mmsService(number, composed, answer)))
		id++
	}
	ask(0, false, []byte{0}, nil)
	ask(2, true, nil, joined(ber(0x80, []byte("Relays Ltd")), ber(0x81, []byte("R670")), ber(0x82, []byte("2.1.0"))))
	ask(1, true, joined(ber(0xa0, ber(0x80, []byte{9})), ber(0xa1, ber(0x80, nil))), ber(0xa0, ber(0x1a, []byte("BAY1LD0"))))
	ask(1, true, joined(ber(0xa0, ber(0x80, []byte{0})), ber(0xa1, ber(0x81, []byte("BAY1LD0")))), ber(0xa0, nil))
	ask(1, true, joined(ber(0xa0, ber(0x80, []byte{99})), ber(0xa1, ber(0x82, nil))), ber(0xa0, nil))
	for _, number := range []byte{6, 19, 20, 65, 66, 67} {
		ask(number, true, ber(0xa0, mmsName("BAY1LD0", "GGIO1")), nil)
	}
	for _, number := range []byte{7, 9, 11, 12, 15, 68} {
		ask(number, true, mmsName("BAY1LD0", "LLN0$Set"), nil)
	}
	ask(6, true, ber(0xa1, ber(0x80, []byte{5})), nil)
	ask(13, true, joined(ber(0x80, []byte{0}), ber(0xa1, mmsName("", "@Set"))), nil)
	for _, number := range []byte{32, 33, 34, 35, 38, 40, 41, 42, 43, 44} {
		ask(number, true, ber(0x80, []byte("Logic")), nil)
	}
	for _, number := range []byte{36, 37, 39, 45} {
		ask(number, false, []byte("Logic"), nil)
	}
	ask(46, true, ber(0xa1, ber(0x19, []byte("a.bin"))), nil)
	ask(75, true, ber(0xa0, ber(0x19, []byte("a.bin"))), nil)
	ask(76, true, joined(ber(0x19, []byte("COMTRADE")), ber(0x19, []byte("a.bin"))), nil)
	ask(77, true, nil, nil)
	ask(77, true, ber(0xa0, ber(0x19, []byte("COMTRADE"))), nil)
	ask(71, true, nil, nil)
	ask(120, true, nil, nil)
	read := func(spec []byte, answer ...[]byte) {
		s7Talk(n, c, mmsAsk(id, mmsRead(spec)), mmsTell(id, mmsReadAnswer(answer...)))
		id++
	}
	text := func(s string) []byte { return ber(0x8a, []byte(s)) }
	read(mmsVariables("BAY1LD0", "LLN0$DC$NamPlt", "LPHD1$DC$PhyNam"), mmsPart(text("Relays Ltd"), text("2.1.1"), text("d")), mmsPart(text("Relays Ltd")))
	read(mmsVariables("BAY1LD0", "LPHD1$DC$PhyNam$serNum", "LPHD1$DC$PhyNam$model", "LPHD1$DC$PhyNam$hwRev", "LPHD1$DC$PhyNam$swRev", "LPHD1$DC$PhyNam$vendor"),
		text("S1"), text("R670"), text("B"), text("2.1"), text("Relays Ltd"))
	read(mmsVariables("", "a", "b", "c", "d", "e", "f", "g"), ber(0x91, make([]byte, 8)), ber(0x87, joined([]byte{11, 0x40, 0x59}, make([]byte, 6))), ber(0x86, []byte{0, 0xff, 0, 0, 0, 0, 0, 0, 1}),
		mmsPart(mmsFloat(1), ber(0x87, joined([]byte{11, 0x40, 0x59}, make([]byte, 6))), ber(0x85, []byte{0xff})), ber(0xa1, joined(ber(0x85, []byte{1}), ber(0x85, []byte{2}))),
		ber(0xa1, joined(ber(0x83, []byte{1}), ber(0x83, []byte{0}))), []byte{0x80, 1, 10})
	for _, part := range [][]byte{ber(0x81, []byte("mag")), ber(0x82, []byte{4}), ber(0xa3, nil), append(ber(0x82, []byte{4}), ber(0x82, []byte{5})...)} {
		read(ber(0xa0, ber(0x30, append(ber(0xa0, mmsName("LD", "arr")), ber(0xa5, part)...))), ber(0x85, []byte{1}))
	}
	read(ber(0xa0, joined(ber(0x30, ber(0xa1, ber(0x80, []byte{9}))), ber(0x30, ber(0xa1, ber(0x81, []byte("%MW4")))), ber(0x30, ber(0xa0, ber(0x82, []byte("mine")))))), []byte{0x80, 1, 5}, []byte{0x80, 1, 6}, ber(0x85, []byte{1}))
	s7Talk(n, c, mmsAsk(id, mmsRead(mmsVariables("LD", "gone"))), mmsFail(id, 7, 2))
	s7Talk(n, c, mmsAsk(id+1, mmsRead(mmsVariables("LD", "gone"))), mmsUnit(3, ber(0xa4, joined(ber(0x80, berUnsigned(id+1)), ber(0x81, []byte{4})))))
	s7Talk(n, c, mmsUnit(3, ber(0x85, []byte{9})), mmsUnit(3, ber(0x86, []byte{9})))
	s7Talk(n, c, mmsUnit(3, ber(0x85, []byte{8})), mmsUnit(3, ber(0xa7, joined(ber(0x80, []byte{8}), ber(0xa1, ber(0xa0, ber(0x8a, []byte{1})))))))
	s7Talk(n, c, mmsUnit(3, []byte{0x8b, 0}), mmsUnit(3, []byte{0x8c, 0}))
	s7Talk(n, c, cotpData(9, 0), cotpData(10, 0))
	c.Close()
}

// mmsReports shows reports, buffered and not.
func mmsReports(n *Net) {
	c := mmsOpen(n, s7HMI, 49303)
	report := func(fields ...[]byte) {
		s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa0, append(ber(0xa1, mmsName("", "RPT")), ber(0xa0, joined(fields...))...)))))
	}
	id := ber(0x8a, []byte("BAY1/rcbA"))
	report(id, ber(0x84, []byte{6, 0x7f, 0xc0}), ber(0x86, []byte{9}), ber(0x8c, []byte{0, 0, 1, 0, 0x3b, 5}), ber(0x8a, []byte("BAY1LD0/LLN0$Set")), ber(0x83, []byte{1}),
		ber(0x89, make([]byte, 8)), ber(0x86, []byte{4}), ber(0x86, []byte{2}), ber(0x83, []byte{1}), ber(0x84, []byte{5, 0xa0}),
		ber(0x8a, []byte("BAY1LD0/XCBR1$ST$Pos")), ber(0x8a, []byte("BAY1LD0/MMXU1$MX$TotW")), mmsPart(ber(0x84, []byte{6, 0x40}), mmsGood, mmsStamp), mmsPart(mmsFloat(9), mmsGood), ber(0x84, []byte{2, 0x40}), ber(0x84, []byte{2, 0x40}))
	report(id, ber(0x84, []byte{6, 0x08, 0}), ber(0x8a, []byte("BAY1LD0/LLN0$Set")), ber(0x84, []byte{5, 0x20}), mmsFloat(3))
	report(id, ber(0x84, []byte{6, 0x04, 0}), ber(0x84, []byte{5, 0x20}), ber(0x8a, []byte("BAY1LD0/GGIO1$ST$d")), ber(0x8a, []byte("door open")))
	report(id, ber(0x84, []byte{6, 0, 0}), ber(0x84, []byte{6, 0x40}), ber(0x83, []byte{1}))
	s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa0, append(ber(0xa1, mmsName("LD", "set")), ber(0xa0, joined(ber(0x85, []byte{1}), []byte{0x80, 1, 2}))...)))))
	s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa0, append(mmsVariables("LD", "a", "b", "c"), ber(0xa0, joined(ber(0x85, []byte{1}), []byte{0x80, 1, 2}, ber(0x8a, []byte("said"))))...)))))
	s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, ber(0xa2, nil))))
	c.Close()
}

// mmsFiles moves files, and domains in both directions.
func mmsFiles(n *Net) {
	c := mmsOpen(n, s7Tool, 49304)
	file := func(id uint32, more byte) {
		s7Talk(n, c, mmsAsk(id, mmsService(72, true, joined(ber(0xa0, ber(0x19, []byte("COMTRADE/fault.cfg"))), ber(0x81, []byte{0})))),
			mmsTell(id, mmsService(72, true, joined(ber(0x80, []byte{5}), ber(0xa1, ber(0x80, []byte{8}))))))
		s7Talk(n, c, mmsAsk(id+1, mmsService(73, false, []byte{5})), mmsTell(id+1, mmsService(73, true, joined(ber(0x80, []byte("half")), ber(0x81, []byte{1})))))
		s7Talk(n, c, mmsAsk(id+2, mmsService(73, false, []byte{5})), mmsTell(id+2, mmsService(73, true, joined(ber(0x80, []byte("rest")), ber(0x81, []byte{more})))))
		s7Talk(n, c, mmsAsk(id+3, mmsService(74, false, []byte{5})), mmsTell(id+3, mmsService(74, false, nil)))
	}
	file(1, 0)
	file(5, 1) // given up before its end
	s7Talk(n, c, mmsAsk(9, mmsService(73, false, []byte{6})), mmsTell(9, mmsService(73, true, ber(0x80, []byte("tail")))))
	s7Talk(n, c, mmsAsk(10, mmsService(72, true, ber(0xa0, ber(0x19, []byte("none"))))), mmsFail(10, 11, 7))
	logic := []byte("Logic")
	s7Talk(n, c, mmsAsk(11, mmsService(26, true, joined(ber(0x80, logic), ber(0xa1, nil), ber(0x82, []byte{0})))), mmsTell(11, mmsService(26, false, nil)))
	s7Talk(n, c, nil, mmsAsk(1, mmsService(27, false, logic)))
	s7Talk(n, c, mmsTell(1, mmsService(27, true, joined(ber(0x80, []byte("step 1")), ber(0x81, []byte{0})))), nil)
	s7Talk(n, c, nil, mmsAsk(2, mmsService(28, true, ber(0x80, logic))))
	s7Talk(n, c, mmsTell(2, mmsService(28, false, nil)), nil)
	s7Talk(n, c, mmsAsk(12, mmsService(29, false, logic)), mmsTell(12, mmsService(29, true, joined(ber(0x80, []byte{3}), ber(0xa1, nil)))))
	s7Talk(n, c, mmsAsk(13, mmsService(30, false, []byte{3})), mmsTell(13, mmsService(30, true, joined(ber(0x80, []byte("step 1")), ber(0x81, []byte{0})))))
	s7Talk(n, c, mmsAsk(14, mmsService(31, false, []byte{3})), mmsTell(14, mmsService(31, false, nil)))
	s7Talk(n, c, mmsAsk(15, mmsService(29, false, logic)), mmsTell(15, mmsService(29, true, ber(0x80, []byte{4}))))
	s7Talk(n, c, mmsAsk(16, mmsService(30, false, []byte{4})), mmsTell(16, mmsService(30, true, ber(0x28, nil))))
	c.Close()
}

// mmsLogins associates with a password, accepted and refused, and is refused by
// each layer.
func mmsLogins(n *Net) {
	for i, answer := range [][]byte{mmsConnect(14, mmsAssociated(0, 0)), mmsConnect(14, mmsAssociated(1, 13)), mmsConnect(14, mmsAssociated(2, 0)), cotpData(12, 3, 50, 1, 129), cotpData(25, 3, 0x11, 1, 3)} {
		c := n.Dial(s7Tool, s7PLC, uint16(49310+i), PortTPKT)
		s7Talk(n, c, COTPConnect(nil, 1, 0, 0, 1), COTPConfirm(nil, 1, 0, 0, 1))
		s7Talk(n, c, mmsConnect(13, mmsAssociate("S3cr3t"), asnACSE, asnMMS, asnFTAM), answer)
		if i == 0 {
			s7Talk(n, c, mmsUnit(5, ber(0xa0, []byte{2, 1, 1, 0x80, 0})), nil) // of another
			s7Talk(n, c, mmsUnit(3, ber(0xaa, ber(0xa0, ber(0x88, []byte{1})))), nil)
			s7Talk(n, c, cotpData(25, 3, 0x11, 1, 3), nil)
		}
		c.Close()
	}
	c := n.Dial(s7Tool, s7PLC, 49320, PortTPKT) // no session at all
	s7Talk(n, c, COTPConnect(nil, 1, 0, 0, 1), COTPConfirm(nil, 1, 0, 0, 1))
	s7Talk(n, c, cotpData(mmsInitiate(0xa8)...), cotpData(mmsInitiate(0xa9)...))
	s7Talk(n, c, cotpData(ber(0xa0, append([]byte{2, 1, 1}, mmsRead(mmsVariables("LD", "a"))...))...), cotpData(ber(0xa1, append([]byte{2, 1, 1}, mmsReadAnswer(ber(0x85, []byte{1}))...))...))
	c.Close()
	c = n.Dial(s7Tool, s7PLC, 49321, PortTPKT) // another application
	s7Talk(n, c, COTPConnect(nil, 1, 0, 0, 1), COTPConfirm(nil, 1, 0, 0, 1))
	s7Talk(n, c, mmsConnect(13, ber(0x60, nil), asnACSE, asnFTAM), nil)
	c.Close()
}

// mmsMidstream begins inside an association, in parts, several in a segment.
func mmsMidstream(n *Net) {
	c := n.Midstream(s7HMI, s7PLC, 49306, PortTPKT)
	read := mmsRead(mmsVariables("LD", "GGIO1$ST$a", "GGIO1$ST$b"))
	answer := mmsReadAnswer(ber(0x85, []byte{1}), ber(0x83, []byte{1}))
	s7Talk(n, c, nil, mmsTell(1, answer))
	s7Talk(n, c, nil, mmsTell(2, ber(0xa5, []byte{0x81, 0})))
	s7Talk(n, c, nil, mmsTell(3, mmsService(71, true, nil)))
	s7Talk(n, c, nil, mmsFail(4, 7, 3))
	for i := range uint32(4) {
		s7Talk(n, c, append(mmsAsk(2*i, read), mmsAsk(2*i+1, read)...), append(mmsTell(2*i+1, answer), mmsTell(2*i, answer)...))
	}
	b, a := mmsAsk(70, read)[7:], mmsTell(70, answer)[7:]
	s7Talk(n, c, joined(cotpPart(b[:1]...), cotpPart(b[1:30]...), cotpData(b[30:]...)), joined(cotpPart(a[:9]...), cotpData(a[9:]...)))
	s7Talk(n, c, nil, mmsUnit(3, []byte{0x8c, 0}))
	c.Close()
	c = mmsOpen(n, s7HMI, 49307)
	c.LoseClient(22)
	c.LoseServer(22)
	for i := range uint32(6) {
		s7Talk(n, c, mmsAsk(i, read), mmsTell(i, answer))
	}
	c.Close()
	// Nothing that is seen of these comes whole, and the first part says nothing yet.
	c = n.Midstream(s7HMI, s7PLC, 49308, PortTPKT)
	s7Talk(n, c, cotpInParts(mmsConnect(13, mmsAssociate(""), asnACSE, asnMMS), 1, 2, 47), cotpInParts(mmsConnect(14, mmsAssociated(0, 0)), 20))
	s7Talk(n, c, mmsAsk(9, read), mmsTell(9, answer))
	c.Close()
	c = n.Midstream(s7HMI, s7PLC, 49309, PortTPKT)
	for i := range uint32(2) {
		s7Talk(n, c, cotpInParts(mmsAsk(i, read), 0, 2, 7), cotpInParts(mmsTell(i, answer), 3))
	}
	c.Close()
}

// mmsMalformed breaks one rule at a time.
func mmsMalformed(n *Net) {
	c := mmsOpen(n, s7HMI, 49308)
	read := mmsRead(mmsVariables("LD", "a"))
	s7Talk(n, c, cotpData(1, 9, 1, 0), nil)
	s7Talk(n, c, cotpData(1, 0, 2, 0), nil)
	s7Talk(n, c, cotpData(13, 3, 5, 9, 0), nil)
	s7Talk(n, c, cotpData(1, 0, 1, 0, 0x61, 9, 0x30), nil)
	s7Talk(n, c, cotpData(1, 0, 1, 3, 25, 1, 2, 0x61), nil) // a part: not read
	s7Talk(n, c, cotpData(1, 0), nil)
	s7Talk(n, c, mmsUnit(3, []byte{0xa0, 9, 1}), nil)
	s7Talk(n, c, mmsUnit(3, []byte{0xae, 0}), nil)
	for _, unit := range [][]byte{{2, 1}, {2, 1, 1}, {2, 1, 1, 0xa4, 0}, {2, 1, 1, 0xa4, 2, 0xa1, 0}, {2, 1, 1, 0xa4, 6, 0xa1, 4, 0xa0, 2, 0x30, 0}, {2, 1, 1, 0xa5, 4, 0xa0, 0, 0x80, 0},
		{2, 1, 1, 0xa1, 0}, {2, 1, 1, 0xbf, 0xff, 0xff, 0xff, 0x01, 0}, {2, 1, 1, 0xbf, 0x48, 2, 0xa0, 9}, {2, 9}} {
		s7Talk(n, c, mmsUnit(3, ber(0xa0, unit)), mmsUnit(3, ber(0xa1, unit)))
	}
	for _, unit := range [][]byte{{0x80, 1, 1}, {0x80, 1, 1, 0xa2, 2, 0xa0, 0}} {
		s7Talk(n, c, nil, mmsUnit(3, ber(0xa2, unit)))
	}
	for _, unit := range [][]byte{{0xa0, 0}, {0xa0, 4, 0xa0, 0, 0xa1, 0}, {0xa0, 8, 0xa1, 4, 0x80, 2, 'x', 'y', 0xa0, 2, 0x85, 0},
		{0xa0, 11, 0xa1, 5, 0x80, 3, 'R', 'P', 'T', 0xa0, 2, 0x8a, 0}, {0xa0, 15, 0xa1, 5, 0x80, 3, 'R', 'P', 'T', 0xa0, 6, 0x8a, 0, 0x84, 2, 6, 0x40}} {
		s7Talk(n, c, nil, mmsUnit(3, ber(0xa3, unit)))
	}
	for i, value := range [][]byte{ber(0x83, nil), ber(0x84, []byte{9}), ber(0x85, nil), ber(0x87, []byte{8, 1}), ber(0x91, []byte{1}), {0xa2, 3, 0x85, 9, 1}, nil, joined(ber(0x85, []byte{1}), ber(0x85, []byte{1}))} {
		s7Talk(n, c, mmsAsk(uint32(i+1), read), mmsTell(uint32(i+1), mmsReadAnswer(value)))
	}
	s7Talk(n, c, mmsUnit(3, ber(0xa4, []byte{0x80, 1, 1, 0x81, 9})), mmsUnit(3, ber(0xa7, []byte{0x80, 1, 1})))
	s7Talk(n, c, tpkt(4, 0xf0, 0, 0, 0x80, 1), nil)
	s7Talk(n, c, []byte("\x05\x00 no packet"), nil)
	s7Talk(n, c, mmsAsk(99, read), mmsTell(99, mmsReadAnswer(ber(0x85, []byte{1}))))
	c.Close()
}
