package plant

import "firedoor/internal/plant/chance"

// ftpSeen logs in twice, once with a wrong password, moves a file each way and
// fails to move a third.
func ftpSeen(n *Net) {
	c := n.Dial(itDesk, itServer, 50021, 21)
	c.Server([]byte("220-Welcome\r\n220 Controller FTP server (Version 1.4) ready.\r\n"))
	say := func(command, reply string) {
		c.Client([]byte(command + "\r\n"))
		c.Server([]byte(reply + "\r\n"))
	}
	say("OPTS UTF8 ON", "501 Option not understood.")
	say("USER engineer", "331 Password required")
	say("PASS hunter2", "530 Login incorrect.")
	say("user engineer", "331 Password required")
	say("pass S3cr3t", "230-Hello\r\n 226 is not a reply here\r\n230 Logged in.")
	say("TYPE I", "200 Type set.")
	say("RETR program/main.st", "150 Opening data connection.")
	c.Server([]byte("226 Transfer complete.\r\n"))
	say("STOR firmware.bin", "125 Starting transfer.")
	c.Server([]byte("250 Done.\r\n"))
	say("STOR /etc/shadow", "553 Not allowed.")
	c.Client(append(make([]byte, 0, 700), append([]byte("SITE "), append(make([]byte, 600), "\r\n"...)...)...))
	c.Server([]byte("500 ?\r\n"))
	say("QUIT", "221 Goodbye.")
	c.Close()

	c = n.Dial(itDesk, itServer, 50022, 21)
	c.Server([]byte("220-Plant 3\r\n220-Example FTP Server 2.0\r\n220 Service ready for new user.\r\n"))
	say("USER anonymous", "230 Welcome.")
	c.Close()

	c = n.Dial(itDesk, itServer, 50024, 21)
	c.Server([]byte("220 (FTP)\r\n"))
	say("SYST", "530 Please log in.")
	say("USER operator", "530 This server is anonymous only.") // refused by the name alone
	c.Close()
}

// ftpSecure asks for TLS before it logs in.
func ftpSecure(n *Net) {
	r := chance.New(8)
	c := n.Dial(itDesk, itServer, 50023, 21)
	c.Server([]byte("220 FTP ready\r\n"))
	c.Client([]byte("AUTH TLS\r\n"))
	c.Server([]byte("234 Proceed\r\n"))
	h := TLSHello{Server: "ftp.plant.example"}
	c.Client(h.Client(nil, &r))
	c.Server(h.ServerAnswer(nil, &r))
	c.Client(TLSData(nil, &r, 40))
	c.Close()
}
