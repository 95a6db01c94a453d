package judge

import (
	"fmt"
)

// pnioShare is a submodule's place in a cyclic frame as the judge reads it from a
// connect and its answer. It does not split all frames itself: of outputs it shows
// nothing where a device has another module than was expected.
type pnioShare struct {
	frame         int // number of the answer: from there on
	kind          int
	reference     int
	from, to      string
	id, length    int
	slot, subslot int
	at, size      int
	status        int // bytes
}

// pnioSettled reads connects that were answered well, and their answers.
func pnioSettled(path string) (settled []pnioShare, err error) {
	waiting := map[string][]pnioShare{} // by UUID of the relation
	err = askTrees(path, "pn_io.block_type == 0x0102 || pn_io.block_type == 0x8102", func(p *pdmlPacket) {
		io, eth, general := p.proto("pn_io_device"), p.proto("eth"), p.proto("geninfo")
		if io == nil || eth == nil {
			return
		}
		uuid := ""
		if f := io.find("pn_io.ar_uuid"); f != nil {
			uuid = f.Value
		}
		from, to := eth.find("eth.src").Show, eth.find("eth.dst").Show
		if io.find("pn_io.io_data_object") != nil {
			waiting[uuid] = pnioAsked(io, from, to)
			return
		}
		for _, b := range io.Fields {
			kind, reference := b.number("pn_io.iocr_type"), b.number("pn_io.iocr_reference")
			for _, s := range waiting[uuid] {
				if kind == s.kind && reference == s.reference {
					s.id, s.frame = b.number("pn_io.frame_id"), general.number("num")
					settled = append(settled, s)
				}
			}
		}
		delete(waiting, uuid)
	})
	return settled, err
}

// pnioAsked lists the submodules of a connect's channels with their lengths.
func pnioAsked(io *pdmlField, from, to string) (all []pnioShare) {
	each := func(f *pdmlField, name string, do func(*pdmlField)) {
		for i := range f.Fields {
			if f.Fields[i].Name == name {
				do(&f.Fields[i])
			}
		}
	}
	for i := range io.Fields {
		b := &io.Fields[i]
		s := pnioShare{kind: b.number("pn_io.iocr_type"), reference: b.number("pn_io.iocr_reference"), length: b.number("pn_io.data_length"), from: from, to: to}
		if s.kind == 1 {
			s.from, s.to = to, from
		}
		each(b, "pn_io.api_tree", func(api *pdmlField) {
			each(api, "pn_io.io_data_object", func(o *pdmlField) {
				s.slot, s.subslot, s.at = o.number("pn_io.slot_nr"), o.number("pn_io.subslot_nr"), o.number("pn_io.io_data_object.frame_offset")
				all = append(all, s)
			})
			slot := api.number("pn_io.slot_nr")
			each(api, "pn_io.submodule_tree", func(sub *pdmlField) {
				each(sub, "pn_io.data_description_tree", func(d *pdmlField) {
					for k := range all {
						if a := &all[k]; a.kind == d.number("pn_io.data_description") && a.slot == slot && a.subslot == sub.number("pn_io.subslot_nr") {
							a.size, a.status = d.number("pn_io.submodule_data_length"), d.number("pn_io.length_iops")
						}
					}
				})
			})
		})
	}
	return all
}

// shares is a sample for each submodule with data in a frame of a relation; false if
// none was settled. The newest answer before the frame counts.
func (j *etherJudge) shares(f *frame, l layer, o judged, words string, data []byte) bool {
	from, to, answer := f.last("eth").text("eth_eth_src"), f.last("eth").text("eth_eth_dst"), 0
	var all []pnioShare
	for _, s := range j.settled {
		if s.frame >= f.number || s.from != from || s.to != to || s.id != l.number("pn_rt_pn_rt_frame_id") || s.length != len(data) || s.size == 0 {
			continue
		}
		if s.frame != answer {
			all, answer = all[:0], s.frame
		}
		all = append(all, s)
	}
	for _, s := range all {
		o.object = fmt.Sprintf("slot:%d/subslot:%#x/%s", s.slot, s.subslot, [...]string{1: "input", 2: "output"}[s.kind])
		o.values, o.outcome = octetList(data[s.at:s.at+s.size]), words
		if s.status > 0 && data[s.at+s.size]&0x80 == 0 {
			o.outcome += ", bad"
		}
		j.tell(f, o)
	}
	return len(all) > 0
}
