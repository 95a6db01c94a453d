package pniocm

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Sources of facts.
const (
	sourceConnect  = "profinet connect"
	sourceIM       = "profinet i&m"
	sourceModules  = "profinet modules"
	sourcePhysical = "profinet physical device"
	sourceMapper   = "profinet endpoint mapper"
)

func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: kind, Confidence: 90, Source: source, Value: value})
}

// target tells what a request takes its device for: an object's UUID ends in
// instance, device id and vendor id. A device of another kind declines.
func (p *parser) target() {
	p.kindOf(p.rpc.Object[:], firedoor.AboutServer, 60)
	p.text = append(p.text[:0], "profinet io device"...)
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactService, Confidence: 60, Source: sourceConnect, Value: p.text})
}

func (p *parser) kindOf(uuid []byte, about firedoor.Subject, confidence uint8) {
	if string(uuid[:len(objectPrefix)]) != objectPrefix {
		return
	}
	device, vendor := u16(uuid[12:]), u16(uuid[14:])
	f := firedoor.Identity{About: about, Kind: firedoor.FactComment, Confidence: confidence, Source: sourceConnect}
	p.text = wire.AppendHex(append(p.text[:0], "vendor "...), uint32(vendor))
	p.text = wire.AppendHex(append(p.text, " device "...), uint32(device))
	f.Value = p.text
	p.voice.Fact(p.emit, f)
	if name := wire.ProfinetVendor(vendor); name != "" {
		p.text = append(p.text[:0], name...)
		f.Kind, f.Value = firedoor.FactVendor, p.text
		p.voice.Fact(p.emit, f)
	}
}

// initiator tells who connects: his name and kind.
func (p *parser) initiator(b []byte) {
	r := protocol.Read(b[arNameAt-2:])
	if name := r.Bytes(int(r.U16())); name != nil {
		p.fact(firedoor.FactName, sourceConnect, name)
	} else {
		p.broken("name of the initiator longer than its block", 0)
	}
	p.kindOf(b[arObjectAt:], firedoor.AboutSender, 90)
	var role firedoor.Role
	switch u16(b[arTypeAt:]) {
	case 1, 16, 32:
		role = firedoor.RolePLC
	case 6:
		role = firedoor.RoleEngineering
	default:
		return
	}
	p.text = append(p.text[:0], role...)
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: firedoor.FactRole, Confidence: 60, Source: sourceConnect, Value: p.text})
}

// module tells of a module of the rack. Ident numbers are the maker's own: 0 is none.
func (p *parser) module(about firedoor.Subject, confidence uint8, slot uint16, ident uint32) {
	if ident == 0 {
		return
	}
	p.text = wire.AppendHex(append(p.text[:0], "ident "...), ident)
	p.voice.Fact(p.emit, firedoor.Identity{
		About: about, Kind: firedoor.FactModule, Confidence: confidence, Slot: slot, Source: sourceModules, Value: p.text,
	})
}

// expected reads what the controller expects to find (ExpectedSubmoduleBlockReq):
// of each application its number, a slot, the module, and its submodules with one
// or two descriptions of data.
func (p *parser) expected(b []byte) {
	r := protocol.Read(b[wire.ProfinetBlock:])
	for n := r.U16(); n > 0 && !r.Failed(); n-- {
		r.Skip(4)
		slot, ident := r.U16(), r.U32()
		r.Skip(2)
		for subs := r.U16(); subs > 0 && !r.Failed(); subs-- {
			r.Skip(6)
			descriptions := 1
			if r.U16()&3 == 3 { // inputs and outputs
				descriptions = 2
			}
			r.Skip(6 * descriptions)
		}
		if !r.Failed() {
			p.module(firedoor.AboutServer, 50, slot, ident)
		}
	}
	if r.Failed() {
		p.broken("expected submodules longer than their block", 0)
	}
}

// differences reads what a device has instead of what is expected
// (ModuleDiffBlock): of each application its number and modules with slot, ident
// number, state and submodules.
func (p *parser) differences(blocks []byte) {
	w := wire.ProfinetBlocks{B: blocks}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		if kind != blockDifference {
			continue
		}
		r := protocol.Read(b[wire.ProfinetBlock:])
		for n := r.U16(); n > 0 && !r.Failed(); n-- {
			r.Skip(4)
			for modules := r.U16(); modules > 0 && !r.Failed(); modules-- {
				slot, ident := r.U16(), r.U32()
				r.Skip(2)
				r.Skip(8 * int(r.U16()))
				if !r.Failed() {
					p.module(firedoor.AboutSender, 90, slot, ident)
				}
			}
		}
		if r.Failed() {
			p.broken("differences longer than their block", 0)
		}
	}
}

