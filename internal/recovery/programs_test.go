package recovery

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"firedoor"
)

var words = Words{
	Segment: func(s firedoor.Segment) string { return fmt.Sprint("segment ", s) },
	Capture: func(uint32) string { return "" },
	Time:    func(t int64) string { return fmt.Sprint(t) },
}

// block is a transfer of a controller's block, by the tenths of the address.
func block(at int64, server byte, name, content string, upload bool) *Transfer {
	return &Transfer{Time: at, Client: firedoor.Endpoint{IP: firedoor.IPv4(9)}, Server: firedoor.Endpoint{IP: firedoor.IPv4(uint32(server)), MAC: 7},
		Protocol: "s7comm", FileTransfer: firedoor.FileTransfer{Name: []byte(name), Kind: "block", Upload: upload, Bytes: int64(len(content)),
			Done: true, Whole: true, Sum: sha256.Sum256([]byte(content))}}
}

func told(t *testing.T, p *Programs) []firedoor.Program {
	t.Helper()
	var all []firedoor.Program
	if err := p.Each(words, func(line *firedoor.Program) error { all = append(all, *line); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameContentIsOne(t *testing.T) {
	var p Programs
	p.See(block(1, 2, "OB1", "first", false))
	p.See(block(2, 2, "OB1", "first", true))
	p.See(block(3, 2, "OB1", "changed", false))
	p.See(block(4, 1, "OB1", "first", false))
	all := told(t, &p)
	if len(all) != 2 || all[0].Server.IP != "0.0.0.1" || all[1].Name != "OB1" {
		t.Fatalf("want the blocks of two controllers by address, got %+v", all)
	}
	c := all[1].Contents
	if len(c) != 2 || c[0].Downloads != 1 || c[0].Uploads != 1 || c[0].First != "1" || c[0].Last != "2" || c[1].Downloads != 1 {
		t.Errorf("contents of the changed block: %+v", c)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte("first"))); c[0].Sum != want {
		t.Errorf("sum %s, want %s", c[0].Sum, want)
	}
}

func TestNotWholeHasNoSum(t *testing.T) {
	var p Programs
	half := block(1, 2, "OB1", "first", false)
	half.Whole = false
	p.See(half)
	p.See(block(2, 2, "OB1", "first", false))
	c := told(t, &p)[0].Contents
	if len(c) != 2 || c[0].Whole || c[0].Sum != "" || !c[1].Whole {
		t.Errorf("a transfer with a hole is no content that others are compared with: %+v", c)
	}
}

func TestUnfinished(t *testing.T) {
	var p Programs
	begin := block(1, 2, "FB7", "", false)
	begin.Done, begin.Whole = false, false
	p.See(begin)
	line := told(t, &p)[0]
	if line.Unfinished != 1 || len(line.Contents) != 0 {
		t.Errorf("%+v", line)
	}
	if b := line.Began; b == nil || b.Client.IP != "0.0.0.9" || b.Time != "1" || b.Upload {
		t.Errorf("who began what nobody ended: %+v", b)
	}
	p.See(block(2, 2, "FB7", "whole", false))
	if line := told(t, &p)[0]; line.Unfinished != 0 || line.Began != nil || len(line.Contents) != 1 {
		t.Errorf("%+v", line)
	}
}

// TestLeftUnfinished: who ended a transfer of its own is not who left the one before.
func TestLeftUnfinished(t *testing.T) {
	var p Programs
	for i := range int64(2) {
		begin := block(1+i, 2, "FB7", "", i == 1)
		begin.Done, begin.Whole, begin.Client.IP = false, false, firedoor.IPv4(uint32(40+i))
		p.See(begin)
	}
	end := block(3, 2, "FB7", "whole", true)
	end.Client.IP = firedoor.IPv4(41)
	p.See(end)
	line := told(t, &p)[0]
	if line.Unfinished != 1 || line.Began == nil || line.Began.Client.IP != "0.0.0.40" || line.Began.Time != "1" {
		t.Errorf("%+v", line)
	}
}

func TestLimits(t *testing.T) {
	var p Programs
	for i := range MaxContents + 5 {
		p.See(block(int64(i), 2, "OB1", fmt.Sprint("content ", i), false))
	}
	line := told(t, &p)[0]
	if len(line.Contents) != MaxContents || line.Forgotten != 5 || line.Contents[0].First != "0" || line.Contents[MaxContents-1].First != fmt.Sprint(MaxContents+4) {
		t.Errorf("the first and the latest contents stay: %+v", line)
	}
	for i := range MaxPrograms + 3 {
		p.See(block(1, 3, fmt.Sprint("forged ", i), "x", false))
	}
	if p.Len() != MaxPrograms || p.NoRoom != 4 {
		t.Errorf("%d programs, %d without room", p.Len(), p.NoRoom)
	}
	p.See(block(9, 2, "OB1", "content 0", true))
	if line := told(t, &p)[0]; line.Contents[0].Uploads != 1 {
		t.Errorf("what was known before the flood is still counted: %+v", line.Contents[0])
	}
}

// TestLeftByTheOther: of two that load at a time, who goes on is not who left.
func TestLeftByTheOther(t *testing.T) {
	var p Programs
	for i := range int64(2) {
		begin := block(1+i, 2, "FB7", "", false)
		begin.Done, begin.Whole, begin.Client.IP = false, false, firedoor.IPv4(uint32(40+i))
		p.See(begin)
	}
	end := block(3, 2, "FB7", "whole", false)
	end.Client.IP = firedoor.IPv4(40)
	p.See(end)
	line := told(t, &p)[0]
	if line.Unfinished != 1 || line.Began == nil || line.Began.Client.IP != "0.0.0.41" || line.Began.Time != "2" {
		t.Errorf("%+v, began %+v", line, line.Began)
	}
}

// TestUnitsAreSeveral: the blocks of two controllers behind one address have one name, and
// that they differ is no change.
func TestUnitsAreSeveral(t *testing.T) {
	var p Programs
	names := map[Name]bool{}
	for i, content := range []string{"no unit", "zero", "two"} {
		b := block(1, 2, "OB1", content, false)
		b.HasUnit, b.Unit = i > 0, uint32(i/2*2)
		p.See(b)
		n, _ := p.Name(i)
		names[n] = true
	}
	all := told(t, &p)
	if len(all) != 3 || len(names) != 3 {
		t.Fatalf("%d programs by %d names, want 3: %+v", len(all), len(names), all)
	}
	if all[0].Unit != nil || all[1].Unit == nil || *all[1].Unit != 0 || all[2].Unit == nil || *all[2].Unit != 2 {
		t.Errorf("units %v, %v, %v; want none, 0, 2", all[0].Unit, all[1].Unit, all[2].Unit)
	}
	for _, line := range all {
		if len(line.Contents) != 1 {
			t.Errorf("%+v looks changed", line)
		}
	}
}
