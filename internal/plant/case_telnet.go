package plant

// telnetSeen logs in with a wrong and a right password, typing character by
// character as terminals do, then uses su.
func telnetSeen(n *Net) {
	c := n.Dial(itDesk, itServer, 50024, 23)
	c.Client([]byte{255, 251, 24, 255, 251, 31})
	c.Server([]byte{255, 253, 24, 255, 253, 31, 255, 251, 1})
	c.Client([]byte{255, 250, 24, 0, 'v', 't', '1', '0', '0', 255, 240, 255, 250, 31, 0, 80, 255, 255, 255, 240, 255, 253, 1})
	typed := func(text string, echo bool) {
		for i := range len(text) {
			c.Client([]byte{text[i]})
			if echo {
				c.Server([]byte{text[i]})
			}
		}
		c.Client([]byte("\r\n"))
		c.Server([]byte("\r\n"))
	}
	c.Server([]byte("Controller 7\r\nlogin: "))
	typed("operax\x08tor", true)
	c.Server([]byte("Password: "))
	typed("hunter2", false)
	c.Server([]byte("Login incorrect\r\nlogin: "))
	typed("operator", true)
	c.Server([]byte("Password: "))
	typed("S3cr3t", false)
	c.Server([]byte("Last login: Monday\r\n$ "))
	typed("su root", true)
	c.Server([]byte("Password for root:"))
	typed("hunter2", false)
	c.Server([]byte("# "))
	c.Close()
}

// telnetPrompts asks for secrets in other words and for things that are none.
func telnetPrompts(n *Net) {
	c := n.Dial(itDesk, itServer, 50025, 23)
	c.Server([]byte{255, 251, 1})
	c.Client([]byte{255, 253, 1})
	say := func(prompt, answer string) {
		c.Server([]byte(prompt))
		c.Client([]byte(answer + "\r\n"))
		c.Server([]byte("\r\n"))
	}
	say("Username:", "admin")
	say("Terminal type:", "vt100")
	say("PIN: ", "hunter2")
	say("Enter passcode:", "S3cr3t")
	say("User name: ", "admin")
	say("Enter your secret key: ", "hunter2")
	c.Server([]byte("Access denied\r\n"))
	c.Close()
}
