package plant

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Hosts of the Fox captures, and the port.
var (
	foxWorkbench = &Host{Name: "workbench", MAC: 0x02_00_00_00_35_10, IP: netip.MustParseAddr("10.10.35.10")}
	foxStation   = &Host{Name: "station", MAC: 0x02_00_00_00_35_20, IP: netip.MustParseAddr("10.10.35.20")}
)

const portFox = 1911

// foxMessage builds a message with its tuples.
func foxMessage(kind byte, number, reply int, command string, tuples ...string) []byte {
	body := ""
	if len(tuples) > 0 {
		body = strings.Join(tuples, "\n") + "\n"
	}
	return fmt.Appendf(nil, "fox %c %d %d %s\n{\n%s};;\n", kind, number, reply, command, body)
}

// fox is a workbench's connection to a station.
type fox struct {
	net    *Net
	conn   *Conn
	number int // of the last message
	told   int // messages of the station
	call   int // that waits for a reply
}

func (f *fox) client(kind byte, command string, tuples ...string) {
	f.number++
	reply := -1
	if kind == 's' {
		f.call++
		reply = f.call
	}
	f.conn.Client(foxMessage(kind, f.number, reply, command, tuples...))
	f.net.Wait(4 * time.Millisecond)
}

func (f *fox) server(kind byte, reply int, command string, tuples ...string) {
	f.conn.Server(foxMessage(kind, f.told, reply, command, tuples...))
	f.told++
	f.net.Wait(30 * time.Millisecond)
}

// ask sends a command and its reply.
func (f *fox) ask(command string, tuples ...string) {
	f.client('s', command, tuples...)
	f.server('r', f.call, command, "ok=z:t")
}

func foxDial(n *Net, port uint16) *fox {
	f := &fox{net: n, conn: n.Dial(foxWorkbench, foxStation, port, portFox)}
	f.client('a', "fox hello", "fox.version=s:1.0", "id=i:1", "hostName=s:eng-laptop", "hostAddress=s:10.10.35.10", "app.name=s:Workbench",
		"app.version=s:4.10.0.154", "vm.name=s:OpenJDK", "vm.version=s:25", "os.name=s:Windows 10", "os.version=s:10.0", "lang=s:en", "brandId=s:vykon")
	f.server('a', -1, "fox hello", "fox.version=s:1.0.1", "id=i:2", "hostName=s:10.10.35.20", "hostAddress=s:10.10.35.20", "app.name=s:Station",
		"app.version=s:4.10.0.154", "os.name=s:QNX", "os.version=s:7.0", "station.name=s:AHU_North", "hostId=s:Qnx-TITAN-0000-1490-C30C",
		"brandId=s:vykon", "sysInfo=o:bog 31[<bog version=\"1.0\">\n};;\n</bog>\n]", "data=b:5[a\n};;]")
	return f
}

// foxPoll reads again and again.
func foxPoll(n *Net) {
	f := foxDial(n, 49350)
	for range 8 {
		f.ask("broker1 load", "ord=s:slot:/Drivers")
		f.client('k', "fox ping")
		f.server('a', -1, "broker1 change", "value=f:21.5")
	}
	f.conn.Close()
}

// foxCommands shows logins and commands of every channel.
func foxCommands(n *Net) {
	f := foxDial(n, 49351)
	f.server('a', -1, "fox challenge", "method=s:digest-md5", "nonce=b:8[ nonce\n\x01]")
	f.client('a', "fox login", "username=s:operator", "credentials=s:hunter2")
	f.server('a', -1, "fox rejected", "reason=s:S3cr3t")
	f.client('a', "fox login", "username=s:operator", "credentials=s:S3cr3t")
	f.server('a', -1, "fox welcome")
	for _, command := range []string{
		"sys summary", "sys stationCall", "sys listLocalSpaces", "sys makeBrokerChannel", "sys subNavEvents", "sys niagaraRpc", "sys other",
		"file head", "file list", "file get", "file put", "file delete", "user fetchPrefs", "user setAuthenticator", "broker loadRoot", "broker2 sub",
		"broker2 invoke", "broker2 transfer", "data resolve", "spy get", "bql query", "history list", "alarm ack", "brokers load", "nobody knows",
	} {
		f.ask(command, "password=s:hunter2", "m=m:{", "x=i:1", "}")
	}
	f.client('s', "file move")
	f.server('e', f.call, "file move", "msg=s:denied")
	f.client('a', "broker2 unsub")
	f.client('n', "fox nothing")
	f.conn.Client([]byte("fox a 9 -1 fox close\n;;\n"))
	f.server('s', -1, "sys summary")
	f.conn.Client(foxMessage('r', 40, 101, "sys summary", "ok=z:t"))
	f.conn.Close()
	s := &fox{net: n, conn: n.Dial(foxWorkbench, foxStation, 49352, portFox)} // the station speaks first
	s.server('a', -1, "fox hello", "app.name=s:Station", "station.name=s:Boiler")
	s.client('s', "fox username", "username=s:admin")
	s.server('e', s.call, "fox username")
	s.conn.Close()
	t := &fox{net: n, conn: n.Dial(foxWorkbench, foxStation, 49355, portFox)} // a station is a client, with escapes and a message in its hello
	t.client('a', "fox hello", "app.name=s:Station", "station.name=s:Geb#e4;ude #23;1#zz;", "hostId=s:#null;", "more=m:{", "x=i:1", "}", "brandId=s:#110000000;", "os.name=s:QNX")
	t.server('a', -1, "fox hello", "app.name=s:Station")
	t.client('a', "fox username", "username=s:J#f6;rg")
	t.server('a', -1, "fox welcome")
	t.client('s', "file delete", "path=s:/x")
	t.server('n', t.call, "file delete")
	t.conn.Client([]byte("fox k -1 -1 fox keepalive\n{\n};;\n"))
	t.client('s', "sys summary")
	t.client('c', "fox close")
	t.conn.Close()
	u := &fox{net: n, conn: n.Dial(foxWorkbench, foxStation, 49356, portFox)} // the station is busy
	u.client('a', "fox hello", "app.name=s:Workbench")
	u.server('e', -1, "fox busy")
	u.conn.Close()
}

// foxMidstream begins in the middle and loses bytes.
func foxMidstream(n *Net) {
	f := &fox{net: n, number: 70, conn: n.Midstream(foxWorkbench, foxStation, 49353, portFox)}
	f.server('r', 70, "broker1 load", "ok=z:t")
	f.server('e', 71, "broker1 invoke")
	f.ask("broker1 load")
	f.conn.LoseServer(30)
	f.ask("broker1 load")
	f.ask("broker1 load")
	f.conn.LoseClient(30)
	f.ask("broker1 load")
	f.ask("broker1 load")
	f.conn.Close()
	m := &fox{net: n, conn: n.Midstream(foxStation, foxWorkbench, 5012, 5013)} // who asks tells the hello's number
	m.client('a', "fox hello", "app.name=s:Station")
	m.server('a', -1, "fox hello", "app.name=s:Station")
	m.ask("sys summary")
	m.conn.Close()
}

// foxMalformed breaks each rule once.
func foxMalformed(n *Net) {
	f := foxDial(n, 49354)
	f.client('a', "fox hello", "this is no tuple")
	f.client('a', "fox hello", "b=b:x[1]", "c=b:3", "d=o:bog 9[short]", "e=")
	f.conn.Client([]byte("fox x 1 -1 fox hello\n{\n};;\n"))
	f.ask("sys summary")
	f.conn.Client([]byte("fox s 1 -1 sys summary\nno body\n"))
	f.ask("sys summary")
	f.conn.Close()
}