// describe reads records that say what the device is.
func (p *parser) describe(it *item, data []byte) {
	w := wire.ProfinetBlocks{B: data}
	switch index := it.object.At[3]; {
	case index >= indexIM0 && index <= indexIM, index == 0xf841:
	case index == 0x8000, index == 0xc000, index == 0xe001, index == 0xf000:
	default:
		return
	}
	for kind, b := w.Next(); b != nil; kind, b = w.Next() {
		switch {
		case kind == blockMultiple && len(b) >= 16: // application, slot, subslot, then blocks
			inner := wire.ProfinetBlocks{B: b[16:]}
			for kind, b := inner.Next(); b != nil; kind, b = inner.Next() {
				if kind == blockInterface {
					p.physical(b)
				}
			}
		case kind == blockReal:
			p.real(b)
		default:
			p.maintenance(uint16(it.object.At[1]), kind, b)
		}
	}
}

// maintenance reads identification and maintenance data. Those of slot 0 are the
// device's, others say what stands in a slot.
func (p *parser) maintenance(slot, kind uint16, b []byte) {
	switch {
	case kind == blockIM0 && len(b) >= 50: // vendor 2, order 20, serial 16, hardware 2, software 4
		b = b[wire.ProfinetBlock:]
		if slot != 0 {
			p.voice.Fact(p.emit, firedoor.Identity{
				About: firedoor.AboutSender, Kind: firedoor.FactModule, Confidence: 90, Slot: slot, Source: sourceIM, Value: b[2:22],
			})
			return
		}
		if name := wire.ProfinetVendor(u16(b)); name != "" {
			p.text = append(p.text[:0], name...)
			p.fact(firedoor.FactVendor, sourceIM, p.text)
		}
		p.fact(firedoor.FactOrder, sourceIM, b[2:22])
		p.fact(firedoor.FactSerial, sourceIM, b[22:38])
		p.text = strconv.AppendUint(p.text[:0], uint64(u16(b[38:])), 10)
		p.fact(firedoor.FactHardware, sourceIM, p.text)
		p.text = append(p.text[:0], b[40])
		for i, n := range b[41:44] {
			if i > 0 {
				p.text = append(p.text, '.')
			}
			p.text = strconv.AppendUint(p.text, uint64(n), 10)
		}
		p.fact(firedoor.FactFirmware, sourceIM, p.text)
	case slot != 0:
	case kind == blockIM1 && len(b) >= wire.ProfinetBlock+54: // function 32, location 22
		p.fact(firedoor.FactComment, "profinet function", b[wire.ProfinetBlock:wire.ProfinetBlock+32])
		p.fact(firedoor.FactComment, "profinet location", b[wire.ProfinetBlock+32:wire.ProfinetBlock+54])
	case kind == blockIM3 && len(b) >= wire.ProfinetBlock+54:
		p.fact(firedoor.FactComment, "profinet descriptor", b[wire.ProfinetBlock:wire.ProfinetBlock+54])
	}
}

// real reads what stands in the slots (RealIdentificationData, version 1.0 without
// and 1.1 with applications).
func (p *parser) real(b []byte) {
	applications := uint16(1)
	r := protocol.Read(b[wire.ProfinetBlock:])
	if b[5] > 0 {
		applications = r.U16()
	}
	for ; applications > 0 && !r.Failed(); applications-- {
		if b[5] > 0 {
			r.Skip(4)
		}
		for slots := r.U16(); slots > 0 && !r.Failed(); slots-- {
			slot, ident := r.U16(), r.U32()
			r.Skip(6 * int(r.U16()))
			if !r.Failed() {
				p.module(firedoor.AboutSender, 90, slot, ident)
			}
		}
	}
}

// physical reads a device's interface (PDInterfaceDataReal): name, then on a
// multiple of four bytes MAC, two bytes, address, mask, router.
func (p *parser) physical(b []byte) {
	r := protocol.Read(b[wire.ProfinetBlock:])
	name := r.Bytes(int(r.U8()))
	r.Skip(-(r.Pos() + wire.ProfinetBlock) & 3)
	mac := r.Bytes(6)
	r.Skip(2)
	ip := firedoor.IPv4(r.U32())
	if r.Failed() {
		return
	}
	p.fact(firedoor.FactName, sourcePhysical, name)
	if ip.IsUnspecified() || ip.IsGroup() {
		return
	}
	var m firedoor.MAC
	for _, c := range mac {
		m = m<<8 | firedoor.MAC(c)
	}
	p.voice.Fact(p.emit, firedoor.Identity{
		About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90, Source: sourcePhysical, MAC: m, IP: ip,
	})
}
