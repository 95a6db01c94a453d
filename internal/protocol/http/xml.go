package http

import "bytes"

// XML is scanned for names and attributes, never put into a tree: what is not
// found at once is not there.

// rootOf is the name of a document's first element, without its prefix; nil if
// there is none, or if it is no document.
func rootOf(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) < 2 || b[0] != '<' {
			return nil
		}
		end := ">"
		switch {
		case b[1] == '?':
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case b[1] == '!':
		default:
			return nameOf(b[1:])
		}
		at := bytes.Index(b, []byte(end))
		if at < 0 {
			return nil
		}
		b = b[at+len(end):]
	}
}

func rooted(b []byte) bool { return bytes.HasPrefix(rootOf(b), mtconnectPrefix) }

// nameOf is the name that b begins with, without a prefix.
func nameOf(b []byte) []byte {
	n := 0
	for n < len(b) && !space(b[n]) && b[n] != '>' && b[n] != '/' {
		n++
	}
	name := b[:n]
	return name[bytes.IndexByte(name, ':')+1:]
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// element is the start tag of the first element with a name, without its brackets;
// nil if it is not there in whole.
func element(b []byte, name string) []byte {
	for {
		at := bytes.IndexByte(b, '<')
		if at < 0 {
			return nil
		}
		b = b[at+1:]
		if string(nameOf(b)) != name {
			continue
		}
		if end := bytes.IndexByte(b, '>'); end >= 0 {
			return b[:end]
		}
		return nil
	}
}

// attribute is the value of one in a start tag, as it is written.
func attribute(tag []byte, name string) []byte {
	for {
		at := bytes.IndexByte(tag, '=')
		if at < 0 || at+1 >= len(tag) {
			return nil
		}
		key := bytes.TrimRight(tag[:at], " \t\r\n")
		key = key[bytes.LastIndexAny(key, " \t\r\n")+1:]
		rest := bytes.TrimLeft(tag[at+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return rest[1 : 1+end]
		}
		tag = rest[end+2:]
	}
}
