package s7commplus

// Types of TLS records (RFC 8446, 5.1).
const (
	tlsHandshake = 22
	tlsData      = 23
)

// tlsVersion is the version that a ServerHello chose (RFC 8446, 4.1.3), empty if
// b is none.
func tlsVersion(b []byte) string {
	const hello = 5 + 4 + 2 + 32 // record, handshake header, version, random
	if len(b) <= hello || b[0] != tlsHandshake || b[5] != 2 {
		return ""
	}
	w := walk{Reader: readerOf(b[hello:])}
	w.Skip(int(w.U8())) // session id
	w.Skip(3)           // cipher suite, compression
	if w.Len() == 0 && !w.Failed() {
		return oldVersion(b)
	}
	extensions := walk{Reader: readerOf(w.Bytes(int(w.U16())))}
	for extensions.Len() >= 4 {
		kind := extensions.U16()
		body := extensions.Bytes(int(extensions.U16()))
		if kind == 43 && len(body) == 2 && body[0] == 3 && body[1] == 4 {
			return "1.3"
		}
	}
	return oldVersion(b)
}

// oldVersion is what a ServerHello without extensions chose.
func oldVersion(b []byte) string {
	if b[9] == 3 && b[10] == 3 {
		return "1.2"
	}
	return ""
}
