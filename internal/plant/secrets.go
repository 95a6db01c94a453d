package plant

import (
	"encoding/base64"
	"io"
)

// WriteSecrets writes logins of protocols that send their passwords in the clear
// and returns what must not turn up anywhere else: the passwords, and the forms in
// which they travel.
func WriteSecrets(w io.Writer) (secrets []string, err error) {
	n, err := NewNet(w, caseStart)
	if err != nil {
		return nil, err
	}
	s := &secretive{net: n, client: &Host{Name: "clerk", MAC: 0xf8bc12660199, IP: addr("10.66.0.9")},
		server: &Host{Name: "old-server", MAC: 0x001422900077, IP: addr("10.66.0.77")}, port: 40000}
	s.ftp()
	s.telnet()
	s.http()
	s.snmp()
	s.ldap()
	return s.secrets, n.Close()
}

// secretive is somebody who logs in everywhere.
type secretive struct {
	net            *Net
	client, server *Host
	port           uint16
	secrets        []string
}

func (s *secretive) dial(port uint16) *Conn {
	s.port++
	return s.net.Dial(s.client, s.server, s.port, port)
}

// keep remembers a secret and returns it.
func (s *secretive) keep(secret string) string {
	s.secrets = append(s.secrets, secret)
	return secret
}

func (s *secretive) ftp() {
	for _, port := range []uint16{21, 2121} {
		c := s.dial(port)
		c.Server([]byte("220 FTP server ready\r\n"))
		c.Client([]byte("USER operator\r\n"))
		c.Server([]byte("331 Password required for operator\r\n"))
		c.Client([]byte("PASS " + s.keep("Ftp-Zebra-Quartz-71") + "\r\n"))
		c.Server([]byte("230 User operator logged in\r\n"))
		c.Client([]byte("QUIT\r\n"))
		c.Server([]byte("221 Goodbye\r\n"))
		c.Close()
	}
}

// telnet types the name by key and the password at once, as scripts do; a second
// login types both by key.
func (s *secretive) telnet() {
	for _, keys := range []bool{false, true} {
		c := s.dial(23)
		c.Server([]byte{255, 253, 24, 255, 251, 1, 255, 251, 3})
		c.Client([]byte{255, 252, 24, 255, 253, 1, 255, 253, 3})
		c.Server([]byte("\r\nlogin: "))
		for _, k := range []byte("service\r\n") {
			c.Client([]byte{k})
			c.Server([]byte{k})
		}
		c.Server([]byte("Password: "))
		password := s.keep("Telnet-Walrus-Onyx-52")
		if keys {
			for _, k := range []byte(password) {
				c.Client([]byte{k})
				c.AckServer()
			}
		} else {
			c.Client([]byte(password))
		}
		c.Client([]byte("\r\n"))
		c.Server([]byte("\r\nLast login: Mon Mar  2 05:12:44\r\n$ "))
		c.Close()
	}
}

func (s *secretive) http() {
	password := s.keep("Http-Badger-Topaz-33")
	basic := s.keep(base64.StdEncoding.EncodeToString([]byte("admin:" + password)))
	token := s.keep("Bearer-Ferret-Opal-90")
	cookie := s.keep("Cookie-Heron-Garnet-14")
	query := s.keep("Query-Lynx-Agate-27")
	form := s.keep("Form-Otter-Beryl-68")
	exchanges := [][2][]byte{
		{HTTPGet(nil, "old-server", "/", "Mozilla/5.0", "Authorization: Basic "+basic), nil},
		{HTTPGet(nil, "old-server", "/api", "curl/8.5.0", "Authorization: Bearer "+token), nil},
		{HTTPGet(nil, "old-server", "/start", "Mozilla/5.0", "Cookie: session="+cookie), nil},
		{HTTPGet(nil, "old-server", "/login?user=admin&password="+query, "Mozilla/5.0"), nil},
		{[]byte("POST /login HTTP/1.1\r\nHost: old-server\r\nUser-Agent: Mozilla/5.0\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
			"Content-Length: 39\r\n\r\nname=admin&password=" + form), nil},
		{HTTPGet(nil, "admin:"+password+"@old-server", "/", "Mozilla/5.0"), nil},
		{HTTPGet(nil, "old-server", "http://admin:"+password+"@old-server/", "Mozilla/5.0"), nil},
	}
	for _, port := range []uint16{80, 8080} {
		c := s.dial(port)
		for _, e := range exchanges {
			c.Client(e[0])
			c.Server(HTTPAnswer(nil, "200 OK", "GoAhead-Webs", "text/html", []byte("<html>welcome</html>")))
		}
		c.Close()
	}
}

func (s *secretive) snmp() {
	for i, community := range []string{s.keep("Snmp-Puffin-Jade-85"), s.keep("Snmp-Marten-Coral-46")} {
		id := uint16(i + 1)
		s.net.UDP(s.client, s.server, 50161, 161, SNMPGet(nil, community, id, SNMPDescription, SNMPName))
		s.net.UDP(s.server, s.client, 161, 50161, SNMPAnswer(nil, community, id, [][]byte{SNMPDescription, SNMPName}, "Old server", "old-server"))
	}
}

// ldap binds with a name and a password (RFC 4511, 4.2).
func (s *secretive) ldap() {
	c := s.dial(389)
	bind := append([]byte{2, 1, 3}, ber(4, []byte("cn=operator,dc=plant,dc=example"))...)
	bind = append(bind, ber(0x80, []byte(s.keep("Ldap-Gannet-Pearl-59")))...)
	c.Client(ber(0x30, append([]byte{2, 1, 1}, ber(0x60, bind)...)))
	c.Server(ber(0x30, append([]byte{2, 1, 1}, ber(0x61, []byte{10, 1, 0, 4, 0, 4, 0})...)))
	c.Client(ber(0x30, []byte{2, 1, 2, 0x42, 0}))
	c.Close()
}
