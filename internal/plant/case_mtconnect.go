package plant

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A machine tool with its adapter, and the agent.
var (
	mtAgent = &Host{Name: "mt-agent", MAC: 0x02_00_00_00_35_10, IP: netip.MustParseAddr("10.10.35.10")}
	mtMill  = &Host{Name: "mill", MAC: 0x02_00_00_00_35_20, IP: netip.MustParseAddr("10.10.35.20")}
)

const (
	portSHDR = 7878
	mtTime   = "2026-03-02T06:00:00.123Z|"
)

func mtPing(n *Net, c *Conn) {
	c.Client([]byte("* PING\r\n"))
	c.Server([]byte("* PONG 10000\n"))
	n.Wait(50 * time.Millisecond)
}

// mtconnectPoll is an axis that moves, and pings.
func mtconnectPoll(n *Net) {
	c := n.Dial(mtAgent, mtMill, 49350, portSHDR)
	for i := range 8 {
		mtPing(n, c)
		c.Server([]byte(mtTime + "Xact|12." + strconv.Itoa(i) + "|Sspeed|8000\n"))
		c.Server([]byte(mtTime + "execution|ACTIVE\n"))
	}
	c.Close()
}

// mtconnectItems shows every kind of line.
func mtconnectItems(n *Net) {
	c := n.Dial(mtAgent, mtMill, 49351, portSHDR)
	c.Client([]byte("* PING\r\n"))
	for _, line := range []string{
		"* adapterVersion: 2.1.0\r", "* shdrVersion: 1", "* device: Mill-3", "* manufacturer: Example Tools", "* serialNumber: 4711", "* description: five axes",
		"* station: cell 4", "* calibration: none", "* PONG 10000", "",
		mtTime + "avail|AVAILABLE|Xact|-1.5e2|Yact|UNAVAILABLE|program|O1234",
		mtTime + "path_pos|10.5 20.25 -3", mtTime + "many|1 2 3 4 5 6 7 8 9", mtTime + "mill:Zact|7", mtTime + "partcount|12|",
		mtTime + "Xtravel|FAULT|52|100|HIGH|over travel", mtTime + "Xtravel|NORMAL||||", mtTime + "temp|WARNING|1|2|LOW|hot", mtTime + "sys|UNAVAILABLE||||",
		mtTime + "operator|100|call maintenance", mtTime + "operator|101|\"left \\| right\"", mtTime + "note|\"a \\| b\"|Xact|3", mtTime + "note|\"open | Xact|3",
		mtTime + "current|5|100|1 2 3.5 4 5|", mtTime + "current|2||7 8", mtTime + "current|12|100|1 2 3 4 5 6 7 8 9 10 11 12", mtTime + "pcount|17:DAY|clock|10:30:00",
		mtTime + "vars|:MANUAL v5=1 v6=2", mtTime + "alarm|OTHER|500|CRITICAL|ACTIVE|oil", mtTime + "mode|NORMAL|Xact|3.25|Yact|4", mtTime + "temp|FAULT|1|2|HIGH",
		mtTime + "Xact|3|Xtravel|NORMAL|||||Yact|4", "|Xact|2.5", mtTime + "device1:current|12 | device2:current | 11",
		"* shdrVersion: 2", mtTime + "Xact|3|Xtravel|NORMAL|||||Yact|4|current|2|100|7 8|Zact|5",
		"12345.5|Xact|4", "2026-03-02T06:00:00Z@100.5|Xact|5",
		mtTime + "@ASSET@|tool-1|CuttingTool|<CuttingTool/>", mtTime + "@ASSET@|tool-2|CuttingTool|--multiline--A0F1", "<CuttingTool>", "2026 no line", "--multiline--A0F1",
		mtTime + "@REMOVE_ASSET@|tool-1", mtTime + "Xact|6", mtTime + "word|1.2.3", mtTime + "word|-", mtTime + "long_name_" + strings.Repeat("x", 140) + "|1",
	} {
		c.Server([]byte(line + "\n"))
	}
	c.Client([]byte("* PING\r\n* other words\r\n"))
	c.Server([]byte(mtTime + "Xact|7\n" + mtTime + "Xact|8\n* PONG 10000\n"))
	c.Close()
}

// mtconnectMidstream begins in the middle and loses lines.
func mtconnectMidstream(n *Net) {
	c := n.Midstream(mtAgent, mtMill, 49352, portSHDR)
	c.Server([]byte(mtTime + "Xact|7\n"))
	c.Server([]byte("* PONG 10000\n"))
	mtPing(n, c)
	c.LoseServer(30)
	c.Server([]byte("act|9\n" + mtTime + "Xact|10\n"))
	c.LoseClient(8)
	mtPing(n, c)
	c.Close()
}

// mtconnectMalformed breaks each rule once.
func mtconnectMalformed(n *Net) {
	c := n.Dial(mtAgent, mtMill, 49353, portSHDR)
	mtPing(n, c)
	c.Client([]byte("GET / HTTP/1.1\r\n"))
	for _, line := range []string{"no bar at all", "no time|Xact|1", mtTime + "|1", mtTime + "Xact", mtTime, mtTime + "Xact|1|Yact|2|  |3"} {
		c.Server([]byte(line + "\n"))
	}
	c.Server([]byte(strings.Repeat("x", 33000)))
	c.Server([]byte("\n" + mtTime + "Xact|11\n"))
	mtPing(n, c)
	c.Close()
}
