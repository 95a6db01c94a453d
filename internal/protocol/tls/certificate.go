package tls

import "firedoor"

// certificate tells whose the first certificate of a chain is. TLS 1.3 encrypts this
// message.
func (p *parser) certificate(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) {
	role, fits := p.voice.Certificate(emit, dir, b)
	if !fits {
		p.voice.Malformed(emit, "certificate longer than its message", 0)
	}
	if role {
		p.voice.Sealed(emit, firedoor.Encrypted{Protocol: "tls", Version: version(p.chosen), Inside: "modbus", By: "certificate role"})
	}
}
