package truth

import (
	"fmt"
	"net/netip"
	"strings"
)

// Read reads truth.json. A file that breaks the form is refused with an error
// that names file, line or entry, and member.
func Read(path string) (*File, error) {
	var f File
	if err := ReadStrict(path, &f); err != nil {
		return nil, err
	}
	return checked(path, &f)
}

// Parse is Read on bytes; name is what errors call them.
func Parse(name string, b []byte) (*File, error) {
	var f File
	if err := Strict(name, b, &f); err != nil {
		return nil, err
	}
	return checked(name, &f)
}

func checked(name string, f *File) (*File, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// check tells what does not fit together. The order of entries is mended, for it
// says nothing.
func (f *File) check() error {
	switch {
	case f.Format != Format:
		return fmt.Errorf("format: is %d; this program reads %d", f.Format, Format)
	case f.Start == 0 || f.End < f.Start:
		return fmt.Errorf("start, end: from %s to %s is no stretch of time", f.Start, f.End)
	case f.Assets < 0 || f.Unkept < 0:
		return fmt.Errorf("assets, unkept_entries: cannot be below 0")
	case len(f.Entries) > 2*MaxEntries:
		return fmt.Errorf("entries: are %d, at most %d", len(f.Entries), 2*MaxEntries)
	}
	if err := checkHosts(f.Hosts); err != nil {
		return err
	}
	ids := map[string]int{}
	for i, e := range f.Entries {
		if e == nil {
			return fmt.Errorf("entries[%d]: is null", i)
		}
		if err := e.check(); err != nil {
			return fmt.Errorf("entries[%d] (%s): %w", i, shown(e.ID), err)
		}
		if first, ok := ids[e.ID]; ok {
			return fmt.Errorf("entries[%d]: id %s stands twice; first in entries[%d]", i, shown(e.ID), first)
		}
		ids[e.ID] = i
	}
	sortEntries(f.Entries)
	return nil
}

func (e *Entry) check() error {
	switch {
	case e.ID == "":
		return fmt.Errorf("id: is missing")
	case e.Kind == "":
		return fmt.Errorf("kind: is missing")
	case !e.Class.Known():
		return fmt.Errorf("class: %s is none; it is %s, %s or %s", shown(string(e.Class)), Malicious, Notable, Routine)
	case e.Start == 0:
		return fmt.Errorf("start: is missing")
	case !e.Open() && e.End < e.Start:
		return fmt.Errorf("end: %s is before start %s", e.End, e.Start)
	case len(e.Operations) > MaxOperations:
		return fmt.Errorf("operations: are %d, at most %d", len(e.Operations), MaxOperations)
	case e.OperationsTotal < len(e.Operations):
		return fmt.Errorf("operations_total: is %d, but %d operations are listed", e.OperationsTotal, len(e.Operations))
	}
	for i, t := range e.Techniques {
		if !TechniqueForm(t) {
			return fmt.Errorf("techniques[%d]: %s is no id of ATT&CK for ICS, which is T and four digits", i, shown(t))
		}
	}
	return checkHosts(e.Hosts)
}

// TechniqueForm tells whether text has the form of a technique's id: T0836.
func TechniqueForm(text string) bool {
	digits, ok := strings.CutPrefix(text, "T")
	return ok && len(digits) == 4 && strings.Trim(digits, "0123456789") == ""
}

func checkHosts(hosts []Host) error {
	for i, h := range hosts {
		if h.Name == "" {
			return fmt.Errorf("hosts[%d].name: is missing", i)
		}
		for j, ip := range h.IPs {
			if a, err := netip.ParseAddr(ip); err != nil || a.String() != ip {
				return fmt.Errorf("hosts[%d].ips[%d]: %s is no IP address in its usual form", i, j, shown(ip))
			}
		}
		for j, mac := range h.MACs {
			if !macForm(mac) {
				return fmt.Errorf("hosts[%d].macs[%d]: %s is no MAC: write it like 00:1b:1c:2a:3f:40", i, j, shown(mac))
			}
		}
	}
	return nil
}

// macForm tells whether text is six pairs of hexadecimal digits in lower case.
func macForm(text string) bool {
	const form = 17
	if len(text) != form {
		return false
	}
	for i := range text {
		colon := i%3 == 2
		if colon != (text[i] == ':') || !colon && !strings.Contains("0123456789abcdef", text[i:i+1]) {
			return false
		}
	}
	return true
}
