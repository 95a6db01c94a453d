package plant

import (
	"bytes"
	"fmt"
)

// httpSeen is a browser that loads two pages from a controller, in whole and
// in chunks, and a HEAD; then a proxy is asked for a tunnel.
func httpSeen(n *Net) {
	c := n.Dial(itDesk, itServer, 50080, 80)
	c.Client(HTTPGet(nil, "plc-7.plant.example", "/index.html", "Browser/5.0 (test)"))
	c.Server(HTTPAnswer(nil, "200 OK", "PanelWeb/1.4", "text/html", bytes.Repeat([]byte("<p>Hall 2</p>\r\n\r\n"), 200)))
	c.Client(HTTPGet(nil, "plc-7.plant.example", "/values", "Browser/5.0 (test)", "Cookie: session=S3cr3t"))
	c.Server([]byte("HTTP/1.1 200 OK\r\nServer: PanelWeb/1.4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHTTP/\r\n1a;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: 1\r\n\r\n"))
	c.Client([]byte("HEAD /values HTTP/1.1\r\nHost: plc-7.plant.example\r\n\r\nGET / HTTP/1.1\r\nHost: 10.10.5.20\r\n\r\n"))
	c.Server([]byte("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"))
	c.Client([]byte("POST /set HTTP/1.1\r\nHost: 10.10.5.20\r\nContent-Length: 15\r\n\r\nGET / HTTP/1.1\n"))
	c.Server([]byte("HTTP/1.0 200 OK\r\n\r\nuntil the end HTTP/1.1 200 OK\r\n"))
	c.Close()

	c = n.Dial(itDesk, itServer, 50081, 8080)
	c.Client([]byte("CONNECT update.example:443 HTTP/1.1\r\n\r\n"))
	c.Server([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	c.Client([]byte{22, 3, 1, 0, 1, 1})
	c.Server([]byte("anything"))
	c.Close()

	c = n.Dial(itDesk, itServer, 50082, 80)
	c.Client([]byte("GET /live HTTP/1.1\r\nHost: user:hunter2@panel.example\r\nUpgrade: websocket\r\n\r\n"))
	c.Server([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi"))
	c.Client([]byte{0x81, 0x82, 1, 2, 3, 4, 'x', 'y'})
	c.Close()

	c = n.Dial(itDesk, itServer, 50083, 80)
	c.Client(fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: long.example\r\nX-Long: %s\r\n\r\n", bytes.Repeat([]byte("a"), 9000), bytes.Repeat([]byte("b"), 9000)))
	c.Server([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
	c.Close()
}

// httpLogins tries passwords: Basic refused, Basic accepted and used again,
// Digest, and a token that is nobody's name.
func httpLogins(n *Net) {
	c := n.Dial(itDesk, itServer, 50090, 80)
	try := func(credentials, status string) {
		c.Client(HTTPGet(nil, "plc-7", "/", "tool/1", "Authorization: "+credentials))
		c.Server(HTTPAnswer(nil, status, "PanelWeb/1.4", "text/plain", []byte("x")))
	}
	try("Basic YWRtaW46aHVudGVyMg==", "401 Unauthorized") // admin:hunter2
	try("Basic YWRtaW46UzNjcjN0", "200 OK")               // admin:S3cr3t
	try("Basic YWRtaW46UzNjcjN0", "200 OK")               // again: told once
	try("Basic UzNjcjN0", "401 Unauthorized")             // no colon: not told
	try(`Digest username="operator", realm="plc", response="00"`, "200 OK")
	try("Bearer S3cr3t", "200 OK")
	try("Digest username=\"operator\", realm=\"plc\"", "500 Internal Server Error")
	try("Basic b3A6eA==", "500 Internal Server Error")
	c.Close()
}

// httpMalformed breaks one rule at a time.
func httpMalformed(n *Net) {
	port := uint16(50100)
	say := func(request, answer string) {
		c := n.Dial(itDesk, itServer, port, 80)
		c.Client([]byte(request))
		c.Server([]byte(answer))
		c.Close()
		port++
	}
	const get, ok = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"
	say("GET / HTTP/1.1\r\nno colon here\r\n\tfolded\r\nHost: a.example\r\n\r\n", ok)
	say("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok)
	say("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", ok)
	say("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", ok)
	say(get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	say(get, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz\r\n")
	say(get+"whatever this is\r\n", ok)
	say("GET / HTTP/1.1\r\n"+string(bytes.Repeat([]byte("A: b\r\n"), 300)), ok)
}

// httpPoll asks two hosts behind one proxy in turn.
func httpPoll(n *Net) {
	c := n.Dial(itDesk, itServer, 50200, 8080)
	for i := range 12 {
		c.Client(HTTPGet(nil, fmt.Sprintf("plc-%d", i%2), "/values", "panel/2"))
		c.Server(HTTPAnswer(nil, "200 OK", "PanelWeb/1.4", "text/plain", []byte("1 2 3")))
	}
	c.Close()
}
