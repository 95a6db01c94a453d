package enip

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Items of list answers (CIP volume 2, 2-4).
const (
	itemIdentity = 0x000c
	itemServices = 0x0100
	itemSecurity = 0x0086 // CIP volume 8
)

// Sources of facts.
const (
	fromList     = "enip list identity"
	fromServices = "enip list services"
	fromObject   = "cip identity object"
	fromTCPIP    = "cip tcp/ip interface object"
	fromLogix    = "cip controller name"
	fromPCCC     = "pccc diagnostic status"
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
		case itemSecurity:
			p.text = append(p.text[:0], "CIP Security"...)
			p.fact(firedoor.AboutSender, firedoor.FactService, fromList, p.text)
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
	case it.slot.known:
	case it.service == svcGetSingle && it.object.Space == &attributeSpace:
		p.identityAttribute(it.object.At[2], &r)
	case it.service == svcGetList:
		p.identityList(&r)
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

// identityList takes the facts from an attribute list: a count, and of each
// attribute number, status and, if that is 0, value (CIP volume 1, A-4.3). It ends
// at the first whose length is not known here.
func (p *parser) identityList(r *protocol.Reader) {
	for range r.U16LE() {
		attribute, status := uint32(r.U16LE()), r.U16LE()
		if r.Failed() || status != 0 {
			return
		}
		switch attribute {
		case 2, 3, 5: // device type, product code, status
			r.Skip(2)
		case 1, 4, 6, 7:
			p.identityAttribute(attribute, r)
		default:
			return
		}
	}
}

// hostName takes the name of the TCP/IP interface object (CIP volume 2, 5-4).
func (p *parser) hostName(it *item) {
	r := protocol.Read(it.reply)
	switch {
	case it.slot.known:
		return
	case it.service == svcGetAll && it.object.Space == &instanceSpace && it.object.At[1] != 0:
		r.Skip(12) // status, capability, control
		r.Skip(2 * int(r.U16LE()))
		r.Skip(20) // addresses
		domain := int(r.U16LE())
		r.Skip(domain + domain&1)
	case it.service == svcGetSingle && it.object.Space == &attributeSpace && it.object.At[1] != 0 && it.object.At[2] == attributeHost:
	default:
		return
	}
	p.spoken(&r, firedoor.FactName, fromTCPIP)
}

// controllerName takes the name that a Logix project gives its controller.
func (p *parser) controllerName(it *item) {
	if it.slot.known || it.object.Space != &instanceSpace || it.object.At[1] != 1 {
		return
	}
	r := protocol.Read(it.reply)
	p.spoken(&r, firedoor.FactName, fromLogix)
}

// spoken tells a text with its length of two bytes in front.
func (p *parser) spoken(r *protocol.Reader, kind firedoor.FactKind, source string) {
	if text := wire.Text(r.Bytes(int(r.U16LE()))); !r.Failed() && len(text) > 0 {
		p.fact(firedoor.AboutServer, kind, source, text)
	}
}

// pcccModel takes the catalogue number from the diagnostic status of an SLC 500
// or MicroLogix: mode, 0xee for the extended form, three bytes of types and
// series, eleven characters. It is asked for again and again, so the same is not
// told twice.
func (p *parser) pcccModel(b []byte) {
	const extended, from, to = 0xee, 5, 16
	if len(b) < to || b[1] != extended {
		return
	}
	model := wire.Text(b[from:to])
	for _, c := range model {
		if c < ' ' || c > '~' {
			return
		}
	}
	if sum := wire.Sum(model); len(model) > 0 && sum != p.told {
		p.told = sum
		p.fact(firedoor.AboutServer, firedoor.FactModel, fromPCCC, model)
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
