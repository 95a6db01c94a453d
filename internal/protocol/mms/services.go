package mms

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// about reads what a service that is no read or write is about into the operation
// at hand; false if its request breaks its encoding.
func (p *parser) about(code uint32, r wire.BER) bool {
	o := &p.op.Object
	switch code {
	case 1: // get name list
		return p.aboutNames(r)
	case 6: // a variable by name or address
		if tag, in := r.Enter(); tag == 0xa0 {
			return p.named(&variables, &in)
		}
		*o = firedoor.Object{Space: &addresses}
	case 9, 15:
		return p.named(&variables, &r)
	case 11, 12:
		return p.named(&lists, &r)
	case 13:
		r.Take(0x80)
		in := r.Into(0xa1)
		return in.Len() == 0 || p.named(&lists, &in)
	case 7:
		return p.named(&variables, &r)
	case 19, 20:
		in := r.Into(0xa0)
		return p.named(&semaphores, &in)
	case svcDownload, svcBeginUpload, 36, 37:
		*o = p.text(&domains, r.Rest())
	case svcBeginDownload, svcEndDownload, 32, 33, 34, 35:
		*o = p.text(&domains, r.Take(0x80))
	case svcUpload, svcEndUpload:
		return p.counted(&uploads, r.Rest())
	case 38, 40, 41, 42, 43, 44:
		*o = p.text(&programs, r.Take(0x80))
	case 39, 45:
		*o = p.text(&programs, r.Rest())
	case 65, 66, 67:
		in := r.Into(0xa0)
		return p.named(&journals, &in)
	case 68:
		return p.named(&journals, &r)
	case svcOpenFile, 75:
		return p.file(r.Into(0xa0))
	case 46:
		for r.Len() > 0 && !r.Failed() {
			if tag, in := r.Enter(); tag == 0xa1 {
				return p.file(in)
			}
		}
	case 76:
		return p.file(r)
	case 77:
		if tag, in := r.Enter(); tag == 0xa0 {
			return p.file(in)
		}
		return true // all files
	case svcReadFile, svcCloseFile:
		return p.counted(&openFiles, r.Rest())
	}
	return !r.Failed()
}

// aboutNames reads which names are asked for (ISO 9506-2, 10.4).
func (p *parser) aboutNames(r wire.BER) bool {
	kind := r.Into(0xa0)
	_, class := kind.Any()
	n, ok := number(class)
	scope := r.Into(0xa1)
	tag, domain := scope.Any()
	p.op.Object = firedoor.Object{Space: &names, At: [4]uint32{n}}
	if tag == 0x81 && len(domain) > 0 {
		p.name = append(p.name[:0], limit(domain)...)
		p.op.Object.Text = p.name
	}
	return ok && !scope.Failed() && !kind.Failed()
}

func (p *parser) named(space *firedoor.Space, r *wire.BER) bool {
	p.name, _ = objectName(p.name[:0], r)
	if r.Failed() {
		return false
	}
	if len(p.name) > 0 {
		p.op.Object = firedoor.Object{Space: space, Text: p.name}
	}
	return true
}

func (p *parser) text(space *firedoor.Space, b []byte) firedoor.Object {
	if len(b) == 0 {
		return firedoor.Object{}
	}
	p.name = append(p.name[:0], limit(b)...)
	return firedoor.Object{Space: space, Text: p.name}
}

func (p *parser) counted(space *firedoor.Space, b []byte) bool {
	n, ok := number(b)
	p.op.Object = firedoor.Object{Space: space, At: [4]uint32{n}}
	return ok
}

// file reads the name of a file: some write one text, others a text for each
// folder.
func (p *parser) file(r wire.BER) bool {
	p.name = p.name[:0]
	for r.Len() > 0 && !r.Failed() && len(p.name) < wire.MaxText {
		if _, part := r.Any(); len(p.name) > 0 {
			p.name = append(append(p.name, '/'), limit(part)...)
		} else {
			p.name = append(p.name, limit(part)...)
		}
	}
	if len(p.name) > 0 {
		p.op.Object = firedoor.Object{Space: &files, Text: p.name}
	}
	return !r.Failed()
}
