package tls

// presume notes what the application protocol (RFC 7301; names by IANA, TLS ALPN
// Protocol IDs) says of the content. Names that are no protocol of their own, or
// nobody here speaks of, say nothing.
func (p *parser) presume(alpn []byte, by string) {
	switch string(alpn) {
	case "http/1.0", "http/1.1", "h2":
		p.inside = "http"
	case "mqtt":
		p.inside = "mqtt"
	case "coap":
		p.inside = "coap"
	case "dot":
		p.inside = "dns"
	case "ftp":
		p.inside = "ftp"
	default:
		return
	}
	p.by = by
}
