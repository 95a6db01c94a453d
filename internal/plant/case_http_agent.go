package plant

import (
	"bytes"
	"fmt"
)

const mtHeader = `<Header creationTime="2026-03-02T06:00:00Z" sender="mt-agent" instanceId="1772" version="2.0.0.12" bufferSize="131072"/>`

// mtDocument is an answer of an agent, with a root and what is in it.
func mtDocument(root, body string) []byte {
	return fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- styled -->\n<%s xmlns=\"urn:mtconnect.org:%s:2.0\">\n  %s\n%s\n</%[1]s>\n", root, root, mtHeader, body)
}

func mtDevices(name string) []byte {
	body := fmt.Sprintf(`<Devices><Device id="d1" name="%s" uuid="4711-%[1]s" iso841Class="6"><Description manufacturer="Example Tools" model='M7' serialNumber="SN-99">five axes</Description>`, name)
	return mtDocument("MTConnectDevices", body+string(bytes.Repeat([]byte(`<DataItem id="x" type="POSITION"/>`), 200))+"</Device></Devices>")
}

// httpAgent asks an MTConnect agent for all that it has, and two servers that look
// like one and are none.
func httpAgent(n *Net) {
	c := n.Dial(itDesk, mtAgent, 50210, 5000)
	ask := func(path, status, kind string, body []byte) {
		c.Client(HTTPGet(nil, "mt-agent:5000", path, "collector/1"))
		c.Server(HTTPAnswer(nil, status, "MTConnectAgent", kind, body))
	}
	chunked := func(path string, body []byte) {
		c.Client(HTTPGet(nil, "mt-agent:5000", path, "collector/1"))
		c.Server([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"))
		for len(body) > 0 {
			k := min(len(body), 700)
			c.Server(fmt.Appendf(nil, "%x\r\n%s\r\n", k, body[:k]))
			body = body[k:]
		}
		c.Server([]byte("0\r\n\r\n"))
	}
	streams := mtDocument("MTConnectStreams", `<Streams><DeviceStream name="Mill-3" uuid="4711"><Position dataItemId="x">12.5</Position></DeviceStream></Streams>`)
	failed := func(code string) []byte {
		return mtDocument("MTConnectError", `<Errors><Error errorCode="`+code+`">no</Error></Errors>`)
	}
	ask("/", "200 OK", "text/xml", mtDevices("Mill-3"))
	ask("/probe", "200 OK", "text/xml", mtDevices("Mill-3"))
	ask("/current", "200 OK", "text/xml", streams)
	chunked("/Mill-3/sample?from=100&count=10", bytes.ReplaceAll(streams, []byte("<Streams>"), append([]byte("<Streams>"), bytes.Repeat([]byte("<!-- -->"), 700)...)))
	chunked("/Lathe-1/probe", mtDevices("Lathe-1"))
	ask("/asset/tool-1;tool-2", "200 OK", "application/xml", mtDocument("m:MTConnectAssets", "<Assets/>"))
	ask("/assets?type=CuttingTool", "200 OK", "text/xml", mtDocument("MTConnectAssets", "<Assets/>"))
	ask("/sample?from=1", "404 Not Found", "text/xml", failed("OUT_OF_RANGE"))
	ask("/Drill/current", "200 OK", "text/xml", failed("NO_DEVICE"))
	ask("/Drill/current", "200 OK", "text/xml", failed("EXTENDED"))
	ask("/sample?interval=100", "200 OK", "multipart/x-mixed-replace;boundary=b", []byte("--b\r\n"))
	ask("/current", "503 Service Unavailable", "text/plain", []byte("later"))
	ask("/current", "200 OK", "text/xml", []byte("<html/>"))
	ask("/current", "200 OK", "text/xml", append(bytes.Repeat([]byte(" "), 1100), streams...))
	ask("/styles/Devices.xsl", "200 OK", "text/xml", streams)
	c.Client(HTTPGet(HTTPGet(nil, "mt-agent", "/probe", "collector/1"), "mt-agent", "/current", "collector/1"))
	c.Server(HTTPAnswer(HTTPAnswer(nil, "200 OK", "MTConnectAgent", "text/xml", mtDevices("Mill-3")), "200 OK", "MTConnectAgent", "text/xml", streams))
	c.Client([]byte("HEAD /probe HTTP/1.1\r\n\r\n"))
	c.Server([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 99\r\n\r\n"))
	c.Close()
	c = n.Dial(itDesk, itServer, 50211, 80) // no agents
	ask("/current", "200 OK", "text/xml", []byte("<?xml version=\"1.0\"?><weather>MTConnectStreams</weather>"))
	ask("/sample", "200 OK", "text/xml", []byte("MTConnect"))
	ask("/probe", "200 OK", "text/html", streams)
	c.Close()
}
