package enip

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Items of list answers (CIP volume 2, 2-4).
const (
	itemIdentity = 0x000c
	itemServices = 0x0100
)

// Sources of facts.
const (
	fromList     = "enip list identity"
	fromServices = "enip list services"
	fromObject   = "cip identity object"
)

// identity is what a device says it is: the identity object's attributes 1 to
// 7, which List Identity repeats. The status and state are left out, as they
// come and go.
type identity struct {
	vendor, device, product uint16
	major, minor            uint8
	serial                  uint32
	name                    []byte
}

// read reads the attributes; false if they are cut short.
func (d *identity) read(r *protocol.Reader) bool {
	*d = identity{vendor: r.U16LE(), device: r.U16LE(), product: r.U16LE(), major: r.U8(), minor: r.U8()}
	r.Skip(2) // status
	d.serial = r.U32LE()
	d.name = r.Bytes(int(r.U8()))
	return !r.Failed()
}

// listed takes the facts from the answer to a list command.
func (p *parser) listed(command uint16, body []byte, at int) {
	if command != cmdListIdentity && command != cmdListServices {
		return
	}
	r := protocol.Read(body)
	for range r.U16LE() {
		item := r.U16LE()
		b := r.Bytes(int(r.U16LE()))
		if r.Failed() {
			p.broken("", "list item runs past the message", at)
			return
		}
		switch item {
		case itemIdentity:
			p.listIdentity(b, at)
		case itemServices:
			p.listService(b)
		}
	}
}

// listIdentity reads an identity item: version, socket address, attributes,
// state (CIP volume 2, table 2-4.4).
func (p *parser) listIdentity(b []byte, at int) {
	r := protocol.Read(b)
	r.Skip(2 + 16)
	var d identity
	if !d.read(&r) {
		p.broken("", "identity item cut short", at)
		return
	}
	p.facts(&d, firedoor.AboutSender, fromList)
}

// listService tells the name of a service: version, flags, 16 characters.
func (p *parser) listService(b []byte) {
	r := protocol.Read(b)
	r.Skip(4)
	name := r.Rest()
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	if len(name) > 0 {
		p.fact(firedoor.AboutSender, firedoor.FactService, fromServices, name)
	}
}

// identityObject takes the facts from the answered attributes of the identity
// object; behind a route they are about a module, not about the one who
// answers.
func (p *parser) identityObject(it *item) {
	r := protocol.Read(it.reply)
	var d identity
	switch {
	case it.service == svcGetAll && d.read(&r):
		if it.slot.known {
			p.module(&d, it.slot.number)
		} else {
			p.facts(&d, firedoor.AboutServer, fromObject)
		}
	case it.service == svcGetSingle && !it.slot.known && it.object.Space == &attributeSpace:
		p.identityAttribute(it.object.At[2], &r)
	}
}

// identityAttribute takes the fact from one attribute.
func (p *parser) identityAttribute(attribute uint32, r *protocol.Reader) {
	kind := firedoor.FactKind(0)
	b := p.text[:0]
	switch attribute {
	case 1:
		kind, b = firedoor.FactVendor, appendVendor(b, r.U16LE())
	case 4:
		major, minor := r.U8(), r.U8()
		kind, b = firedoor.FactFirmware, appendRevision(b, major, minor)
	case 6:
		kind, b = firedoor.FactSerial, appendSerial(b, r.U32LE())
	case 7:
		kind, b = firedoor.FactModel, append(b, r.Bytes(int(r.U8()))...)
	}
	p.text = b
	if kind != 0 && !r.Failed() && len(b) > 0 {
		p.fact(firedoor.AboutServer, kind, fromObject, b)
	}
}

// facts tells what a device says it is.
func (p *parser) facts(d *identity, about firedoor.Subject, source string) {
	p.text = appendVendor(p.text[:0], d.vendor)
	p.fact(about, firedoor.FactVendor, source, p.text)
	if len(d.name) > 0 {
		p.fact(about, firedoor.FactModel, source, d.name)
	}
	b := strconv.AppendUint(append(p.text[:0], "device type "...), uint64(d.device), 10)
	p.text = strconv.AppendUint(append(b, ", product code "...), uint64(d.product), 10)
	p.fact(about, firedoor.FactOrder, source, p.text)
	p.text = appendRevision(p.text[:0], d.major, d.minor)
	p.fact(about, firedoor.FactFirmware, source, p.text)
	p.text = appendSerial(p.text[:0], d.serial)
	p.fact(about, firedoor.FactSerial, source, p.text)
	if role := roleOf(d.device); role != "" {
		p.text = append(p.text[:0], role...)
		p.fact(about, firedoor.FactRole, source, p.text)
	}
}

// module tells what is in a slot of the server's rack.
func (p *parser) module(d *identity, slot uint32) {
	b := append(append(p.text[:0], d.name...), ' ')
	b = append(appendRevision(b, d.major, d.minor), ' ')
	p.text = appendSerial(b, d.serial)
	p.identity = firedoor.Identity{
		About: firedoor.AboutServer, Kind: firedoor.FactModule, Confidence: confidence,
		Slot: uint16(slot), Source: fromObject, Value: p.text,
	}
	p.emit(&p.identityE)
}

// confidence of what a device says of itself.
const confidence = 90

func (p *parser) fact(about firedoor.Subject, kind firedoor.FactKind, source string, value []byte) {
	p.identity = firedoor.Identity{About: about, Kind: kind, Confidence: confidence, Source: source, Value: value}
	p.emit(&p.identityE)
}

func appendRevision(dst []byte, major, minor uint8) []byte {
	dst = strconv.AppendUint(dst, uint64(major), 10)
	return strconv.AppendUint(append(dst, '.'), uint64(minor), 10)
}

// appendSerial writes a serial number as labels and programming tools do.
func appendSerial(dst []byte, v uint32) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, "0x"...)
	for i := 28; i >= 0; i -= 4 {
		dst = append(dst, hex[v>>i&0xf])
	}
	return dst
}
