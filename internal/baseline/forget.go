package baseline

// Forget takes out the statements that drop names, with the ranges of what they
// write; the conversations stay. Numbers of statements change: nobody may hold
// one. What is left keeps its order.
func (t *Table) Forget(drop func(conv, st int32) bool) (forgotten int) {
	gone := make([]bool, len(t.rows))
	for st := range t.rows {
		gone[st] = drop(int32(t.rows[st].owner&MaxConversations), int32(st))
	}
	old := Table{rows: t.rows, details: t.details, text: t.text, ranges: t.ranges}
	t.rows, t.details, t.text, t.ranges = nil, nil, nil, nil
	t.unproven = 0
	for i := range t.conversations {
		c := &t.conversations[i]
		c.asked, c.guess, c.newest = -1, -1, -1
	}
	for st := range old.rows {
		r, d := &old.rows[st], &old.details[st]
		if gone[st] {
			forgotten++
			continue
		}
		t.keep(&old, r, d, &t.conversations[r.owner&MaxConversations])
	}
	t.reindex()
	return forgotten
}

// keep takes a row over from the old table.
func (t *Table) keep(old *Table, r *row, d *detail, c *Conversation) {
	row, kept := *r, *d
	row.next = -1
	kept.textStart, kept.older = uint32(len(t.text)), c.newest
	t.text = append(t.text, old.text[d.textStart:d.textStart+d.textLen]...)
	if d.ranges >= 0 {
		kept.ranges = int32(len(t.ranges))
		t.ranges = append(t.ranges, old.ranges[d.ranges:int(d.ranges)+int(d.nRanges)]...)
	}
	if !c.Proven {
		t.unproven++
	}
	c.newest = int32(len(t.rows))
	t.rows, t.details = append(t.rows, row), append(t.details, kept)
}
